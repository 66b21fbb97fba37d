/* SPDX-License-Identifier: GPL-2.0-only */
/* The kinds of regions, and all that tells one from another: nothing else asks of what kind a region is. */
#ifndef QCMDD_KIND_H
#define QCMDD_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/table/module-netlink.h"

enum region_kind {
	REGION_NOTE,
	REGION_OBJECT,
	REGION_TASK,
	REGION_STACK,
	REGION_MM,	/* of the same task: its struct mm_struct */
	REGION_CURRENT, /* the task that a CPU runs */
	REGION_CURRENT_STACK,
	REGION_SYMBOL,	  /* a variable, or what it leads to */
	REGION_MAP,	  /* memory of a BPF map */
	REGION_TRACE_CPU, /* of a trace array, what can't be held: struct ring_buffer_per_cpu, or its reserved memory */
	REGION_TRACE,	  /* sub-buffers of a trace array: held, since the ring frees and swaps them */
	_REGION_KIND_MAX,
};

enum want_rank { /* within one priority, the lower one goes first */
		 WANT_RANK_OBJECT,
		 WANT_RANK_CURRENT,
		 WANT_RANK_TASK,
		 WANT_RANK_PARENT,
		 WANT_RANK_SYMBOL,
		 WANT_RANK_TRACE,
};

struct want;
struct note;

struct region_traits {
	uint8_t tag;	    /* its number in tags: never another one, and never that of another kind */
	const char *name;   /* for people, see org.qcmd1(5) */
	const char *region; /* what its regions are called, if all are called the same */
	uint32_t part;	    /* enum qcom_minidump_task_part; 0: it is not of a task */
	enum want_rank rank;
	bool current;  /* of the task that a CPU runs */
	bool note;     /* a text of ours, which is sent instead of a place */
	bool object;   /* of the kernel itself, and its name says what it is */
	bool range;    /* the source knows where it is and how large */
	bool movable;  /* it can be moved without being absent */
	bool held;     /* held, looked at again, then activated; old ones leave when new ones are there */
	bool fleeting; /* that it goes by itself is no news */
	bool quiet;    /* that it comes and goes is of interest to nobody */
	int absent;    /* errno of the module: there is no such thing, which is no failure. 0: if it is optional */
	int early;     /* errno of the module that may be over when something else changes */
	int gone;      /* errno of the module by which the source learns that it has seen less than the module */
	const char *replaced; /* why it is removed if something else has its place */
	/* Names it to the module; a note is what the key says, or an empty one. */
	void (*fill)(const struct want *want, const struct note *note, struct module_request *q);
};

extern const struct region_traits region_traits[_REGION_KIND_MAX];

/* Of a region that the module has, by what it says itself: the name of that kind, and of its state. */
const char *region_kind_to_string(const struct module_region *region);
const char *region_state_to_string(uint32_t state);
/* Named by task. */
bool region_kind_is_task(enum region_kind kind);

#endif
