// SPDX-License-Identifier: GPL-2.0-only
/* qcmdump convert: what is zeros, what is not, and what the result says of itself. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dump-run.h"
#include "dump/collect/convert.h"

#define MIB_ (1ULL << 20)

static void start_image(struct di *d)
{
	di_init(d, 8 * MIB_, 0, 0);
	di_ring(d, 4, 9);
	di_print(d, 0, 5, "Linux version 6.12", NULL, NULL);
	di_task_keys(d);
	di_task(d, &(struct di_task){ .pid = 1, .tgid = 1, .comm = "init" });
	di_task(d, &(struct di_task){ .pid = 70, .tgid = 70, .comm = "other" });
}

static void image(struct di *d)
{
	start_image(d);
	di_finish(d);
}

static int run_convert(const char *source, const char *program, char out[64], struct collection *c, struct derr *err)
{
	int fd, r = prepare_convert(c, source, &(struct convert_options){ .program = program }, err);

	out[0] = '\0';
	if (r < 0)
		return r;
	strcpy(out, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(out);
	assert_true(fd >= 0);
	r = collect_write(c, fd, err);
	close(fd);
	return r;
}

static void must_convert(const char *source, const char *program, char out[64])
{
	struct collection c;
	struct derr err = { 0 };

	if (run_convert(source, program, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.toc.problems.n, 0);
	collection_clear(&c);
}

/* As crash reads: the first PT_LOAD that has the address counts, and what is not in the file is zeros. */
static bool crash_reads(const struct corefile *core, uint64_t paddr, bool *gap)
{
	for (size_t i = 1; i < core->elf.n_phdrs; i++) {
		const Elf64_Phdr *p = &core->elf.phdrs[i];

		if (paddr - p->p_paddr >= p->p_memsz)
			continue;
		*gap = paddr - p->p_paddr >= p->p_filesz;
		return true;
	}
	return false;
}

static bool captured(const struct corefile *core, uint64_t paddr)
{
	for (size_t i = 0; i < core->n_regions; i++)
		if (paddr - core->regions[i].paddr < core->regions[i].size)
			return true;
	return false;
}

/* Each byte of memory can be read, and is zeros only if it was not captured and is no page table. */
static void gaps_are_what_is_missing(void **state)
{
	char dump[64], out[64];
	struct corefile core;
	struct derr err;
	uint64_t tables;
	struct di d;
	bool gap;

	image(&d);
	must_collect(&d, dump);
	must_convert(dump, "crash", out);
	assert_int_equal(core_open(&core, out, &err), 0);
	assert_int_equal(kv_symbol(&core.vmcoreinfo, "swapper_pg_dir", &tables), 0);
	tables -= DI_IMAGE_VIRT - DI_PHYS_BASE;
	for (uint64_t paddr = 0; paddr < 8 * MIB_; paddr += 4) {
		assert_true(crash_reads(&core, paddr, &gap));
		assert_int_equal(gap, !captured(&core, paddr) && paddr - tables >= 4096);
	}
	core_close(&core);
	unlink(dump);
	unlink(out);
	di_done(&d);
}

/* Walks the tables in the dump; 0: nothing is mapped there. */
static uint64_t translate(const struct corefile *core, uint64_t vaddr)
{
	uint64_t at, entry;

	assert_int_equal(kv_symbol(&core->vmcoreinfo, "swapper_pg_dir", &at), 0);
	at -= DI_IMAGE_VIRT - DI_PHYS_BASE;
	for (unsigned int shift = 39; shift >= 12; shift -= 9) {
		assert_int_equal(rangemap_read(&core->phys, core->fd, at + (vaddr >> shift & 511) * 8, &entry, 8), 0);
		if (!(entry & 1))
			return 0;
		at = entry & 0xffffffffff000ULL;
		if (entry & 0x80)
			return at + (vaddr & ((1ULL << shift) - 1));
	}
	return at + (vaddr & 4095);
}

/* The task state segment of a CPU: where its stacks of exceptions end. */
#define GUARD 0xfffffe000004f000ULL

