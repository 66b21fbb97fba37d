// SPDX-License-Identifier: GPL-2.0-only
/* Folders of md_*.BIN files: whole, with names as they come, and damaged in each way. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "dump-run.h"

#include "dump-firmware.h"

#define MIB_  (1ULL << 20)
#define SLOTS 11U /* of the machine below */

static void machine(struct di *d)
{
	struct di_task t = { .pid = 1, .tgid = 1, .comm = "init" };

	di_init(d, 8 * MIB_, 0, 0);
	di_ring(d, 4, 9);
	di_print(d, 1000000, 6, "hello", NULL, NULL);
	di_task_keys(d);
	di_task(d, &t);
	t = (struct di_task){ .pid = 2, .tgid = 2, .comm = "kthreadd" };
	di_task(d, &t);
	di_add(d, "KBUF", 0, 0x5010, DI_DIRECT + 0x5010, 6000);
	di_finish(d);
	assert_int_equal(d->n_slots, SLOTS);
}

static void start(struct di *d, struct df *f)
{
	machine(d);
	df_init(f, d);
}

static void finish(struct di *d, struct df *f)
{
	df_done(f);
	di_done(d);
}

/* Collects the folder; expects this many regions, and these words in a problem (NULL: no problem at all). */
static void expect_of(const struct df *f, const struct collect_options *o, size_t regions, const char *part,
		      char out[64])
{
	struct collection c;
	struct derr err;

	if (run_collect(f->path, o, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	if (part && !has_problem(&c, part))
		fail_msg("no problem says '%s'; the first: %s", part, c.toc.problems.n ? c.toc.problems.v[0] : "none");
	if (!part && c.toc.problems.n)
		fail_msg("unexpected: %s", c.toc.problems.v[0]);
	assert_int_equal(c.toc.n_regions, regions);
	collection_clear(&c);
}

static void expect(struct df *f, enum df_places places, size_t regions, const char *part)
{
	char out[64];

	df_folder(f, places);
	expect_of(f, NULL, regions, part, out);
	unlink(out);
	df_remove(f);
}

static void expect_failure(const char *path, const struct collect_options *o, int r, const char *part)
{
	struct collection c;
	struct derr err = { 0 };
	char out[64];

	assert_int_equal(run_collect(path, o, out, &c, &err), r);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in: %s", part, err.text);
	collection_clear(&c);
}

/* What a reader of the dump sees must not depend on where it was collected from. */
static void same_views(const char *a, const char *b)
{
	static const show_fn shows[] = { show_log, show_tasks };

	for (size_t i = 0; i < ARRAY_LEN(shows); i++) {
		struct derr err;
		char *x = run_show(shows[i], a, true, false, &err), *y = run_show(shows[i], b, true, false, &err);

		if (!x || !y)
			fail_msg("%s", err.text);
		assert_string_equal(x, y);
		assert_true(strlen(x) > 20);
		free(x);
		free(y);
	}
}

static void same_as_memory(void **state)
{
	static const enum df_places places[] = { DF_CMM, DF_DUMP_INFO, DF_SAHARA };
	char memory[64], out[64];
	struct di d;
	struct df f;

	start(&d, &f);
	must_collect(&d, memory);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		df_folder(&f, places[i]);
		expect_of(&f, NULL, SLOTS, NULL, out);
		same_views(memory, out);
		unlink(out);
		df_remove(&f);
	}
	/* Without addresses, the header and VMCOREINFO are used but are no memory. */
	df_folder(&f, DF_NONE);
	expect_of(&f, NULL, SLOTS - 2, NULL, out);
	same_views(memory, out);
	unlink(out);
	df_remove(&f);
	unlink(memory);
	finish(&d, &f);
}

/* Of the headers of other kernels, the order of equal names decides, and that is told. */
static void without_numbers(void **state)
{
	char memory[64], out[64];
	struct di d;
	struct df f;

	machine(&d);
	df_init_unnumbered(&f, &d);
	must_collect(&d, memory);
	expect(&f, DF_CMM, SLOTS, NULL);
	df_folder(&f, DF_NONE);
	expect_of(&f, NULL, SLOTS - 2, "2 regions are called " MINIDUMP_TASK_NAME, out);
	same_views(memory, out);
	unlink(out);
	df_remove(&f);
	unlink(memory);
	finish(&d, &f);
}

/* Three regions KNUM, of which the header has numbers 0, 2 and 10; and one that is called KNUM_1 by itself. */
static void numbered_machine(struct di *d, struct df *f)
{
	static const struct {
		const char *name;
		uint32_t seq;
		uint64_t paddr, size;
	} more[] = { { "KNUM", 10, 0x8000, 100 },
		     { "KNUM", 2, 0x9000, 200 },
		     { "KNUM_1", 0, 0xa000, 300 },
		     { "KNUM", 0, 0xb000, 400 },
		     { "KNUM_1", 1, 0xc000, 500 } };

	machine(d);
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		di_add(d, more[i].name, more[i].seq, more[i].paddr, DI_DIRECT + more[i].paddr, more[i].size);
	di_finish(d);
	df_init(f, d);
}

static void expect_region(const struct collection *c, const char *name, uint32_t seq, uint64_t paddr)
{
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		const struct region *r = &c->toc.regions[i];

		if (!strcmp(r->name, name) && r->seq == seq) {
			assert_int_equal(r->paddr, paddr);
			return;
		}
	}
	fail_msg("no region %s %u", name, seq);
}

