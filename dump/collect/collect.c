// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <qcmd_note.h>

#include "dump/collect/collect.h"
#include "dump/collect/crash-notes.h"
#include "dump/collect/firmware.h"
#include "dump/collect/kernel-names.h"
#include "dump/collect/toc-live.h"
#include "dump/collect/pid-index.h"
#include "dump/collect/registers.h"
#include "dump/core/corefile.h"
#include "dump/image/guest.h"
#include "lib/text.h"

#define NOTE_REGION_MAX (64 * KIB)

const char *collect_backend(const struct collection *c)
{
	if (image_has_pieces(&c->img))
		return c->img.snapshot ? "none" : "firmware";
	return image_has_registers(&c->img) ? "mmio" : "ram";
}

char *collect_region(const struct collection *c, const char *name, size_t max, size_t *size)
{
	const struct region *r = toc_region(&c->toc, name);
	char *buf;

	if (!r)
		return NULL;
	*size = r->size < max ? r->size : max;
	buf = xcalloc(*size, 1);
	if (image_read(&c->img, r->paddr, buf, *size) == 0)
		return buf;
	free(buf);
	return NULL;
}

bool collect_word(const struct collection *c, const struct region *r, uint64_t offset, uint64_t *ret)
{
	return offset < r->size && r->size - offset >= sizeof(*ret) &&
	       image_read(&c->img, r->paddr + offset, ret, sizeof(*ret)) == 0;
}

/* VMCOREINFO, wherever it is; NULL: it is not there. note points into what is returned. */
static char *read_vmcoreinfo(const struct collection *c, struct elfnote *note)
{
	size_t size = c->toc.vmcoreinfo_size < NOTE_REGION_MAX ? c->toc.vmcoreinfo_size : NOTE_REGION_MAX;
	char *buf;

	if (!size) {
		buf = collect_region(c, MINIDUMP_VMCOREINFO_NAME, NOTE_REGION_MAX, &size);
	} else {
		buf = xcalloc(size, 1);
		if (image_read_at(&c->img, c->toc.vmcoreinfo_offset, buf, size) < 0)
			memset(buf, 0, size);
	}
	if (buf && elfnote_vmcoreinfo(buf, size, note))
		return buf;
	free(buf);
	return NULL;
}

bool collect_source_note(const struct collection *c, const char *name, uint32_t type, struct elfnote *note)
{
	return elfnote_find(c->img.elf.notes, c->img.elf.notes_size, name, type, note);
}

bool collect_member(const struct collection *c, const struct region *r, const struct member *m, uint64_t *ret)
{
	uint64_t bytes = 0, first = member_first(m), end = member_end(m);

	if (!member_is_number(m) || end > r->size || image_read(&c->img, r->paddr + first, &bytes, end - first) < 0)
		return false;
	*ret = member_number(m, &bytes);
	return true;
}

/* Seconds since the epoch, from what the kernel has noted; false: it has not. */
static bool time_of_crash(const struct collection *c, uint64_t *ret)
{
	const char *kept = kv_get(&c->keep, "CRASHTIME");

	*ret = kept ? strtoull(kept, NULL, 10) : 0;
	return *ret || (c->registers && *c->registers && crash_notes_time(c, ret));
}

/* The text with a line more, as the kernel adds it when it dies for kdump, see crash-notes.h; or NULL. */
static char *with_time(struct collection *c, const struct elfnote *note, size_t *ret)
{
	uint64_t seconds;
	char *text;
	FILE *f;

	if (kv_get(&c->vmcoreinfo, "CRASHTIME") || !time_of_crash(c, &seconds))
		return NULL;
	f = open_memstream(&text, ret);
	if (!f)
		return NULL;
	fwrite(note->desc, 1, strnlen(note->desc, note->desc_size), f);
	fprintf(f, "CRASHTIME=%" PRIu64 "\n", seconds);
	fclose(f);
	kv_clear(&c->vmcoreinfo);
	kv_parse(&c->vmcoreinfo, text, *ret);
	return text;
}