static void add_tss(struct di *d, int seq, uint64_t end)
{
	uint64_t at = di_alloc(d, 104, 64);
	uint8_t tss[104] = { 0 };

	memcpy(tss + 36, &end, 8);
	memcpy(tss + 36 + 4 * 8, &(uint64_t){ end + 0x2000 }, 8);
	/* What is none is in no table. */
	memcpy(tss + 36 + 6 * 8, &(uint64_t){ 0xffff888000000000 + seq }, 8);
	di_write(d, at, tss, sizeof(tss));
	di_add(d, MINIDUMP_SYMBOL_NAME "cpu_tss_", seq, at, DI_DIRECT + at, sizeof(tss));
}

static void modules_are_zeros(void **state)
{
	char dump[64], out[64];
	struct corefile core;
	struct derr err;
	struct di d;
	bool gap;

	start_image(&d);
	add_tss(&d, 0, GUARD);
	add_tss(&d, 1, GUARD + 0x800000000);
	di_finish(&d);
	must_collect(&d, dump);
	assert_int_equal(core_open(&core, dump, &err), 0);
	assert_int_equal(translate(&core, 0xffffffffc0001000ULL), 0);
	core_close(&core);
	must_convert(dump, "crash", out);
	assert_int_equal(core_open(&core, out, &err), 0);
	for (uint64_t vaddr = 0xffffffffc0000000ULL; vaddr < 0xffffffffff000000ULL; vaddr += 0x123000) {
		assert_true(crash_reads(&core, translate(&core, vaddr), &gap));
		assert_true(gap);
	}
	/* Where the stacks of exceptions are */
	for (uint64_t vaddr = 0xfffffe0000000000ULL; vaddr < 0xfffffe8000000000ULL; vaddr += 0x4123000) {
		assert_true(crash_reads(&core, translate(&core, vaddr), &gap));
		assert_true(gap);
	}
	/* But for what is above each of these */
	for (uint64_t guard = GUARD; guard <= GUARD + 0x800000000; guard += 0x800000000)
		for (uint64_t page = 0; page < 512 * 4096ULL; page += 4096) {
			uint64_t vaddr = (guard & ~0x1fffffULL) + page;

			assert_int_equal(!translate(&core, vaddr), vaddr == guard || vaddr == guard + 0x2000);
		}
	/* What was there before is still there, and nothing else is. */
	for (size_t i = 0; i < core.n_regions; i++)
		assert_int_equal(translate(&core, core.regions[i].vaddr), core.regions[i].paddr);
	assert_int_equal(translate(&core, 0xffffffffff000000ULL), 0);
	assert_int_equal(translate(&core, 0xfffffe8000000000ULL), 0);
	assert_int_equal(translate(&core, 0xffffc90000000000ULL), 0);
	core_close(&core);
	unlink(dump);
	unlink(out);
	di_done(&d);
}

static void add_words(struct di *d, const char *name, const uint64_t *words, size_t n)
{
	uint64_t at = di_alloc(d, n * 8, 64);

	di_write(d, at, words, n * 8);
	di_add(d, name, 0, at, DI_DIRECT + at, n * 8);
}

/* The per-CPU part of what a process has, on kernels that have one: two CPUs, and the rest of those that could be. */
static void counters_are_zeros(const char *first_keys, bool there)
{
	static const uint64_t offsets[] = { 0xffffe8ffffa00000, 0xffffe8ffffc00000, 0x100, 0x100, 0x100 };
	/* Twice in a page, in the next one, in the direct map; of each counter the second word is the pointer. */
	static const uint64_t mm[] = { 0, 5, 0x10, 6, 0x20, 7, 0x2010, 8, DI_DIRECT - 0xffffe8ffffa00000, 9 };
	char dump[64], out[64];
	struct corefile core;
	struct derr err;
	struct di d;

	start_image(&d);
	di_note(&d, "%s\nOFFSET(mm_struct.rss_stat)=8\nSIZE(percpu_counter)=16\nOFFSET(percpu_counter.counters)=8",
		first_keys);
	add_words(&d, MINIDUMP_SYMBOL_NAME "__per_cpu_of", offsets, ARRAY_LEN(offsets));
	add_words(&d, MINIDUMP_MM_NAME, mm, ARRAY_LEN(mm));
	di_finish(&d);
	must_collect(&d, dump);
	must_convert(dump, "crash", out);
	assert_int_equal(core_open(&core, out, &err), 0);
	for (int cpu = 0; cpu < 2; cpu++) {
		uint64_t word;

		assert_int_equal(core_read_virt(&core, offsets[cpu] + 0x10, &word, 8) == 0, there);
		assert_int_equal(translate(&core, offsets[cpu] + 0x10) != 0, there);
		assert_int_equal(translate(&core, offsets[cpu] + 0x2010) != 0, there);
		assert_int_equal(translate(&core, offsets[cpu] + 0x1000), 0);
		assert_true(!there || !word);
	}
	core_close(&core);
	unlink(out);
	must_convert(dump, "drgn", out);
	assert_int_equal(core_open(&core, out, &err), 0);
	assert_int_equal(translate(&core, offsets[0] + 0x10), 0);
	core_close(&core);
	unlink(dump);
	unlink(out);
	di_done(&d);
}

