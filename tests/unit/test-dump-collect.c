// SPDX-License-Identifier: GPL-2.0-only
/* From memory images, whole and damaged, to an ELF core that other programs' rules hold for. */
#include <errno.h>
#include <gelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <qcmd_note.h>

#include "dump/collect/pagewalk.h"
#include "dump-run.h"

#define MIB_	(1ULL << 20)
#define GIB_	(1ULL << 30)
#define PATTERN 0x51
/* Where a kernel of 39 bits can be, and of 48 */
#define ARM64_VIRT 0xffffffc010000000ULL

static void fill(struct di *d, uint64_t paddr, size_t size, int first)
{
	uint8_t *buf = malloc(size);

	for (size_t i = 0; i < size; i++)
		buf[i] = first + i % 199;
	di_write(d, paddr, buf, size);
	free(buf);
}

/* A small machine: a log, a buffer in the direct map that straddles pages, one in the image, two vmalloc'ed pages. */
static void small_machine(struct di *d, uint64_t size, uint64_t base, uint64_t low)
{
	uint64_t buf;

	di_init(d, size, base, low);
	di_ring(d, 4, 9);
	di_print(d, 1000000, 6, "hello", NULL, NULL);
	buf = di_alloc(d, 6000, 64);
	fill(d, buf, 6000, PATTERN);
	di_add(d, "KBUF", 0, buf, DI_DIRECT + buf, 6000);
	fill(d, DI_PHYS_BASE + 0x30123, 100, 3);
	di_add(d, "KIMAGE", 7, DI_PHYS_BASE + 0x30123, DI_IMAGE_VIRT + 0x30123, 100);
	buf = di_alloc(d, 3 * 4096, 4096);
	fill(d, buf, 3 * 4096, 9);
	di_add(d, MINIDUMP_STACK_NAME, 0, buf, 0xffffc90000010000, 4096);
	di_add(d, MINIDUMP_STACK_NAME, 1, buf + 8192, 0xffffc90000011000, 4096);
}

/* Compares the memory of a dump with the image, through nothing but the ELF file. */
static void same_memory(const struct di *d, int fd, const GElf_Phdr *p)
{
	uint8_t *a = malloc(p->p_filesz), *b = malloc(p->p_filesz);

	assert_int_equal(pread(fd, a, p->p_filesz, p->p_offset), p->p_filesz);
	assert_int_equal(pread(d->fd, b, p->p_filesz, di_offset(d, p->p_paddr)), p->p_filesz);
	assert_memory_equal(a, b, p->p_filesz);
	free(a);
	free(b);
}

static void elf_rules(const struct di *d, const char *path)
{
	size_t n, pt_note = 0, loads = 0, shstrndx;
	bool image_seen = false, other_after_image = false;
	int fd = open(path, O_RDONLY);
	uint64_t last_data = 0, first_data = UINT64_MAX;
	GElf_Ehdr ehdr;
	GElf_Phdr p;
	Elf *e;

	elf_version(EV_CURRENT);
	e = elf_begin(fd, ELF_C_READ, NULL);
	assert_non_null(e);
	assert_non_null(gelf_getehdr(e, &ehdr));
	assert_int_equal(ehdr.e_type, ET_CORE);
	assert_int_equal(ehdr.e_machine, EM_X86_64);
	assert_int_equal(ehdr.e_phoff, 64);
	assert_int_equal(elf_getphdrnum(e, &n), 0);
	for (size_t i = 0; i < n; i++) {
		gelf_getphdr(e, i, &p);
		if (p.p_type == PT_NOTE) {
			assert_int_equal(i, 0);
			pt_note++;
			continue;
		}
		assert_int_equal(p.p_type, PT_LOAD);
		loads++;
		assert_int_equal(p.p_align, 0);
		assert_int_equal(p.p_filesz, p.p_memsz);
		assert_int_equal(p.p_offset % 4096, p.p_paddr % 4096);
		assert_int_equal(p.p_vaddr % 4096, p.p_paddr % 4096);
		if (p.p_vaddr >= DI_IMAGE_VIRT) {
			assert_false(other_after_image);
			image_seen = true;
		} else {
			other_after_image = true;
		}
		if (p.p_offset < first_data)
			first_data = p.p_offset;
		if (p.p_offset + p.p_filesz > last_data)
			last_data = p.p_offset + p.p_filesz;
		/* Page tables are the only thing that was not in the image. */
		if (p.p_paddr < d->base + d->file_size && p.p_vaddr != DI_IMAGE_VIRT + 0x10000)
			same_memory(d, fd, &p);
	}
	assert_true(image_seen);
	assert_int_equal(pt_note, 1);
	assert_true(loads >= 2);
	/* The last one is what a reader takes for the direct map. */
	assert_true(p.p_vaddr - p.p_paddr == DI_DIRECT);
	gelf_getphdr(e, 0, &p);
	assert_true(p.p_offset + p.p_filesz <= first_data);
	assert_true(ehdr.e_shoff >= last_data);
	assert_int_equal(elf_getshdrstrndx(e, &shstrndx), 0);
	assert_int_equal(shstrndx, 1);
	elf_end(e);
	close(fd);
}

