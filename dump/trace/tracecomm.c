// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/trace/tracecomm.h"

static void add(struct tracecomms *c, int32_t pid, uint64_t ts, const char *comm)
{
	struct tracecomm *new;

	c->v = xgrow(c->v, &c->capacity, c->n + 1, sizeof(*c->v));
	new = &c->v[c->n++];
	*new = (struct tracecomm){ .pid = pid, .ts = ts };
	strcpy(new->comm, pid ? comm : "<idle>");
}

void tracecomms_see(struct tracecomms *c, struct tep_event *event, uint64_t ts, const void *data, size_t size)
{
	/* As sched_switch, sched_wakeup, sched_process_exec and others call them */
	static const char *const names[][2] = {
		{ "comm", "pid" }, { "prev_comm", "prev_pid" }, { "next_comm", "next_pid" }, { "newcomm", "pid" }
	};
	char comm[TASK_COMM_MAX + 1];
	int32_t pid;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (traceformat_comm(event, names[i][0], data, size, comm) &&
		    traceformat_s32(event, names[i][1], data, size, &pid))
			add(c, pid, ts, comm);
}

void tracecomms_see_tasks(struct tracecomms *c, const struct corefile *core)
{
	struct task_list tasks;
	struct derr err;

	if (tasks_read(core, &tasks, &err) == 0)
		for (size_t i = 0; i < tasks.n; i++)
			add(c, tasks.v[i].pid, UINT64_MAX, tasks.v[i].comm);
	tasks_clear(&tasks);
}

static int cmp_pid(const void *a, const void *b)
{
	const struct tracecomm *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int cmp(const void *a, const void *b)
{
	const struct tracecomm *x = a, *y = b;

	if (x->pid != y->pid)
		return cmp_pid(a, b);
	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return strcmp(x->comm, y->comm);
}

void tracecomms_settle(struct tracecomms *c)
{
	size_t n = 0;

	if (!c->n)
		return;
	qsort(c->v, c->n, sizeof(*c->v), cmp);
	for (size_t i = 0; i < c->n; i++)
		if (i + 1 == c->n || c->v[i + 1].pid != c->v[i].pid)
			c->v[n++] = c->v[i];
	c->n = n;
}

void tracecomms_clear(struct tracecomms *c)
{
	free(c->v);
	*c = (struct tracecomms){ 0 };
}

const char *tracecomms_find(const struct tracecomms *c, int32_t pid)
{
	struct tracecomm key = { .pid = pid };
	const struct tracecomm *found = c->n ? bsearch(&key, c->v, c->n, sizeof(key), cmp_pid) : NULL;

	return found ? found->comm : pid ? "<...>" : "<idle>";
}