static void memory_counters(void **state)
{
	counters_are_zeros("", true);
	counters_are_zeros("SIZE(mm_rss_stat)=32", false);
}

/* The mm_struct of a process that no policy names reads as zeros, and so does what it points to on each CPU. */
static void counters_of_other_processes(void **state)
{
	/* The second is in the direct map, where there is no memory: readers want some there. */
	static const uint64_t offsets[] = { 0xffffe8ffffa00000, DI_DIRECT + GIB, 0x100, 0x100 };
	char dump[64], out[64];
	struct corefile core;
	struct derr err;
	struct di d;
	bool gap;

	start_image(&d);
	di_note(&d, "OFFSET(mm_struct.rss_stat)=8\nSIZE(percpu_counter)=16\nOFFSET(percpu_counter.counters)=8");
	add_words(&d, MINIDUMP_SYMBOL_NAME "__per_cpu_of", offsets, ARRAY_LEN(offsets));
	di_finish(&d);
	must_collect(&d, dump);
	must_convert(dump, "crash", out);
	assert_int_equal(core_open(&core, out, &err), 0);
	for (int cpu = 0; cpu < 2; cpu++) {
		uint64_t word = 1;

		assert_int_equal(core_read_virt(&core, offsets[cpu], &word, 8), 0);
		assert_int_equal(word, 0);
	}
	assert_true(crash_reads(&core, GIB, &gap));
	core_close(&core);
	unlink(dump);
	unlink(out);
	di_done(&d);
}

/* A note whose numbers are no counters: nothing is made, and at once. */
static void counters_of_impossible_size(void **state)
{
	counters_are_zeros("SIZE(percpu_counter)=2305843009213693952\nBITS(mm_struct.rss_stat)=64:512", false);
	counters_are_zeros("SIZE(percpu_counter)=1073741828", false);
	counters_are_zeros("SIZE(percpu_counter)=16385\nBITS(mm_struct.rss_stat)=64:512", false);
}

/* More CPUs than Linux can have: of those behind them there is nothing. */
static void counters_of_many_cpus(void **state)
{
	static const uint64_t mm[] = { 0, 5, 0x10, 6, 0 };
	static uint64_t offsets[8192 + 2];
	char dump[64], out[64];
	struct corefile core;
	struct derr err;
	struct di d;

	for (size_t i = 0; i < ARRAY_LEN(offsets); i++)
		offsets[i] = 0xffffe8ff00000000 + i * 4096;
	start_image(&d);
	di_note(&d, "OFFSET(mm_struct.rss_stat)=8\nSIZE(percpu_counter)=16\nOFFSET(percpu_counter.counters)=8");
	add_words(&d, MINIDUMP_SYMBOL_NAME "__per_cpu_of", offsets, ARRAY_LEN(offsets));
	add_words(&d, MINIDUMP_MM_NAME, mm, ARRAY_LEN(mm));
	di_finish(&d);
	must_collect(&d, dump);
	must_convert(dump, "crash", out);
	assert_int_equal(core_open(&core, out, &err), 0);
	assert_true(translate(&core, offsets[8191] + 0x10));
	assert_false(translate(&core, offsets[8192] + 0x10));
	core_close(&core);
	unlink(dump);
	unlink(out);
	di_done(&d);
}

