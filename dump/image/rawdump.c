// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/image/rawdump.h"
#include "lib/file.h"
#include "lib/progress.h"

/* Dumps start at a block of the partition. */
#define BLOCK	   512ULL
#define SCAN_CHUNK MIB

/* Firmware has room for some hundreds. */
#define SECTIONS_MAX PIECES_MAX

static bool header_plausible(const struct rawdump_header *h)
{
	const uint32_t known = RAWDUMP_VALID | RAWDUMP_INSUFFICIENT_STORAGE | RAWDUMP_PROTECTED | RAWDUMP_CACHE_FLUSHED;

	return h->version == RAWDUMP_VERSION && h->sections && !(h->flags & ~known);
}

/* What vendors' scripts put in place of the magic number once they have copied a dump. */
static bool magic_is_mark(const char magic[8])
{
	return !memcmp(magic, "MiniDump", 8) || !memcmp(magic, "CopyDone", 8) || !memcmp(magic, "\0\0\0\0\0\0\0\0", 8);
}

static bool magic_is_right(const char magic[8])
{
	return !memcmp(magic, RAWDUMP_MAGIC, 8);
}

/* The magic number alone is enough at the start of a file: a damaged header is told then, not taken for memory. */
bool rawdump_detect(int fd, uint64_t size)
{
	struct rawdump_header h;

	if (size < sizeof(h) || pread_full(fd, &h, sizeof(h), 0) < 0)
		return false;
	return magic_is_right(h.magic) || (magic_is_mark(h.magic) && header_plausible(&h));
}

/* Where the search for the next dump goes on: what is inside of one is not looked at. */
static uint64_t dump_end(const struct rawdump *d)
{
	uint64_t size = d->header.dump_size, end;

	if (!header_plausible(&d->header) || size < BLOCK || __builtin_add_overflow(d->at, size, &end) ||
	    end > INT64_MAX - BLOCK)
		return d->at + BLOCK;
	return (end + BLOCK - 1) / BLOCK * BLOCK;
}

static bool dump_at(struct rawdump *d, const char *data, uint64_t at)
{
	memcpy(&d->header, data, sizeof(d->header));
	d->at = at;
	d->wiped = !magic_is_right(d->header.magic);
	if (at == 0)
		return true;
	return !d->wiped && header_plausible(&d->header);
}

int rawdump_list(int fd, const char *path, uint64_t size, struct rawdump dumps[static RAWDUMPS_MAX], struct derr *err)
{
	_cleanup_free_ char *buf = xcalloc(SCAN_CHUNK, 1);
	struct progress progress;
	uint64_t next = 0;
	int n = 0, r = 0;

	progress_start(&progress, "Looking for dumps", size);
	for (uint64_t pos = 0, len; pos < size && r == 0 && n < RAWDUMPS_MAX; pos += len) {
		len = size - pos < SCAN_CHUNK ? size - pos : SCAN_CHUNK;
		if (next >= pos + len)
			continue;
		r = pread_full(fd, buf, len, pos);
		if (r < 0)
			derr_set(err, r, "Cannot read %s at offset %" PRIu64 ": %s", path, pos, strerror(-r));
		for (uint64_t i = 0; r == 0 && i + sizeof(dumps->header) <= len && n < RAWDUMPS_MAX; i += BLOCK)
			if (pos + i >= next && dump_at(&dumps[n], buf + i, pos + i))
				next = dump_end(&dumps[n++]);
		progress_at(&progress, pos);
	}
	progress_end(&progress);
	/* What lies behind bytes that can't be read must not keep us from the dumps before them. */
	return r < 0 && !n ? r : n;
}

static bool is_complete(const struct rawdump *d)
{
	return header_plausible(&d->header) && d->header.flags & RAWDUMP_VALID &&
	       !(d->header.flags & RAWDUMP_INSUFFICIENT_STORAGE);
}

const char *rawdump_state(const struct rawdump *d)
{
	if (!header_plausible(&d->header))
		return "damaged";
	if (d->header.flags & RAWDUMP_INSUFFICIENT_STORAGE)
		return "not enough room";
	return is_complete(d) ? "complete" : "not finished";
}

/* The first that is complete, or else the first. */
static int choose(const struct image *img, const struct rawdump *dumps, int n, unsigned int dump, struct derr *err)
{
	if (dump > (unsigned int)n)
		return derr_set(err, -ENOENT, "There is no dump %u in %s, which has %d. See them with --list.", dump,
				img->path, n);
	if (dump)
		return dump - 1;
	for (int i = 0; i < n; i++)
		if (is_complete(&dumps[i]))
			return i;
	return 0;
}

static void check_header(struct image *img, const struct rawdump *d)
{
	const struct rawdump_header *h = &d->header;

	if (h->flags & RAWDUMP_INSUFFICIENT_STORAGE)
		strlist_addf(&img->problems,
			     "the partition was too small: firmware needed %" PRIu64 " bytes and wrote %" PRIu64
			     ". Is the machine set to save a full dump (qcom_scm.download_mode)?",
			     h->size_required, h->dump_size);
	else if (!(h->flags & RAWDUMP_VALID))
		strlist_addf(&img->problems, "firmware has not marked the dump as valid: it did not finish writing it");
	if (h->flags & RAWDUMP_PROTECTED)
		strlist_addf(&img->problems, "the dump is marked as encrypted: it may be unreadable");
	if (!header_plausible(h))
		strlist_addf(&img->problems, "the header of the dump is damaged: version 0x%x, flags 0x%x, %u sections",
			     h->version, h->flags, h->sections);
	if (d->wiped)
		strlist_addf(&img->left_out, "(the dump has been copied before: its header is marked as done)");
}

