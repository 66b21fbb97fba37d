// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stacks of tasks that exit. A stack is given to the next task as soon as its own is done with it, and nothing that a
 * module may call would keep it. So it leaves the table when its task begins to exit, while it is still its own.
 */
#include <linux/hashtable.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "core.h"

#define MD_STACK_BITS	8

/* Stacks by task. Changed under md.lock; whether a bucket is empty is looked at without it. */
static DEFINE_HASHTABLE(md_stacks, MD_STACK_BITS);
static struct tracepoint *md_exit_tp;

static struct hlist_head *md_stack_bucket(const struct task_struct *task)
{
	return &md_stacks[hash_ptr(task, MD_STACK_BITS)];
}

static bool md_is_stack(const struct md_region *r)
{
	return r->kind == MD_KIND_TASK && r->task.part == QCOM_MINIDUMP_TASK_STACK;
}

/* From now on md_on_exit() finds it. Under md.lock, before md_stack_is_over() is asked for the first time. */
void md_stack_watch(struct md_region *r)
{
	if (!md_is_stack(r))
		return;
	hlist_add_head(&r->stack_node, md_stack_bucket(r->task.task));
	/* Pairs with the one in md_on_exit(): it sees the region, or md_stack_is_over() sees that the task exits. */
	smp_mb();
}

/* Under md.lock. */
void md_stack_unwatch(struct md_region *r)
{
	hlist_del_init(&r->stack_node);
}

/* It may be another task's by now, or soon. */
bool md_stack_is_over(const struct md_region *r)
{
	return md_is_stack(r) && READ_ONCE(r->task.task->flags) & PF_EXITING;
}

/* Removes one of the task's; false: there is none. */
static bool md_stack_remove(const struct task_struct *task)
{
	struct md_region *r;
	unsigned long flags;

	spin_lock_irqsave(&md.lock, flags);
	hlist_for_each_entry(r, md_stack_bucket(task), stack_node)
		if (r->task.task == task)
			break;
	if (r)
		md_region_remove(r);
	spin_unlock_irqrestore(&md.lock, flags);
	if (r)
		md_region_put(r);
	return r;
}

/* PF_EXITING is set. */
static void md_on_exit(void *unused, struct task_struct *task)
{
	smp_mb();
	if (hlist_empty(md_stack_bucket(task)))
		return;
	while (md_stack_remove(task))
		;
}

int __init md_stacks_init(void)
{
	check_trace_callback_type_sched_process_exit(md_on_exit);
	md_exit_tp = md_tracepoint_find("sched_process_exit");
	return md_exit_tp ? tracepoint_probe_register(md_exit_tp, md_on_exit, NULL) : -EOPNOTSUPP;
}

void md_stacks_exit(void)
{
	tracepoint_probe_unregister(md_exit_tp, md_on_exit, NULL);
	tracepoint_synchronize_unregister();
}