static void no_zeros_for_others(void **state)
{
	char dump[64], crash[64], out[64];
	struct corefile before, after;
	struct derr err;
	struct di d;

	image(&d);
	must_collect(&d, dump);
	must_convert(dump, "crash", crash);
	must_convert(crash, "drgn", out);
	assert_int_equal(core_open(&before, dump, &err), 0);
	assert_int_equal(core_open(&after, out, &err), 0);
	assert_int_equal(before.elf.n_phdrs, after.elf.n_phdrs);
	for (size_t i = 1; i < after.elf.n_phdrs; i++) {
		assert_int_equal(after.elf.phdrs[i].p_filesz, after.elf.phdrs[i].p_memsz);
		assert_int_equal(after.elf.phdrs[i].p_vaddr, before.elf.phdrs[i].p_vaddr);
		assert_int_equal(after.elf.phdrs[i].p_paddr, before.elf.phdrs[i].p_paddr);
		assert_int_equal(after.elf.phdrs[i].p_filesz, before.elf.phdrs[i].p_filesz);
	}
	core_close(&before);
	core_close(&after);
	unlink(dump);
	unlink(crash);
	unlink(out);
	di_done(&d);
}

static void same_contents(void **state)
{
	static const show_fn shows[] = { show_log, show_tasks };
	char dump[64], out[64];
	struct derr err;
	struct di d;

	image(&d);
	must_collect(&d, dump);
	must_convert(dump, "crash", out);
	for (size_t i = 0; i < ARRAY_LEN(shows); i++) {
		char *text = run_show(shows[i], dump, false, false, &err);

		show_is(shows[i], out, false, false, text);
		free(text);
	}
	unlink(dump);
	unlink(out);
	di_done(&d);
}

static void info_says_so(void **state)
{
	char dump[64], out[64], *text;
	struct derr err;
	struct di d;

	image(&d);
	must_collect(&d, dump);
	text = run_show(show_info, dump, false, false, &err);
	assert_null(strstr(text, "Converted for"));
	free(text);
	must_convert(dump, "crash", out);
	text = run_show(show_info, out, false, false, &err);
	assert_non_null(strstr(text, "  Converted for: crash\n"));
	assert_non_null(strstr(text, "were not captured and read as zeros\n"));
	free(text);
	text = run_show(show_info, out, true, false, &err);
	assert_non_null(strstr(text, "\"converted\": \"crash\""));
	assert_non_null(strstr(text, "\"gaps\": [\n    \"0x0 "));
	free(text);
	unlink(dump);
	unlink(out);
	di_done(&d);
}

/* What is cut off is a problem, not zeros. */
static void cut_off(void **state)
{
	char dump[64], out[64];
	struct collection c;
	struct derr err;
	struct di d;

	image(&d);
	must_collect(&d, dump);
	assert_int_equal(truncate(dump, 0x4000), 0);
	assert_int_equal(run_convert(dump, "drgn", out, &c, &err), 0);
	assert_true(has_problem(&c, "is not in /tmp/"));
	collection_clear(&c);
	unlink(dump);
	unlink(out);
	di_done(&d);
}