/* The section of a region, by name and number among those of that name. */
static bool find_section(const char *path, const char *name, size_t nth, GElf_Shdr *sh)
{
	int fd = open(path, O_RDONLY);
	Elf *e = elf_begin(fd, ELF_C_READ, NULL);
	bool found = false;
	Elf_Scn *scn = NULL;

	while (!found && (scn = elf_nextscn(e, scn))) {
		gelf_getshdr(scn, sh);
		if (!strcmp(elf_strptr(e, 1, sh->sh_name), name))
			found = nth-- == 0;
	}
	elf_end(e);
	close(fd);
	return found;
}

static void good_dump(void **state)
{
	uint8_t want[4096], got[4096];
	GElf_Shdr sh;
	char out[64];
	struct di d;
	int fd;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	must_collect(&d, out);
	elf_rules(&d, out);
	assert_true(find_section(out, "STR_TBL", 0, &sh));
	assert_true(find_section(out, MINIDUMP_ELF_HEADER_NAME, 0, &sh));
	assert_true(find_section(out, "KIMAGE", 0, &sh));
	assert_int_equal(sh.sh_size, 100);
	assert_true(sh.sh_addr == DI_IMAGE_VIRT + 0x30123);
	assert_false(find_section(out, MINIDUMP_STACK_NAME, 2, &sh));
	assert_true(find_section(out, MINIDUMP_STACK_NAME, 1, &sh));
	assert_true(sh.sh_addr == 0xffffc90000011000);
	fd = open(out, O_RDONLY);
	assert_int_equal(pread(fd, got, 4096, sh.sh_offset), 4096);
	di_read(&d, d.slots[d.n_slots - 1].paddr, want, 4096);
	assert_memory_equal(got, want, 4096);
	/* The rest of a page that a region has a part of is zero. */
	assert_true(find_section(out, "KIMAGE", 0, &sh));
	memset(want, 0, sizeof(want));
	assert_int_equal(pread(fd, got, 0x123, sh.sh_offset - 0x123), 0x123);
	assert_memory_equal(got, want, 0x123);
	assert_int_equal(pread(fd, got, 4096 - 0x123 - 100, sh.sh_offset + 100), 4096 - 0x123 - 100);
	assert_memory_equal(got, want, 4096 - 0x123 - 100);
	close(fd);
	unlink(out);
	di_done(&d);
}

/* Walks the page tables of a dump by physical address, as makedumpfile does. */
static uint64_t translate(const struct corefile *core, uint64_t vaddr, int levels)
{
	uint64_t table = DI_PHYS_BASE + 0x10000, entry;

	for (int shift = 12 + 9 * (levels - 1);; shift -= 9) {
		if (rangemap_read(&core->phys, core->fd, table + (vaddr >> shift & 511) * 8, &entry, 8) < 0)
			fail_msg("a table at %llx is not in the dump", (unsigned long long)table);
		if (!(entry & 1))
			return 0;
		table = entry & 0xffffffffff000;
		if (shift == 12)
			return table | (vaddr & 4095);
	}
}

