/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF program that finds the sub-buffers of a trace array. */
#ifndef QCMDD_FTRACE_BPF_H
#define QCMDD_FTRACE_BPF_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/ftrace.h"

struct ftrace_walker;

/* What a walk has found, up to the next one. */
struct ftrace_view {
	const struct ftrace_page *pages;
	const struct ftrace_cpu *cpus;
	size_t n_pages;
	size_t n_cpus;
	bool is_reserved; /* the sub-buffers lie in memory that was reserved at boot */
};

/* On failure *ret_reason is what to tell people, for the caller to free. */
int ftrace_walker_new(struct ftrace_walker **ret, char **ret_reason);
struct ftrace_walker *ftrace_walker_free(struct ftrace_walker *w); /* returns NULL */

/* Number of CPUs that a trace array can have buffers of. */
unsigned int ftrace_walker_cpus(const struct ftrace_walker *w);

/*
 * fd: tracing_on of the array, opened with O_PATH. -EAGAIN: the ring was changing, look again; -E2BIG: it has more
 * sub-buffers than the program can take; -ENOENT: it is no trace array.
 */
int ftrace_walker_walk(struct ftrace_walker *w, int fd, struct ftrace_view *ret);

#endif
