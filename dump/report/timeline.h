/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a trace as a picture needs it: who ran on which CPU from when to when, and what else happened. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "dump/trace/trace.h"
#include "dump/trace/tracebuf.h"

#define TIMELINE_EVENTS_MAX 2000
#define TIMELINE_TEXT_MAX   256

/* A CPU, and what is known of it up to the event at hand */
struct timeline_lane {
	bool seen;
	bool running; /* pid, since then */
	int32_t pid;
	uint64_t since;
	uint64_t last; /* event */
};

/* A stretch of a CPU's time that one task had */
struct timeline_run {
	unsigned int cpu;
	int32_t pid; /* 0: idle */
	uint64_t from;
	uint64_t to;
};

struct timeline_event {
	uint64_t ts;
	unsigned int cpu;
	int32_t pid;
	int64_t lost; /* as in struct trace_event */
	bool has_switch;
	char *name;
	char *text; /* cut to TIMELINE_TEXT_MAX bytes */
};

struct timeline {
	int array; /* the one that knows who ran last; -1: none */
	uint64_t from;
	uint64_t to;
	bool shortened;		     /* by TIMELINE_EVENTS_MAX */
	struct timeline_lane *lanes; /* CPUS_MAX of them */
	size_t n_lanes;		     /* seen */
	struct timeline_run *runs;   /* of a CPU in the order of time, the CPUs mixed */
	size_t n_runs, runs_capacity;
	struct timeline_event *events;
	size_t n_events, events_capacity;
};

/* Only of an array that counts nanoseconds and has sched_switch. */
void timeline_read(struct timeline *t, struct trace *trace);
void timeline_clear(struct timeline *t);

#endif
