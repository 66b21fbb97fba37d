/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace buffers in a dump (regions KFT<array>C<cpu>, KFR<array>C<cpu>), decoded with the formats that travel with
 * them (region KQCMD_TRACE, see qcmd_note.h).
 */
#ifndef TRACE_H
#define TRACE_H

#include "dump/core/corefile.h"
#include "lib/strlist.h"

struct trace;

/* The texts are valid until the next event is asked for, and may hold any byte that the kernel wrote. */
struct trace_event {
	uint64_t ts; /* as the clock of the array counts; nanoseconds for all but a few of them */
	unsigned int array;
	unsigned int cpu;
	int32_t pid;
	const char *comm;   /* of pid; "<...>": not known */
	const char *system; /* "sched" */
	const char *name;   /* "sched_switch" */
	const char *text;   /* its fields, as the event's print format has them */
	int64_t lost;	    /* events that were lost before it; -1: some, nobody counted */
	bool has_switch;    /* a sched_switch: */
	int32_t prev_pid;
	int32_t next_pid;
};

/*
 * -ENODATA: there is no trace in the dump. What could not be read is among the problems. To be closed in any case, and
 * before the core.
 */
int trace_open(struct trace **ret, const struct corefile *core, struct derr *err);
void trace_close(struct trace *t);

/* In the order of time, over all arrays and CPUs. False at the end; trace_rewind() starts again. */
bool trace_next(struct trace *t, struct trace_event *event);
void trace_rewind(struct trace *t);

/* What the task is called in the end, "<...>": not known. Valid until the trace is closed. */
const char *trace_comm(const struct trace *t, int32_t pid);

/* The time of the last event */
uint64_t trace_last(const struct trace *t);

/* The arrays are numbered from 0 on; NULL: there is none with this number. */
unsigned int trace_arrays(const struct trace *t);
const char *trace_array_name(const struct trace *t, unsigned int array);
const char *trace_array_clock(const struct trace *t, unsigned int array);
bool trace_array_in_ns(const struct trace *t, unsigned int array);
const struct strlist *trace_problems(const struct trace *t);

#endif
