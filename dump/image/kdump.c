// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file: a header, a sub-header, notes, two bitmaps with a bit for each page of memory, and of each page of which
 * the second one has a bit a descriptor, in that order, and its content. The first bitmap says what memory there was.
 *
 * libkdumpfile believes what a file says of sizes. So all that it allocates by, and each descriptor before it is used,
 * is checked here.
 */
#include <errno.h>
#include <inttypes.h>
#include <libkdumpfile/kdumpfile.h>
#include <string.h>

#include "dump/image/kdump.h"
#include "lib/alloc.h"
#include "lib/file.h"

#define MAGIC "KDUMP   "

/* Of a machine with 64 bits, little-endian */
struct header {
	char magic[8];
	uint32_t version;
	char sysname[65], nodename[65], release[65], kernel_version[65], machine[65], domainname[65];
	char padding[6];
	uint64_t seconds, microseconds;
	uint32_t status; /* how it is compressed */
	uint32_t block_size;
	uint32_t sub_header_blocks;
	uint32_t bitmap_blocks;
	uint32_t max_mapnr;
};
_Static_assert(offsetof(struct header, status) == 424, "as makedumpfile and QEMU write it");

struct sub_header {
	uint64_t phys_base;
	uint32_t dump_level;
	uint32_t split;
	uint64_t start_pfn, end_pfn;
	uint64_t vmcoreinfo_offset, vmcoreinfo_size;
	uint64_t note_offset, note_size;
	uint64_t eraseinfo_offset, eraseinfo_size;
	uint64_t start_pfn_64, end_pfn_64, max_mapnr_64; /* from version 6 on */
};

struct descriptor {
	uint64_t offset;
	uint32_t size, flags;
	uint64_t page_flags;
};

#define VERSION_MIN	    4 /* with notes; 2011 */
#define VERSION_MAX_MAPNR   6
#define LEVEL_EXCLUDES_ZERO 1

#define BLOCK_MAX (64 * KIB)
/* Both bitmaps: of 8 TiB with pages of 4 KiB */
#define BITMAP_MAX (512 * MIB)
/* Pieces without a gap in both bitmaps together. Each takes some 80 bytes, here and in the library. */
#define RUNS_MAX  (4 * KIB * KIB)
#define NOTES_MAX (4 * MIB)
#define CHUNK	  (64 * KIB)

struct kdump {
	kdump_ctx_t *ctx;
	int fd;
	uint64_t file_size;
	uint64_t page_size;
	uint64_t descriptors;  /* where they are */
	struct rangemap pages; /* those in the file; the offset: how many pages come before, in bytes */
	unsigned int level;
	char format[96];
};

bool kdump_detect(int fd, uint64_t size)
{
	char magic[sizeof(MAGIC) - 1];

	return size >= sizeof(magic) && pread_full(fd, magic, sizeof(magic), 0) == 0 &&
	       !memcmp(magic, MAGIC, sizeof(magic));
}

static int damaged(const char *path, const char *what, struct derr *err)
{
	return derr_set(err, -EINVAL, "%s is a damaged kdump file: %s. Copy it again.", path, what);
}

static bool is_power_of_two(uint32_t v)
{
	return v && !(v & (v - 1));
}

/* The library takes a file for one of 32 bits if where that would have the size of a page there could be one. */
static bool looks_like_32_bits(const struct header *h)
{
	return is_power_of_two(h->microseconds) || is_power_of_two(__builtin_bswap32(h->microseconds));
}

static bool is_inside(uint64_t offset, uint64_t size, uint64_t end)
{
	uint64_t to;

	return !__builtin_add_overflow(offset, size, &to) && to <= end;
}

static int check_block_size(const struct header *h, const char *path, struct derr *err)
{
	if (!looks_like_32_bits(h) && h->block_size >= 4 * KIB && h->block_size <= BLOCK_MAX &&
	    is_power_of_two(h->block_size))
		return 0;
	return derr_set(err, -EINVAL,
			"%s is a kdump file that is damaged, or of a machine with 32 bits or another byte order, which "
			"qcmdump does not read.",
			path);
}

static int check_headers(const struct header *h, const struct sub_header *s, uint64_t size, const char *path,
			 struct derr *err)
{
	uint64_t bitmap = (uint64_t)h->bitmap_blocks * h->block_size;

	if (h->version < VERSION_MIN || h->version > 1000)
		return derr_set(
			err, -EINVAL,
			"%s is a kdump file of version %u. qcmdump knows those from %d on, which makedumpfile has "
			"written since 2011.",
			path, h->version, VERSION_MIN);
	if (s->split)
		return derr_set(err, -EINVAL,
				"%s is one part of a dump that makedumpfile has split. Put the parts together: "
				"makedumpfile --reassemble PART... NEW",
				path);
	if (!h->sub_header_blocks || !h->bitmap_blocks || h->sub_header_blocks > INT32_MAX / h->block_size ||
	    !is_inside((1 + (uint64_t)h->sub_header_blocks) * h->block_size, bitmap, size))
		return damaged(path, "its bitmaps lie beyond its end", err);
	if (bitmap > BITMAP_MAX)
		return damaged(path, "it claims more memory than any machine has", err);
	if (!is_inside(s->note_offset, s->note_size, size) || !is_inside(s->eraseinfo_offset, s->eraseinfo_size, size))
		return damaged(path, "its notes lie beyond its end", err);
	if (s->note_size > NOTES_MAX || s->eraseinfo_size > NOTES_MAX)
		return damaged(path, "its notes are larger than those of any machine", err);
	return 0;
}