static void page_tables(void **state)
{
	for (int levels = 4; levels <= 5; levels++) {
		struct corefile core;
		struct derr err;
		char out[64];
		struct di d;

		small_machine(&d, 8 * MIB_, 0, 0);
		if (levels == 5)
			di_key(&d, "NUMBER(pgtable_l5_enabled)=1");
		di_finish(&d);
		must_collect(&d, out);
		assert_int_equal(core_open(&core, out, &err), 0);
		for (unsigned int i = 0; i < d.n_slots; i++)
			assert_true(translate(&core, d.slots[i].vaddr, levels) == d.slots[i].paddr);
		assert_true(translate(&core, DI_IMAGE_VIRT + 0x10008, levels) == DI_PHYS_BASE + 0x10008);
		/* Not captured, not mapped */
		assert_true(translate(&core, DI_IMAGE_VIRT + 0x5000, levels) == 0);
		assert_true(translate(&core, 0xffffc90000012000, levels) == 0);
		/* The tables lie just above the memory. */
		assert_true(rangemap_end(&core.phys) < 8 * MIB_ + 64 * 4096);
		core_close(&core);
		unlink(out);
		di_done(&d);
	}
}

static void notes_in_order(void **state)
{
	struct elfnote n;
	struct corefile core;
	struct derr err;
	size_t pos = 0;
	char out[64];
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	must_collect(&d, out);
	assert_int_equal(core_open(&core, out, &err), 0);
	assert_true(elfnote_next(core.elf.notes, core.elf.notes_size, &pos, &n));
	assert_true(elfnote_is(&n, "QCMD", 0x51434d01));
	assert_memory_equal(n.desc, d.note, n.desc_size);
	assert_true(elfnote_next(core.elf.notes, core.elf.notes_size, &pos, &n));
	assert_true(elfnote_is(&n, "VMCOREINFO", 0));
	/* Untouched: the length of the text, not of the region */
	assert_int_equal(n.desc_size, strlen(d.vmcoreinfo));
	assert_memory_equal(n.desc, d.vmcoreinfo, n.desc_size);
	assert_true(elfnote_next(core.elf.notes, core.elf.notes_size, &pos, &n));
	assert_true(elfnote_is(&n, "QCMD", 0x51434d02));
	assert_memory_equal(n.desc, "QCMD_COLLECT=1\n", 15);
	assert_false(elfnote_next(core.elf.notes, core.elf.notes_size, &pos, &n));
	assert_string_equal(kv_get(&core.collect_note, "BACKEND"), "ram");
	assert_string_equal(kv_get(&core.collect_note, "SOURCE"), d.path);
	core_close(&core);
	unlink(out);
	di_done(&d);
}

/* arm64's memory starts at 1 GiB: the file starts with it. */
static void shifted_image(void **state)
{
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;

	di_init(&d, 8 * MIB_, GIB_, 0);
	di_add(&d, "KBUF", 0, GIB_ + 0x5000, DI_DIRECT + GIB_ + 0x5000, 4096);
	fill(&d, GIB_ + 0x5000, 4096, PATTERN);
	di_finish(&d);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	assert_int_equal(c.toc.n_regions, 4);
	assert_int_equal(c.img.phys.v[0].start, GIB_);
	collection_clear(&c);
	unlink(out);
	di_done(&d);
}

/* The table is above the hole below 4 GiB: it says itself how large the part below is. */
static void table_above_hole(void **state)
{
	char out[64];
	struct di d;

	small_machine(&d, 32 * MIB_, 0, 24 * MIB_);
	d.next = 4 * GIB_;
	di_finish(&d);
	must_collect(&d, out);
	unlink(out);
	di_done(&d);
}

/*
 * The table and the regions that every table has are above the hole, so that the file could also be one piece that
 * starts at 1 GiB. What kind of machine it was, or where its kernel has its release, decides.
 */
