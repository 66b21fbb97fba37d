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
	REGION_TRACE_CPU, /* struct ring_buffer_per_cpu of a trace array */
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

/**
 * struct region_traits - a kind of region
 * @tag: its number in tags: never another one, and never that of another kind
 * @name: for people, see org.qcmd1(5)
 * @region: what its regions are called, if all are called the same
 * @part: enum qcom_minidump_task_part; 0: it is not of a task
 * @rank: of wants for it
 * @current: of the task that a CPU runs
 * @note: a text of ours, which is sent instead of a place
 * @object: the module finds it by its name, which says what it is
 * @range: the source knows where it is and how large
 * @movable: it can be moved without being absent
 * @held: its pages are held, then looked at again, then activated; old ones leave when new ones are there
 * @fleeting: that it goes by itself is no news
 * @quiet: that it comes and goes is of interest to nobody
 * @absent: errno of the module: there is no such thing, which is no failure. 0: what is optional may be absent
 * @early: errno of the module that may be over when something else changes
 * @gone: errno of the module by which the source learns that it has seen less than the module
 * @replaced: why it is removed if something else has its place
 * @fill: names it to the module
 */
struct region_traits {
	uint8_t tag;
	const char *name;
	const char *region;
	uint32_t part;
	enum want_rank rank;
	bool current;
	bool note;
	bool object;
	bool range;
	bool movable;
	bool held;
	bool fleeting;
	bool quiet;
	int absent;
	int early;
	int gone;
	const char *replaced;
	void (*fill)(const struct want *want, const struct note *note, struct module_request *q);
};

extern const struct region_traits region_traits[_REGION_KIND_MAX];

/* Of a task or of the one that a CPU runs: the name of that kind. */
const char *region_part_to_string(uint32_t part, bool current);
/* Named by task. */
bool region_kind_is_task(enum region_kind kind);

#endif
