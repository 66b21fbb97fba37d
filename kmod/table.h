/* SPDX-License-Identifier: GPL-2.0-only */
/* The slots. All under qmd.lock. */
#ifndef QCOM_MINIDUMP_TABLE_H
#define QCOM_MINIDUMP_TABLE_H

#include "core.h"
#include "region.h"

/* e_shnum has 16 bits; from SHN_LORESERVE on numbers have a meaning of their own, and two sections are no slots. */
#define QMD_SLOTS_LIMIT	(0xff00 - 2)
/* So many segments leave the table in one lock hold. A stack is never more. */
#define QMD_BATCH	9

/* A slot that is in use. */
struct qmd_slot {
	struct qmd_region *region;
	struct qmd_segment *seg;
};

/*
 * What of a segment is in the table: all of it, from one multiple of the back end's alignment to another. So it stays
 * in the pages that the segment is in.
 */
static inline phys_addr_t qmd_slot_start(const struct qmd_segment *seg)
{
	return ALIGN_DOWN(seg->pa, qmd.limits.align);
}

static inline u64 qmd_slot_va(const struct qmd_segment *seg)
{
	return ALIGN_DOWN(seg->va, qmd.limits.align);
}

static inline u64 qmd_slot_size(const struct qmd_segment *seg)
{
	return ALIGN(seg->pa + seg->size, qmd.limits.align) - qmd_slot_start(seg);
}

static inline u32 qmd_slots_free(void)
{
	return qmd.limits.slots - qmd.n_slots;
}

unsigned long qmd_table_lock(void) __acquires(&qmd.lock);
void qmd_table_unlock(unsigned long flags) __releases(&qmd.lock);
void qmd_table_insert(struct qmd_region *r);
bool qmd_table_replace(struct qmd_region *r, u32 n);
void qmd_table_settle(struct qmd_region *r, unsigned long *flags);

#endif
