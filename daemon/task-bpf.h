/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF program that watches tasks: loading it, telling it what to look for, hearing from it. */
#ifndef QCMDD_TASK_BPF_H
#define QCMDD_TASK_BPF_H

#include <stddef.h>
#include <stdint.h>

#include "task.h"

struct task_watcher;
typedef void (*task_event_handler)(const struct task_event *e, void *userdata);

/* pattern in the form of the kernel's matcher; matches all that fnmatch() does, and maybe more. */
void glob_compile(const char *pattern, struct glob *ret);

/* Loads and attaches. On failure *ret_reason is what to tell people, for the caller to free. */
int task_watcher_new(task_event_handler handler, void *userdata, struct task_watcher **ret, char **ret_reason);
struct task_watcher *task_watcher_free(struct task_watcher *w); /* returns NULL */

/*
 * Look for these patterns from now on and forget all tasks that are watched: task_watcher_iterate() has to follow.
 * More patterns than the program can take become one that matches everything.
 */
int task_watcher_set_patterns(struct task_watcher *w, const char *const *patterns, size_t n);

/* Hand all tasks that are there to the handler, as TASK_EVENT_ITER, and watch them. */
int task_watcher_iterate(struct task_watcher *w);

int task_watcher_fd(const struct task_watcher *w);
/* Hand events to the handler: at most one batch. 1: there may be more. */
int task_watcher_dispatch(struct task_watcher *w);
/* Throw away all events that are there. */
void task_watcher_discard(struct task_watcher *w);

struct task_watcher_counters {
	uint64_t sent;
	uint64_t lost;	    /* the ring was full */
	uint64_t unwatched; /* the map of watched tasks was full */
};
void task_watcher_counters(const struct task_watcher *w, struct task_watcher_counters *ret);

#endif