struct bitmap {
	int fd;
	uint64_t offset, n_pages;
	uint64_t chunk; /* which one is read */
	uint64_t words[CHUNK / sizeof(uint64_t)];
};
#define CHUNK_PAGES (CHUNK * 8)
#define NO_CHUNK    UINT64_MAX

static int read_chunk(struct bitmap *b, uint64_t chunk)
{
	uint64_t left = (b->n_pages - chunk * CHUNK_PAGES + 7) / 8;

	if (chunk == b->chunk)
		return 0;
	b->chunk = chunk;
	return pread_full(b->fd, b->words, left < CHUNK ? left : CHUNK, b->offset + chunk * CHUNK);
}

/* Goes on to the next page that has this bit, or behind the last one. */
static int next_page(struct bitmap *b, bool bit, uint64_t *pfn)
{
	while (*pfn < b->n_pages) {
		int r = read_chunk(b, *pfn / CHUNK_PAGES);
		uint64_t word;

		if (r < 0)
			return r;
		word = b->words[*pfn % CHUNK_PAGES / 64];
		if (*pfn % 64 == 0 && word == (bit ? 0 : UINT64_MAX)) {
			*pfn += 64;
			continue;
		}
		if ((word >> *pfn % 64 & 1) == bit)
			return 0;
		++*pfn;
	}
	*pfn = b->n_pages;
	return 0;
}

/* Adds what a bitmap has of the first so many pages; each page has a place of its own if there are descriptors. */
static int read_bitmap(const struct kdump *k, uint64_t offset, uint64_t n_pages, bool described, struct rangemap *map,
		       const char *path, struct derr *err)
{
	struct bitmap *b = xcalloc(1, sizeof(*b));
	uint64_t start = 0, before = 0, end;
	int r;

	*b = (struct bitmap){ .fd = k->fd, .offset = offset, .n_pages = n_pages, .chunk = NO_CHUNK };
	for (;; start = end) {
		r = next_page(b, true, &start);
		end = start;
		if (r == 0)
			r = next_page(b, false, &end);
		if (r < 0 || end == start || map->n >= RUNS_MAX)
			break;
		rangemap_add(map, start * k->page_size, (end - start) * k->page_size,
			     (described ? before : start) * k->page_size);
		before += end - start;
	}
	free(b);
	if (r < 0)
		return damaged(path, "its bitmaps cannot be read", err);
	if (end > start)
		return derr_set(err, -EFBIG,
				"%s has memory in more than %llu pieces, which is more than qcmdump reads.", path,
				RUNS_MAX);
	rangemap_finish(map);
	return 0;
}

static int read_bitmaps(struct kdump *k, const struct header *h, const struct sub_header *s, struct rangemap *phys,
			const char *path, struct derr *err)
{
	uint64_t at = (1 + (uint64_t)h->sub_header_blocks) * k->page_size;
	uint64_t bytes = (uint64_t)h->bitmap_blocks * k->page_size;
	uint64_t n = h->version >= VERSION_MAX_MAPNR ? s->max_mapnr_64 : h->max_mapnr;
	bool both = n <= bytes * 8 / 2;
	uint64_t second = both ? at + h->bitmap_blocks / 2 * k->page_size : at;
	int r;

	k->descriptors = at + bytes;
	if (n > bytes * 8)
		n = bytes * 8;
	r = read_bitmap(k, second, n, true, &k->pages, path, err);
	if (r < 0)
		return r;
	/* Without zero pages among them, what was left out is not known. */
	r = read_bitmap(k, s->dump_level & LEVEL_EXCLUDES_ZERO ? at : second, n, false, phys, path, err);
	if (r == 0 && !k->pages.n)
		r = derr_set(err, -ENODATA, "%s is a kdump file that has no memory in it.", path);
	if (r == 0 && !is_inside(k->descriptors, rangemap_total(&k->pages) / k->page_size * sizeof(struct descriptor),
				 k->file_size))
		r = damaged(path, "it is cut off, or claims more memory than it has", err);
	return r;
}

static int read_notes(const struct kdump *k, const struct header *h, const struct sub_header *s, struct elffile *elf)
{
	if (!strncmp(h->machine, "x86_64", sizeof(h->machine)))
		elf->machine = EM_X86_64;
	else if (!strncmp(h->machine, "aarch64", sizeof(h->machine)))
		elf->machine = EM_AARCH64;
	elf->notes = xcalloc(s->note_size, 1);
	elf->notes_size = s->note_size;
	return pread_full(k->fd, elf->notes, s->note_size, s->note_offset);
}

