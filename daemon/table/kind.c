// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "daemon/table/want.h"
#include "lib/cleanup.h"
#include "uapi/linux/qcom_minidump_table.h"

static void fill_note(const struct want *want, const struct note *note, struct module_request *q)
{
	q->note = note->text;
	q->note_size = note->size;
	q->note_type = note->type;
}

static void fill_task(const struct want *want, const struct note *note, struct module_request *q)
{
	q->pid = want->key.pid;
	q->start_time = want->key.start;
	q->part = region_traits[want->key.kind].part;
}

static void fill_current(const struct want *want, const struct note *note, struct module_request *q)
{
	q->cpu = want->key.cpu;
	q->part = region_traits[want->key.kind].part;
}

static void fill_range(const struct want *want, const struct note *note, struct module_request *q)
{
	q->address = want->address;
	q->size = want->size;
	q->map_fd = want->map_fd;
}

/* The module finds what it can; where the rest is the source knows. */
static void fill_object(const struct want *want, const struct note *note, struct module_request *q)
{
	if (want->address)
		fill_range(want, note, q);
	else
		q->object = want->key.what;
}

static void fill_trace(const struct want *want, const struct note *note, struct module_request *q)
{
	q->address = want->key.address;
	q->size = want->key.size;
}

#define OF_TASK                                                                  \
	.rank = WANT_RANK_TASK, .quiet = true, .absent = -ESRCH, .gone = -ESRCH, \
	.replaced = "another task has taken its place", .fill = fill_task
#define OF_CPU                                                                                             \
	.rank = WANT_RANK_CURRENT, .current = true, .fleeting = true, .absent = -ENODEV, .early = -ENODEV, \
	.fill = fill_current

const struct region_traits region_traits[_REGION_KIND_MAX] = {
	[REGION_NOTE] = { 1, "note", .note = true, .fill = fill_note },
	[REGION_OBJECT] = { 2, "object", .rank = WANT_RANK_OBJECT, .object = true, .replaced = "it is elsewhere now",
			    .fill = fill_object },
	[REGION_TASK] = { 3, "task", MINIDUMP_TASK_NAME, QCOM_MINIDUMP_TASK_STRUCT, OF_TASK },
	[REGION_STACK] = { 4, "stack", MINIDUMP_STACK_NAME, QCOM_MINIDUMP_TASK_STACK, .fleeting = true, OF_TASK },
	[REGION_MM] = { 5, "mm", MINIDUMP_MM_NAME, QCOM_MINIDUMP_TASK_MM, OF_TASK },
	[REGION_CURRENT] = { 6, "current task", MINIDUMP_TASK_NAME, QCOM_MINIDUMP_TASK_STRUCT, OF_CPU },
	[REGION_CURRENT_STACK] = { 7, "current stack", MINIDUMP_STACK_NAME, QCOM_MINIDUMP_TASK_STACK, OF_CPU },
	[REGION_SYMBOL] = { 8, "symbol", .rank = WANT_RANK_SYMBOL, .range = true, .movable = true, .early = -EAGAIN,
			    .replaced = "it can't be moved, and is added anew", .fill = fill_range },
	[REGION_MAP] = { 9, "map", .rank = WANT_RANK_SYMBOL, .range = true, .early = -EAGAIN,
			 .replaced = "it is another map now", .fill = fill_range },
	[REGION_TRACE_CPU] = { 10, "trace", .rank = WANT_RANK_TRACE, .quiet = true, .fill = fill_trace },
	[REGION_TRACE] = { 11, "trace", .rank = WANT_RANK_TRACE, .quiet = true, .held = true, .gone = -EBUSY,
			   .fill = fill_trace },
};

/* Of a task or of the one that a CPU runs. */
static const char *part_to_string(uint32_t part, bool current)
{
	for (enum region_kind kind = 0; kind < _REGION_KIND_MAX; kind++)
		if (part && region_traits[kind].part == part && region_traits[kind].current == current)
			return region_traits[kind].name;
	/* Of a newer module. */
	return "task";
}

bool region_kind_is_task(enum region_kind kind)
{
	return region_traits[kind].part && !region_traits[kind].current;
}

const char *region_kind_to_string(const struct module_region *r)
{
	if (r->object[0])
		return "object";
	if (r->part)
		return part_to_string(r->part, !r->pid);
	return r->owner && !strcmp(r->name, MINIDUMP_NOTE_NAME) ? "note" : "range";
}

const char *region_state_to_string(uint32_t state)
{
	static const char *const names[] = {
		[QCOM_MINIDUMP_REGION_ACTIVE] = "active",
		[QCOM_MINIDUMP_REGION_PENDING] = "pending",
		[QCOM_MINIDUMP_REGION_REJECTED] = "rejected",
		[QCOM_MINIDUMP_REGION_HELD] = "held",
	};

	return state < ARRAY_LEN(names) && names[state] ? names[state] : "failed";
}
