/* SPDX-License-Identifier: GPL-2.0-only */
/* The [Task] and [Exclude] sections that are in use, and which tasks they select. */
#ifndef QCMDD_TASK_SELECT_H
#define QCMDD_TASK_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policy/policy.h"
#include "bpf/task.h"

struct task_selector {
	const struct policy *policy;
	const struct policy_section *section;
	uint64_t cgroups; /* task_event.cgroups has one of these; of use only where there is a Cgroup= */
};

struct task_selectors {
	struct task_selector *items;
	size_t n;
	bool by_state; /* of some of them: what no event tells */
};

int task_selectors_set(struct task_selectors *s, const struct policy_set *policies);
void task_selectors_done(struct task_selectors *s);

struct task;

/* now: in microseconds, by the clock of what the task's times are */
bool task_selector_matches(const struct task_selector *s, const struct task *t, uint64_t now);

/* The [Exclude] section that leaves it out, or NULL. */
const struct policy_section *task_selectors_exclude(const struct task_selectors *s, const struct task *t);

/* One does, or will if nothing but time goes by. */
bool task_selectors_may_match(const struct task_selectors *s, const struct task_event *e);

/* A number that is another one when others of them match; 0: none does. */
uint64_t task_selectors_hash(const struct task_selectors *s, const struct task *t, uint64_t now);

/* When the next of them matches it, if it lives; UINT64_MAX: none that does not yet, but for its state. */
uint64_t task_selectors_due(const struct task_selectors *s, const struct task *t, uint64_t now);

/* The least age that one of them asks for, in microseconds; UINT64_MAX: none does. */
uint64_t task_selectors_least_age(const struct task_selectors *s);

#endif
