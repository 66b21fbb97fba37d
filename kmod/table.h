/* SPDX-License-Identifier: GPL-2.0-only */
/* The slots. All under qmd.lock. */
#ifndef QCOM_MINIDUMP_TABLE_H
#define QCOM_MINIDUMP_TABLE_H

#include "region.h"

/* A slot that is in use. */
struct qmd_slot {
	struct qmd_region *region;
	struct qmd_segment *seg;
	u64 offset;		/* in the file that concatenating all slots gives */
};

u32 qmd_slots_free(void);
u64 qmd_slot_size(const struct qmd_segment *seg);
void qmd_table_insert(struct qmd_region *r);
void qmd_table_remove(struct qmd_region *r);
bool qmd_table_replace(struct qmd_region *r, struct qmd_segment *segs, u32 n);

#endif
