/* SPDX-License-Identifier: GPL-2.0-only */
/* What should be in the table, and which policy says so. */
#ifndef QCMDD_WANT_H
#define QCMDD_WANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/module-netlink.h"
#include "daemon/policy/policy.h"
#include "uapi/linux/qcom_minidump.h"

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

/* The same region over time, whatever its id is. */
struct region_key {
	enum region_kind kind;
	uint32_t pid;				   /* TASK, STACK, MM */
	uint64_t start;				   /* likewise: start_boottime */
	uint32_t cpu;				   /* CURRENT, CURRENT_STACK */
	uint64_t address;			   /* TRACE_CPU, TRACE; SYMBOL, if it is one of many: of a list */
	uint64_t size;				   /* TRACE_CPU, TRACE */
	char object[QCOM_MINIDUMP_OBJECT_MAX + 1]; /* OBJECT; of a NOTE which, as the name of its region */
	char label[QCOM_MINIDUMP_COMMENT_MAX + 1]; /* SYMBOL, MAP: the comment, which says it in full */
};

enum want_rank { /* within one priority, the lower one goes first */
		 WANT_RANK_OBJECT,
		 WANT_RANK_CURRENT,
		 WANT_RANK_TASK,
		 WANT_RANK_PARENT,
		 WANT_RANK_SYMBOL,
		 WANT_RANK_TRACE,
};

#define TRACE_NAME     "KFT" /* of REGION_TRACE: KFT0C1 is of CPU 1 of array 0 */
#define TRACE_CPU_NAME "KFR"

/**
 * struct want - one region that a policy asks for
 * @key: which
 * @name: for the table
 * @comment: for people
 * @address: where it is as far as the source knows, or 0. Another address means another thing under the same key
 * @size: of SYMBOL and MAP
 * @map_fd: of MAP: what keeps its memory while it is added
 * @optional: some kernels don't have it
 * @error: negative errno: the source knows that it can't be had
 * @problem: @error in words
 * @unsure: what was seen before stays, but is no reason to add or to activate anything
 * @policy: NULL for the note, which no policy asks for
 * @section: of @policy
 * @priority: of @policy
 * @rank: enum want_rank
 * @order: within one rank: when it started, or the place in a list
 */
struct want {
	struct region_key key;
	char name[QCOM_MINIDUMP_NAME_MAX + 1];
	char comment[QCOM_MINIDUMP_COMMENT_MAX + 1];
	uint64_t address;
	uint64_t size;
	int map_fd;
	bool optional;
	int error;
	char problem[MODULE_ERROR_MAX];
	bool unsure;
	const struct policy *policy;
	const struct policy_section *section;
	int priority;
	enum want_rank rank;
	uint64_t order;
};

struct wants {
	struct want *items;
	size_t n;
	size_t allocated;
};

/* Beginnings of labels that tell the kinds of regions apart after a restart. */
#define LABEL_ELEMENT "element of "
#define LABEL_MAP     "map "

/* Of enum qcom_minidump_task_part, of a task or of the one that a CPU runs; _REGION_KIND_MAX: a newer module's. */
enum region_kind region_kind_of_part(uint32_t part, bool current);
/* The other way; 0: it is not named by a task. */
uint32_t region_part_of_kind(enum region_kind kind);
/* Named by task: TASK, STACK and MM. */
bool region_key_is_task(const struct region_key *key);
/* Named by address: SYMBOL and MAP. */
bool region_key_is_range(const struct region_key *key);
/* What a CPU runs. */
bool region_key_is_current(const struct region_key *key);
/* Of a policy with DryRun=: to be shown, not to be registered. */
bool want_is_dry(const struct want *want);
int region_key_compare(const struct region_key *a, const struct region_key *b);
/* Which matters more: negative when a does. */
int want_compare(const struct want *a, const struct want *b);

int wants_add(struct wants *w, const struct want *want);
/* Sort by key; of several wants with the same key the one that matters most stays. */
void wants_settle(struct wants *w);
void wants_done(struct wants *w);

#endif
