// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/journal.h"
#include "qcmd_rawdump.h"
#include "daemon/snapshot.h"
#include "daemon/source/bpf-util.h"
#include "bpf/snapshot-chunk.h"
#include "bpf/snapshot.skel.h"

#define SLOTS_MAX    65536
#define SNAPSHOT_MAX (256ULL << 20)
#define SLOT_ALIGN   4096 /* the most that a back end rounds sizes up by */
#define TRIES	     5

struct slot {
	const struct module_region *region; /* NULL: there is none */
	struct module_segment seg;
};

struct snapshot {
	int fd;
	snapshot_read_fn read;
	void *arg;
	struct slot *slots;
	size_t n_slots;
	struct rawdump_section *sections;
	size_t n_sections;
	uint64_t end;
};

static void snapshot_done(struct snapshot *s)
{
	free(s->slots);
	free(s->sections);
}

static bool follows_cpu(const struct module_region *r)
{
	return r->part && !r->pid;
}

static int index_slots(struct snapshot *s, const struct module_region *regions, size_t n)
{
	for (int fill = 0; fill < 2; fill++) {
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < regions[i].n_segments; j++) {
				const struct module_segment *seg = &regions[i].segments[j];

				if (!seg->placed || seg->slot >= SLOTS_MAX)
					continue;
				if (fill)
					s->slots[seg->slot] = (struct slot){ &regions[i], *seg };
				else if (seg->slot >= s->n_slots)
					s->n_slots = seg->slot + 1;
			}
		if (!fill) {
			s->slots = calloc(s->n_slots + 1, sizeof(*s->slots));
			s->sections = calloc(s->n_slots + 1, sizeof(*s->sections));
		}
		if (!s->slots || !s->sections)
			return -ENOMEM;
	}
	return s->n_slots && s->slots[0].region ? 0 : -ENODATA;
}

/* The header has sizes as the back end rounds them; and where the regions of CPUs were when it was copied, at first. */
static int place_slot(struct slot *slot, const Elf64_Phdr *p)
{
	struct module_segment *seg = &slot->seg;

	if (p->p_filesz < seg->size || p->p_filesz - seg->size >= SLOT_ALIGN)
		return -EAGAIN;
	seg->size = p->p_filesz;
	if (p->p_type == PT_NOTE)
		return 0;
	if (p->p_paddr != seg->paddr && !follows_cpu(slot->region))
		return -EAGAIN;
	seg->paddr = p->p_paddr;
	seg->addr = p->p_vaddr;
	return 0;
}

/* Slot 1 has program header 0: see the layout in the uAPI header of the table. */
static int place_slots(struct snapshot *s, const char *header, size_t size)
{
	const Elf64_Ehdr *ehdr = (const void *)header;
	int r = 0;

	if (size < sizeof(*ehdr) + (s->n_slots - 1) * sizeof(Elf64_Phdr) || ehdr->e_phnum + 1U != s->n_slots)
		return -EAGAIN;
	for (size_t i = 1; i < s->n_slots && r == 0; i++)
		if (s->slots[i].region)
			r = place_slot(&s->slots[i], (const Elf64_Phdr *)(header + sizeof(*ehdr)) + i - 1);
	return r;
}

/* As firmware calls its files; a name that is too long is cut, since addresses tell the regions apart. */
static void name_section(struct rawdump_section *section, const struct slot *slot)
{
	char name[QCOM_MINIDUMP_NAME_MAX + sizeof("_4294967295")], file[sizeof(section->name) + 1];

	snprintf(name, sizeof(name), slot->seg.seq ? "%s_%u" : "%s", slot->region->name, slot->seg.seq);
	snprintf(file, sizeof(file), "md_%.*s.BIN", (int)sizeof(section->name) - 7, name);
	memcpy(section->name, file, sizeof(section->name));
}

static int add_section(struct snapshot *s, const struct slot *slot, const char *data)
{
	struct rawdump_section *section = &s->sections[s->n_sections++];

	*section = (struct rawdump_section){
		.flags = RAWDUMP_VALID,
		.version = RAWDUMP_VERSION,
		.type = RAWDUMP_SECTION_DDR,
		.offset = s->end,
		.size = slot->seg.size,
		.base = slot->seg.paddr,
	};
	name_section(section, slot);
	s->end += section->size;
	return pwrite_full(s->fd, data, section->size, section->offset);
}

static int copy_slot(struct snapshot *s, const struct slot *slot)
{
	_cleanup_free_ char *data = NULL;

	if (slot->seg.size > SNAPSHOT_MAX - s->end)
		return -EFBIG;
	data = malloc(slot->seg.size);
	if (!data)
		return -ENOMEM;
	if (s->read(s->arg, slot->seg.addr, data, slot->seg.size) < 0) {
		log_debug("Can't read the memory of %s", slot->region->name);
		return 0;
	}
	return add_section(s, slot, data);
}

