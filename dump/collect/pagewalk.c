// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/collect/kernel-map.h"
#include "dump/collect/pagewalk.h"
#include "dump/core/page.h"

#define ENTRY_PRESENT 0x1ULL
#define ENTRY_ADDR    0x0000fffffffff000ULL
/* x86_64: this entry has no table below it. arm64: this one does, and at the lowest level it is a page. */
#define ENTRY_LARGE_X86_64 0x80ULL
#define ENTRY_TABLE_ARM64  0x2ULL

bool kernel_symbol(const struct kv *v, const char *name, uint64_t *vaddr, uint64_t *paddr)
{
	uint64_t offset;

	if (kv_symbol(v, name, vaddr) < 0)
		return false;
	if (kv_number(v, "phys_base", &offset) == 0)
		*paddr = *vaddr - KERNEL_IMAGE_X86_64 + offset;
	else if (kv_number(v, "kimage_voffset", &offset) == 0)
		*paddr = *vaddr - offset;
	else
		return false;
	return *paddr < PADDR_LIMIT;
}

bool pagewalk_init(struct pagewalk *w, const struct kv *v)
{
	uint64_t vaddr, n;

	*w = (struct pagewalk){ .levels = 4, .machine = EM_X86_64 };
	if (!kernel_symbol(v, "swapper_pg_dir", &vaddr, &w->root) || w->root % DUMP_PAGE)
		return false;
	if (kv_number(v, "phys_base", &n) == 0) {
		if (kv_number(v, "pgtable_l5_enabled", &n) == 0 && n)
			w->levels = 5;
		return true;
	}
	w->machine = EM_AARCH64;
	/* With pages of 4 KiB there is a level for each nine bits of an address. */
	if (kv_number(v, "VA_BITS", &n) < 0 || !kv_get(v, "PAGESIZE") || strcmp(kv_get(v, "PAGESIZE"), "4096"))
		return false;
	w->levels = n == 39 ? 3 : 4;
	return n == 39 || n == 48;
}

static bool is_leaf(const struct pagewalk *w, unsigned int level, uint64_t entry)
{
	if (level == 1)
		return true;
	return w->machine == EM_X86_64 ? entry & ENTRY_LARGE_X86_64 : !(entry & ENTRY_TABLE_ARM64);
}

bool pagewalk(const struct image *img, const struct pagewalk *w, uint64_t vaddr, uint64_t *paddr, uint64_t *size)
{
	uint64_t table = w->root, entry;

	for (unsigned int level = w->levels;; level--) {
		unsigned int shift = 12 + 9 * (level - 1);
		uint64_t span = 1ULL << shift;

		*size = span - vaddr % span;
		if (image_read(img, table + (vaddr >> shift & 511) * sizeof(entry), &entry, sizeof(entry)) < 0 ||
		    !(entry & ENTRY_PRESENT))
			return false;
		table = entry & ENTRY_ADDR;
		if (!is_leaf(w, level, entry))
			continue;
		*paddr = table / span * span + vaddr % span;
		return level <= 3;
	}
}

bool page_reader_start(struct page_reader *r, const struct image *img, const struct kv *v)
{
	r->img = img;
	r->page = 0;
	return pagewalk_init(&r->tables, v);
}

bool page_reader_read(struct page_reader *r, uint64_t vaddr, void *buf, size_t size)
{
	for (size_t done = 0, n; done < size; done += n, vaddr += n) {
		uint64_t page = page_down(vaddr), paddr, rest;

		n = DUMP_PAGE - vaddr % DUMP_PAGE;
		if (n > size - done)
			n = size - done;
		/* The kernel has nothing there, and r->page says so of data. */
		if (!page)
			return false;
		if (page != r->page) {
			r->page = 0;
			if (!pagewalk(r->img, &r->tables, page, &paddr, &rest) ||
			    image_read(r->img, paddr, r->data, sizeof(r->data)) < 0)
				return false;
			r->page = page;
		}
		memcpy((char *)buf + done, r->data + vaddr % DUMP_PAGE, n);
	}
	return true;
}