/* After the registers. */
static void add_vmcoreinfo(struct collection *c)
{
	struct elfnote note;
	_cleanup_free_ char *buf = read_vmcoreinfo(c, &note), *text = NULL;
	size_t size;

	if (!buf && !collect_source_note(c, VMCOREINFO_NAME, 0, &note)) {
		strlist_addf(&c->toc.problems,
			     "VMCOREINFO (%s) is not in the %s or damaged: the log cannot be read without it",
			     MINIDUMP_VMCOREINFO_NAME, image_has_pieces(&c->img) ? "dump" : "table");
		return;
	}
	kv_parse(&c->vmcoreinfo, note.desc, note.desc_size);
	text = with_time(c, &note, &size);
	notebuf_add(&c->notes, VMCOREINFO_NAME, 0, text ?: note.desc, text ? size : note.desc_size);
}

static bool take_kernel_note(struct collection *c, const char *region)
{
	_cleanup_free_ char *buf = NULL;
	struct elfnote note;
	size_t size, pos = 0;

	buf = collect_region(c, region, NOTE_REGION_MAX, &size);
	if (!buf || !elfnote_next(buf, size, &pos, &note) || !elfnote_is(&note, QCMD_NOTE_NAME, QCMD_NOTE_KERNEL))
		return false;
	kv_parse(&c->kernel_note, note.desc, note.desc_size);
	note_check_version(&c->kernel_note, "QCMD_NOTE", &c->toc.problems);
	notebuf_add(&c->notes, QCMD_NOTE_NAME, QCMD_NOTE_KERNEL, note.desc, note.desc_size);
	return true;
}

/* Where there was no qcmdd, the module says what it knows. */
static void add_kernel_note(struct collection *c)
{
	if (take_kernel_note(c, MINIDUMP_NOTE_NAME))
		return;
	if (!take_kernel_note(c, MINIDUMP_LAYOUT_NAME) || toc_region(&c->toc, MINIDUMP_NOTE_NAME))
		strlist_addf(&c->toc.problems,
			     "qcmdd's note (%s) is not in the %s or damaged: tasks cannot be read without it",
			     MINIDUMP_NOTE_NAME, image_has_pieces(&c->img) ? "dump" : "table");
}

static void print_escaped(FILE *f, const char *key, const char *text)
{
	_cleanup_free_ char *safe = escape_text(text, strlen(text), TEXT_ASCII);

	fprintf(f, "%s=%s\n", key, safe);
}

/* Pieces that firmware or the kernel itself saved do not say how much memory there was. */
static void print_memory(FILE *f, const struct collection *c)
{
	const struct rangemap *m = &c->img.phys;

	for (size_t i = 0, n = 0; i < m->n && n < QCMD_NOTE_MEMORY_MAX && c->ram; i++, n++) {
		uint64_t start = m->v[i].start, end = m->v[i].run_end;

		while (i + 1 < m->n && m->v[i + 1].start < end)
			i++;
		fprintf(f, "MEMORY=0x%" PRIx64 " %" PRIu64 "\n", start, end - start);
	}
}

int collect_guest(struct collection *c, const struct guest_copy *copy, const char *name,
		  const struct collect_options *o, struct derr *err)
{
	struct collect_options named = *o;
	char path[32];

	named.image.name = name;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy->fd);
	return collect_prepare(c, path, &named, err);
}

uint64_t collect_time(const struct collection *c)
{
	const char *text = kv_get(&c->vmcoreinfo, "CRASHTIME");
	uint64_t seconds = text ? strtoull(text, NULL, 10) : 0;

	return seconds && seconds <= INT64_MAX ? seconds : (uint64_t)time(NULL);
}

void collect_print_made(FILE *f, const struct collection *c)
{
	fprintf(f, "PAGE_TABLES=%s\n", c->layout.has_tables ? "synthetic" : "none");
	for (size_t i = 0; i < c->made.what.n; i++)
		fprintf(f, "SYNTHETIC=%s\n", c->made.what.v[i]);
	for (size_t i = 0; i < c->layout.gaps.n; i++)
		fprintf(f, "GAP=0x%" PRIx64 " %" PRIu64 "\n", c->layout.gaps.v[i].start, c->layout.gaps.v[i].size);
}

