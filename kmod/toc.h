/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of one subsystem and its region array (struct minidump_subsystem, struct minidump_region[]), for every
 * back end that has them, or only the array, in memory. Their priv is a struct qmd_toc.
 *
 * A crash can come between any two stores, and the reader is not a CPU of this kernel: dma_wmb() keeps the
 * stores in order for it.
 */
#ifndef QCOM_MINIDUMP_TOC_H
#define QCOM_MINIDUMP_TOC_H

#include <linux/compiler.h>
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>

#include <linux/qcom_minidump_table.h>

#include "backend.h"

/**
 * struct qmd_toc - where the table is
 * @ss: of this subsystem; may lie in memory of the firmware, mapped write-combining. NULL: it is no memory, and the
 *	back end has something of its own instead of the first three functions here
 * @regions: the slots, in RAM and physically contiguous
 */
struct qmd_toc {
	struct minidump_subsystem *ss;
	struct minidump_region *regions;
};

/* What tells firmware whether to encrypt what it saves. */
static inline u32 qmd_encryption_status(bool encrypt)
{
	return encrypt ? MINIDUMP_SS_ENCR_NONE : MINIDUMP_SS_ENCR_DONE;
}

static inline u32 qmd_encryption_required(bool encrypt)
{
	return encrypt ? MINIDUMP_SS_ENCR_REQ : MINIDUMP_SS_ENCR_NOTREQ;
}

/* An empty table. With @encrypt firmware is asked to encrypt what it saves. */
static inline void qmd_toc_open(struct qmd_toc *toc, bool encrypt)
{
	struct minidump_subsystem *ss = toc->ss;

	WRITE_ONCE(ss->status, 0);
	dma_wmb();
	WRITE_ONCE(ss->region_count, 0);
	WRITE_ONCE(ss->regions_baseptr, cpu_to_le64(virt_to_phys(toc->regions)));
	WRITE_ONCE(ss->encryption_status, cpu_to_le32(qmd_encryption_status(encrypt)));
	WRITE_ONCE(ss->encryption_required, cpu_to_le32(qmd_encryption_required(encrypt)));
	WRITE_ONCE(ss->enabled, cpu_to_le32(MINIDUMP_SS_ENABLED));
	dma_wmb();
	WRITE_ONCE(ss->status, cpu_to_le32(1));
	dma_wmb();
}

/* No table any more: all zero, as a subsystem that never set one up. */
static inline void qmd_toc_close(void *priv)
{
	const struct qmd_toc *toc = priv;
	struct minidump_subsystem *ss = toc->ss;

	WRITE_ONCE(ss->status, 0);
	WRITE_ONCE(ss->region_count, 0);
	dma_wmb();
	WRITE_ONCE(ss->enabled, 0);
	WRITE_ONCE(ss->encryption_status, 0);
	WRITE_ONCE(ss->encryption_required, 0);
	WRITE_ONCE(ss->regions_baseptr, 0);
	dma_wmb();
}

static inline void qmd_toc_publish(void *priv, u32 count)
{
	struct qmd_toc *toc = priv;

	WRITE_ONCE(toc->ss->region_count, cpu_to_le32(count));
	dma_wmb();
}

static inline void qmd_toc_clear_slot(void *priv, u32 slot)
{
	struct qmd_toc *toc = priv;

	WRITE_ONCE(toc->regions[slot].valid, cpu_to_le32(MINIDUMP_REGION_INVALID));
	dma_wmb();
}

static inline void qmd_toc_write_slot(void *priv, u32 slot, const struct qcom_minidump_slot_data *data)
{
	struct qmd_toc *toc = priv;
	struct minidump_region *r = &toc->regions[slot];

	qmd_toc_clear_slot(priv, slot);
	strscpy_pad(r->name, data->name, sizeof(r->name));
	r->seq_num = cpu_to_le32(data->seq);
	r->address = cpu_to_le64(data->pa);
	r->size = cpu_to_le64(data->size);
	dma_wmb();
	WRITE_ONCE(r->valid, cpu_to_le32(MINIDUMP_REGION_VALID));
	dma_wmb();
}

static inline __le64 *qmd_toc_slot_address(void *priv, u32 slot)
{
	struct qmd_toc *toc = priv;

	return &toc->regions[slot].address;
}

/* Never longer than the range that the address belongs to, whichever of the stores was the last one. */
static inline void qmd_toc_move_slot(void *priv, u32 slot, phys_addr_t pa, u64 size)
{
	struct qmd_toc *toc = priv;
	struct minidump_region *r = &toc->regions[slot];
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
