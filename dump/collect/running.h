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

/* running->v is to be freed. */
void running_read(struct running *running, const struct collection *c);
/* The next one of this CPU. */
const struct running_task *running_next(const struct running *running, uint32_t cpu, size_t *at);
/* What the CPU ran is not always among the regions. */
bool running_may_be(const struct running *running, uint32_t cpu, int32_t pid, bool if_unknown);

#endif
