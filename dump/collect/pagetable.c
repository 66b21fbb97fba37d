// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "dump/collect/pagetable.h"
#include "dump/core/page.h"
#include "lib/alloc.h"

/* Present, writable, accessed, dirty: as the kernel maps its own memory. */
#define ENTRY_FLAGS 0x63ULL
#define ENTRY_LARGE 0x80ULL
#define ENTRY_ADDR  0x000ffffffffff000ULL
/* Not present, and not empty: no CPU looks at this bit. */
#define ENTRY_HOLE 0x200ULL

static size_t add_page(struct pagetable *pt)
{
	pt->pages = xgrow(pt->pages, &pt->capacity, pt->n + 1, sizeof(*pt->pages));
	for (size_t i = 0; i < 512; i++)
		pt->pages[pt->n][i] = 0;
	return pt->n++;
}

void pagetable_init(struct pagetable *pt, unsigned int levels, uint64_t top, uint64_t rest)
{
	*pt = (struct pagetable){ .levels = levels, .top = top, .rest = rest };
	add_page(pt);
}

void pagetable_clear(struct pagetable *pt)
{
	free(pt->pages);
	*pt = (struct pagetable){ 0 };
}

static size_t page_of(const struct pagetable *pt, uint64_t entry)
{
	return ((entry & ENTRY_ADDR) - pt->rest) / DUMP_PAGE + 1;
}

/* Canonical: the bits above are copies of the highest one that counts. */
static bool canonical(const struct pagetable *pt, uint64_t vaddr)
{
	unsigned int bits = 12 + 9 * pt->levels;

	return (uint64_t)((int64_t)(vaddr << (64 - bits)) >> (64 - bits)) == vaddr;
}

/* The entry for an address in a table of this level: 1 has those of pages, 2 has those of 2 MiB each. */
static int descend(struct pagetable *pt, uint64_t vaddr, unsigned int to, uint64_t **ret)
{
	size_t page = 0, next;

	for (unsigned int level = pt->levels; level > to; level--) {
		unsigned int i = (vaddr >> (12 + 9 * (level - 1))) & 511;

		if (pt->pages[page][i]) {
			page = page_of(pt, pt->pages[page][i]);
			continue;
		}
		if (pt->n >= PAGETABLE_PAGES_MAX)
			return -E2BIG;
		next = add_page(pt);
		pt->pages[page][i] = (pt->rest + (next - 1) * DUMP_PAGE) | ENTRY_FLAGS;
		page = next;
	}
	*ret = &pt->pages[page][(vaddr >> (12 + 9 * (to - 1))) & 511];
	return 0;
}

static int set_entry(struct pagetable *pt, uint64_t vaddr, uint64_t entry)
{
	uint64_t *at;
	int r;

	if (!canonical(pt, vaddr))
		return -EINVAL;
	r = descend(pt, vaddr, 1, &at);
	if (r < 0)
		return r;
	if (*at && *at != entry)
		return -EEXIST;
	*at = entry;
	return 0;
}

int pagetable_map(struct pagetable *pt, uint64_t vaddr, uint64_t paddr)
{
	return paddr & ~ENTRY_ADDR ? -EINVAL : set_entry(pt, vaddr, paddr | ENTRY_FLAGS);
}

int pagetable_leave_out(struct pagetable *pt, uint64_t vaddr)
{
	return set_entry(pt, vaddr, ENTRY_HOLE);
}

/* The entry of level 3 for 1 GiB that is all the same. */
static uint64_t same_everywhere(struct pagetable *pt, uint64_t paddr)
{
	size_t page = add_page(pt);

	for (size_t i = 0; i < 512; i++)
		pt->pages[page][i] = paddr | ENTRY_FLAGS | ENTRY_LARGE;
	return (pt->rest + (page - 1) * DUMP_PAGE) | ENTRY_FLAGS;
}

int pagetable_fill(struct pagetable *pt, uint64_t from, uint64_t to, uint64_t paddr)
{
	uint64_t same = to - from >= GIB ? same_everywhere(pt, paddr) : 0, step;

	for (uint64_t vaddr = from; vaddr < to; vaddr += step) {
		bool whole = vaddr % GIB == 0 && to - vaddr >= GIB;
		uint64_t *at, *pages;
		int r = descend(pt, vaddr, whole ? 3 : 2, &at);

		if (r < 0)
			return r;
		step = whole && !*at ? GIB : PAGETABLE_LARGE;
		if (step == GIB) {
			*at = same;
			continue;
		}
		r = descend(pt, vaddr, 2, &at);
		if (r < 0)
			return r;
		if (!*at) {
			*at = paddr | ENTRY_FLAGS | ENTRY_LARGE;
			continue;
		}
		pages = pt->pages[page_of(pt, *at)];
		for (size_t i = 0; i < 512; i++)
			if (!pages[i])
				pages[i] = (paddr + i * DUMP_PAGE) | ENTRY_FLAGS;
	}
	return 0;
}
