// SPDX-License-Identifier: GPL-2.0-only
/* Where the table is, and for a raw image which address is where in the file. */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/collect/toc.h"
#include "dump/core/page.h"

/* Headers that are looked at closely. A machine has one, or two when a capture kernel ran. */
#define HEADERS_MAX 16

struct header_list {
	uint64_t at[HEADERS_MAX]; /* address under the map of the scan */
	uint64_t self[HEADERS_MAX];
	size_t n;
	size_t left_out;
};

static int note_headers(void *arg, uint64_t paddr, const char *data, size_t size)
{
	struct header_list *l = arg;

	for (size_t i = 0; i < size; i += DUMP_PAGE) {
		struct minidump_ram_header h;

		if (memcmp(data + i, MINIDUMP_RAM_MAGIC, 8))
			continue;
		memcpy(&h, data + i, sizeof(h));
		if (!toc_header_plausible(&h))
			continue;
		if (l->n == HEADERS_MAX) {
			l->left_out++;
			continue;
		}
		l->at[l->n] = paddr + i;
		l->self[l->n++] = le64toh(h.self);
	}
	return 0;
}

/*
 * Raw images: the ways in which a header at this offset of the file can have that address. QEMU's machines put
 * what does not fit below 4 GiB above it, and the file has no gap: q35 from 2 GiB on, pc from 3 or 3.5 GiB.
 */
#define GUESSES_MAX 5

struct guess {
	struct rangemap map[GUESSES_MAX];
	size_t n;
};

static void guess_base(struct guess *g, const struct image *img, uint64_t base)
{
	struct rangemap *m = &g->map[g->n];

	*m = (struct rangemap){ 0 };
	rangemap_add(m, base, img->file_size, 0);
	rangemap_finish(m);
	if (m->n)
		g->n++;
}

static void guess_split(struct guess *g, const struct image *img, uint64_t low)
{
	struct rangemap *m = &g->map[g->n++];

	*m = (struct rangemap){ 0 };
	rangemap_add(m, 0, low, 0);
	rangemap_add(m, 4 * GIB, img->file_size - low, low);
	rangemap_finish(m);
}

static void guess_maps(struct guess *g, const struct image *img, uint64_t at, uint64_t self)
{
	static const uint64_t splits[] = { 2 * GIB, 3 * GIB, 3 * GIB + 512 * MIB };

	g->n = 0;
	if (self == at) {
		guess_base(g, img, 0);
		for (size_t i = 0; i < ARRAY_LEN(splits); i++)
			if (img->file_size > splits[i] && at < splits[i])
				guess_split(g, img, splits[i]);
	} else if (self > at) {
		uint64_t shift = self - at;

		guess_base(g, img, shift);
		if (self >= 4 * GIB && shift < 4 * GIB && 4 * GIB - shift <= at)
			guess_split(g, img, 4 * GIB - shift);
	}
}

/* A table as it reads under one map. */
struct choice {
	struct toc toc;
	struct rangemap map;
	uint64_t at;
	bool found;
	bool ambiguous; /* another map reads as well, and the regions are elsewhere */
};

static void choice_clear(struct choice *c)
{
	toc_clear(&c->toc);
	rangemap_clear(&c->map);
	*c = (struct choice){ 0 };
}

static int compare_tocs(const struct toc *a, const struct toc *b)
{
	if (a->checksum_ok != b->checksum_ok)
		return a->checksum_ok - b->checksum_ok;
	if (a->enabled != b->enabled)
		return a->enabled - b->enabled;
	if (a->crashed != b->crashed)
		return a->crashed - b->crashed;
	if (a->landmarks != b->landmarks)
		return a->landmarks > b->landmarks ? 1 : -1;
	return (a->n_regions > b->n_regions) - (a->n_regions < b->n_regions);
}

/* Do both maps find every region at the same place of the file? */
static bool same_places(const struct choice *a, const struct choice *b)
{
	if (a->toc.n_regions != b->toc.n_regions)
		return false;
	for (size_t i = 0; i < a->toc.n_regions; i++) {
		uint64_t x = a->toc.regions[i].paddr, y = b->toc.regions[i].paddr;
		const struct range *r = rangemap_find(&a->map, x), *s = rangemap_find(&b->map, y);

		if (x - r->start + r->offset != y - s->start + s->offset)
			return false;
	}
	return true;
}

static void say_useless(struct derr *why_not, const struct image *img, uint64_t self, const char *why)
{
	if (image_has_registers(img))
		derr_set(why_not, 0, "The table behind the registers is of no use: %s.", why);
	else
		derr_set(why_not, 0, "The table at 0x%" PRIx64 " is of no use: %s.", self, why);
}

/* Reads the table under a map (which is copied), and keeps it if it is better than the best so far. */
static void consider(const struct image *img, const struct rangemap *map, uint64_t at, uint64_t self,
		     struct choice *best, struct derr *why_not)
{
	struct choice new = { .at = at, .found = true };
	struct image view = *img;
	struct derr err;
	int r, c;

	view.phys = *map;
	r = toc_read(&view, self, &new.toc, &err);
	if (r < 0 || !new.toc.n_regions) {
		if (!why_not->text[0])
			say_useless(why_not, img, self,
				    r < 0	       ? err.text :
				    new.toc.problems.n ? new.toc.problems.v[0] :
							 "it has no regions");
		choice_clear(&new);
		return;
	}
	rangemap_copy(&new.map, map);
	c = best->found ? compare_tocs(&new.toc, &best->toc) : 1;
	if (c == 0 && new.at == best->at && !same_places(&new, best))
		best->ambiguous = true;
	if (c <= 0) {
		choice_clear(&new);
		return;
	}
	choice_clear(best);
	*best = new;
}