static void hole_or_shift(void **state)
{
	static const char release[] = "linux" DI_RELEASE;

	for (int machine = 0; machine < 2; machine++) {
		struct collection c;
		struct derr err;
		char out[64];
		struct di d;

		di_init(&d, 5 * GIB_, 0, 3 * GIB_);
		di_key(&d, "SYMBOL(init_uts_ns)=%llx", DI_IMAGE_VIRT + 0x50000);
		di_write(&d, DI_PHYS_BASE + 0x50100, release, machine ? 1 : sizeof(release));
		di_add(&d, "KBUF", 0, 2 * GIB_, DI_DIRECT + 2 * GIB_, 4096);
		d.next = 4 * GIB_ + 16 * MIB_;
		d.no_kelf = !machine;
		di_finish(&d);
		if (run_collect(d.path, NULL, out, &c, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(c.img.phys.n, 2);
		assert_true(c.img.phys.v[0].size == 3 * GIB_);
		collection_clear(&c);
		unlink(out);
		/* Neither is known */
		di_write(&d, DI_PHYS_BASE + 0x50100, (char[sizeof(release)]){ 0 }, sizeof(release));
		di_write64(&d, d.kelf, 0);
		assert_int_equal(run_collect(d.path, NULL, out, &c, &err), -ENOTUNIQ);
		collection_clear(&c);
		di_done(&d);
	}
}

/* The table is below 4 GiB, a region above: q35 and pc split memory at different places. */
static void hole_by_landmark(void **state)
{
	static const uint64_t splits[] = { 2 * GIB_, 3 * GIB_, 3 * GIB_ + GIB_ / 2 };

	for (size_t i = 0; i < 3; i++) {
		uint64_t buf, kelf;
		struct collection c;
		struct derr err;
		char out[64];
		struct di d;

		small_machine(&d, 5 * GIB_, 0, splits[i]);
		di_finish(&d);
		/* The ELF header moves up, as the module's double buffer does. */
		kelf = 4 * GIB_ + 64 * MIB_;
		buf = d.kelf;
		for (unsigned int j = 0; j < 2; j++) {
			uint8_t page[4096];

			di_read(&d, buf + j * 4096, page, 4096);
			di_write(&d, kelf + j * 4096, page, 4096);
		}
		di_write64(&d, d.regions + 24, kelf);
		if (run_collect(d.path, NULL, out, &c, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(c.img.phys.n, 2);
		assert_true(c.img.phys.v[0].size == splits[i]);
		assert_int_equal(c.toc.problems.n, 0);
		collection_clear(&c);
		unlink(out);
		di_done(&d);
	}
}

/* Nothing tells the splits apart: the user must. */
static void ambiguous_hole(void **state)
{
	const struct range maps[] = {
		{ .start = 0, .size = 2 * GIB_, .offset = 0 },
		{ .start = 4 * GIB_, .size = 3 * GIB_, .offset = 2 * GIB_ },
	};
	struct collect_options o = { .image = { .maps = maps, .n_maps = 2 } };
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;

	small_machine(&d, 5 * GIB_, 0, 2 * GIB_);
	/* Five GiB as one piece would have it, too. */
	di_add(&d, "KHIGH", 0, 4 * GIB_ + 64 * MIB_, DI_DIRECT + 4 * GIB_ + 64 * MIB_, 4096);
	di_finish(&d);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), -ENOTUNIQ);
	assert_non_null(strstr(err.text, "--map"));
	collection_clear(&c);
	assert_int_equal(run_collect(d.path, &o, out, &c, &err), 0);
	assert_int_equal(c.toc.problems.n, 0);
	collection_clear(&c);
	unlink(out);
	di_done(&d);
}

static void maps_are_checked(void **state)
{
	const struct range beyond = { .start = 0, .size = 9 * MIB_ }, elsewhere = { .start = GIB_, .size = 8 * MIB_ };
	struct collect_options o = { .image = { .maps = &beyond, .n_maps = 1 } };
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	assert_int_equal(run_collect(d.path, &o, out, &c, &err), -ERANGE);
	collection_clear(&c);
	/* Under a wrong map the header is not where it says. */
	o.image.maps = &elsewhere;
	assert_int_equal(run_collect(d.path, &o, out, &c, &err), -ENOENT);
	assert_non_null(strstr(err.text, "copy"));
	collection_clear(&c);
	di_done(&d);
}

/* Something is before the memory in the file. */
static void prefixed_image(void **state)
{
	struct range map = { .start = 0, .size = 8 * MIB_, .offset = 4096 };
	struct collect_options o = { .image = { .maps = &map, .n_maps = 1 } };
	struct collection c;
	struct derr err;
	char *memory = malloc(8 * MIB_);
	char out[64];
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	assert_int_equal(pread(d.fd, memory, 8 * MIB_, 0), 8 * MIB_);
	assert_int_equal(pwrite(d.fd, memory, 8 * MIB_, 4096), 8 * MIB_);
	free(memory);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), -ENOENT);
	assert_non_null(strstr(err.text, "something before the memory"));
	assert_non_null(strstr(err.text, "--map"));
	collection_clear(&c);
	assert_int_equal(run_collect(d.path, &o, out, &c, &err), 0);
	assert_int_equal(c.toc.problems.n, 0);
	collection_clear(&c);
	unlink(out);
	di_done(&d);
}

