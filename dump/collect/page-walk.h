/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of an image by the kernel's virtual addresses, as its own page tables have them. */
#ifndef PAGE_WALK_H
#define PAGE_WALK_H

#include "dump/collect/collect.h"
#include "dump/core/page.h"

struct page_walk {
	const struct collection *c;
	uint64_t top; /* physical address of the first table */
	unsigned int levels;
	uint64_t page; /* virtual address of what is in data; 0: nothing is */
	char data[DUMP_PAGE];
};

/* False: it is not known where they are. */
bool page_walk_start(struct page_walk *w, const struct collection *c);
bool page_walk_read(struct page_walk *w, uint64_t vaddr, void *buf, size_t size);

#endif
