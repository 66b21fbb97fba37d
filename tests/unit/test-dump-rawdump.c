// SPDX-License-Identifier: GPL-2.0-only
/* rawdump partitions: whole, several dumps in one, too small, and damaged in each field. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dump-run.h"
#include "dump/image/rawdump.h"

#include "dump-firmware.h"

#define MIB_  (1ULL << 20)
#define SLOTS 9U /* of the machine below */

static void machine(struct di *d, const char *text)
{
	di_init(d, 8 * MIB_, 0, 0);
	di_ring(d, 4, 9);
	di_print(d, 1000000, 6, text, NULL, NULL);
	di_add(d, "KBUF", 0, 0x5010, DI_DIRECT + 0x5010, 6000);
	di_finish(d);
	assert_int_equal(d->n_slots, SLOTS);
}

static void start(struct di *d, struct df *f)
{
	machine(d, "hello");
	df_init(f, d);
}

static void finish(struct di *d, struct df *f)
{
	df_done(f);
	di_done(d);
}

/* Collects from f->path; expects this many regions, and these words in a problem (NULL: no problem at all). */
static void expect_of(const struct df *f, unsigned int dump, size_t regions, const char *part, char out[64])
{
	struct collect_options o = { .image = { .dump = dump } };
	struct collection c;
	struct derr err;

	if (run_collect(f->path, &o, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	if (part && !has_problem(&c, part))
		fail_msg("no problem says '%s'; the first: %s", part, c.toc.problems.n ? c.toc.problems.v[0] : "none");
	if (!part && c.toc.problems.n)
		fail_msg("unexpected: %s", c.toc.problems.v[0]);
	assert_int_equal(c.toc.n_regions, regions);
	collection_clear(&c);
}

static void expect(struct df *f, size_t regions, const char *part)
{
	char out[64];

	df_rawdump(f, NULL);
	expect_of(f, 0, regions, part, out);
	unlink(out);
	df_remove(f);
}

static void expect_failure(struct df *f, unsigned int dump, int r, const char *part)
{
	struct collect_options o = { .image = { .dump = dump } };
	struct collection c;
	struct derr err = { 0 };
	char out[64];

	assert_int_equal(run_collect(f->path, &o, out, &c, &err), r);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in: %s", part, err.text);
	collection_clear(&c);
}

static void log_is(const char *path, const char *line)
{
	char text[100];

	snprintf(text, sizeof(text), "[    0.001000] %s\n", line);
	show_is(show_log, path, false, false, text);
}

static void good(void **state)
{
	char out[64], *text;
	struct derr err;
	struct di d;
	struct df f;

	start(&d, &f);
	/* What real partitions have besides */
	df_add(&f, "load.cmm", "d.load.binary x 0", 17, 0)->type = 3;
	df_add(&f, "md_rst_stat.BIN", "\1\0\0\0", 4, 0)->type = 3;
	df_add(&f, "md_smem_info", "abc", 3, 0)->type = 3;
	df_rawdump(&f, NULL);
	expect_of(&f, 0, SLOTS, NULL, out);
	log_is(out, "hello");
	text = run_show(show_info, out, false, false, &err);
	assert_non_null(strstr(text, "Problems: none"));
	assert_non_null(strstr(text, "Left out: load.cmm (17 bytes)"));
	assert_non_null(strstr(text, "md_rst_stat.BIN"));
	assert_non_null(strstr(text, "md_smem_info"));
	free(text);
	unlink(out);
	/* A partition is larger than what is in it. */
	assert_int_equal(truncate(f.path, 2 * MIB_), 0);
	expect_of(&f, 0, SLOTS, NULL, out);
	unlink(out);
	df_remove(&f);
	finish(&d, &f);
}

static void several(void **state)
{
	struct rawdump *dumps = calloc(RAWDUMPS_MAX, sizeof(*dumps));
	struct di d, second;
	struct df f, g;
	struct derr err;
	char out[64];
	uint64_t at;
	int fd;

	start(&d, &f);
	machine(&second, "second");
	df_init(&g, &second);
	df_rawdump(&f, NULL);
	at = df_rawdump(&g, f.path);
	expect_of(&f, 0, SLOTS, "2 dumps are in", out);
	log_is(out, "hello");
	unlink(out);
	expect_of(&f, 1, SLOTS, NULL, out);
	log_is(out, "hello");
	unlink(out);
	expect_of(&f, 2, SLOTS, NULL, out);
	log_is(out, "second");
	unlink(out);
	expect_failure(&f, 3, -ENOENT, "There is no dump 3");
	fd = open(f.path, O_RDWR);
	assert_int_equal(rawdump_list(fd, f.path, lseek(fd, 0, SEEK_END), dumps, &err), 2);
	assert_true(dumps[0].at == 0 && dumps[1].at == at);
	/* The first is not complete: the second is taken. */
	assert_int_equal(pwrite(fd, "\2", 1, 12), 1);
	expect_of(&f, 0, SLOTS, "number 2 was taken", out);
	log_is(out, "second");
	unlink(out);
	/* What looks like a dump inside of one is none; past the end that it claims, it is. */
	assert_int_equal(pwrite(fd, "\1\0\0\0", 4, 12), 4);
	assert_int_equal(pwrite(fd, &(uint64_t){ 1ULL << 40 }, 8, 36), 8);
	assert_int_equal(rawdump_list(fd, f.path, lseek(fd, 0, SEEK_END), dumps, &err), 1);
	/* A damaged header claims nothing, and its dump is not taken. */
	assert_int_equal(pwrite(fd, "\0", 1, 9), 1);
	assert_int_equal(rawdump_list(fd, f.path, lseek(fd, 0, SEEK_END), dumps, &err), 2);
	assert_string_equal(rawdump_state(&dumps[0]), "damaged");
	expect_of(&f, 0, SLOTS, "number 2 was taken", out);
	unlink(out);
	close(fd);
	free(dumps);
	df_remove(&f);
	finish(&d, &f);
	finish(&second, &g);
}

/* Scripts of vendors put something else in place of the magic number when they have copied a dump. */
static void wiped(void **state)
{
	static const char *const magics[] = { "CopyDone", "MiniDump", "" };
	struct collection c;
	struct derr err;
	struct di d;
	struct df f;
	char out[64];

	start(&d, &f);
	for (size_t i = 0; i < ARRAY_LEN(magics); i++) {
		memset(f.magic, 0, sizeof(f.magic));
		strcpy(f.magic, magics[i]);
		df_rawdump(&f, NULL);
		assert_int_equal(run_collect(f.path, NULL, out, &c, &err), 0);
		assert_int_equal(c.toc.n_regions, SLOTS);
		assert_int_equal(c.toc.problems.n, 0);
		assert_non_null(strstr(c.img.left_out.v[0], "copied before"));
		collection_clear(&c);
		unlink(out);
		df_remove(&f);
	}
	/* Zeros are no dump, nor is anything else. */
	f.version = 0;
	df_rawdump(&f, NULL);
	expect_failure(&f, 0, -ENOENT, "No minidump table");
	expect_failure(&f, 1, -EINVAL, "leave --dump out");
	df_remove(&f);
	finish(&d, &f);
}

static void header(void **state)
{
	struct di d;
	struct df f;

	start(&d, &f);
	f.version = 0x2000;
	expect(&f, SLOTS, "the header of the dump is damaged: version 0x2000");
	f.version = 0x1000;
	f.flags = 0xff;
	expect(&f, SLOTS, "the header of the dump is damaged");
	f.flags = 0;
	expect(&f, SLOTS, "did not finish");
	f.flags = 5;
	expect(&f, SLOTS, "encrypted");
	f.flags = 9;
	expect(&f, SLOTS, NULL);
	f.flags = 2;
	f.required = 1ULL << 33;
	expect(&f, SLOTS, "the partition was too small: firmware needed 8589934592 bytes");
	f.flags = 1;
	f.dump_size = UINT64_MAX;
	expect(&f, SLOTS, NULL);
	f.dump_size = 1;
	expect(&f, SLOTS, NULL);
	f.dump_size = 0;
	f.sections = UINT32_MAX;
	expect(&f, SLOTS, "claims 4294967295 sections");
	f.sections = 3;
	expect(&f, 3, "KBUF is missing");
	finish(&d, &f);
}

static void sections(void **state)
{
	struct df_piece *p;
	struct di d;
	struct df f;
	char out[64];

	start(&d, &f);
	p = df_find(&f, "md_KBUF.BIN");
	p->flags = 2;
	expect(&f, SLOTS - 1, "md_KBUF.BIN was not written, for lack of room: 6000 bytes are lost");
	p->flags = 0;
	expect(&f, SLOTS, "md_KBUF.BIN is not marked as valid");
	p->flags = 1;
	p->paddr = 1ULL << 57;
	expect(&f, SLOTS - 1, "impossible range");
	p->paddr = 0;
	expect(&f, SLOTS, NULL);
	p->paddr = 0x5010;
	p->claimed = UINT64_MAX;
	expect(&f, SLOTS, NULL);
	p->claimed = 100;
	expect(&f, SLOTS, "md_KBUF.BIN is cut off: 100 of 6000");
	p->claimed = 6000;
	/* The file ends within the last, before it */
	df_rawdump(&f, NULL);
	expect_of(&f, 0, SLOTS, NULL, out);
	unlink(out);
	{
		struct derr err;
		uint64_t size;
		int fd = dumpfile_open(f.path, &size, NULL, &err);

		close(fd);
		assert_int_equal(truncate(f.path, size - 5000), 0);
		expect_of(&f, 0, SLOTS, "md_KBUF.BIN is cut off: 1000 of 6000", out);
		unlink(out);
		assert_int_equal(truncate(f.path, size - 6000), 0);
		expect_of(&f, 0, SLOTS - 1, "md_KBUF.BIN lies beyond the end", out);
		unlink(out);
		assert_int_equal(truncate(f.path, 60), 0);
		expect_failure(&f, 0, -ENODATA, "no regions and no memory");
	}
	df_remove(&f);
	finish(&d, &f);
}

/* A small file must not claim the same bytes for much memory. */
static void too_large(void **state)
{
	struct di d;
	struct df f;

	start(&d, &f);
	for (unsigned int i = 0; i < 30; i++) {
		char file[20];

		snprintf(file, sizeof(file), "md_KX%u.BIN", i);
		df_add(&f, file, "", 0, 0x100000000 + i * 0x100000)->claimed = MIB_;
	}
	df_add(&f, "END", d.slots, sizeof(d.slots), 0)->type = 3;
	df_rawdump(&f, NULL);
	{
		struct collection c;
		struct derr err;
		char out[64];

		assert_int_equal(run_collect(f.path, NULL, out, &c, &err), 0);
		assert_true(has_problem(&c, "the sections have more bytes than"));
		assert_true(c.toc.bytes <= c.img.file_size);
		collection_clear(&c);
		unlink(out);
	}
	df_remove(&f);
	finish(&d, &f);
}

/* Ranges of DDR are memory: regions are read from there, and where firmware knows none, the table is looked for. */
static void memory(void **state)
{
	uint8_t *ram = malloc(8 * MIB_);
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;
	struct df f;

	start(&d, &f);
	assert_int_equal(pread(d.fd, ram, 8 * MIB_, 0), 8 * MIB_);
	df_drop(&f, "md_KBUF.BIN");
	df_add(&f, "DDRCS0.BIN", ram, 8 * MIB_, 0);
	df_add(&f, "DDRHIGH.BIN", ram, 4096, 1ULL << 57);
	expect(&f, SLOTS, "DDRHIGH.BIN: impossible range");
	while (strncmp(f.v[0].file, "DDR", 3))
		df_drop(&f, f.v[0].file);
	df_drop(&f, "DDRHIGH.BIN");
	df_rawdump(&f, NULL);
	assert_int_equal(run_collect(f.path, NULL, out, &c, &err), 0);
	assert_string_equal(collect_backend(&c), "ram");
	assert_int_equal(c.toc.n_regions, SLOTS);
	assert_int_equal(c.toc.problems.n, 0);
	assert_true(c.ram == 8 * MIB_);
	collection_clear(&c);
	log_is(out, "hello");
	unlink(out);
	df_remove(&f);
	free(ram);
	finish(&d, &f);
}

/* Every four bytes of the headers, one after the other, have every bit set: nothing may fall over. */
static void any_word(void **state)
{
	struct di d;
	struct df f;
	int fd;

	start(&d, &f);
	df_rawdump(&f, NULL);
	fd = open(f.path, O_RDWR);
	for (off_t at = 0; at < 56 + (off_t)f.n * 64; at += 4) {
		struct collection c;
		struct derr err = { 0 };
		char out[64];
		uint32_t was, all = UINT32_MAX;

		assert_int_equal(pread(fd, &was, 4, at), 4);
		assert_int_equal(pwrite(fd, &all, 4, at), 4);
		if (run_collect(f.path, NULL, out, &c, &err) < 0)
			assert_true(strlen(err.text) > 20);
		else
			unlink(out);
		collection_clear(&c);
		assert_int_equal(pwrite(fd, &was, 4, at), 4);
	}
	close(fd);
	df_remove(&f);
	finish(&d, &f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),	  cmocka_unit_test(several),  cmocka_unit_test(wiped),
		cmocka_unit_test(header), cmocka_unit_test(sections), cmocka_unit_test(too_large),
		cmocka_unit_test(memory), cmocka_unit_test(any_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
