// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "dump/collect/running.h"
#include "dump/core/tasks.h"

static bool read_u32(const struct collection *c, const struct region *r, uint64_t offset, void *ret)
{
	return offset < r->size && r->size - offset >= sizeof(uint32_t) &&
	       image_read(&c->img, r->paddr + offset, ret, sizeof(uint32_t)) == 0;
}

void running_read(struct running *running, const struct collection *c)
{
	const struct kv *v = &c->kernel_note;
	uint64_t pid, on_cpu, thread_info, cpu;
	size_t capacity = 0;

	*running = (struct running){ 0 };
	if (kv_offset(v, "task_struct.pid", &pid) < 0 || kv_offset(v, "task_struct.on_cpu", &on_cpu) < 0 ||
	    kv_offset(v, "task_struct.thread_info", &thread_info) < 0 || kv_offset(v, "thread_info.cpu", &cpu) < 0)
		return;
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		const struct region *r = &c->toc.regions[i];
		struct running_task t;
		uint32_t runs;

		if (strcmp(r->name, MINIDUMP_TASK_NAME) || !read_u32(c, r, on_cpu, &runs) || !runs ||
		    !read_u32(c, r, thread_info + cpu, &t.cpu) || !read_u32(c, r, pid, &t.pid))
			continue;
		running->v = xgrow(running->v, &capacity, running->n + 1, sizeof(t));
		running->v[running->n++] = t;
	}
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