static void print_table(FILE *f, const struct toc *toc)
{
	static const char *const from[] = {
		[TOC_FROM_SEARCH] = "search", [TOC_FROM_KERNEL] = "kernel", [TOC_FROM_OPTION] = "option"
	};

	fprintf(f, "TABLE=0x%" PRIx64 "\nTABLE_FROM=%s\nSLOTS=%u/%u\n", toc->header, from[toc->from], toc->slots_used,
		toc->slots_max);
}

static void add_collect_note(struct collection *c)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	fprintf(f, "QCMD_COLLECT=1\nCREATOR=qcmdump %s\n", QCMD_VERSION);
	print_escaped(f, "SOURCE", c->img.snapshot ? "the running machine" : c->img.path);
	fprintf(f, "SOURCE_KIND=%s\n", image_kind_name(&c->img));
	if (c->ram)
		fprintf(f, "SOURCE_BYTES=%" PRIu64 "\n", c->ram);
	fprintf(f, "BACKEND=%s\nCOLLECTED=%lld\n", collect_backend(c), (long long)time(NULL));
	if (image_has_registers(&c->img))
		fprintf(f, "SLOTS=%u\n", c->toc.slots_used);
	else if (!image_has_pieces(&c->img))
		print_table(f, &c->toc);
	fputs(c->registers ? c->registers : "", f);
	print_memory(f, c);
	collect_print_made(f, c);
	for (size_t i = 0; i < c->toc.n_regions; i++)
		region_write(&c->toc.regions[i], f);
	for (size_t i = 0; i < c->toc.warnings.n; i++)
		print_escaped(f, "WARNING", c->toc.warnings.v[i]);
	for (size_t i = 0; i < c->toc.problems.n; i++)
		print_escaped(f, "PROBLEM", c->toc.problems.v[i]);
	if (c->toc.problems.left_out)
		fprintf(f, "PROBLEM=%zu more problems like these\n", c->toc.problems.left_out);
	for (size_t i = 0; i < c->img.left_out.n; i++)
		print_escaped(f, "LEFT_OUT", c->img.left_out.v[i]);
	if (c->img.left_out.left_out)
		fprintf(f, "LEFT_OUT=%zu more\n", c->img.left_out.left_out);
	if (fclose(f) == 0)
		notebuf_add(&c->notes, QCMD_NOTE_NAME, QCMD_NOTE_COLLECT, text, size);
}

/* The ELF header among the regions of a table */
static void read_kelf(struct collection *c)
{
	_cleanup_free_ char *buf = NULL;
	struct derr err;
	size_t size;

	buf = collect_region(c, MINIDUMP_ELF_HEADER_NAME, KELF_MAX, &size);
	if (!buf)
		strlist_addf(&c->toc.problems,
			     "the ELF header (%s) is not in the table: virtual addresses are partly unknown",
			     MINIDUMP_ELF_HEADER_NAME);
	else if (kelf_parse(&c->kelf, buf, size, &err))
		strlist_addf(&c->toc.problems,
			     "the ELF header (%s) is damaged: %s. Virtual addresses are partly unknown",
			     MINIDUMP_ELF_HEADER_NAME, err.text);
	if (!c->kelf.machine)
		c->kelf.machine = c->img.elf.machine;
}

static int refuse_options(const struct collection *c, const struct collect_options *o, struct derr *err)
{
	if (o->table && image_has_pieces(&c->img))
		return derr_set(err, -EINVAL, "%s has regions that firmware saved, and no table: leave --table out.",
				c->img.path);
	if (o->table && o->image.registers)
		return derr_set(err, -EINVAL, "The registers say where the table is: leave --table out.");
	if (o->vm && !image_has_pieces(&c->img))
		return derr_set(err, -EINVAL, "%s is memory of one machine: leave --vm out.", c->img.path);
	return 0;
}

