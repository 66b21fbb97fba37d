// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/core/kelf.h"
#include "dump/collect/toc-live.h"

#define TRIES 10

static int copy_regions(struct image *img, const struct toc *toc, struct derr *err)
{
	struct rangemap ranges = { 0 };
	uint64_t offset = 0;

	for (size_t i = 0; i < toc->n_regions; i++) {
		rangemap_add(&ranges, toc->regions[i].paddr, toc->regions[i].size, offset);
		offset += toc->regions[i].size;
	}
	rangemap_finish(&ranges);
	return image_freeze(img, &ranges, err);
}

static bool same_region(const struct region *a, const struct region *b)
{
	return a->slot == b->slot && a->seq == b->seq && a->paddr == b->paddr && a->size == b->size &&
	       !strcmp(a->name, b->name);
}

/* The table as the copy has it may be there again after two changes. The ELF header would tell. */
static bool same_elf_header(const struct image *img, const struct image *now, const struct region *r)
{
	size_t size = r->size < KELF_MAX ? r->size : KELF_MAX;
	_cleanup_free_ char *a = xcalloc(size, 1), *b = xcalloc(size, 1);

	return image_read(img, r->paddr, a, size) == 0 && image_read(now, r->paddr, b, size) == 0 &&
	       !memcmp(a, b, size);
}

static bool unchanged(const struct image *img, const struct toc *toc, const struct image *now,
		      const struct toc *toc_now)
{
	const struct region *header = toc_region(toc, MINIDUMP_ELF_HEADER_NAME);

	if (toc->n_regions != toc_now->n_regions || toc->enabled != toc_now->enabled)
		return false;
	for (size_t i = 0; i < toc->n_regions; i++)
		if (!same_region(&toc->regions[i], &toc_now->regions[i]))
			return false;
	return !header || same_elf_header(img, now, header);
}

static void report(struct toc *toc, const struct toc *now)
{
	size_t j = 0;

	strlist_addf(&toc->problems,
		     "the machine is running, and its table changed in each of %d readings: the dump may name what was "
		     "no longer there, or lack what was new",
		     TRIES);
	for (size_t i = 0; i < toc->n_regions; i++) {
		const struct region *r = &toc->regions[i];

		while (j < now->n_regions && now->regions[j].slot < r->slot)
			j++;
		if (j == now->n_regions || !same_region(r, &now->regions[j]))
			strlist_addf(&toc->problems, "slot %u (%s): changed while it was read: its memory may be torn",
				     r->slot, r->name);
	}
}

/* 1: a copy of one moment; 0: it changed meanwhile, and toc says how if this is the last try. */
static int read_once(struct image *img, struct toc *toc, bool last, struct derr *err)
{
	struct image now;
	struct toc toc_now;
	struct derr ignored;
	bool same;
	int r;

	image_thaw(img);
	r = toc_find(img, NULL, toc, err);
	if (r == 0)
		r = copy_regions(img, toc, err);
	if (r < 0)
		return r;
	now = *img;
	now.frozen_fd = -1;
	same = toc_read(&now, toc->header, TOC_SLOTS_MAX, &toc_now, &ignored) == 0 &&
	       unchanged(img, toc, &now, &toc_now);
	if (!same && last)
		report(toc, &toc_now);
	toc_clear(&toc_now);
	return same;
}

int live_read(struct image *img, struct toc *toc, struct derr *err)
{
	int r = 0;

	for (int try = 1; r <= 0 && try <= TRIES; try++) {
		toc_clear(toc);
		r = read_once(img, toc, try == TRIES, err);
	}
	return r < 0 ? r : 0;
}
