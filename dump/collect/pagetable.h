/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86_64 page tables that map just what is in the dump. The kernel's own are not captured, and some readers
 * (makedumpfile) start by walking them.
 */
#ifndef PAGETABLE_H
#define PAGETABLE_H

#include <stddef.h>

#include "lib/size.h"

/* 64 MiB of tables: enough for any dump that anybody made, and a bound for one that nobody did. */
#define PAGETABLE_PAGES_MAX 16384

struct pagetable {
	uint64_t (*pages)[512]; /* 0 is the top */
	size_t n;
	size_t capacity;
	unsigned int levels;
	uint64_t top;  /* physical address of page 0 */
	uint64_t rest; /* physical address of page 1, the others follow */
};

void pagetable_init(struct pagetable *pt, unsigned int levels, uint64_t top, uint64_t rest);
void pagetable_clear(struct pagetable *pt);

/*
 * Maps a page. 0; -EEXIST: something else is mapped there; -EINVAL: no such virtual address with these levels;
 * -E2BIG: too many tables.
 */
int pagetable_map(struct pagetable *pt, uint64_t vaddr, uint64_t paddr);

/* Nothing will be mapped there: not present, which pagetable_fill() leaves as it is. As pagetable_map() returns. */
int pagetable_leave_out(struct pagetable *pt, uint64_t vaddr);

/* Maps what is not mapped yet, from one address to another, to the same PAGETABLE_LARGE bytes; all aligned to that. */
#define PAGETABLE_LARGE (2 * MIB)
int pagetable_fill(struct pagetable *pt, uint64_t from, uint64_t to, uint64_t paddr);

#endif