/* What of the regions reads as zeros, and may not have been. */
static void name_left_out(struct collection *c)
{
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		const struct region *r = &c->toc.regions[i];
		uint64_t n = kdump_left_out(c->img.kdump, r->paddr, r->size);

		if (n)
			strlist_addf(&c->toc.problems,
				     "makedumpfile -d %u left out %" PRIu64 " of %" PRIu64
				     " bytes of %s %u: zeros, which "
				     "they read as, or what it took for memory of processes, caches, or free",
				     kdump_level(c->img.kdump), n, r->size, r->name, r->seq);
	}
}

/* What the regions are: fills in toc and kelf. */
static int find_regions(struct collection *c, const struct collect_options *o, struct derr *err)
{
	int r = refuse_options(c, o, err);

	if (r < 0)
		return r;
	if (image_has_pieces(&c->img))
		return firmware_read(&c->img, o->vm, &c->kelf, &c->toc, err);
	if (image_has_registers(&c->img))
		r = live_read(&c->img, &c->toc, err);
	else
		r = toc_find(&c->img, o->table, &c->toc, err);
	if (r < 0)
		return r;
	strlist_move(&c->toc.problems, &c->img.problems);
	if (c->img.kind != IMAGE_KEEP)
		c->ram = rangemap_total(&c->img.phys);
	return 0;
}

/* What the kernel that kept it, and the next one, say of it. */
static void add_keep(struct collection *c)
{
	uint64_t damaged = 0, running = 0;
	struct elfnote note;

	if (!collect_source_note(c, QCMD_NOTE_NAME, QCMD_NOTE_KEEP, &note))
		return;
	kv_parse(&c->keep, note.desc, note.desc_size);
	kv_number(&c->keep, "damaged", &damaged);
	kv_number(&c->keep, "running", &running);
	if (damaged)
		strlist_addf(&c->toc.problems, "%" PRIu64 " of the kept pieces were overwritten before they were read",
			     damaged);
	if (running)
		strlist_addf(&c->toc.problems,
			     "CPUs that had not stopped: %" PRIu64 "; what they use may have changed while it was kept",
			     running);
}

int collect_prepare(struct collection *c, const char *path, const struct collect_options *o, struct derr *err)
{
	struct kv registers;
	int r;

	*c = (struct collection){ 0 };
	r = image_open(&c->img, path, &o->image, err);
	if (r == 0)
		r = find_regions(c, o, err);
	if (r < 0)
		return r;
	if (c->img.elf.missing)
		strlist_addf(&c->toc.problems, "%s is cut off: %" PRIu64 " bytes of memory are missing at its end",
			     c->img.path, c->img.elf.missing);
	if (c->img.kdump)
		name_left_out(c);
	add_keep(c);
	add_kernel_note(c);
	if (!image_has_pieces(&c->img))
		read_kelf(c);
	registers_add(c);
	add_vmcoreinfo(c);
	kmap_apply(&c->kmap, &c->kelf, &c->toc, &c->vmcoreinfo);
	pids_add(c, rangemap_end(&c->img.phys));
	kv_parse(&registers, c->registers ?: "", c->registers ? strlen(c->registers) : 0);
	crash_notes_add(c, &registers, rangemap_end(&c->img.phys));
	kv_clear(&registers);
	layout_build(&c->layout, &c->toc, &c->kmap, &c->vmcoreinfo,
		     &(struct layout_options){ .ram = &c->img.phys, .made = &c->made }, &c->toc.problems);
	kernel_names_add(c);
	add_collect_note(c);
	return 0;
}

void collection_clear(struct collection *c)
{
	image_close(&c->img);
	toc_clear(&c->toc);
	kelf_clear(&c->kelf);
	kv_clear(&c->vmcoreinfo);
	kv_clear(&c->kernel_note);
	kv_clear(&c->keep);
	made_clear(&c->made);
	layout_clear(&c->layout);
	notebuf_clear(&c->notes);
	free(c->registers);
}
