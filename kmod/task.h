/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_TASK_H
#define QCOM_MINIDUMP_TASK_H

#include <linux/types.h>

#include "why.h"

struct task_struct;

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
int qmd_stacks_init(void);
void qmd_stacks_exit(void);

#endif