static void from_vmcore(void **state)
{
	const struct di_load loads[] = { { 0x100000, 7 * MIB_ }, { 0, 0x100000 }, { 0x200000, 4096 } };
	struct collection c;
	char core[64], out[64];
	struct derr err;
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	di_elf(&d, loads, 3, "", 0, core);
	if (run_collect(core, NULL, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.toc.problems.n, 0);
	assert_int_equal(c.ram, 8 * MIB_);
	collection_clear(&c);
	elf_rules(&d, out);
	/* Cut off: what is there is saved, what is missing is told. */
	unlink(out);
	assert_int_equal(truncate(core, 8192 + 16 + d.slots[0].paddr - 0x100000), 0);
	assert_int_equal(run_collect(core, NULL, out, &c, &err), -ENOENT);
	assert_non_null(strstr(err.text, "which is cut off"));
	collection_clear(&c);
	unlink(core);
	di_done(&d);
}

/* What a kernel that panicked has kept of its memory is a dump with a time, and with what is wrong with it. */
static void from_keep(void **state)
{
	static const char *const texts[] = {
		"QCMD_KEEP=1\nCRASHTIME=1763800000\nNUMBER(running)=0\nNUMBER(damaged)=0\n",
		"QCMD_KEEP=1\nCRASHTIME=1763800000\nNUMBER(running)=1\nNUMBER(damaged)=2\n",
	};
	const struct di_load all = { 0, 8 * MIB_ };
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct notebuf b = { 0 };
		struct collection c;
		char core[64], out[64];
		struct derr err;

		notebuf_add(&b, QCMD_NOTE_NAME, QCMD_NOTE_KEEP, texts[i], strlen(texts[i]));
		di_elf(&d, &all, 1, b.data, b.size, core);
		assert_int_equal(run_collect(core, NULL, out, &c, &err), 0);
		assert_string_equal(image_kind_name(&c.img), "keep");
		assert_string_equal(kv_get(&c.vmcoreinfo, "CRASHTIME"), "1763800000");
		/* The pieces are not all of the machine's memory. */
		assert_int_equal(c.ram, 0);
		assert_null(memmem(c.notes.data, c.notes.size, "MEMORY=", 7));
		assert_int_equal(c.toc.problems.n, 2 * i);
		if (i) {
			assert_non_null(strstr(c.toc.problems.v[0], "2 of the kept pieces"));
			assert_non_null(strstr(c.toc.problems.v[1], "CPUs that had not stopped: 1;"));
		}
		collection_clear(&c);
		notebuf_clear(&b);
		unlink(core);
		unlink(out);
	}
	di_done(&d);
}

/* A small file that claims the same bytes for very much memory */
static void vmcore_too_large(void **state)
{
	const struct di_load all = { 0, 8 * MIB_ };
	struct collection c;
	char core[64], out[64];
	struct derr err;
	struct di d;
	int fd;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	di_elf(&d, &all, 1, "", 0, core);
	fd = open(core, O_RDWR);
	assert_int_equal(pwrite(fd, "\x40\0", 2, 56), 2);
	for (uint64_t i = 1; i < 64; i++) {
		Elf64_Phdr p = { .p_type = PT_LOAD, .p_paddr = i << 32, .p_filesz = 8 * MIB_ };

		assert_int_equal(pwrite(fd, &p, sizeof(p), 64 + i * 56), sizeof(p));
	}
	close(fd);
	assert_int_equal(run_collect(core, NULL, out, &c, &err), -EINVAL);
	assert_non_null(strstr(err.text, "more memory than"));
	collection_clear(&c);
	unlink(core);
	di_done(&d);
}

