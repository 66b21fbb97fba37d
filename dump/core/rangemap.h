/* SPDX-License-Identifier: GPL-2.0-only */
/* Which addresses are where in a file: used for memory images (physical) and for cores (virtual and physical). */
#ifndef RANGEMAP_H
#define RANGEMAP_H

#include <stdbool.h>
#include <stdint.h>

/* Above what any machine addresses, and far enough from the end of 64 bits to need no thought of it. */
#define PADDR_LIMIT (1ULL << 56)

struct range {
	uint64_t start;
	uint64_t size;
	uint64_t offset;
	uint64_t run_end; /* end of the addresses without a gap that this range is in, set by rangemap_finish() */
};

struct rangemap {
	struct range *v;
	size_t n;
	size_t capacity;
};

/* Ignores what is empty or wraps around the end of the address space. */
void rangemap_add(struct rangemap *m, uint64_t start, uint64_t size, uint64_t offset);

/* To be called once after the last add: sorts, and where ranges overlap keeps one. */
void rangemap_finish(struct rangemap *m);

void rangemap_copy(struct rangemap *to, const struct rangemap *from);
void rangemap_clear(struct rangemap *m);

uint64_t rangemap_total(const struct rangemap *m);
uint64_t rangemap_end(const struct rangemap *m);
/* The first that ends behind addr, or n; the one with addr in it, or NULL. */
size_t rangemap_behind(const struct rangemap *m, uint64_t addr);
const struct range *rangemap_find(const struct rangemap *m, uint64_t addr);

/* How many bytes from addr on are there without a gap. */
uint64_t rangemap_contiguous(const struct rangemap *m, uint64_t addr);
bool rangemap_covers(const struct rangemap *m, uint64_t addr, uint64_t size);

/* Reads all the bytes at an offset, as pread_full() does. */
typedef int (*rangemap_read_fn)(void *arg, void *buf, size_t size, uint64_t offset);

/* 0; -EFAULT: not all of it is in the map; -EIO and others: the file could not be read. */
int rangemap_read_by(const struct rangemap *m, rangemap_read_fn fn, void *arg, uint64_t addr, void *buf, size_t size);
int rangemap_read(const struct rangemap *m, int fd, uint64_t addr, void *buf, size_t size);

#endif
