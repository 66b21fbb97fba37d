/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory as dumps have it: in pages, little-endian. */
#ifndef PAGE_H
#define PAGE_H

#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "qcmdump reads and writes little-endian dumps in place: build it on a little-endian machine"
#endif

#define DUMP_PAGE 4096ULL

static inline uint64_t page_down(uint64_t addr)
{
	return addr & ~(DUMP_PAGE - 1);
}

/* The caller knows that addr is not in the last page of the address space. */
static inline uint64_t page_up(uint64_t addr)
{
	return page_down(addr + DUMP_PAGE - 1);
}

#endif
