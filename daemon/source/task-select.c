// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>

#include "daemon/source/source.h"
#include "daemon/source/task-table.h"
#include "lib/hash.h"

#define USEC_PER_SEC UINT64_C(1000000)

static int add_selector(struct task_selectors *s, const struct policy *policy, const struct policy_section *section)
{
	struct task_selector *grown = reallocarray(s->items, s->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	s->items = grown;
	s->items[s->n++] = (struct task_selector){ .policy = policy, .section = section };
	s->by_state |= section->task.states;
	return 0;
}

/* Those that exclude tasks come first: where there are more patterns of cgroups than fit, these are followed. */
int task_selectors_set(struct task_selectors *s, const struct policy_set *policies)
{
	struct section_cursor c = {};
	struct task_selectors fresh = {};
	const struct policy_section *exclude;
	size_t i = 0, j = 0;
	int r = 0;

	while (r >= 0 && (exclude = policy_next_exclude(policies, &i, &j)))
		if (exclude->task.comms || exclude->task.cgroups)
			r = add_selector(&fresh, NULL, exclude);
	while (r >= 0 && section_next(policies, POLICY_SOURCE_TASK, &c))
		r = add_selector(&fresh, c.policy, c.section);
	if (r < 0) {
		free(fresh.items);
		return r;
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

/* Where the cgroups of tasks are not followed, all of them may be in one that is excluded. */
static bool excludes(const struct task_selector *s, const struct task_event *e)
{
	const struct policy_task *t = &s->section->task;

	return s->section->kind == POLICY_EXCLUDE && (!t->cgroups || !s->cgroups || s->cgroups & e->cgroups) &&
	       has_comm(t->comms, e->comm);
}

const struct policy_section *task_selectors_exclude(const struct task_selectors *s, const struct task *t)
{
	for (size_t i = 0; i < s->n; i++)
		if (excludes(&s->items[i], &t->e))
			return s->items[i].section;
	return NULL;
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