/* Registers are taken over from kdump, but not from QEMU where the dump does not say which task they are of. */
static void registers(void **state)
{
	const struct di_load all = { 0, 8 * MIB_ };
	char core[64], out[64];
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	for (int qemu = 0; qemu < 2; qemu++) {
		struct notebuf b = { 0 };
		struct collection c;
		struct elfnote n;
		struct derr err;
		size_t pos = 0;
		bool found = false;

		notebuf_add(&b, "CORE", NT_PRSTATUS, "registers", 9);
		if (qemu)
			notebuf_add(&b, "QEMU", 0, "state", 5);
		di_elf(&d, &all, 1, b.data, b.size, core);
		assert_int_equal(run_collect(core, NULL, out, &c, &err), 0);
		while (elfnote_next(c.notes.data, c.notes.size, &pos, &n))
			found |= elfnote_is(&n, "CORE", NT_PRSTATUS) && !memcmp(n.desc, "registers", 9);
		assert_int_equal(found, !qemu);
		collection_clear(&c);
		notebuf_clear(&b);
		unlink(core);
		unlink(out);
	}
	di_done(&d);
}

/* QEMU's notes get the pid of the task that ran there; what ran on CPU 1 is not in the dump. */
static void registers_of_tasks(void **state)
{
	const struct di_load all = { 0, 8 * MIB_ };
	struct notebuf b = { 0 };
	uint32_t cpu = 0, pid;
	struct collection c;
	char core[64], out[64];
	struct elfnote n;
	struct derr err;
	size_t pos = 0;
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_task_keys(&d);
	di_task(&d, &(struct di_task){ .pid = 7, .comm = "sleeps", .cpu = 1 });
	di_task(&d, &(struct di_task){ .pid = 8, .comm = "runs", .cpu = 2, .on_cpu = true });
	di_task(&d, &(struct di_task){ .pid = 9, .comm = "first", .cpu = 0, .on_cpu = true });
	di_finish(&d);
	for (char i = 0; i < 3; i++) {
		char desc[336];

		memset(desc, 'a' + i, sizeof(desc));
		notebuf_add(&b, "CORE", NT_PRSTATUS, desc, sizeof(desc));
	}
	notebuf_add(&b, "QEMU", 0, "state", 5);
	di_elf(&d, &all, 1, b.data, b.size, core);
	assert_int_equal(run_collect(core, NULL, out, &c, &err), 0);
	while (elfnote_next(c.notes.data, c.notes.size, &pos, &n)) {
		static const struct {
			uint32_t pid;
			char rest;
		} expected[] = { { 9, 'a' }, { 0, 0 }, { 8, 'c' } };

		if (!elfnote_is(&n, "CORE", NT_PRSTATUS))
			continue;
		assert_true(cpu <= 2);
		memcpy(&pid, n.desc + 32, sizeof(pid));
		assert_int_equal(pid, expected[cpu].pid);
		assert_int_equal(n.desc[31], expected[cpu].rest);
		assert_int_equal(n.desc[36], expected[cpu].rest);
		cpu++;
	}
	assert_int_equal(cpu, 3);
	collection_clear(&c);
	notebuf_clear(&b);
	unlink(core);
	unlink(out);
	di_done(&d);
}

static void expect_failure(const char *path, int r, const char *part)
{
	struct collection c;
	struct derr err = { 0 };
	char out[64];

	assert_int_equal(run_collect(path, NULL, out, &c, &err), r);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in: %s", part, err.text);
	collection_clear(&c);
}