/* A vmlinux whose table of addresses is at an odd offset of the file, as any section may be */
static void make_vmlinux(char path[64])
{
	static const char names[] = "\0.text\0.notes\0.orc_unwind_ip\0.orc_unwind\0.orc_lookup\0.symtab\0names";
	static const char symbol_names[] = "\0lookup_num_blocks\0_stext\0_etext";
	static const unsigned char build_id[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
						  0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11, 0x22, 0x33 };
	const Elf64_Sym symbols[] = {
		{ 0 },
		{ .st_name = 1, .st_shndx = 1, .st_value = DI_IMAGE_VIRT + 0x8000 },
		{ .st_name = 19, .st_shndx = 1, .st_value = DI_IMAGE_VIRT },
		{ .st_name = 26, .st_shndx = 1, .st_value = DI_IMAGE_VIRT + 0x400 },
	};
	const int32_t ips[] = { -0x6000, -0x5f04, -0x5e08, -0x5d0c };
	struct notebuf notes = { 0 };
	Elf64_Shdr sections[] = {
		{ 0 },
		{ .sh_name = 1, .sh_addr = DI_IMAGE_VIRT, .sh_offset = 0x1000, .sh_size = 0x400 },
		{ .sh_name = 7, .sh_type = SHT_NOTE, .sh_offset = 0x2000 },
		{ .sh_name = 14, .sh_addr = DI_IMAGE_VIRT + 0x6000, .sh_offset = 0x3001, .sh_size = sizeof(ips) },
		{ .sh_name = 29, .sh_addr = DI_IMAGE_VIRT + 0x7000, .sh_offset = 0x4001, .sh_size = 24 },
		{ .sh_name = 41, .sh_type = SHT_NOBITS, .sh_addr = DI_IMAGE_VIRT + 0x9000, .sh_size = 20 },
		{ .sh_name = 53,
		  .sh_type = SHT_SYMTAB,
		  .sh_link = 7,
		  .sh_offset = 0x5000,
		  .sh_size = sizeof(symbols),
		  .sh_entsize = sizeof(*symbols) },
		{ .sh_name = 61, .sh_type = SHT_STRTAB, .sh_offset = 0x6000, .sh_size = 256 },
	};
	Elf64_Ehdr e = { .e_type = ET_EXEC,
			 .e_machine = EM_X86_64,
			 .e_version = 1,
			 .e_shoff = 0x7000,
			 .e_ehsize = 64,
			 .e_shentsize = 64,
			 .e_shnum = ARRAY_LEN(sections),
			 .e_shstrndx = 7 };
	int fd;

	strcpy(path, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(path);
	notebuf_add(&notes, "GNU", NT_GNU_BUILD_ID, build_id, sizeof(build_id));
	sections[2].sh_size = notes.size;
	for (size_t i = 1; i < ARRAY_LEN(sections); i++) {
		if (!sections[i].sh_type)
			sections[i].sh_type = SHT_PROGBITS;
		sections[i].sh_addralign = 1;
	}
	/* Both kinds of names in one section */
	sections[7].sh_size = sizeof(names) + sizeof(symbol_names);
	memcpy(e.e_ident, "\177ELF\2\1\1", 7);
	assert_true(pwrite(fd, &e, sizeof(e), 0) > 0 && pwrite(fd, sections, sizeof(sections), 0x7000) > 0 &&
		    pwrite(fd, notes.data, notes.size, 0x2000) > 0 && pwrite(fd, ips, sizeof(ips), 0x3001) > 0 &&
		    pwrite(fd, names, sizeof(names), 0x6000) > 0);
	for (size_t i = 1; i < ARRAY_LEN(symbols); i++) {
		Elf64_Sym sym = symbols[i];

		sym.st_name += sizeof(names);
		assert_true(pwrite(fd, &sym, sizeof(sym), 0x5000 + i * sizeof(sym)) > 0);
	}
	assert_true(pwrite(fd, symbol_names, sizeof(symbol_names), 0x6000 + sizeof(names)) > 0);
	notebuf_clear(&notes);
	close(fd);
}

static void orc_at_odd_offset(void **state)
{
	char dump[64], vmlinux[64];
	struct collection c;
	struct derr err;
	uint32_t lookup[5];
	struct di d;

	start_image(&d);
	di_key(&d, "KERNELOFFSET=0");
	di_finish(&d);
	must_collect(&d, dump);
	make_vmlinux(vmlinux);
	if (prepare_convert(&c, dump, &(struct convert_options){ .program = "crash", .vmlinux = vmlinux }, &err) < 0)
		fail_msg("%s", err.text);
	made_read(&c.made, DI_PHYS_BASE + 0x9000, (char *)lookup, sizeof(lookup));
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(lookup[i], i);
	collection_clear(&c);
	unlink(dump);
	unlink(vmlinux);
	di_done(&d);
}

static void refused(void **state)
{
	struct collection c;
	char out[64];
	struct derr err;
	struct di d;

	image(&d);
	assert_true(run_convert(d.path, "crash", out, &c, &err) < 0);
	assert_non_null(strstr(err.text, "collect the dump from it first"));
	collection_clear(&c);
	di_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_what_is_missing),
		cmocka_unit_test(memory_counters),
		cmocka_unit_test(counters_of_other_processes),
		cmocka_unit_test(counters_of_impossible_size),
		cmocka_unit_test(counters_of_many_cpus),
		cmocka_unit_test(modules_are_zeros),
		cmocka_unit_test(no_zeros_for_others),
		cmocka_unit_test(same_contents),
		cmocka_unit_test(info_says_so),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(refused),
		cmocka_unit_test(orc_at_odd_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
