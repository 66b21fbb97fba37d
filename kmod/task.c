// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks. Their structs are held, so that nobody else gets the memory.
 *
 * A stack is given to the next task as soon as its own is done with it, and nothing that a module may call would keep
 * it. So it leaves the table when its task begins to exit, while it is still its own.
 */
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "core.h"
#include "table.h"

#define QMD_STACK_BITS	8

/* Stacks by task. Changed under qmd.lock; whether a bucket is empty is looked at without it. */
static DEFINE_HASHTABLE(qmd_stacks, QMD_STACK_BITS);
static struct tracepoint *qmd_exit_tp;

/*
 * Not all of struct task_struct is allocated: the kernel sizes its tail, the FPU state, for this CPU. One size for all,
 * as one that is wanted by name may be what a CPU runs, too: see QMD_STACK_PIECE.
 */
static u64 qmd_task_struct_size;

/* The struct is held, not the memory that it is about. It may be another one after an exec. */
static int qmd_task_get_mm(struct qmd_task *t, struct qmd_why *why)
{
	t->mm = get_task_mm(t->task);
	if (!t->mm)
		return qmd_refuse(why, -ESRCH, "TASK: it has no memory of its own (any more)");
	mmgrab(t->mm);
	mmput(t->mm);
	return 0;
}

/*
 * Takes the references that t->pid, t->start_time and t->part ask for. May sleep. t->pid is what the caller's PID
 * namespace calls it, and becomes what the initial one does: whoever lists it is somewhere else.
 */
int qmd_task_get(struct qmd_task *t, struct qmd_why *why)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(find_vpid(t->pid), PIDTYPE_PID);
	if (task && (task->start_boottime != t->start_time || task->flags & PF_EXITING))
		task = NULL;
	if (task)
		get_task_struct(task);
	rcu_read_unlock();

	t->task = task;
	if (!task)
		return qmd_refuse(why, -ESRCH, "TASK: no such task (any more) with this PID and START_TIME");
	t->pid = task_pid_nr(task);
	return t->part == QCOM_MINIDUMP_TASK_MM ? qmd_task_get_mm(t, why) : 0;
}

void qmd_task_put(struct qmd_task *t)
{
	if (t->mm)
		mmdrop(t->mm);
	if (t->task)
		put_task_struct(t->task);
	t->mm = NULL;
	t->task = NULL;
}

int qmd_task_range(const struct qmd_task *t, const void **addr, u64 *size, struct qmd_why *why)
{
	if (t->part == QCOM_MINIDUMP_TASK_STRUCT) {
		*addr = t->task;
		*size = qmd_task_struct_size;
		return 0;
	}
	if (t->part == QCOM_MINIDUMP_TASK_MM) {
		*addr = t->mm;
		*size = ksize(t->mm);
		return 0;
	}
	*addr = task_stack_page(t->task);
	*size = THREAD_SIZE;
	return *addr ? 0 : qmd_refuse(why, -ESRCH, "TASK: it has no stack any more");
}

static struct hlist_head *qmd_stack_bucket(const struct task_struct *task)
{
	return &qmd_stacks[hash_ptr(task, QMD_STACK_BITS)];
}

/* From now on qmd_on_exit() finds it. */
static int qmd_stack_watch(struct qmd_region *r, struct qmd_why *why)
{
	hlist_add_head(&r->stack_node, qmd_stack_bucket(r->task.task));
	/* Pairs with the one in qmd_on_exit(): it sees the region, or this sees that the task exits. */
	smp_mb();
	if (READ_ONCE(r->task.task->flags) & PF_EXITING)
		return qmd_refuse(why, -ESRCH, "TASK: it has exited, and its stack may be another one's");
	return 0;
}

/* Whole, in the lock hold in which it leaves the table. */
static_assert(THREAD_SIZE / PAGE_SIZE < QMD_BATCH);

static void qmd_stack_unwatch(struct qmd_region *r)
{
	hlist_del_init(&r->stack_node);
}

static void qmd_task_region_put(struct qmd_region *r)
{
	qmd_task_put(&r->task);
}

/* Of the stack at spec->addr. */
int qmd_pieces_of_stack(const struct qmd_spec *spec, struct qmd_segment *segs, u32 max, struct qmd_why *why)
{
	u32 i;

	for (i = 0; i < QMD_STACK_PIECES; i++) {
		int ret = qmd_segments_of_virt(spec->addr + i * QMD_STACK_PIECE, QMD_STACK_PIECE,
					       segs ? segs + i : NULL, max - i, why);

		if (ret < 0)
			return ret;
	}
	return i;
}

const struct qmd_kind qmd_kind_task = {
	.pieces = qmd_pieces_of_range,
	.put = qmd_task_region_put,
};

const struct qmd_kind qmd_kind_stack = {
	.pieces = qmd_pieces_of_stack,
	.watch = qmd_stack_watch,
	.unwatch = qmd_stack_unwatch,
	.put = qmd_task_region_put,
};

static struct qmd_region *qmd_stack_of(const void *task)
{
	struct qmd_region *r;

	hlist_for_each_entry(r, qmd_stack_bucket(task), stack_node)
		if (r->task.task == task)
			break;
	return r;
}

/* PF_EXITING is set. */
static void qmd_on_exit(void *unused, struct task_struct *task)
{
	smp_mb();
	if (hlist_empty(qmd_stack_bucket(task)))
		return;
	while (qmd_region_drop(qmd_stack_of, task))
		;
}

/* Later kernels also say whether it was the last thread of its process. */
static void qmd_on_group_exit(void *unused, struct task_struct *task, bool group_dead)
{
	qmd_on_exit(unused, task);
}

#define qmd_exit_probe \
	__builtin_choose_expr(__same_type(trace_sched_process_exit, void(struct task_struct *)), \
			      qmd_on_exit, qmd_on_group_exit)

int __init qmd_stacks_init(void)
{
	qmd_task_struct_size = min(sizeof(*current), ksize(current));
	check_trace_callback_type_sched_process_exit(qmd_exit_probe);
	qmd_exit_tp = qmd_tracepoint_find("sched_process_exit");
	return qmd_exit_tp ? tracepoint_probe_register(qmd_exit_tp, qmd_exit_probe, NULL) : -EOPNOTSUPP;
}

void qmd_stacks_exit(void)
{
	tracepoint_probe_unregister(qmd_exit_tp, qmd_exit_probe, NULL);
	tracepoint_synchronize_unregister();
}