static void no_table(void **state)
{
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	expect_failure(d.path, -ENOENT, "No minidump table");
	/* The magic alone, in the middle of a page, or with nothing behind it, is nothing. */
	di_write(&d, 0x5010, "QCOM-MINIDUMP-1", 16);
	di_write(&d, 0x7000, "QCOM-MINIDUMP-1", 16);
	expect_failure(d.path, -ENOENT, "No minidump table");
	expect_failure("/dev/null", -EINVAL, "neither a file nor");
	expect_failure("/proc/self/net", -ENOENT, "No md_*.BIN files");
	expect_failure("/nonexistent", -ENOENT, "Cannot open");
	assert_int_equal(ftruncate(d.fd, 0), 0);
	expect_failure(d.path, -ENODATA, "empty");
	assert_int_equal(pwrite(d.fd, "\177ELF\1\1\1", 7, 0), 7);
	expect_failure(d.path, -EIO, "cut off");
	assert_int_equal(ftruncate(d.fd, 4096), 0);
	expect_failure(d.path, -EINVAL, "32 bits");
	di_done(&d);
}

/* Each format that is not read is said by name, with something that can be done, whatever was to be done with it. */
static void other_formats(void **state)
{
	static const struct {
		const char *magic, *said, *advice;
	} formats[] = {
		{ "DISKDUMP", "a diskdump file", "makedumpfile -E" },
		{ "QEVM", "a QEMU migration stream", "dump-guest-memory" },
		{ "\x1f\x8b\x08", "compressed with gzip", "gzip -d" },
		{ "\xfd"
		  "7zXZ",
		  "compressed with xz", "xz -d" },
	};
	struct di d;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		di_init(&d, MIB_, 0, 0);
		assert_true(pwrite(d.fd, formats[i].magic, strlen(formats[i].magic), 0) > 0);
		expect_failure(d.path, -EINVAL, formats[i].said);
		expect_failure(d.path, -EINVAL, formats[i].advice);
		show_fails(show_log, d.path, formats[i].said);
		di_done(&d);
	}
}

static void newer_notes(void **state)
{
	struct collection c;
	struct corefile core;
	struct derr err;
	char out[64];
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	d.note[strlen("QCMD_NOTE=")] = '2';
	di_finish(&d);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	assert_true(has_problem(&c, "QCMD_NOTE has version 2"));
	collection_clear(&c);
	assert_int_equal(core_open(&core, out, &err), 0);
	assert_int_equal(core.remarks.n, 1);
	assert_non_null(strstr(core.remarks.v[0], "QCMD_NOTE has version 2"));
	core_close(&core);
	unlink(out);
	di_done(&d);
}

static void already_collected(void **state)
{
	struct collection c;
	struct derr err;
	char out[64], again[64];
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	must_collect(&d, out);
	assert_int_equal(run_collect(out, NULL, again, &c, &err), -EEXIST);
	assert_non_null(strstr(err.text, "already"));
	collection_clear(&c);
	unlink(out);
	di_done(&d);
}

/* A copy of the table elsewhere in memory is not taken, even when it is found first. */
static void copies(void **state)
{
	uint8_t page[8192];
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	di_read(&d, d.table, page, sizeof(page));
	di_write(&d, 0x1000, page, sizeof(page));
	di_write(&d, 0x7f0000, page, sizeof(page));
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	assert_true(c.toc.header == d.table);
	assert_int_equal(c.toc.problems.n, 0);
	/* But each is named. */
	assert_int_equal(c.toc.warnings.n, 1);
	assert_true(has_warning(&c, "2 copies of a table's header: 0x7f0000, 0x1000"));
	collection_clear(&c);
	unlink(out);
	di_done(&d);
}

/* Writes a second table: the capture kernel's, or a stale one, whose ELF header is gone. */
static void second_table(struct di *d, uint64_t at, bool crashed)
{
	struct di e = *d;

	e.next = at;
	if (crashed)
		di_key(&e, "CRASHTIME=1700000000");
	di_finish(&e);
	d->table = e.table;
	d->kelf = e.kelf;
}

static void several_tables(void **state)
{
	struct collect_options o = { 0 };
	struct collection c;
	struct derr err;
	uint64_t first;
	char out[64];
	struct di d;

	small_machine(&d, 8 * MIB_, 0, 0);
	di_finish(&d);
	first = d.table;
	/* Equal: the first, and it is said how to take the other */
	second_table(&d, 6 * MIB_, false);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	assert_true(c.toc.header == first);
	assert_true(has_warning(&c, "--table"));
	collection_clear(&c);
	unlink(out);
	o.table = &d.table;
	assert_int_equal(run_collect(d.path, &o, out, &c, &err), 0);
	assert_true(c.toc.header == d.table);
	assert_false(has_warning(&c, "--table"));
	collection_clear(&c);
	unlink(out);
	/* The kernel that crashed has noted when */
	second_table(&d, 6 * MIB_, true);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	assert_true(c.toc.header == d.table);
	collection_clear(&c);
	unlink(out);
	first = 0x123000;
	o.table = &first;
	assert_int_equal(run_collect(d.path, &o, out, &c, &err), -ENOENT);
	collection_clear(&c);
	di_done(&d);
}

