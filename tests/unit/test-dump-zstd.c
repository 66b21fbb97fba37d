// SPDX-License-Identifier: GPL-2.0-only
/* Compressed files: what was written is read back, and what is damaged or lies about its size is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "dump/core/elffile.h"
#include "lib/file.h"
#include "lib/scratchfile.h"
#include "dump/core/zstdfile.h"

#define CONTENT (3 * MIB + 17)

static char *content;
static struct derr err;

static int file_of(const void *data, size_t size)
{
	int fd = scratch_open(&err);

	assert_true(fd >= 0);
	assert_int_equal(pwrite_full(fd, data, size, 0), 0);
	return fd;
}

static uint64_t file_size(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

/* Refused with that error, and those words. */
static void refused(int fd, uint64_t max, int error, const char *words)
{
	uint64_t size = file_size(fd);

	err.text[0] = '\0';
	assert_int_equal(zstd_open(fd, "x.zst", &size, max, &err), error);
	if (!strstr(err.text, words))
		fail_msg("'%s' is not in: %s", words, err.text);
	close(fd);
}

/* What is read is the content, so many times. */
static void reads_back(int fd, size_t times)
{
	uint64_t size = file_size(fd);
	char *got = malloc(CONTENT);
	int plain;

	assert_true(zstd_detect(fd, size));
	plain = zstd_open(fd, "x.zst", &size, ZSTD_CONTENT_MAX, &err);
	if (plain < 0)
		fail_msg("%s", err.text);
	assert_int_equal(size, times * CONTENT);
	assert_int_equal(file_size(plain), size);
	for (size_t i = 0; i < times; i++) {
		assert_int_equal(pread_full(plain, got, CONTENT, i * CONTENT), 0);
		assert_memory_equal(got, content, CONTENT);
	}
	free(got);
	close(plain);
}

static int compressed(void)
{
	int plain = file_of(content, CONTENT), fd = scratch_open(&err);

	assert_int_equal(zstd_compress(plain, CONTENT, fd, &err), 0);
	close(plain);
	return fd;
}

static void round_trip(void **state)
{
	int fd = compressed();
	char start[18];

	reads_back(fd, 1);
	assert_true(file_size(fd) < CONTENT);
	assert_int_equal(pread_full(fd, start, sizeof(start), 0), 0);
	assert_int_equal(ZSTD_getFrameContentSize(start, sizeof(start)), CONTENT);
	close(fd);
}

/* As zstd's own program writes them: from a pipe, which has no size, and several one after the other. */
static void other_frames(void **state)
{
	size_t bound = ZSTD_compressBound(CONTENT);
	char *buf = malloc(2 * bound);
	ZSTD_inBuffer in = { content, CONTENT, 0 };
	ZSTD_outBuffer out = { buf, 2 * bound, 0 };
	ZSTD_CCtx *ctx = ZSTD_createCCtx();
	size_t first;
	int fd;

	while (in.pos < in.size)
		assert_false(ZSTD_isError(ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_continue)));
	assert_int_equal(ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(ctx);
	first = out.pos;
	assert_int_equal(ZSTD_getFrameContentSize(buf, first), ZSTD_CONTENTSIZE_UNKNOWN);
	fd = file_of(buf, first);
	reads_back(fd, 1);
	close(fd);
	/* Nothing but the bytes themselves tells its size. */
	refused(file_of(buf, first), CONTENT - 1, -EFBIG, "more than");
	memcpy(buf + first, buf, first);
	fd = file_of(buf, 2 * first);
	reads_back(fd, 2);
	close(fd);
	refused(file_of(buf, 2 * first), 2 * CONTENT - 1, -EFBIG, "zstd -d x.zst");
	refused(file_of(buf, 2 * first - 1), ZSTD_CONTENT_MAX, -EIO, "cut off");
	free(buf);
}

static void damaged(void **state)
{
	/* A frame of one block that is 1 TiB, or so it says; and one that says nothing that makes sense. */
	static const unsigned char bomb[] = { 0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0 };
	static const unsigned char reserved[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x08, 0, 0, 0, 0, 0, 0, 0 };
	static const unsigned char empty[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0 };
	int fd = compressed();
	uint64_t size = file_size(fd);
	char byte;

	refused(file_of(bomb, sizeof(bomb)), ZSTD_CONTENT_MAX, -EFBIG, "more than 16.0 GiB");
	refused(file_of(reserved, sizeof(reserved)), ZSTD_CONTENT_MAX, -EINVAL, "is damaged");
	refused(file_of(bomb, 5), ZSTD_CONTENT_MAX, -EINVAL, "is damaged");
	refused(file_of(empty, sizeof(empty)), ZSTD_CONTENT_MAX, -ENODATA, "is empty");
	assert_int_equal(pread_full(fd, &byte, 1, size / 2), 0);
	byte ^= 0x10;
	assert_int_equal(pwrite_full(fd, &byte, 1, size / 2), 0);
	refused(dup(fd), ZSTD_CONTENT_MAX, -EIO, "is damaged");
	byte ^= 0x10;
	assert_int_equal(pwrite_full(fd, &byte, 1, size / 2), 0);
	assert_int_equal(ftruncate(fd, size - 1), 0);
	refused(fd, ZSTD_CONTENT_MAX, -EIO, "cut off");
}

/* Zeros take no room, wherever they are. */
static void holes(void **state)
{
	uint64_t size = 64 * MIB;
	int zeros = scratch_open(&err), fd = scratch_open(&err), plain;
	struct stat st;

	assert_int_equal(ftruncate(zeros, size), 0);
	assert_int_equal(zstd_compress(zeros, size, fd, &err), 0);
	size = file_size(fd);
	plain = zstd_open(fd, "x.zst", &size, ZSTD_CONTENT_MAX, &err);
	assert_true(plain >= 0);
	assert_int_equal(fstat(plain, &st), 0);
	assert_int_equal(st.st_size, 64 * MIB);
	assert_int_equal(st.st_blocks, 0);
	close(plain);
	close(zeros);
	close(fd);
}

/* Half of it noise, as memory is, which does not become smaller. */
static int setup(void **state)
{
	unsigned int seed = 1;

	content = calloc(1, CONTENT);
	for (size_t i = 0; content && i < CONTENT; i++) {
		seed = seed * 1103515245 + 12345;
		content[i] = i / 4096 % 2 ? (char)(seed >> 16) : (char)(i / 512);
	}
	return content ? 0 : -1;
}

static int teardown(void **state)
{
	free(content);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(other_frames),
		cmocka_unit_test(damaged),
		cmocka_unit_test(holes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
