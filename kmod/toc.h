/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slots of a region array in memory (struct minidump_region[]), for every back end that has one.
 *
 * A crash can come between any two stores, and the reader is not a CPU of this kernel: dma_wmb() keeps the
 * stores in order for it.
 */
#ifndef QCOM_MINIDUMP_TOC_H
#define QCOM_MINIDUMP_TOC_H

#include <linux/compiler.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>

#include <linux/qcom_minidump_table.h>

#include "backend.h"

static inline void minidump_toc_clear(struct minidump_region *r)
{
	WRITE_ONCE(r->valid, cpu_to_le32(MINIDUMP_REGION_INVALID));
	dma_wmb();
}

static inline void minidump_toc_write(struct minidump_region *r, const struct minidump_slot_data *data)
{
	minidump_toc_clear(r);
	strscpy_pad(r->name, data->name, sizeof(r->name));
	r->seq_num = cpu_to_le32(data->seq);
	r->address = cpu_to_le64(data->pa);
	r->size = cpu_to_le64(data->size);
	dma_wmb();
	WRITE_ONCE(r->valid, cpu_to_le32(MINIDUMP_REGION_VALID));
	dma_wmb();
}

/* Never longer than the range that the address belongs to, whichever of the stores was the last one. */
static inline void minidump_toc_move(struct minidump_region *r, phys_addr_t pa, u64 size)
{
	u64 old_size = le64_to_cpu(r->size);

	if (size < old_size) {
		WRITE_ONCE(r->size, cpu_to_le64(size));
		dma_wmb();
	}
	WRITE_ONCE(r->address, cpu_to_le64(pa));
	dma_wmb();
	if (size > old_size) {
		WRITE_ONCE(r->size, cpu_to_le64(size));
		dma_wmb();
	}
}

#endif
