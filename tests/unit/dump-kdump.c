// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "dump-kdump.h"

#define PAGE	  4096
#define PIECE_MAX 5000 /* of a flattened file: not a multiple of anything in it */

struct page_desc {
	uint64_t offset;
	uint32_t size, flags;
	uint64_t page_flags;
};

static const uint32_t flags[DK_METHODS] = { 0, 1, 2, 4, 0x20 };

/* What is in front of the zeros at the end of a page, and one of these; at least so much as formats want at once. */
static size_t literal_size(const uint8_t *page)
{
	size_t n = PAGE;

	while (n > 32 && !page[n - 1])
		n--;
	return n < PAGE ? n + 1 : n;
}

/* A length that is 0, as long as another 255 follow, and a rest. */
static size_t put_length(uint8_t *to, size_t n)
{
	size_t i = 0;

	for (; n > 255; n -= 255)
		to[i++] = 0;
	to[i++] = n;
	return i;
}

/* A literal, the zero at its end again and again, the end */
static size_t put_lzo(const uint8_t *page, uint8_t *to)
{
	size_t literal = literal_size(page), n = 0;

	if (PAGE - literal < 64)
		return 0;
	to[n++] = 0;
	n += put_length(to + n, literal - 18);
	memcpy(to + n, page, literal);
	n += literal;
	to[n++] = 0x20;
	n += put_length(to + n, PAGE - literal - 33);
	to[n++] = 0;
	to[n++] = 0;
	memcpy(to + n, "\x11\0\0", 3);
	return n + 3;
}

static size_t put_snappy(const uint8_t *page, uint8_t *to)
{
	size_t literal = literal_size(page), n = 0;

	if (PAGE - literal < 64)
		return 0;
	to[n++] = 0x80;
	to[n++] = PAGE >> 7;
	to[n++] = 61 << 2;
	to[n++] = literal - 1;
	to[n++] = (literal - 1) >> 8;
	memcpy(to + n, page, literal);
	n += literal;
	for (size_t left = PAGE - literal, m; left; left -= m) {
		m = left < 64 ? left : 64;
		to[n++] = (m - 1) << 2 | 2;
		to[n++] = 1;
		to[n++] = 0;
	}
	return n;
}

/* 0: it does not become smaller. */
static size_t compress_page(enum dk_method method, const uint8_t *page, uint8_t to[2 * PAGE])
{
	uLongf zlib_size = 2 * PAGE;
	size_t n = 0;

	if (method == DK_ZLIB && compress(to, &zlib_size, page, PAGE) == Z_OK)
		n = zlib_size;
	else if (method == DK_LZO)
		n = put_lzo(page, to);
	else if (method == DK_SNAPPY)
		n = put_snappy(page, to);
	else if (method == DK_ZSTD)
		n = ZSTD_compress(to, 2 * PAGE, page, PAGE, 1);
	return n < PAGE ? n : 0;
}

static void put(uint8_t *file, size_t at, uint64_t v, size_t width)
{
	memcpy(file + at, &v, width);
}

static void put_headers(uint8_t *file, const struct dk_options *o, uint64_t pages)
{
	memcpy(file, "KDUMP   ", 8);
	put(file, 8, 6, 4);
	strcpy((char *)file + 12 + 4 * 65, "x86_64");
	put(file, DK_MICROSECONDS, 123457, 8);
	put(file, DK_STATUS, flags[o->method], 4);
	put(file, DK_BLOCK_SIZE, PAGE, 4);
	put(file, DK_SUB_BLOCKS, 2, 4);
	put(file, DK_BITMAP_BLOCKS, 2, 4);
	put(file, DK_MAX_MAPNR, pages, 4);
	put(file, PAGE + 8, o->level, 4);
	put(file, PAGE + 48, PAGE + 512, 8);
	put(file, DK_NOTE_SIZE, o->notes_size, 8);
	put(file, DK_MAX_MAPNR_64, pages, 8);
	memcpy(file + PAGE + 512, o->notes, o->notes_size);
}

static bool is_left_out(const struct dk_options *o, const uint8_t *page, uint64_t pfn)
{
	static const uint8_t zeros[PAGE];

	return (o->left_out && o->left_out / PAGE == pfn) || (o->level && !memcmp(page, zeros, PAGE));
}

/* The file in order; returns its size. */
static size_t put_all(uint8_t *file, const struct di *d, const struct dk_options *o, uint64_t pages)
{
	size_t at = DK_DESCRIPTORS + pages * sizeof(struct page_desc), n = 0;

	put_headers(file, o, pages);
	for (uint64_t pfn = 0; pfn < pages; pfn++) {
		uint8_t page[PAGE], packed[2 * PAGE];
		struct page_desc pd = { .offset = at };

		assert(pread(d->fd, page, PAGE, pfn * PAGE) == PAGE);
		file[DK_BITMAPS + pfn / 8] |= 1 << pfn % 8;
		if (is_left_out(o, page, pfn))
			continue;
		file[DK_BITMAPS + PAGE + pfn / 8] |= 1 << pfn % 8;
		pd.size = compress_page(o->method, page, packed);
		pd.flags = pd.size ? flags[o->method] : 0;
		memcpy(file + at, pd.size ? packed : page, pd.size ?: PAGE);
		pd.size = pd.size ?: PAGE;
		at += pd.size;
		memcpy(file + DK_DESCRIPTORS + n++ * sizeof(pd), &pd, sizeof(pd));
	}
	return at;
}

static void write_piece(FILE *f, const uint8_t *file, uint64_t offset, uint64_t size)
{
	uint64_t head[2] = { htobe64(offset), htobe64(size) };

	assert(fwrite(head, sizeof(head), 1, f) == 1);
	assert(!file || fwrite(file + offset, size, 1, f) == 1);
}

/* The header comes once more at the end, as it is known only then. */
static void write_flattened(FILE *f, const uint8_t *file, size_t size)
{
	static const uint8_t wrong[PAGE];
	uint64_t head[512] = { [2] = htobe64(1), [3] = htobe64(1) };

	memcpy(head, "makedumpfile", 12);
	assert(fwrite(head, sizeof(head), 1, f) == 1);
	write_piece(f, wrong, 0, PAGE);
	for (size_t at = PAGE, n; at < size; at += n) {
		n = size - at < PIECE_MAX ? size - at : PIECE_MAX;
		write_piece(f, file, at, n);
	}
	write_piece(f, file, 0, PAGE);
	write_piece(f, NULL, UINT64_MAX, UINT64_MAX);
}

void dk_write(const struct di *d, const struct dk_options *o, char path[64])
{
	uint64_t pages = d->file_size / PAGE;
	uint8_t *file = calloc(1, DK_DESCRIPTORS + pages * (sizeof(struct page_desc) + PAGE));
	size_t size;
	FILE *f;

	assert(file && !d->base && pages <= PAGE * 8);
	size = put_all(file, d, o, pages);
	strcpy(path, "/tmp/qcmd-test-XXXXXX");
	f = fdopen(mkstemp(path), "w");
	assert(f);
	if (o->flattened)
		write_flattened(f, file, size);
	else
		assert(fwrite(file, size, 1, f) == 1);
	assert(fclose(f) == 0);
	free(file);
}