/* Small files must not claim much memory: what all sections have together is no more than the file. */
static bool take(uint64_t *budget, uint64_t size)
{
	if (size > *budget)
		return false;
	*budget -= size;
	return true;
}

/* How many of a section's bytes the file has; 0: none, and that is said. */
static uint64_t section_bytes(struct image *img, const struct rawdump *d, const struct rawdump_section *s,
			      const char *name, uint64_t *budget)
{
	uint64_t start, there;

	if (s->flags & RAWDUMP_INSUFFICIENT_STORAGE) {
		strlist_addf(&img->problems, "%s was not written, for lack of room: %" PRIu64 " bytes are lost", name,
			     s->size);
		return 0;
	}
	if (!(s->flags & RAWDUMP_VALID))
		strlist_addf(&img->problems, "%s is not marked as valid: it may have other content", name);
	if (__builtin_add_overflow(d->at, s->offset, &start) || start >= img->file_size) {
		strlist_addf(&img->problems, "%s lies beyond the end of %s", name, img->path);
		return 0;
	}
	there = img->file_size - start;
	if (there > s->size)
		there = s->size;
	if (!take(budget, there)) {
		strlist_addf(&img->problems, "%s is left out: the sections have more bytes than %s", name, img->path);
		return 0;
	}
	return there;
}

static void add_memory(struct image *img, const struct rawdump_section *s, const char *name, uint64_t at, uint64_t n)
{
	if (n < s->size)
		strlist_addf(&img->problems, "%s is cut off: %" PRIu64 " of %" PRIu64 " bytes are there", name, n,
			     s->size);
	if (s->base >= PADDR_LIMIT || n > PADDR_LIMIT - s->base)
		strlist_addf(&img->problems, "%s: impossible range, %" PRIu64 " bytes at 0x%" PRIx64, name, s->size,
			     s->base);
	else
		rangemap_add(&img->phys, s->base, n, at);
}

static void add_section(struct image *img, const struct rawdump *d, const struct rawdump_section *s, uint64_t *budget)
{
	struct piece *p = pieces_add(&img->pieces, s->name, sizeof(s->name));
	_cleanup_free_ char *name = NULL;
	uint64_t n;

	if (!p)
		return;
	name = xstrndup(p->file, strlen(p->file));
	if (!p->name[0]) {
		free(p->file);
		img->pieces.n--;
		if (s->type != RAWDUMP_SECTION_DDR) {
			strlist_addf(&img->left_out, "%s (%" PRIu64 " bytes)", name, s->size);
			return;
		}
		n = section_bytes(img, d, s, name, budget);
		if (n)
			add_memory(img, s, name, d->at + s->offset, n);
		return;
	}
	p->paddr = s->base;
	p->has_paddr = s->base;
	p->expected = s->size;
	p->size = section_bytes(img, d, s, name, budget);
	p->offset = p->size ? d->at + s->offset : 0;
}

static int read_sections(struct image *img, const struct rawdump *d, struct derr *err)
{
	uint64_t room = (img->file_size - d->at - sizeof(d->header)) / sizeof(struct rawdump_section);
	uint64_t n = d->header.sections < SECTIONS_MAX ? d->header.sections : SECTIONS_MAX;
	uint64_t budget = img->file_size;
	struct rawdump_section *v;
	int r;

	if (n > room)
		n = room;
	if (n < d->header.sections)
		strlist_addf(&img->problems, "the dump claims %u sections; %" PRIu64 " were looked at",
			     d->header.sections, n);
	v = xcalloc(n, sizeof(*v));
	r = pread_full(img->fd, v, n * sizeof(*v), d->at + sizeof(d->header));
	for (uint64_t i = 0; i < n && r == 0; i++)
		add_section(img, d, &v[i], &budget);
	free(v);
	return r < 0 ? derr_set(err, r, "Cannot read %s: %s", img->path, strerror(-r)) : 0;
}

int rawdump_map(struct image *img, unsigned int dump, struct derr *err)
{
	struct rawdump *dumps = xcalloc(RAWDUMPS_MAX, sizeof(*dumps));
	int n = rawdump_list(img->fd, img->path, img->file_size, dumps, err), i = 0, r = n;

	if (n >= 0)
		r = i = choose(img, dumps, n, dump, err);
	if (r >= 0) {
		if (n > 1 && !dump)
			strlist_addf(&img->problems,
				     "%d dumps are in %s; number %d was taken. See them with --list, take another with "
				     "--dump",
				     n, img->path, i + 1);
		img->snapshot = dumps[i].header.os_data == RAWDUMP_OS_SNAPSHOT;
		check_header(img, &dumps[i]);
		r = read_sections(img, &dumps[i], err);
	}
	free(dumps);
	rangemap_finish(&img->phys);
	img->mapped = true;
	if (r == 0 && !img->pieces.n && !img->phys.n)
		return derr_set(err, -ENODATA, "There are no regions and no memory in the dump in %s. %s", img->path,
				img->problems.n ? img->problems.v[0] : "");
	return r;
}