static const char *compression(uint32_t status)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} methods[] = { { 1, "zlib" }, { 2, "LZO" }, { 4, "snappy" }, { 0x20, "zstd" } };

	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (status & methods[i].flag)
			return methods[i].name;
	return NULL;
}

static void name_format(struct kdump *k, const struct header *h)
{
	const char *how = compression(h->status);

	snprintf(k->format, sizeof(k->format), "a kdump file%s%s", how ? " compressed with " : "", how ?: "");
}

static int open_library(struct kdump *k, const char *path, struct derr *err)
{
	kdump_status r;

	k->ctx = kdump_new();
	if (!k->ctx)
		return derr_set(err, -ENOMEM, "Cannot read %s: libkdumpfile cannot be set up.", path);
	/* A file that becomes shorter must be an error, not a signal. */
	r = kdump_set_number_attr(k->ctx, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER);
	if (r == KDUMP_OK)
		r = kdump_open_fd(k->ctx, k->fd);
	if (r != KDUMP_OK)
		return derr_set(err, -EIO, "%s is a kdump file that cannot be read: %s", path,
				kdump_get_err(k->ctx) ?: kdump_strerror(r));
	return 0;
}

int kdump_open(struct kdump **ret, int fd, uint64_t size, const char *path, struct elffile *elf, struct rangemap *phys,
	       struct derr *err)
{
	struct kdump *k = xcalloc(1, sizeof(*k));
	struct sub_header s;
	struct header h;
	int r;

	*ret = k;
	k->fd = fd;
	k->file_size = size;
	if (pread_full(fd, &h, sizeof(h), 0) < 0)
		return damaged(path, "it is cut off within its headers", err);
	r = check_block_size(&h, path, err);
	if (r == 0 && pread_full(fd, &s, sizeof(s), h.block_size) < 0)
		r = damaged(path, "it is cut off within its headers", err);
	if (r == 0)
		r = check_headers(&h, &s, size, path, err);
	if (r < 0)
		return r;
	k->page_size = h.block_size;
	k->level = s.dump_level;
	r = read_bitmaps(k, &h, &s, phys, path, err);
	if (r == 0 && read_notes(k, &h, &s, elf) < 0)
		r = damaged(path, "its notes cannot be read", err);
	if (r == 0)
		r = open_library(k, path, err);
	name_format(k, &h);
	return r;
}

void kdump_close(struct kdump *k)
{
	if (!k)
		return;
	if (k->ctx)
		kdump_free(k->ctx);
	rangemap_clear(&k->pages);
	free(k);
}

const char *kdump_format(const struct kdump *k)
{
	return k->format;
}

unsigned int kdump_level(const struct kdump *k)
{
	return k->level;
}

uint64_t kdump_left_out(const struct kdump *k, uint64_t paddr, uint64_t size)
{
	const struct rangemap *m = &k->pages;
	uint64_t there = 0, end = paddr + size;

	if (k->level == LEVEL_EXCLUDES_ZERO)
		return 0;
	for (size_t i = rangemap_behind(m, paddr); i < m->n && m->v[i].start < end; i++) {
		uint64_t from = m->v[i].start > paddr ? m->v[i].start : paddr;
		uint64_t to = m->v[i].start + m->v[i].size;

		there += (to < end ? to : end) - from;
	}
	return size - there;
}

/* No page is larger when it is compressed, or it would not be. */
static int check_descriptor(const struct kdump *k, uint64_t number)
{
	struct descriptor d;
	int r = pread_full(k->fd, &d, sizeof(d), k->descriptors + number * sizeof(d));

	if (r < 0)
		return r;
	return d.size && d.size <= k->page_size && is_inside(d.offset, d.size, k->file_size) ? 0 : -EIO;
}

/* What is of one page */
static int read_page(const struct kdump *k, uint64_t paddr, void *buf, size_t size)
{
	const struct range *r = rangemap_find(&k->pages, paddr);
	size_t n = size;
	int ret;

	if (!r) {
		memset(buf, 0, size);
		return 0;
	}
	ret = check_descriptor(k, (r->offset + (paddr - r->start)) / k->page_size);
	if (ret < 0)
		return ret;
	return kdump_read(k->ctx, KDUMP_MACHPHYSADDR, paddr, buf, &n) == KDUMP_OK ? 0 : -EIO;
}

int kdump_read_at(const struct kdump *k, uint64_t paddr, void *buf, size_t size)
{
	char *to = buf;
	int r = 0;

	for (size_t done = 0, n; done < size && r == 0; done += n) {
		n = k->page_size - (paddr + done) % k->page_size;
		if (n > size - done)
			n = size - done;
		r = read_page(k, paddr + done, to + done, n);
	}
	return r;
}

uint64_t kdump_skip_hole(const struct kdump *k, uint64_t paddr)
{
	size_t i = rangemap_behind(&k->pages, paddr);

	if (i == k->pages.n)
		return UINT64_MAX;
	return k->pages.v[i].start > paddr ? k->pages.v[i].start : paddr;
}
