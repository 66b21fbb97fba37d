/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where things go in the ELF core. Memory is laid out by physical pages: each page that has a captured byte is
 * in the file once, its other bytes zero, and pages that follow each other in memory do so in the file. So a reader
 * that runs over the end of a segment finds what is there or zeros, never somebody else's bytes.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "dump/collect/kernel-map.h"
#include "dump/collect/derived.h"
#include "dump/collect/pagetable.h"

/* A PT_LOAD */
struct segment {
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t size;
	int order; /* see layout_build() */
};

struct layout {
	struct segment *segments;
	size_t n_segments;
	size_t capacity;
	struct rangemap gaps;  /* memory that reads as zeros, see layout_build() */
	struct rangemap bytes; /* captured physical bytes; the offset is of no meaning */
	struct rangemap pages; /* physical pages to their place in the file, page tables included */
	struct pagetable tables;
	bool has_tables;
	uint64_t data_offset; /* where the pages start in the file */
	uint64_t data_end;
};

struct layout_options {
	const struct rangemap *ram; /* where the machine had memory */
	const struct made_list *made;
	bool gaps;			 /* what was not captured of ram, and of the area of modules, reads as zeros */
	const struct rangemap *unmapped; /* but for these pages, by virtual address */
};

/*
 * layout_build() decides what the segments are; what it can't do becomes one of the problems. layout_place() gives them
 * their places, once the size of the headers is known.
 */
void layout_build(struct layout *l, const struct toc *toc, const struct kmap *k, const struct kv *vmcoreinfo,
		  const struct layout_options *o, struct strlist *problems);
void layout_place(struct layout *l, uint64_t data_offset);
void layout_clear(struct layout *l);

uint64_t layout_offset(const struct layout *l, uint64_t paddr);

#endif
