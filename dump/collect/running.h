/* SPDX-License-Identifier: GPL-2.0-only */
/* What each CPU ran, by the tasks among the regions: in the middle of a switch that are two of one CPU. */
#ifndef RUNNING_H
#define RUNNING_H

#include "dump/collect/collect.h"

struct running_task {
	uint32_t cpu;
	int32_t pid;
};

struct running {
	struct running_task *v;
	size_t n;
};

/* running->v, in the order of the CPUs, is to be freed. */
void running_read(struct running *running, const struct collection *c);
/* The next one of this CPU. */
const struct running_task *running_next(const struct running *running, uint32_t cpu, size_t *at);
/* What the CPU ran is not always among the regions. */
bool running_may_be(const struct running *running, uint32_t cpu, int32_t pid, bool if_unknown);

/*
 * The CPU that the i-th note is of, by the PIDs of all: the kernel's notes for kdump are in the order of the CPUs, and
 * of one that was off line there is none. Of those with the same PID, as idle tasks have, the first is of the first CPU
 * that ran it: if there is one for each of them. CPUS_MAX: nobody knows.
 */
size_t running_cpu_of(const struct running *running, const int32_t *pids, size_t n, size_t i);

#endif
