/* SPDX-License-Identifier: GPL-2.0-only */
/* Of the tasks that are known, the regions that the sections ask for. */
#ifndef QCMDD_TASK_WANT_H
#define QCMDD_TASK_WANT_H

#include "daemon/source/task-table.h"
#include "daemon/table/want.h"

int task_wants_add(const struct task_table *t, const struct task_selectors *s, uint64_t now, struct wants *wants);

#endif
