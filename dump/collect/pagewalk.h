/* SPDX-License-Identifier: GPL-2.0-only */
/* The page tables that a kernel made, walked in a memory image: x86_64, and arm64 with pages of 4 KiB. */
#ifndef PAGEWALK_H
#define PAGEWALK_H

#include "dump/core/keyval.h"
#include "dump/core/page.h"
#include "dump/image/image.h"

struct pagewalk {
	uint64_t root;
	unsigned int levels;
	uint16_t machine;
};

/* Where VMCOREINFO says that a symbol of the kernel image is; false: it does not. */
bool kernel_symbol(const struct kv *v, const char *name, uint64_t *vaddr, uint64_t *paddr);

/* swapper_pg_dir of that kernel; false: not known, or tables of a kind that is not read here. */
bool pagewalk_init(struct pagewalk *w, const struct kv *v);

/*
 * The physical address; false: not mapped, or a table is not in the image. size: up to the end of the page, or of what
 * has no table, so that the next address can be asked for.
 */
bool pagewalk(const struct image *img, const struct pagewalk *w, uint64_t vaddr, uint64_t *paddr, uint64_t *size);

/* Memory by virtual address */
struct page_reader {
	const struct image *img;
	struct pagewalk tables;
	uint64_t page; /* virtual address of what is in data; 0: nothing is */
	char data[DUMP_PAGE];
};

/* False: it is not known where the tables are. */
bool page_reader_start(struct page_reader *r, const struct image *img, const struct kv *v);
bool page_reader_read(struct page_reader *r, uint64_t vaddr, void *buf, size_t size);

#endif
