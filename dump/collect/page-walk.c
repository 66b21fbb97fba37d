// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/collect/page-walk.h"

#define ENTRY_PRESENT	 1ULL
#define ENTRY_LARGE_X86	 0x80ULL
#define ENTRY_TABLE_ARM	 2ULL /* not set: a block */
#define ENTRY_ADDR_X86	 0x000ffffffffff000ULL
#define ENTRY_ADDR_ARM64 0x0000fffffffff000ULL

/* arm64 with pages of 4 KiB has a level for each nine bits of its addresses. */
static unsigned int levels_of(const struct collection *c)
{
	uint64_t l5 = 0, bits = 48;

	if (c->kmap.machine == EM_X86_64) {
		kv_number(&c->vmcoreinfo, "pgtable_l5_enabled", &l5);
		return l5 ? 5 : 4;
	}
	kv_number(&c->vmcoreinfo, "VA_BITS", &bits);
	return bits == 39 ? 3 : bits == 48 ? 4 : 0;
}

bool page_walk_start(struct page_walk *w, const struct collection *c)
{
	uint64_t top;

	if (!c->kmap.has_image || kv_symbol(&c->vmcoreinfo, "swapper_pg_dir", &top) < 0)
		return false;
	w->c = c;
	w->top = top - c->kmap.image_offset;
	w->levels = levels_of(c);
	w->page = 0;
	return w->levels;
}

static bool is_large(const struct page_walk *w, uint64_t entry)
{
	return w->c->kmap.machine == EM_X86_64 ? entry & ENTRY_LARGE_X86 : !(entry & ENTRY_TABLE_ARM);
}

static bool find(const struct page_walk *w, uint64_t vaddr, uint64_t *paddr)
{
	uint64_t table = w->top, mask = w->c->kmap.machine == EM_X86_64 ? ENTRY_ADDR_X86 : ENTRY_ADDR_ARM64, entry;

	for (unsigned int level = w->levels; level; level--) {
		unsigned int shift = 12 + 9 * (level - 1);

		if (image_read(&w->c->img, table + ((vaddr >> shift) & 511) * sizeof(entry), &entry, sizeof(entry)) <
			    0 ||
		    !(entry & ENTRY_PRESENT))
			return false;
		table = entry & mask;
		if (level > 1 && level < 4 && is_large(w, entry)) {
			uint64_t inside = (1ULL << shift) - 1;

			*paddr = (table & ~inside) | (vaddr & inside);
			return true;
		}
	}
	*paddr = table | vaddr % DUMP_PAGE;
	return true;
}

bool page_walk_read(struct page_walk *w, uint64_t vaddr, void *buf, size_t size)
{
	for (size_t done = 0, n; done < size; done += n, vaddr += n) {
		uint64_t page = page_down(vaddr), paddr;

		n = DUMP_PAGE - vaddr % DUMP_PAGE;
		if (n > size - done)
			n = size - done;
		if (page != w->page) {
			w->page = 0;
			if (!find(w, page, &paddr) || image_read(&w->c->img, paddr, w->data, sizeof(w->data)) < 0)
				return false;
			w->page = page;
		}
		memcpy((char *)buf + done, w->data + vaddr % DUMP_PAGE, n);
	}
	return true;
}
