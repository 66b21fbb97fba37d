/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tasks in a trace are called, as its events and the captured tasks say. */
#ifndef TRACECOMM_H
#define TRACECOMM_H

#include "dump/core/tasks.h"
#include "dump/trace/traceformat.h"

struct tracecomm {
	int32_t pid;
	char comm[TASK_COMM_MAX + 1];
	uint64_t ts;
};

struct tracecomms {
	struct tracecomm *v; /* by pid, once they are settled */
	size_t n;
	size_t capacity;
};

void tracecomms_see(struct tracecomms *c, struct tep_event *event, uint64_t ts, const void *data, size_t size);
void tracecomms_see_tasks(struct tracecomms *c, const struct corefile *core);

/* Of several names the last one stays. */
void tracecomms_settle(struct tracecomms *c);
void tracecomms_clear(struct tracecomms *c);

/* "<...>": not known */
const char *tracecomms_find(const struct tracecomms *c, int32_t pid);

#endif