/* The files are told apart by their numbers alone; what is missing is not taken from another file. */
static void numbers(void **state)
{
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;
	struct df f;

	numbered_machine(&d, &f);
	df_folder(&f, DF_NONE);
	assert_int_equal(run_collect(f.path, NULL, out, &c, &err), 0);
	assert_int_equal(c.toc.problems.n, 0);
	expect_region(&c, "KNUM", 0, 0xb000);
	expect_region(&c, "KNUM", 2, 0x9000);
	expect_region(&c, "KNUM", 10, 0x8000);
	expect_region(&c, "KNUM_1", 0, 0xa000);
	expect_region(&c, "KNUM_1", 1, 0xc000);
	collection_clear(&c);
	unlink(out);
	df_remove(&f);
	df_drop(&f, "md_KNUM_2.BIN");
	expect(&f, DF_NONE, SLOTS + 2, "KNUM_2 is missing: 200 bytes at 0x9000 are lost");
	finish(&d, &f);
	numbered_machine(&d, &f);
	df_drop(&f, "md_KNUM.BIN");
	expect(&f, DF_NONE, SLOTS + 2, "KNUM is missing: 400 bytes at 0xb000 are lost");
	finish(&d, &f);
}

/* As the module numbers them: a region that is called KNUM_1 begins with number 1, and md_KNUM_1.BIN is the other's. */
static void numbers_of_names(void **state)
{
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;
	struct df f;

	machine(&d);
	di_add(&d, "KNUM_1", 1, 0xa000, DI_DIRECT + 0xa000, 300);
	di_add(&d, "KNUM", 0, 0xb000, DI_DIRECT + 0xb000, 400);
	di_add(&d, "KNUM", 1, 0x9000, DI_DIRECT + 0x9000, 200);
	di_finish(&d);
	df_init(&f, &d);
	df_folder(&f, DF_NONE);
	assert_int_equal(run_collect(f.path, NULL, out, &c, &err), 0);
	assert_int_equal(c.toc.problems.n, 0);
	expect_region(&c, "KNUM", 0, 0xb000);
	expect_region(&c, "KNUM", 1, 0x9000);
	expect_region(&c, "KNUM_1", 1, 0xa000);
	collection_clear(&c);
	unlink(out);
	finish(&d, &f);
}

static void in_info(void **state)
{
	char out[64], *text;
	struct derr err;
	struct di d;
	struct df f;

	start(&d, &f);
	df_drop(&f, "md_KBUF.BIN");
	df_add(&f, "md_TZ_IMEM.BIN", "abcd", 4, 0);
	df_folder(&f, DF_CMM);
	expect_of(&f, NULL, SLOTS - 1, "KBUF is missing: 6000 bytes at 0x5010 are lost", out);
	text = run_show(show_info, out, false, false, &err);
	assert_non_null(strstr(text, "Back end: firmware"));
	assert_non_null(strstr(text, "Problems: KBUF is missing"));
	assert_non_null(strstr(text, "Left out: md_TZ_IMEM.BIN"));
	assert_null(strstr(text, "Slots used"));
	free(text);
	text = run_show(show_info, out, true, false, &err);
	assert_non_null(strstr(text, "\"source_kind\": \"blobs\""));
	assert_non_null(strstr(text, "\"left_out\": [\n    \"md_TZ_IMEM.BIN"));
	free(text);
	unlink(out);
	df_remove(&f);
	finish(&d, &f);
}