/* The ELF header first: what it names is what is copied. */
static int copy_header(struct snapshot *s)
{
	const struct module_segment *seg = &s->slots[0].seg;
	_cleanup_free_ char *data = NULL;
	int r;

	if (seg->size > SNAPSHOT_MAX - s->end)
		return -EFBIG;
	data = malloc(seg->size);
	if (!data)
		return -ENOMEM;
	r = s->read(s->arg, seg->addr, data, seg->size);
	if (r == 0)
		r = place_slots(s, data, seg->size);
	return r < 0 ? r : add_section(s, &s->slots[0], data);
}

static int write_headers(const struct snapshot *s)
{
	struct rawdump_header header = {
		.version = RAWDUMP_VERSION,
		.flags = RAWDUMP_VALID,
		.os_data = RAWDUMP_OS_SNAPSHOT,
		.dump_size = s->end,
		.size_required = s->end,
		.sections = s->n_sections,
	};
	int r;

	memcpy(header.magic, RAWDUMP_MAGIC, sizeof(header.magic));
	r = pwrite_full(s->fd, &header, sizeof(header), 0);
	if (r == 0)
		r = pwrite_full(s->fd, s->sections, s->n_sections * sizeof(*s->sections), sizeof(header));
	return r;
}

int snapshot_write(int fd, const struct module_region *regions, size_t n, snapshot_read_fn read, void *arg)
{
	_cleanup_(snapshot_done) struct snapshot s = { .fd = fd, .read = read, .arg = arg };
	int r = index_slots(&s, regions, n);

	if (r < 0)
		return r;
	s.end = sizeof(struct rawdump_header) + s.n_slots * sizeof(*s.sections);
	r = copy_header(&s);
	for (size_t i = 1; i < s.n_slots && r == 0; i++)
		if (s.slots[i].region)
			r = copy_slot(&s, &s.slots[i]);
	return r < 0 ? r : write_headers(&s);
}

static int read_by_bpf(void *arg, uint64_t addr, void *buf, size_t size)
{
	struct snapshot_bpf *skel = arg;

	for (size_t done = 0, n; done < size; done += n) {
		LIBBPF_OPTS(bpf_test_run_opts, run);
		int r;

		n = size - done < SNAPSHOT_CHUNK ? size - done : SNAPSHOT_CHUNK;
		skel->bss->address = addr + done;
		skel->bss->size = n;
		r = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.read_chunk), &run);
		if (r < 0 || (int)run.retval < 0)
			return r < 0 ? r : -EFAULT;
		memcpy((char *)buf + done, skel->bss->chunk, n);
	}
	return 0;
}

/* Is each region where it was? What follows a CPU moves all the time. */
static bool same_regions(const struct module_region *a, size_t n_a, const struct module_region *b, size_t n_b)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++) {
		if (a[i].id != b[i].id || a[i].n_segments != b[i].n_segments)
			return false;
		for (size_t j = 0; j < a[i].n_segments && !follows_cpu(&a[i]); j++)
			if (a[i].segments[j].paddr != b[i].segments[j].paddr ||
			    a[i].segments[j].slot != b[i].segments[j].slot ||
			    a[i].segments[j].size != b[i].segments[j].size)
				return false;
	}
	return true;
}

static int take_once(struct module *module, struct snapshot_bpf *skel, int fd, bool *ret_changed)
{
	struct module_region *before = NULL, *after = NULL;
	size_t n_before = 0, n_after = 0;
	int r = ftruncate(fd, 0) < 0 ? -errno : module_list(module, &before, &n_before);

	if (r == 0)
		r = snapshot_write(fd, before, n_before, read_by_bpf, skel);
	if (r == 0)
		r = module_list(module, &after, &n_after);
	if (r == 0)
		*ret_changed = !same_regions(before, n_before, after, n_after);
	module_regions_free(before, n_before);
	module_regions_free(after, n_after);
	return r;
}

int snapshot_take(struct module *module, int *ret_fd, bool *ret_changed, char **ret_reason)
{
	_cleanup_close_ int fd = memfd_create("qcmd-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct snapshot_bpf *skel;
	int r;

	*ret_reason = NULL;
	if (fd < 0)
		return -errno;
	skel = snapshot_bpf__open_and_load();
	if (!skel) {
		r = -errno;
		*ret_reason = bpf_load_reason("", r);
		return r;
	}
	for (int try = 0; try < TRIES; try++) {
		r = take_once(module, skel, fd, ret_changed);
		if (r != -EAGAIN && (r < 0 || !*ret_changed))
			break;
	}
	snapshot_bpf__destroy(skel);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	*ret_fd = fd;
	fd = -1;
	return 0;
}
