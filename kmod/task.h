/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_TASK_H
#define QCOM_MINIDUMP_TASK_H

#include <linux/types.h>

#include "why.h"

struct qmd_segment;
struct qmd_spec;
struct task_struct;

/*
 * All stacks are in the table as pieces of this size, so that a task that is wanted by name and runs, too, has no two
 * of different sizes at one address: qdl goes by address and would put all that follows in another place.
 */
#define QMD_STACK_PIECE		min_t(size_t, THREAD_SIZE, PAGE_SIZE)
#define QMD_STACK_PIECES	(THREAD_SIZE / QMD_STACK_PIECE)

/* The task of a region; the references keep its structs from being reused. qmd_kind_current: none, but a CPU. */
struct qmd_task {
	struct task_struct *task;
	struct mm_struct *mm;	/* QCOM_MINIDUMP_TASK_MM */
	u32 cpu;
	u32 pid;
	u64 start_time;
	u32 part;		/* enum qcom_minidump_task_part */
};

int qmd_task_get(struct qmd_task *t, struct qmd_why *why);
void qmd_task_put(struct qmd_task *t);
int qmd_task_range(const struct qmd_task *t, const void **addr, u64 *size, struct qmd_why *why);
int qmd_pieces_of_stack(const struct qmd_spec *spec, struct qmd_segment *segs, u32 max, struct qmd_why *why);
int qmd_stacks_init(void);
void qmd_stacks_exit(void);

#endif