static void rename_all(struct df *f, const char *prefix, const char *suffix)
{
	for (unsigned int i = 0; i < f->n; i++) {
		char stem[25];

		sscanf(f->v[i].file, "md_%24[^.]", stem);
		snprintf(f->v[i].file, sizeof(f->v[i].file), "%.8s%s%s", prefix, stem, suffix);
	}
}

static void names(void **state)
{
	struct di d;
	struct df f;

	start(&d, &f);
	rename_all(&f, "md_", ".bin");
	expect(&f, DF_CMM, SLOTS, NULL);
	for (unsigned int i = 0; i < f.n; i++)
		for (char *p = f.v[i].file; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p += 'a' - 'A';
	expect(&f, DF_CMM, SLOTS, NULL);
	finish(&d, &f);

	/* As Qualcomm's kernels call the header */
	start(&d, &f);
	strcpy(df_find(&f, "md_" MINIDUMP_ELF_HEADER_NAME ".BIN")->file, "md_KELF_HDR.BIN");
	expect(&f, DF_CMM, SLOTS, NULL);
	finish(&d, &f);

	/* A number without a line, and a name that ends in a number of its own */
	machine(&d);
	di_add(&d, "KBUF1", 0, 0x9000, DI_DIRECT + 0x9000, 64);
	di_finish(&d);
	df_init(&f, &d);
	strcpy(df_find(&f, "md_" MINIDUMP_TASK_NAME "_1.BIN")->file, "md_" MINIDUMP_TASK_NAME "1.BIN");
	expect(&f, DF_NONE, SLOTS - 1, NULL);
	df_drop(&f, "md_KBUF.BIN");
	expect(&f, DF_NONE, SLOTS - 2, "KBUF is missing");
	finish(&d, &f);
}

/* As qdl does: the header, VMCOREINFO, then the regions in the order of the header */
static void assemble(const struct df *f, char path[64])
{
	int fd;

	strcpy(path, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	for (unsigned int i = 0; i < f->n; i++)
		assert_int_equal(write(fd, f->v[i].data, f->v[i].size), f->v[i].size);
	close(fd);
}

/* That file alone is a dump for every command. */
static void assembled(void **state)
{
	static const char *const commands[] = { "info",
						"log",
						"tasks",
						"stack --all",
						"report",
						"regions",
						"convert --for=gdb",
						"regions --extract=KBUF" };
	char path[64], out[64], memory[64], command[256];
	struct collection c;
	struct derr err;
	struct di d;
	struct df f;

	start(&d, &f);
	assemble(&f, path);
	if (run_collect(path, NULL, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	/* Without the header and VMCOREINFO */
	assert_int_equal(c.toc.n_regions, SLOTS - 2);
	assert_int_equal(c.toc.problems.n, 0);
	assert_string_equal(image_kind_name(&c.img), "assembled");
	collection_clear(&c);
	must_collect(&d, memory);
	same_views(memory, out);
	unlink(memory);
	unlink(out);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		bool writes = commands[i][0] == 'c' || strstr(commands[i], "report") || strstr(commands[i], "extract");

		snprintf(command, sizeof(command), "build/qcmdump %s %s%s %s >/dev/null", commands[i],
			 writes ? "-fo " : "", writes ? out : "", path);
		if (system(command))
			fail_msg("%s", command);
	}
	unlink(out);
	/* What is said is about that file, not about what was collected from it on the way. */
	snprintf(command, sizeof(command), "build/qcmdump stack %s 99 2>&1 | grep -q 'PID 99 is in %s'", path, path);
	if (system(command))
		fail_msg("%s", command);
	/* Cut off: what is there is taken, and what is not is told. */
	assert_int_equal(truncate(path, f.v[0].size + f.v[1].size + f.v[2].size + 1), 0);
	assert_int_equal(run_collect(path, NULL, out, &c, &err), 0);
	assert_true(has_problem(&c, "is cut off"));
	assert_true(c.toc.n_regions < SLOTS - 2);
	collection_clear(&c);
	unlink(out);
	unlink(path);
	finish(&d, &f);
}

static void virtual_machines(void **state)
{
	struct collect_options o = { .vm = "2d" };
	char out[64];
	struct di d;
	struct df f;

	start(&d, &f);
	rename_all(&f, "md_2D_", ".BIN");
	expect(&f, DF_CMM, SLOTS, "only virtual machine 2d");
	df_folder(&f, DF_CMM);
	expect_of(&f, &o, SLOTS, NULL, out);
	unlink(out);
	o.vm = "31";
	expect_failure(f.path, &o, -ENOENT, "Cannot save anything");
	df_remove(&f);
	/* Beside the machine's own, which come first */
	finish(&d, &f);
	start(&d, &f);
	df_add(&f, "md_31_KELF_HDR.BIN", f.v[0].data, f.v[0].size, 0);
	df_add(&f, "md_31_KBUF.BIN", "abcd", 4, 0x5010);
	expect(&f, DF_CMM, SLOTS, NULL);
	finish(&d, &f);
}

static void pieces_missing(void **state)
{
	struct di d;
	struct df f;

	start(&d, &f);
	df_drop(&f, "md_KBUF.BIN");
	expect(&f, DF_CMM, SLOTS - 1, "KBUF is missing: 6000 bytes at 0x5010 are lost");
	df_drop(&f, "md_" MINIDUMP_VMCOREINFO_NAME ".BIN");
	expect(&f, DF_CMM, SLOTS - 2, "VMCOREINFO (" MINIDUMP_VMCOREINFO_NAME ") is not in the dump");
	df_drop(&f, "md_" MINIDUMP_NOTE_NAME ".BIN");
	expect(&f, DF_CMM, SLOTS - 3, "qcmdd's note (" MINIDUMP_NOTE_NAME ") is not in the dump");
	df_drop(&f, "md_" MINIDUMP_ELF_HEADER_NAME ".BIN");
	expect(&f, DF_CMM, SLOTS - 4, "the ELF header (" MINIDUMP_ELF_HEADER_NAME ") is missing");
	df_folder(&f, DF_NONE);
	expect_failure(f.path, NULL, -ENOENT, "no piece in it has a known address");
	df_remove(&f);
	finish(&d, &f);
}

static void pieces_damaged(void **state)
{
	struct df_piece *p;
	char out[64], fifo[96];
	struct di d;
	struct df f;

	for (enum df_places places = DF_CMM; places <= DF_SAHARA; places++) {
		start(&d, &f);
		p = df_find(&f, "md_KBUF.BIN");
		p->size = 100;
		expect(&f, places, SLOTS, "md_KBUF.BIN is cut off: 100 of 6000 bytes are there");
		p->size = 0;
		expect(&f, places, SLOTS - 1, "KBUF (its file) is empty");
		finish(&d, &f);
	}
	start(&d, &f);
	df_add(&f, "md_KNEW.BIN", "abcd", 4, 0);
	expect(&f, DF_CMM, SLOTS, "md_KNEW.BIN is left out: the ELF header does not name it");
	/* With an address it is memory like any other. */
	df_find(&f, "md_KNEW.BIN")->paddr = 0x100;
	expect(&f, DF_CMM, SLOTS + 1, NULL);
	df_find(&f, "md_KNEW.BIN")->paddr = 1ULL << 57;
	expect(&f, DF_CMM, SLOTS, "impossible range");
	df_drop(&f, "md_KNEW.BIN");
	df_add(&f, "md_KBUF2.BIN", "abcd", 4, 0x5010);
	expect(&f, DF_CMM, SLOTS + 1, "overlaps");
	df_drop(&f, "md_KBUF2.BIN");
	df_add(&f, "md_encr_key_iv.BIN", "abcd", 4, 0);
	expect(&f, DF_CMM, SLOTS, "encrypted");
	df_drop(&f, "md_encr_key_iv.BIN");
	/* More than the header says, and something that is no file */
	df_folder(&f, DF_CMM);
	df_put(&f, "md_KBUF.BIN", f.v[0].data, 8192);
	expect_of(&f, NULL, SLOTS, "md_KBUF.BIN has 8192 bytes, but its region 6000", out);
	unlink(out);
	snprintf(fifo, sizeof(fifo), "%s/md_KBUF.BIN", f.path);
	unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	expect_of(&f, NULL, SLOTS - 1, "it is no regular file", out);
	unlink(out);
	df_remove(&f);
	finish(&d, &f);
}

/* A header without names, and the text of VMCOREINFO alone, as kernels with the patches "meminspect" leave them. */
static void without_names(void **state)
{
	struct df_piece *p;
	char out[64];
	struct di d;
	struct df f;

	start(&d, &f);
	strcpy(f.v[0].file, "md_KELF.BIN");
	memset(f.v[0].data + 58, 0, 6);
	p = df_find(&f, "md_" MINIDUMP_VMCOREINFO_NAME ".BIN");
	strcpy(p->file, "md_Kvmcorein.BIN");
	p->claimed = p->size = strlen(d.vmcoreinfo);
	memcpy(p->data, d.vmcoreinfo, p->size);
	df_folder(&f, DF_CMM);
	expect_of(&f, NULL, SLOTS, NULL, out);
	show_is(show_log, out, false, false, "[    0.001000] hello\n");
	unlink(out);
	df_remove(&f);
	finish(&d, &f);
}

/* Names from files alone: what firmware numbered has one name. */
static void without_header(void **state)
{
	char out[64], *text;
	struct derr err;
	struct di d;
	struct df f;

	start(&d, &f);
	df_drop(&f, "md_" MINIDUMP_ELF_HEADER_NAME ".BIN");
	df_folder(&f, DF_SAHARA);
	expect_of(&f, NULL, SLOTS - 1, "the ELF header (" MINIDUMP_ELF_HEADER_NAME ") is missing", out);
	text = run_show(show_tasks, out, false, false, &err);
	assert_non_null(strstr(text, "init"));
	assert_non_null(strstr(text, "kthreadd"));
	free(text);
	unlink(out);
	df_remove(&f);
	finish(&d, &f);
}

/* Two regions have one name, and the second download wrote over the first. */
static void overwritten(void **state)
{
	static const enum df_places places[] = { DF_NONE, DF_SAHARA };

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char out[64], *text;
		struct derr err;
		struct di d;
		struct df f;

		start(&d, &f);
		df_drop(&f, "md_" MINIDUMP_TASK_NAME ".BIN");
		strcpy(df_find(&f, "md_" MINIDUMP_TASK_NAME "_1.BIN")->file, "md_" MINIDUMP_TASK_NAME ".BIN");
		df_folder(&f, places[i]);
		expect_of(&f, NULL, SLOTS - 1 - (places[i] ? 0 : 2), MINIDUMP_TASK_NAME " is missing", out);
		text = run_show(show_tasks, out, false, false, &err);
		assert_non_null(strstr(text, "kthreadd"));
		assert_null(strstr(text, "init"));
		free(text);
		unlink(out);
		df_remove(&f);
		finish(&d, &f);
	}
}

static void header_damaged(void **state)
{
	static const struct {
		size_t offset;
		const char *bytes;
		const char *part;
		bool useless; /* without addresses */
	} bad[] = {
		{ 0, "\x12\x34\x56\x78", "it is no ELF header", true },
		{ 4, "\1\1\1\1", "it is no ELF header", true },
		{ 54, "\1\0\0\0", "it is no ELF header", true },
		{ 32, "\xff\xff\xff\xff", "outside of it", true },
		{ 56, "\xff\xff\x40\0", "cut off after", false },
		/* Without section headers, names are unknown. */
		{ 40, "\xff\xff\xff\xff", NULL, true },
		{ 44, "\xff\xff\xff\xff", NULL, true },
		{ 58, "\0\0\0\0", NULL, true },
		{ 60, "\xff\xff\1\0", NULL, true },
		{ 62, "\xff\xff\0\0", NULL, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct di d;
		struct df f;

		start(&d, &f);
		memcpy(f.v[0].data + bad[i].offset, bad[i].bytes, 4);
		expect(&f, DF_CMM, SLOTS, bad[i].part);
		df_folder(&f, DF_NONE);
		if (bad[i].useless)
			expect_failure(f.path, NULL, -ENOENT, "Cannot save anything");
		df_remove(&f);
		finish(&d, &f);
	}
}

/* Every four bytes of the header, one after the other, have every bit set: nothing may fall over. */
static void any_word(void **state)
{
	struct di d;
	struct df f;

	start(&d, &f);
	df_folder(&f, DF_NONE);
	for (size_t at = 0; at < 64 + SLOTS * 56 + (SLOTS + 1) * 64 + SLOTS * 16; at += 4) {
		struct collection c;
		struct derr err = { 0 };
		char out[64];
		uint32_t was;

		memcpy(&was, f.v[0].data + at, 4);
		memset(f.v[0].data + at, 0xff, 4);
		df_put(&f, f.v[0].file, f.v[0].data, f.v[0].size);
		memcpy(f.v[0].data + at, &was, 4);
		if (run_collect(f.path, NULL, out, &c, &err) < 0)
			assert_true(strlen(err.text) > 20);
		else
			unlink(out);
		collection_clear(&c);
	}
	df_remove(&f);
	finish(&d, &f);
}

/* An older kernel's banner is in the header: its program header points there. */
static void embedded(void **state)
{
	Elf64_Phdr p = { .p_type = PT_LOAD, .p_offset = 8000, .p_paddr = 0x300010, .p_filesz = 100, .p_memsz = 100 };
	char out[64], got[100];
	struct corefile core;
	struct derr err;
	struct di d;
	struct df f;

	start(&d, &f);
	p.p_vaddr = DI_IMAGE_VIRT + p.p_paddr - DI_PHYS_BASE;
	memset(f.v[0].data + p.p_offset, 'b', 100);
	/* In place of KBUF, the last */
	memcpy(f.v[0].data + 64 + (SLOTS - 2) * 56, &p, sizeof(p));
	df_drop(&f, "md_KBUF.BIN");
	df_folder(&f, DF_CMM);
	expect_of(&f, NULL, SLOTS, NULL, out);
	assert_int_equal(core_open(&core, out, &err), 0);
	assert_int_equal(core_read_virt(&core, p.p_vaddr, got, 100), 0);
	assert_memory_equal(got, f.v[0].data + p.p_offset, 100);
	core_close(&core);
	unlink(out);
	df_remove(&f);
	finish(&d, &f);
}

static void refused(void **state)
{
	const struct range map = { .size = 4096 };
	struct collect_options o = { .image = { .maps = &map, .n_maps = 1 } };
	const uint64_t table = 4096;
	struct di d;
	struct df f;

	start(&d, &f);
	df_folder(&f, DF_CMM);
	expect_failure(f.path, &o, -EINVAL, "leave --map out");
	o = (struct collect_options){ .image = { .dump = 1 } };
	expect_failure(f.path, &o, -EINVAL, "leave --dump out");
	o = (struct collect_options){ .table = &table };
	expect_failure(f.path, &o, -EINVAL, "leave --table out");
	o = (struct collect_options){ .vm = "2d" };
	expect_failure(d.path, &o, -EINVAL, "leave --vm out");
	df_remove(&f);
	finish(&d, &f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_memory), cmocka_unit_test(without_numbers),
		cmocka_unit_test(numbers),	  cmocka_unit_test(numbers_of_names),
		cmocka_unit_test(in_info),	  cmocka_unit_test(names),
		cmocka_unit_test(assembled),	  cmocka_unit_test(virtual_machines),
		cmocka_unit_test(pieces_missing), cmocka_unit_test(pieces_damaged),
		cmocka_unit_test(overwritten),	  cmocka_unit_test(header_damaged),
		cmocka_unit_test(any_word),	  cmocka_unit_test(embedded),
		cmocka_unit_test(refused),	  cmocka_unit_test(without_header),
		cmocka_unit_test(without_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
