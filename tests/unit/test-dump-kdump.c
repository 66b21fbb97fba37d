// SPDX-License-Identifier: GPL-2.0-only
/* kdump's compressed files: each method gives the memory itself, and damage a message. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/file.h"

#include "dump-kdump.h"
#include "dump-run.h"

#define MIB_ (1ULL << 20)

static const char note[] = "\13\0\0\0\4\0\0\0\0\0\0\0VMCOREINFO\0\0A=1\n";

/* Its log spans pages, most of which are zeros. */
static void machine(struct di *d)
{
	di_init(d, 4 * MIB_, 0, 0);
	di_ring(d, 7, 15);
	di_finish(d);
	for (int i = 0; i < 100; i++)
		di_print(d, i, 6, "a line of the log, some of which are alike", NULL, NULL);
}

static char *read_region(const char *dump, size_t i, struct region *ret)
{
	struct corefile core;
	struct derr err;
	char *data = NULL;

	assert_int_equal(core_open(&core, dump, &err), 0);
	if (i < core.n_regions) {
		*ret = core.regions[i];
		data = malloc(ret->size);
		assert_int_equal(rangemap_read(&core.phys, core.fd, ret->paddr, data, ret->size), 0);
	}
	core_close(&core);
	return data;
}

static void same_regions(const char *dump, const char *expected)
{
	struct region a, b;
	char *x, *y;
	size_t i;

	for (i = 0; (y = read_region(expected, i, &b)); i++) {
		x = read_region(dump, i, &a);
		assert_non_null(x);
		assert_string_equal(a.name, b.name);
		assert_int_equal(a.paddr, b.paddr);
		assert_int_equal(a.size, b.size);
		assert_memory_equal(x, y, b.size);
		free(x);
		free(y);
	}
	assert_true(i > 5);
	assert_null(read_region(dump, i, &a));
}

static void collected_as(const struct di *d, const struct dk_options *o, const char *expected, const char *format)
{
	char path[64], out[64], *said;
	struct collection c;
	struct derr err;

	dk_write(d, o, path);
	if (run_collect(path, NULL, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.toc.problems.n, 0);
	said = image_format(&c.img);
	assert_string_equal(said, format);
	free(said);
	assert_string_equal(image_kind_name(&c.img), "kdump");
	same_regions(out, expected);
	collection_clear(&c);
	unlink(out);
	unlink(path);
}

static void methods(void **state)
{
	static const char *const formats[] = { "a kdump file", "a kdump file compressed with zlib",
					       "a kdump file compressed with LZO",
					       "a kdump file compressed with snappy",
					       "a kdump file compressed with zstd" };
	char expected[64];
	struct di d;

	machine(&d);
	must_collect(&d, expected);
	for (enum dk_method m = DK_PLAIN; m < DK_METHODS; m++) {
		struct dk_options o = { .method = m, .notes = note, .notes_size = sizeof(note) - 1 };
		char flat[64];

		collected_as(&d, &o, expected, formats[m]);
		o.level = 1;
		collected_as(&d, &o, expected, formats[m]);
		o.flattened = true;
		snprintf(flat, sizeof(flat), "%s, flattened", formats[m]);
		collected_as(&d, &o, expected, flat);
	}
	unlink(expected);
	di_done(&d);
}

/* A page that makedumpfile took for one of a process is not just zeros. */
static void left_out(void **state)
{
	struct dk_options o = { .method = DK_ZLIB, .level = 31, .notes = note, .notes_size = sizeof(note) - 1 };
	char path[64], out[64];
	struct collection c;
	struct derr err;
	struct di d;

	machine(&d);
	o.left_out = d.text;
	dk_write(&d, &o, path);
	assert_int_equal(run_collect(path, NULL, out, &c, &err), 0);
	assert_true(has_problem(&c, "makedumpfile -d 31 left out"));
	assert_true(has_problem(&c, "of 32768 bytes of " MINIDUMP_LOG_TEXT_NAME));
	collection_clear(&c);
	unlink(out);
	unlink(path);
	/* Nobody left out zero pages: this one is missing. */
	o.level = 0;
	dk_write(&d, &o, path);
	assert_int_equal(run_collect(path, NULL, out, &c, &err), 0);
	assert_true(has_problem(&c, MINIDUMP_LOG_TEXT_NAME));
	assert_false(has_problem(&c, "makedumpfile -d"));
	collection_clear(&c);
	unlink(out);
	unlink(path);
	di_done(&d);
}

struct damage {
	size_t at, width;
	uint64_t value;
	int error;
	const char *said;
};

static void refused(const char *path, int error, const char *said)
{
	struct collect_options none = { 0 };
	struct collection c;
	struct derr err = { 0 };
	int r = collect_prepare(&c, path, &none, &err);

	collection_clear(&c);
	if (r != error || !strstr(err.text, said))
		fail_msg("%d, '%s' is not in: %s", r, said, err.text);
}

static void cut_to_half(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2), 0);
}

