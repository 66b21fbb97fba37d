/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that was not captured, but follows from what was. */
#ifndef MADE_H
#define MADE_H

#include "lib/strlist.h"

struct made {
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t size;
	char *data;
};

struct made_list {
	struct made *v;
	size_t n;
	size_t capacity;
	struct strlist what; /* in words */
};

/* Zeroed memory for the caller to fill. */
char *made_add(struct made_list *l, uint64_t vaddr, uint64_t paddr, uint64_t size);
/* Where physical memory ends, with this: not before end. */
uint64_t made_end(const struct made_list *l, uint64_t end);
void made_clear(struct made_list *l);

/* Copies what of it lies in a piece of physical memory. */
void made_read(const struct made_list *l, uint64_t paddr, char *buf, size_t size);

#endif