static void single_region(void **state)
{
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	d.no_kelf = d.no_vmcoreinfo = d.no_note = true;
	fill(&d, 0x5010, 64, PATTERN);
	di_add(&d, "KONE", 0, 0x5010, 0, 64);
	di_finish(&d);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	assert_int_equal(c.toc.n_regions, 1);
	/* Two PT_LOADs, for readers that take one for something else */
	assert_int_equal(c.layout.n_segments, 2);
	assert_true(has_problem(&c, "VMCOREINFO"));
	assert_true(has_problem(&c, "ELF header"));
	assert_true(has_problem(&c, "virtual addresses of 1 region"));
	collection_clear(&c);
	unlink(out);
	di_done(&d);
}

/* By the tables of an arm64 kernel, as VMCOREINFO has it */
static bool start_reader(struct page_reader *r, struct image *img, const char *page_size, unsigned int bits)
{
	char text[256];
	struct kv v;
	bool ok;

	snprintf(text, sizeof(text),
		 "PAGESIZE=%s\nSYMBOL(swapper_pg_dir)=%llx\n"
		 "NUMBER(kimage_voffset)=0x%llx\nNUMBER(VA_BITS)=%u\n",
		 page_size, ARM64_VIRT, ARM64_VIRT - DI_PHYS_BASE, bits);
	kv_parse(&v, text, strlen(text));
	ok = page_reader_start(r, img, &v);
	kv_clear(&v);
	return ok;
}

static void memory_by_virtual_address(void **state)
{
	static const struct image_options none;
	struct page_reader r;
	struct image img;
	struct derr err;
	char text[5];
	struct di d;

	for (unsigned int bits = 39; bits <= 48; bits += 9) {
		uint64_t table = DI_PHYS_BASE;

		di_init(&d, 8 * MIB_, 0, 0);
		for (unsigned int shift = bits - 9; shift >= 12; shift -= 9, table += 4096)
			di_write64(&d, table + (ARM64_VIRT >> shift & 511) * 8, (table + 4096) | 3);
		di_write(&d, table, "text", 5);
		assert_int_equal(image_open(&img, d.path, &none, &err), 0);
		assert_true(start_reader(&r, &img, "4096", bits));
		assert_true(page_reader_read(&r, ARM64_VIRT, text, 5));
		assert_string_equal(text, "text");
		assert_false(page_reader_read(&r, ARM64_VIRT + 4096, text, 5));
		/* Nor is there what was read before. */
		assert_false(page_reader_read(&r, 0, text, 5));
		assert_false(start_reader(&r, &img, "16384", bits));
		assert_false(start_reader(&r, &img, "4096", bits + 4));
		image_close(&img);
		di_done(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_dump),	    cmocka_unit_test(page_tables),
		cmocka_unit_test(notes_in_order),   cmocka_unit_test(shifted_image),
		cmocka_unit_test(table_above_hole), cmocka_unit_test(hole_or_shift),
		cmocka_unit_test(hole_by_landmark), cmocka_unit_test(ambiguous_hole),
		cmocka_unit_test(maps_are_checked), cmocka_unit_test(memory_by_virtual_address),
		cmocka_unit_test(prefixed_image),   cmocka_unit_test(from_vmcore),
		cmocka_unit_test(vmcore_too_large), cmocka_unit_test(from_keep),
		cmocka_unit_test(registers),	    cmocka_unit_test(registers_of_tasks),
		cmocka_unit_test(no_table),	    cmocka_unit_test(already_collected),
		cmocka_unit_test(copies),	    cmocka_unit_test(several_tables),
		cmocka_unit_test(single_region),    cmocka_unit_test(other_formats),
		cmocka_unit_test(newer_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
