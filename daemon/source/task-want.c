// SPDX-License-Identifier: GPL-2.0-only
/* The parent of each task is wanted too: without it a dump can't say who started the task. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/source/task-want.h"
#include "lib/cleanup.h"
#include "uapi/linux/qcom_minidump_table.h"

static void describe_task(struct want *want, const char *what, const struct task_event *e)
{
	char comm[GLOB_TEXT_SIZE];

	module_copy_text(comm, sizeof(comm), e->comm, sizeof(e->comm));
	snprintf(want->comment, sizeof(want->comment), "%s%s (%u)", what, comm, e->pid);
}

static int want_part(struct wants *wants, const struct want *base, enum region_kind kind, uint64_t address,
		     const struct task_event *e)
{
	struct want want = *base;

	want.key = (struct region_key){ .kind = kind, .pid = e->pid, .start = e->start };
	want.address = address;
	snprintf(want.name, sizeof(want.name), "%s", region_traits[kind].region);
	describe_task(&want, "", e);
	return wants_add(wants, &want);
}

static int want_parent(struct wants *wants, const struct want *base, const struct task_event *e)
{
	struct want want = *base;

	/* The boot CPU's idle task is no task that can be named. */
	if (!e->parent_pid)
		return 0;
	want.key = (struct region_key){ .kind = REGION_TASK, .pid = e->parent_pid, .start = e->parent_start };
	want.rank = WANT_RANK_PARENT;
	snprintf(want.name, sizeof(want.name), MINIDUMP_TASK_NAME);
	describe_task(&want, "parent of ", e);
	return wants_add(wants, &want);
}

static int want_task(struct wants *wants, const struct want *base, const struct task_event *e)
{
	const struct policy_task *t = &base->section->task;
	int r = 0;

	if (policy_task_has(t, QCOM_MINIDUMP_TASK_STRUCT)) {
		r = want_part(wants, base, REGION_TASK, e->task, e);
		if (r >= 0)
			r = want_parent(wants, base, e);
	}
	if (r >= 0 && policy_task_has(t, QCOM_MINIDUMP_TASK_STACK))
		r = want_part(wants, base, REGION_STACK, e->stack, e);
	/* All threads of a process have the same one. */
	if (r >= 0 && policy_task_has(t, QCOM_MINIDUMP_TASK_MM) && e->mm && e->pid == e->tgid)
		r = want_part(wants, base, REGION_MM, e->mm, e);
	return r;
}

/* The more a task matters, the lower: those stay when there is no room for all. */
static uint64_t order_of(const struct policy_task *t, const struct task_event *e)
{
	return t->keep == POLICY_TASK_KEEP_NEWEST ? UINT64_MAX - e->start : e->start;
}

/* How many of each user's tasks a section has. */
struct share {
	unsigned int uid;
	unsigned int n;
};

/* Whether there is room for one more of that user. Root has made the system, and is no stranger to it. */
static bool take_share(struct share *shares, size_t *n, unsigned int uid, unsigned int max)
{
	size_t i = 0;

	if (!max || !uid)
		return true;
	while (i < *n && shares[i].uid != uid)
		i++;
	if (i == *n)
		shares[(*n)++] = (struct share){ .uid = uid };
	return shares[i].n++ < max;
}

/* Of whom it is, or whose parent, it does not matter: a task that is excluded is left out of all of them. */
static void exclude_tasks(const struct task_table *t, const struct task_selectors *s, struct wants *wants, size_t first)
{
	for (size_t i = first; i < wants->n; i++) {
		struct want *want = &wants->items[i];
		const struct task *task = task_table_find(t, want->key.pid);

		if (task && task->e.start == want->key.start)
			want_exclude(want, task_selectors_exclude(s, task));
	}
}

static int want_section(struct task *const *tasks, size_t n_tasks, const struct task_selectors *s,
			const struct task_selector *selector, uint64_t now, struct wants *wants)
{
	const struct policy_task *t = &selector->section->task;
	struct want base = want_of(REGION_TASK, selector->policy, selector->section);
	_cleanup_free_ struct share *shares = calloc(n_tasks + 1, sizeof(*shares));
	size_t n_shares = 0;
	unsigned int n = 0;
	int r;

	if (!shares)
		return -ENOMEM;
	for (size_t i = 0; i < n_tasks && n < t->max_tasks; i++) {
		const struct task *task = tasks[t->keep == POLICY_TASK_KEEP_NEWEST ? n_tasks - 1 - i : i];

		bool excluded = task_selectors_exclude(s, task);

		/* One that is excluded takes nobody's place. */
		if (!task_selector_matches(selector, task, now) ||
		    (!excluded && !take_share(shares, &n_shares, task->e.uid, t->max_per_user)))
			continue;
		base.order = order_of(t, &task->e);
		r = want_task(wants, &base, &task->e);
		if (r < 0)
			return r;
		n += !excluded;
	}
	return 0;
}

int task_wants_add(const struct task_table *t, const struct task_selectors *s, uint64_t now, struct wants *wants)
{
	_cleanup_free_ struct task **tasks = task_table_by_age(t);
	size_t first = wants->n;
	int r = tasks ? 0 : -ENOMEM;

	for (size_t i = 0; i < s->n && r >= 0; i++)
		if (s->items[i].section->kind == POLICY_SOURCE_TASK)
			r = want_section(tasks, t->n, s, &s->items[i], now, wants);
	if (r >= 0)
		exclude_tasks(t, s, wants, first);
	return r;
}
