/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What only the kernel of the machine can have made, and no process in it, whatever it writes into its own memory: by
 * this a forged table is told from the true one.
 *
 * Of a vmcore that is its own VMCOREINFO, which kdump or the hypervisor put there. Of any x86_64 machine it is the top
 * page table that starts other CPUs: it has the kernel's half of swapper_pg_dir, and lies in the first MiB, of which
 * Linux gives nobody anything. How many levels it has its own entries say. In the kernel image to which it leads, a
 * variable leads to VMCOREINFO, and that to the table, as in a vmcore (toc-kernel.h).
 */
#ifndef TOC_PROOF_H
#define TOC_PROOF_H

#include "dump/collect/toc.h"

#define PROOF_ROOTS_MAX 16
#define PROOF_MAPS_MAX	17

/* Where in the kernel image that one root leads to pointers to whole pages lead, under one memory map. */
struct page_pointers {
	uint64_t key, root;
	uint64_t *to;
	size_t n, capacity;
};

/* A table to which the kernel itself leads, under one memory map */
struct kernel_table {
	uint64_t key, header;
};

struct proof {
	bool looked;
	struct kv vmcoreinfo; /* the source's own; none: text is NULL */
	uint64_t roots[PROOF_ROOTS_MAX];
	size_t n_roots;
	struct page_pointers pointers[PROOF_MAPS_MAX * PROOF_ROOTS_MAX];
	size_t n_pointers;
	unsigned int walks;
	struct kernel_table tables[PROOF_MAPS_MAX * PROOF_ROOTS_MAX];
	size_t n_tables;
};

/*
 * Sets toc->proven, up to that number, and toc->contradicted. img has the map under which the table was read; p is kept
 * for the next. v: its VMCOREINFO, or NULL
 */
#define TOC_PROVEN_MAX 3
void toc_prove(struct proof *p, const struct image *img, struct toc *toc, const struct kv *v);
/* false: no table can be proven under this map. */
bool proof_possible(struct proof *p, const struct image *img);
/*
 * Finds tables to which the kernel leads under the map that img has: those can be proven to the end, others cannot.
 * From where on in p->tables the new ones are.
 */
size_t proof_find_tables(struct proof *p, const struct image *img);
/* How far the table can be proven at most, if that is so. */
unsigned int proof_limit(const struct proof *p, const struct image *img, const struct toc *toc);
void proof_clear(struct proof *p);

#endif
