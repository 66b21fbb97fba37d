// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/journal.h"
#include "daemon/source/task-table.h"

static struct task **bucket(struct task_table *t, uint32_t pid)
{
	return &t->buckets[pid % TASK_TABLE_BUCKETS];
}

struct task *task_table_find(const struct task_table *t, uint32_t pid)
{
	struct task *task = t->buckets[pid % TASK_TABLE_BUCKETS];

	while (task && task->e.pid != pid)
		task = task->next;
	return task;
}

void task_table_remove(struct task_table *t, uint32_t pid)
{
	for (struct task **task = bucket(t, pid); *task; task = &(*task)->next) {
		struct task *gone = *task;

		if (gone->e.pid != pid)
			continue;
		*task = gone->next;
		t->changed |= gone->matched != 0;
		free(gone);
		t->n--;
		return;
	}
}

void task_table_clear(struct task_table *t)
{
	for (size_t i = 0; i < TASK_TABLE_BUCKETS; i++)
		while (t->buckets[i])
			task_table_remove(t, t->buckets[i]->e.pid);
}

static struct task *add_task(struct task_table *t, uint32_t pid)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task) {
		log_oom();
		return NULL;
	}
	task->next = *bucket(t, pid);
	*bucket(t, pid) = task;
	t->n++;
	return task;
}

static bool is_same_task(const struct task_event *a, const struct task_event *b)
{
	return a->task == b->task && a->start == b->start;
}

/* A region of it would be another one, or have another comment. */
static bool looks_different(const struct task_event *a, const struct task_event *b)
{
	return !is_same_task(a, b) || a->mm != b->mm || a->parent_pid != b->parent_pid ||
	       a->parent_start != b->parent_start || strcmp(a->comm, b->comm) != 0;
}

/* Who leaves the CPU by itself and comes back to the same state has not stayed in it. */
static bool has_stayed(const struct task_event *a, const struct task_event *b)
{
	return is_same_task(a, b) && a->state == b->state && a->switches == b->switches;
}

/* The kernel counts from the boot on, in nanoseconds. */
static uint64_t born_at(const struct task_event *e, uint64_t now)
{
	struct timespec boot;
	uint64_t age;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	age = (boot.tv_sec * UINT64_C(1000000000) + boot.tv_nsec - e->start) / 1000;
	return age < now ? now - age : 0;
}

void task_table_put(struct task_table *t, const struct task_event *e, const struct task_selectors *s, uint64_t now)
{
	struct task *task = task_table_find(t, e->pid);
	uint64_t matched;
	bool different;

	if (!task) {
		task = add_task(t, e->pid);
		if (!task)
			return;
	}
	if (!has_stayed(&task->e, e))
		task->since = now;
	if (!is_same_task(&task->e, e))
		task->born = born_at(e, now);
	different = looks_different(&task->e, e);
	task->e = *e;
	matched = task_selectors_hash(s, task, now);
	t->changed |= matched != task->matched || (matched && different);
	task->matched = matched;
	task->generation = t->generation;
}

void task_table_rematch(struct task_table *t, const struct task_selectors *s, uint64_t now)
{
	for (size_t i = 0; i < TASK_TABLE_BUCKETS; i++)
		for (struct task *task = t->buckets[i]; task; task = task->next) {
			uint64_t matched = task_selectors_hash(s, task, now);

			t->changed |= matched != task->matched;
			task->matched = matched;
		}
}

uint64_t task_table_due(const struct task_table *t, const struct task_selectors *s, uint64_t now)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < TASK_TABLE_BUCKETS; i++)
		for (const struct task *task = t->buckets[i]; task; task = task->next) {
			uint64_t at = task_selectors_due(s, task, now);

			if (at < due)
				due = at;
		}
	return due;
}

void task_table_begin(struct task_table *t)
{
	t->generation++;
}

void task_table_sweep(struct task_table *t)
{
	for (size_t i = 0; i < TASK_TABLE_BUCKETS; i++)
		for (struct task *task = t->buckets[i], *next; task; task = next) {
			next = task->next;
			if (task->generation != t->generation)
				task_table_remove(t, task->e.pid);
		}
}

bool task_table_has_child(const struct task_table *t, uint32_t parent_pid, uint64_t parent_start)
{
	for (size_t i = 0; i < TASK_TABLE_BUCKETS; i++)
		for (struct task *task = t->buckets[i]; task; task = task->next)
			if (task->matched && task->e.parent_pid == parent_pid && task->e.parent_start == parent_start)
				return true;
	return false;
}

static int compare_age(const void *a, const void *b)
{
	const struct task *const *x = a, *const *y = b;
	const struct task_event *e = &(*x)->e, *f = &(*y)->e;

	return e->start != f->start ? (e->start > f->start) - (e->start < f->start) :
				      (e->pid > f->pid) - (e->pid < f->pid);
}

struct task **task_table_by_age(const struct task_table *t)
{
	struct task **tasks = calloc(t->n + 1, sizeof(*tasks));
	size_t n = 0;

	if (!tasks)
		return NULL;
	for (size_t i = 0; i < TASK_TABLE_BUCKETS; i++)
		for (struct task *task = t->buckets[i]; task; task = task->next)
			tasks[n++] = task;
	qsort(tasks, n, sizeof(*tasks), compare_age);
	return tasks;
}
