// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "pagetable.h"

/* Present, writable, accessed, dirty: as the kernel maps its own memory. */
#define ENTRY_FLAGS 0x63ULL
#define ENTRY_ADDR  0x000ffffffffff000ULL

static size_t add_page(struct pagetable *pt)
{
	pt->pages = dump_grow(pt->pages, &pt->capacity, pt->n + 1, sizeof(*pt->pages));
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

int pagetable_map(struct pagetable *pt, uint64_t vaddr, uint64_t paddr)
{
	unsigned int bits = 12 + 9 * pt->levels;
	uint64_t entry = (paddr & ENTRY_ADDR) | ENTRY_FLAGS;
	size_t page = 0, next;

	/* Canonical: the bits above are copies of the highest one that counts. */
	if ((uint64_t)((int64_t)(vaddr << (64 - bits)) >> (64 - bits)) != vaddr || paddr & ~ENTRY_ADDR)
		return -EINVAL;
	for (unsigned int level = pt->levels; level > 1; level--) {
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
	if (pt->pages[page][(vaddr >> 12) & 511] && pt->pages[page][(vaddr >> 12) & 511] != entry)
		return -EEXIST;
	pt->pages[page][(vaddr >> 12) & 511] = entry;
	return 0;
}
