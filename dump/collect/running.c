// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "dump/collect/running.h"
#include "dump/core/tasks.h"

static int cmp_cpu(const void *a, const void *b)
{
	const struct running_task *x = a, *y = b;

	if (x->cpu != y->cpu)
		return (x->cpu > y->cpu) - (x->cpu < y->cpu);
	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* A task that a policy names and that a CPU runs is there twice. */
static void drop_doubles(struct running *running)
{
	size_t n = 0;

	for (size_t i = 0; i < running->n; i++)
		if (!n || cmp_cpu(&running->v[n - 1], &running->v[i]))
			running->v[n++] = running->v[i];
	running->n = n;
}

void running_read(struct running *running, const struct collection *c)
{
	const struct kv *v = &c->kernel_note;
	struct member pid, on_cpu, thread_info, cpu;
	size_t capacity = 0;

	*running = (struct running){ 0 };
	if (!member_find(v, "task_struct.pid", 4, &pid) || !member_find(v, "task_struct.on_cpu", 4, &on_cpu) ||
	    !member_find(v, "task_struct.thread_info", 0, &thread_info) || !member_find(v, "thread_info.cpu", 4, &cpu))
		return;
	cpu = member_inside(&thread_info, &cpu);
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		const struct region *r = &c->toc.regions[i];
		uint64_t runs, on, task;

		if (strcmp(r->name, MINIDUMP_TASK_NAME) || !collect_member(c, r, &on_cpu, &runs) || !runs ||
		    !collect_member(c, r, &cpu, &on) || !collect_member(c, r, &pid, &task))
			continue;
		running->v = xgrow(running->v, &capacity, running->n + 1, sizeof(*running->v));
		running->v[running->n++] = (struct running_task){ .cpu = on, .pid = task };
	}
	if (running->n)
		qsort(running->v, running->n, sizeof(*running->v), cmp_cpu);
	drop_doubles(running);
}

const struct running_task *running_next(const struct running *running, uint32_t cpu, size_t *at)
{
	while (*at < running->n)
		if (running->v[(*at)++].cpu == cpu)
			return &running->v[*at - 1];
	return NULL;
}

bool running_may_be(const struct running *running, uint32_t cpu, int32_t pid, bool if_unknown)
{
	const struct running_task *t;
	size_t at = 0, n = 0;

	for (; (t = running_next(running, cpu, &at)); n++)
		if (t->pid == pid)
			return true;
	return !n && if_unknown;
}

size_t running_cpu_of(const struct running *running, const int32_t *pids, size_t n, size_t i)
{
	size_t before = 0, same = 0, cpus = 0, cpu = CPUS_MAX;

	for (size_t k = 0; k < n; k++) {
		before += k < i && pids[k] == pids[i];
		same += pids[k] == pids[i];
	}
	for (size_t k = 0; k < running->n; k++) {
		if (running->v[k].pid != pids[i])
			continue;
		if (cpus++ == before)
			cpu = running->v[k].cpu;
	}
	return cpus == same ? cpu : CPUS_MAX;
}
