/* SPDX-License-Identifier: GPL-2.0-only */
/* One trace array that is followed: setting it up, and walks over its ring. */
#ifndef QCMDD_FTRACE_ARRAY_H
#define QCMDD_FTRACE_ARRAY_H

#include <stdbool.h>

#include "daemon/policy/policy.h"
#include "daemon/source/ftrace-bpf.h"

/* Sub-buffers of one CPU that lie one after the other. */
struct ftrace_run {
	uint64_t address;
	uint64_t size;
	uint32_t cpu;
	uint32_t n;
};

struct ftrace_array {
	char *instance; /* NULL: the top-level one */
	char *settings; /* as they were set up; NULL: never */
	bool created;	/* by us */
	bool wanted;
	bool sure;     /* the last walk was whole */
	int error;     /* of it; 0 or negative errno */
	char *problem; /* what could not be set up */
	char *error_text;
	struct ftrace_run *runs;
	size_t n_runs;
	bool is_reserved; /* the memory of the runs, at boot: it can't be held */
	struct ftrace_cpu *cpus;
	size_t n_cpus;
	uint32_t subbuf_size;
};

/* For people. */
const char *ftrace_array_name(const struct ftrace_array *a);
/* Ask the kernel what it has. True: something is different. */
bool ftrace_array_look(struct ftrace_array *a, struct ftrace_walker *walker);
/* An instance that is there is followed as it is: somebody has made it so. Only another policy changes it. */
void ftrace_array_set_up(struct ftrace_array *a, const struct policy_ftrace *f);
/* What was made for a policy goes with it; with the instance go its events. */
void ftrace_array_retire(struct ftrace_array *a);
void ftrace_array_done(struct ftrace_array *a);

#endif
