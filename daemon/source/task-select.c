// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>

#include "daemon/source/source.h"
#include "daemon/source/task-table.h"
#include "lib/hash.h"

#define USEC_PER_SEC UINT64_C(1000000)

int task_selectors_set(struct task_selectors *s, const struct policy_set *policies)
{
	struct section_cursor c = {};
	struct task_selectors fresh = {};

	while (section_next(policies, POLICY_SOURCE_TASK, &c)) {
		struct task_selector *grown = reallocarray(fresh.items, fresh.n + 1, sizeof(*grown));

		if (!grown) {
			free(fresh.items);
			return -ENOMEM;
		}
		fresh.items = grown;
		fresh.items[fresh.n++] = (struct task_selector){ .policy = c.policy, .section = c.section };
		fresh.by_state |= c.section->task.states;
	}
	free(s->items);
	*s = fresh;
	return 0;
}

void task_selectors_done(struct task_selectors *s)
{
	free(s->items);
	*s = (struct task_selectors){};
}

static bool has_comm(char *const *globs, const char *comm)
{
	if (!globs)
		return true;
	while (*globs && fnmatch(*globs, comm, 0) != 0)
		globs++;
	return *globs;
}

static bool has_pid(const unsigned int *pids, const struct task_event *e)
{
	if (!pids)
		return true;
	while (*pids && *pids != e->pid && *pids != e->tgid)
		pids++;
	return *pids;
}

static bool is_kind(enum policy_tristate kernel_thread, const struct task_event *e)
{
	return kernel_thread == POLICY_ANY || (kernel_thread == POLICY_YES) == !!(e->flags & TASK_PF_KTHREAD);
}

static bool may_match(const struct task_selector *s, const struct task_event *e)
{
	const struct policy_task *t = &s->section->task;

	return is_kind(t->kernel_thread, e) && (!t->states || t->states & e->state) &&
	       (!t->cgroups || s->cgroups & e->cgroups) && has_pid(t->pids, e) &&
	       policy_users_have(&t->users, e->uid) && has_comm(t->comms, e->comm);
}

static uint64_t age_of(const struct policy_task *p, const struct task_event *e)
{
	return policy_task_age(p, !(e->flags & TASK_PF_FORKNOEXEC)) * USEC_PER_SEC;
}

bool task_selector_matches(const struct task_selector *s, const struct task *t, uint64_t now)
{
	const struct policy_task *p = &s->section->task;

	return may_match(s, &t->e) && now - t->since >= p->state_sec * USEC_PER_SEC &&
	       now - t->born >= age_of(p, &t->e);
}

uint64_t task_selectors_due(const struct task_selectors *s, const struct task *t, uint64_t now)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < s->n; i++) {
		uint64_t at = t->born + age_of(&s->items[i].section->task, &t->e);

		if (at > now && at < due && may_match(&s->items[i], &t->e))
			due = at;
	}
	return due;
}

uint64_t task_selectors_least_age(const struct task_selectors *s)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < s->n; i++) {
		uint64_t age = policy_task_age(&s->items[i].section->task, false) * USEC_PER_SEC;

		if (age && age < least)
			least = age;
	}
	return least;
}

bool task_selectors_may_match(const struct task_selectors *s, const struct task_event *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (may_match(&s->items[i], e))
			return true;
	return false;
}

uint64_t task_selectors_hash(const struct task_selectors *s, const struct task *t, uint64_t now)
{
	uint64_t hash = HASH_START;
	bool found = false;

	for (size_t i = 0; i < s->n; i++) {
		if (!task_selector_matches(&s->items[i], t, now))
			continue;
		hash = hash_add(hash, &i, sizeof(i));
		found = true;
	}
	return found ? hash : 0;
}
