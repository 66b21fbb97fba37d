/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF program that watches tasks: loading it, telling it what to look for, hearing from it. */
#ifndef QCMDD_TASK_BPF_H
#define QCMDD_TASK_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policy/policy.h"
#include "bpf/task.h"

struct task_watcher;
/* A TASK_EVENT_CGROUP has nothing but its kind: a cgroup that is asked about has come. */
typedef void (*task_event_handler)(const struct task_event *e, void *userdata);

/* pattern in the form of the kernel's matcher; matches all that fnmatch() does, and maybe more. */
void glob_compile(const char *pattern, struct glob *ret);

/* Loads and attaches. On failure *ret_reason is what to tell people, for the caller to free. */
int task_watcher_new(task_event_handler handler, void *userdata, struct task_watcher **ret, char **ret_reason);
struct task_watcher *task_watcher_free(struct task_watcher *w); /* returns NULL */

/*
 * Look for these tasks from now on and forget all that are watched: task_watcher_iterate() has to follow. More than
 * the program can take become everything. -EOPNOTSUPP: there is a Cgroup=, and no unified hierarchy of cgroups;
 * -E2BIG: there are too many different Cgroup=. All the rest is looked for then.
 */
int task_watcher_set_selectors(struct task_watcher *w, const struct policy_task *const *selectors, size_t n);

/* Of the Cgroup= of a selector: what task_event.cgroups has one of; 0: none is known. */
uint64_t task_watcher_cgroups(const struct task_watcher *w, const struct policy_task *selector);

/* What cgroups there are is not known any more. As above. */
int task_watcher_scan_cgroups(struct task_watcher *w);

/* Hand all tasks that are there to the handler, as TASK_EVENT_ITER, and watch them. */
int task_watcher_iterate(struct task_watcher *w);

int task_watcher_fd(const struct task_watcher *w);
/* Hand events to the handler: at most one batch. 1: there may be more. */
int task_watcher_dispatch(struct task_watcher *w);
/*
 * Throw away all events that are there; those of cgroups count all the same. True: some may be ahead of what iterating
 * shows. The kernel tells of a new name just before the task has it, and of an exit before the children have another
 * parent.
 */
bool task_watcher_discard(struct task_watcher *w);

struct task_watcher_counters {
	uint64_t sent;
	uint64_t lost;	    /* the ring was full */
	uint64_t unwatched; /* the map of watched tasks was full */
};
void task_watcher_counters(const struct task_watcher *w, struct task_watcher_counters *ret);

#endif