/* The best reading of one header. */
static void consider_header(const struct image *img, uint64_t at, uint64_t self, struct choice *best,
			    struct derr *why_not)
{
	struct guess g;

	if (img->mapped) {
		if (at == self)
			consider(img, &img->phys, at, self, best, why_not);
		else if (!why_not->text[0])
			derr_set(why_not, 0,
				 "The page at 0x%" PRIx64 " is a copy of a table header that was at 0x%" PRIx64 ".", at,
				 self);
		return;
	}
	guess_maps(&g, img, at, self);
	if (!g.n && !why_not->text[0])
		derr_set(why_not, 0,
			 "At offset 0x%" PRIx64 " is the header of a table that was at address 0x%" PRIx64
			 ": a copy, or the file has something before the memory.",
			 at, self);
	for (size_t i = 0; i < g.n; i++) {
		consider(img, &g.map[i], at, self, best, why_not);
		rangemap_clear(&g.map[i]);
	}
}

static int not_found(const struct image *img, const struct header_list *l, const uint64_t *table,
		     const struct derr *why_not, struct derr *err)
{

	if (table)
		return derr_set(err, -ENOENT,
				"There is no usable minidump table at 0x%" PRIx64 " in %s. %s\n"
				"Leave --table out to search for it.",
				*table, img->path, why_not->text);
	if (l->n)
		return derr_set(
			err, -ENOENT,
			"Cannot save anything from %s. %s\n"
			"If the file is not one piece of memory that starts at address 0, say where it belongs with "
			"--map OFFSET:PADDR:SIZE.",
			img->path, why_not->text);
	return derr_set(
		err, -ENOENT,
		"No minidump table in %s (%s of memory searched for a page that starts with \"%s\").\n"
		"Either the machine had no table (on it, `qcmdctl status` tells whether it has one), or the file "
		"is no image of its memory, or only a part of it.",
		img->path, size_text(rangemap_total(&img->phys)).s, MINIDUMP_RAM_MAGIC);
}

/* Headers that are where they say, under the map that was settled on, and have something to save. */
static size_t count_live(const struct image *img, const struct header_list *l, const struct rangemap *map)
{
	struct image view = *img;
	size_t n = 0;

	view.phys = *map;
	for (size_t i = 0; i < l->n; i++) {
		const struct range *r = rangemap_find(map, l->self[i]);
		struct derr err;
		struct toc toc;

		if (!r || (img->mapped ? l->self[i] : l->self[i] - r->start + r->offset) != l->at[i])
			continue;
		n += toc_read(&view, l->self[i], &toc, &err) == 0 && toc.checksum_ok && toc.n_regions;
		toc_clear(&toc);
	}
	return n;
}

static bool contains_qcmd_note(const struct image *img)
{
	return img->elf.notes && memmem(img->elf.notes, img->elf.notes_size, "QCMD_COLLECT=", 13);
}

/* The first of the best. */
static void consider_all(const struct image *img, const struct header_list *l, const uint64_t *table,
			 struct choice *best, struct derr *why_not)
{
	for (size_t i = 0; i < l->n; i++) {
		struct choice this = { 0 };

		if (table && l->self[i] != *table)
			continue;
		consider_header(img, l->at[i], l->self[i], &this, why_not);
		if (this.found && (!best->found || compare_tocs(&this.toc, &best->toc) > 0)) {
			choice_clear(best);
			*best = this;
		} else {
			choice_clear(&this);
		}
	}
}

int toc_find(struct image *img, const uint64_t *table, struct toc *toc, struct derr *err)
{
	struct choice best = { 0 };
	struct derr why_not = { 0 };
	struct header_list l = { 0 };
	size_t live;
	int r = 0;

	/* Registers take the place of the one header, and have no place in the memory. */
	if (image_has_registers(img))
		l.n = 1;
	else
		r = image_scan(img, note_headers, &l, err);
	if (r < 0)
		return r;
	consider_all(img, &l, table, &best, &why_not);
	if (!best.found && contains_qcmd_note(img))
		return derr_set(err, -EEXIST, "%s is already a collected dump. Look at it with: qcmdump info %s",
				img->path, img->path);
	if (!best.found)
		return not_found(img, &l, table, &why_not, err);
	if (best.ambiguous) {
		choice_clear(&best);
		return derr_set(
			err, -ENOTUNIQ,
			"Cannot tell which address is where in %s: several layouts read equally well.\n"
			"Give the layout of the machine with --map OFFSET:PADDR:SIZE, for example for 4 GiB on QEMU's "
			"q35: --map 0:0:2G --map 2G:4G:2G",
			img->path);
	}
	*toc = best.toc;
	live = count_live(img, &l, &best.map);
	if (live > 1 && !table)
		strlist_addf(&toc->problems,
			     "%zu tables are in %s; the one at 0x%" PRIx64 " was taken. Another can be named "
			     "with --table",
			     live, img->path, toc->header);
	rangemap_clear(&img->phys);
	img->phys = best.map;
	img->mapped = true;
	return 0;
}
