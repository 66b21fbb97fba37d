/* SPDX-License-Identifier: GPL-2.0-only */
/* The tasks that the source knows of, by thread id. */
#ifndef QCMDD_TASK_TABLE_H
#define QCMDD_TASK_TABLE_H

#include "daemon/source/task-select.h"

#define TASK_TABLE_BUCKETS 4096

struct task {
	struct task *next;
	struct task_event e;
	uint64_t since;		 /* when it was first seen in that state, in microseconds */
	uint64_t born;		 /* when it started, by the same clock */
	uint64_t matched;	 /* task_selectors_hash() when it was looked at last */
	unsigned int generation; /* of the iteration that saw it last */
};

struct task_table {
	struct task *buckets[TASK_TABLE_BUCKETS];
	size_t n;
	unsigned int generation;
	bool changed; /* something that is wanted; for the owner to take note of and clear */
};

struct task *task_table_find(const struct task_table *t, uint32_t pid);
void task_table_remove(struct task_table *t, uint32_t pid);
void task_table_clear(struct task_table *t);

/* What is known of it now. */
void task_table_put(struct task_table *t, const struct task_event *e, const struct task_selectors *s, uint64_t now);

/* Time has gone by: others may match now. */
void task_table_rematch(struct task_table *t, const struct task_selectors *s, uint64_t now);

/* When the next of those that are known matches, as it is old enough; UINT64_MAX: none. */
uint64_t task_table_due(const struct task_table *t, const struct task_selectors *s, uint64_t now);

/* An iteration begins, and has ended: who was not seen is gone. */
void task_table_begin(struct task_table *t);
void task_table_sweep(struct task_table *t);

/* A wanted one is a child of that. */
bool task_table_has_child(const struct task_table *t, uint32_t parent_pid, uint64_t parent_start);

/* All of them, the oldest first; to be freed. NULL: no memory. */
struct task **task_table_by_age(const struct task_table *t);

#endif