static void damage(void **state)
{
	static const struct damage all[] = {
		{ DK_BLOCK_SIZE, 4, 0, -EINVAL, "32 bits" },
		{ DK_BLOCK_SIZE, 4, 1 << 30, -EINVAL, "32 bits" },
		{ DK_BLOCK_SIZE, 4, 4097, -EINVAL, "32 bits" },
		{ DK_MICROSECONDS, 4, 4096, -EINVAL, "32 bits" },
		{ 8, 4, 2, -EINVAL, "of version 2" },
		{ DK_SPLIT, 4, 1, -EINVAL, "--reassemble" },
		{ DK_SUB_BLOCKS, 4, 0x7fffffff, -EINVAL, "its bitmaps lie beyond its end" },
		{ DK_BITMAP_BLOCKS, 4, 0xffffffff, -EINVAL, "its bitmaps lie beyond its end" },
		{ DK_BITMAP_BLOCKS, 4, 0, -EINVAL, "its bitmaps lie beyond its end" },
		{ DK_NOTE_SIZE, 8, UINT64_MAX, -EINVAL, "its notes lie beyond its end" },
		{ DK_MAX_MAPNR_64, 8, 0, -ENODATA, "has no memory in it" },
	};
	struct dk_options o = { .method = DK_ZLIB, .notes = note, .notes_size = sizeof(note) - 1 };
	char path[64];
	struct di d;

	machine(&d);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int fd;

		dk_write(&d, &o, path);
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite_full(fd, &all[i].value, all[i].width, all[i].at), 0);
		close(fd);
		refused(path, all[i].error, all[i].said);
		unlink(path);
	}
	dk_write(&d, &o, path);
	assert_int_equal(truncate(path, 300), 0);
	refused(path, -EINVAL, "cut off within its headers");
	unlink(path);
	dk_write(&d, &o, path);
	assert_int_equal(truncate(path, DK_DESCRIPTORS + 100), 0);
	refused(path, -EINVAL, "it is cut off, or claims more memory than it has");
	unlink(path);
	di_done(&d);
}

/* Every other page of 64 GiB, which costs the file nothing but its bitmaps. */
static void many_pieces(void **state)
{
	struct dk_options o = { .method = DK_ZLIB, .notes = note, .notes_size = sizeof(note) - 1 };
	uint32_t blocks = 1024;
	uint64_t pages = 16 * MIB_;
	uint8_t *bitmaps = malloc(4 * MIB_);
	char path[64];
	struct di d;
	int fd;

	machine(&d);
	dk_write(&d, &o, path);
	fd = open(path, O_RDWR);
	memset(bitmaps, 0x55, 4 * MIB_);
	assert_int_equal(pwrite_full(fd, &blocks, sizeof(blocks), DK_BITMAP_BLOCKS), 0);
	assert_int_equal(pwrite_full(fd, &pages, sizeof(pages), DK_MAX_MAPNR_64), 0);
	assert_int_equal(pwrite_full(fd, bitmaps, 4 * MIB_, DK_BITMAPS), 0);
	assert_int_equal(ftruncate(fd, 2ULL << 30), 0);
	refused(path, -EFBIG, "in more than 4194304 pieces");
	free(bitmaps);
	close(fd);
	unlink(path);
	di_done(&d);
}

/* Descriptors whose pages are beyond the end, or as large as no page is, are errors of these pages alone. */
static void lying_pages(void **state)
{
	static const uint64_t offsets[] = { 1ULL << 62, 0, UINT64_MAX };
	static const uint32_t sizes[] = { 100, UINT32_MAX, 4096 };
	struct dk_options o = { .method = DK_ZLIB, .notes = note, .notes_size = sizeof(note) - 1 };
	char path[64];
	struct di d;

	machine(&d);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		size_t at = DK_DESCRIPTORS + d.text / 4096 * 24;
		int fd;

		dk_write(&d, &o, path);
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite_full(fd, &offsets[i], 8, at), 0);
		assert_int_equal(pwrite_full(fd, &sizes[i], 4, at + 8), 0);
		close(fd);
		refused(path, -EIO, "Cannot read");
		unlink(path);
	}
	di_done(&d);
}

static void flattened(void **state)
{
	struct dk_options o = { .method = DK_ZLIB, .flattened = true, .notes = note, .notes_size = sizeof(note) - 1 };
	static const uint64_t wrong[] = { 0x7f, 0xff, 0x01 }; /* the most significant byte of a piece's place, size */
	char path[64];
	struct di d;
	int fd;

	machine(&d);
	dk_write(&d, &o, path);
	cut_to_half(path);
	refused(path, -EIO, "is a flattened kdump file that is cut off");
	for (size_t i = 0; i < 2 * ARRAY_LEN(wrong); i++) {
		unlink(path);
		dk_write(&d, &o, path);
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite_full(fd, &wrong[i / 2], 1, 4096 + i % 2 * 8), 0);
		close(fd);
		refused(path, -EIO, "is a flattened kdump file that is cut off");
	}
	assert_int_equal(truncate(path, 4096), 0);
	refused(path, -EIO, "is a flattened kdump file that is cut off");
	unlink(path);
	dk_write(&d, &o, path);
	fd = open(path, O_RDWR);
	assert_int_equal(pwrite_full(fd, "\1\1", 2, 16), 0);
	close(fd);
	refused(path, -EINVAL, "makedumpfile -R NEW <");
	unlink(path);
	di_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods),     cmocka_unit_test(left_out),    cmocka_unit_test(damage),
		cmocka_unit_test(many_pieces), cmocka_unit_test(lying_pages), cmocka_unit_test(flattened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
