/* SPDX-License-Identifier: GPL-2.0-only */
/* What ftrace.bpf.c and the daemon share. */
#ifndef QCMD_BPF_FTRACE_H
#define QCMD_BPF_FTRACE_H

#include <linux/types.h>

#define FTRACE_CPUS_MAX	 1024  /* of the live buffer and the snapshot together */
#define FTRACE_PAGES_MAX 16384 /* sub-buffers of one trace array */

/**
 * struct ftrace_request - which trace array to walk through
 * @fd: tracing_on of the trace array, opened with O_PATH: that takes no reference, so that the array can be removed
 * @n_cpus: possible CPUs
 */
struct ftrace_request {
	__s32 fd;
	__u32 n_cpus;
};

/* A sub-buffer: data of the ring, one page or 2^order of them. */
struct ftrace_page {
	__u64 address;
	__u32 size;
	__u32 cpu;
};

/* A struct ring_buffer_per_cpu. */
struct ftrace_cpu {
	__u64 address;
	__u32 size;
	__u32 cpu;
};

/* All of them, in a map that the daemon reads when the program has returned. */
struct ftrace_found {
	struct ftrace_page pages[FTRACE_PAGES_MAX];
	struct ftrace_cpu cpus[FTRACE_CPUS_MAX];
};

enum ftrace_walk_state {
	FTRACE_WALK_WHOLE,
	FTRACE_WALK_NONE, /* there is no such array, or not of a kind that is known */
	FTRACE_WALK_TORN, /* it changed meanwhile */
	FTRACE_WALK_FULL, /* there is more of it than fits */
};

#endif
