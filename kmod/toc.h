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
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>

#include <linux/qcom_minidump_table.h>

#include "backend.h"

/**
 * struct qmd_toc - where the table is
 * @head: what firmware says of the whole, as at the start of struct minidump_global_toc
 * @ss: of this subsystem, as in struct minidump_subsystem
 * @base: two words, the low one first, for the address of @regions
 * @regions: the slots, in RAM and physically contiguous
 *
 * All but @regions are registers, or memory as good as that. A back end whose table nobody reads has only those, and
 * something of its own instead of the first three functions here.
 */
struct qmd_toc {
	void __iomem *head;
	void __iomem *ss;
	void __iomem *base;
	struct minidump_region *regions;
};

#define QMD_TOC_HEAD(toc, field)	((toc)->head + offsetof(struct minidump_global_toc, field))
#define QMD_TOC_SS(toc, field)		((toc)->ss + offsetof(struct minidump_subsystem, field))

/*
 * writel() keeps the stores before it, so that the count never covers a slot that is not in memory yet. The barrier is
 * for those that follow.
 */
static inline void qmd_toc_store(void __iomem *at, u32 value)
{
	writel(value, at);
	dma_wmb();
}

/* An empty table. With @encrypt firmware is asked to encrypt what it saves. */
static inline void qmd_toc_open(struct qmd_toc *toc, bool encrypt)
{
	u64 base = virt_to_phys(toc->regions);

	qmd_toc_store(QMD_TOC_SS(toc, status), 0);
	qmd_toc_store(QMD_TOC_SS(toc, region_count), 0);
	qmd_toc_store(toc->base, lower_32_bits(base));
	qmd_toc_store(toc->base + sizeof(u32), upper_32_bits(base));
	qmd_toc_store(QMD_TOC_SS(toc, encryption_status), encrypt ? MINIDUMP_SS_ENCR_NONE : MINIDUMP_SS_ENCR_DONE);
	qmd_toc_store(QMD_TOC_SS(toc, encryption_required), encrypt ? MINIDUMP_SS_ENCR_REQ : MINIDUMP_SS_ENCR_NOTREQ);
	qmd_toc_store(QMD_TOC_SS(toc, enabled), MINIDUMP_SS_ENABLED);
	qmd_toc_store(QMD_TOC_SS(toc, status), 1);
}

/* No table any more: all zero, as a subsystem that never set one up. */
static inline void qmd_toc_close(void *priv)
{
	const struct qmd_toc *toc = priv;

	qmd_toc_store(QMD_TOC_SS(toc, status), 0);
	qmd_toc_store(QMD_TOC_SS(toc, region_count), 0);
	qmd_toc_store(QMD_TOC_SS(toc, enabled), 0);
	qmd_toc_store(QMD_TOC_SS(toc, encryption_status), 0);
	qmd_toc_store(QMD_TOC_SS(toc, encryption_required), 0);
	qmd_toc_store(toc->base, 0);
	qmd_toc_store(toc->base + sizeof(u32), 0);
	/* The array's memory becomes somebody else's only when they are there. */
	readl(QMD_TOC_SS(toc, status));
}

static inline void qmd_toc_publish(void *priv, u32 count)
{
	const struct qmd_toc *toc = priv;

	qmd_toc_store(QMD_TOC_SS(toc, region_count), count);
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
	memcpy(r->name, data->name, sizeof(r->name));
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

#define QMD_TOC_SLOT_OPS \
	.write_slot = qmd_toc_write_slot, \
	.move_slot = qmd_toc_move_slot, \
	.slot_address = qmd_toc_slot_address, \
	.clear_slot = qmd_toc_clear_slot, \
	.publish = qmd_toc_publish

#endif
