// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions that follow a CPU: the struct and the stack of the task that it runs. They move at every context switch, in a
 * probe of the tracepoint sched_switch. The run queue is locked there: nothing here allocates, looks a name up or wakes
 * anybody.
 *
 * A CPU moves its own regions alone and under a lock of its own, so CPUs don't wait for each other. Who changes the
 * table, under qmd.lock, takes that lock for as long as a slot of such a region changes place, and who lists such a
 * region for as long as that is written.
 *
 * Such a region always has the same number of segments: one for the struct, one for each page of the stack.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/elf.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/qcom_minidump_table.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/smp.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>
#include <trace/events/sched.h>

#include "core.h"
#include "follow.h"

#define QMD_STACK_LAST	(QMD_STACK_PIECES - 1)

/**
 * struct qmd_follow - what follows one CPU
 * @lock: the regions, and whether and where they are in the table. Taken inside qmd.lock, always with interrupts off:
 *	the CPU's own interrupt takes it, see qmd_follow_now()
 * @held: under qmd.lock: who has that holds @lock, too
 * @regions: by part, from QCOM_MINIDUMP_TASK_STRUCT on
 */
struct qmd_follow {
	raw_spinlock_t lock;
	bool held;
	struct qmd_region *regions[2];
};

static DEFINE_PER_CPU_ALIGNED(struct qmd_follow, qmd_follows);

static struct tracepoint *qmd_switch_tp;	/* NULL: there is none to be had */
static int qmd_cpuhp_dead;
static int qmd_cpuhp_online;

/* Not taken again by who holds it: see qmd_follow_hold(). Several at once only under qmd.lock, so in any order. */
void qmd_follow_lock(const struct qmd_region *r) __acquires(follow)
{
	if (r->follow && !r->follow->held)
		raw_spin_lock_nest_lock(&r->follow->lock, &qmd.lock);
	else
		__acquire(follow);
}

void qmd_follow_unlock(const struct qmd_region *r) __releases(follow)
{
	if (r->follow && !r->follow->held)
		raw_spin_unlock(&r->follow->lock);
	else
		__release(follow);
}

/* The region stays where it is while its slot changes place, and so do all of its CPU. Any number of times. */
void qmd_follow_hold(const struct qmd_region *r)
{
	qmd_follow_lock(r);
	__release(follow);
	if (r->follow)
		r->follow->held = true;
}

void qmd_follow_release(const struct qmd_region *r)
{
	if (!r->follow || !r->follow->held)
		return;
	r->follow->held = false;
	__acquire(follow);
	qmd_follow_unlock(r);
}

/* The table is going: when this returns, no context switch touches it any more. Under qmd.lock. */
void qmd_follow_park(void)
{
	int cpu, i;

	for_each_possible_cpu(cpu) {
		struct qmd_follow *f = per_cpu_ptr(&qmd_follows, cpu);

		raw_spin_lock_nest_lock(&f->lock, &qmd.lock);
		for (i = 0; i < ARRAY_SIZE(f->regions); i++)
			if (f->regions[i])
				f->regions[i]->live = false;
		raw_spin_unlock(&f->lock);
	}
}

/* The headers say no virtual address of the segment. */
static __always_inline void qmd_follow_hide(const struct qmd_segment *seg)
{
	WRITE_ONCE(seg->place.header[0]->p_vaddr, 0);
	WRITE_ONCE(seg->place.header[1]->p_vaddr, 0);
}

static __always_inline void qmd_follow_address(const struct qmd_segment *seg, phys_addr_t pa)
{
	WRITE_ONCE(seg->place.header[0]->p_paddr, pa);
	WRITE_ONCE(seg->place.header[1]->p_paddr, pa);
}

/*
 * The slots of the segments move, and what the headers say of them. Meanwhile that is a place which is in the table,
 * and no virtual address: who puts a core together by physical address (qdl) must find something for each header, or
 * all that follows gets another place. This is the better part of what following costs, at every context switch: so one
 * barrier for each step, and @n is known to the compiler.
 */
static __always_inline void qmd_follow_show(const struct qmd_segment *segs, u32 n, phys_addr_t meanwhile)
{
	u32 i;

#pragma GCC unroll 8
	for (i = 0; i < n; i++)
		qmd_follow_hide(&segs[i]);
	dma_wmb();
#pragma GCC unroll 8
	for (i = 0; i < n; i++)
		qmd_follow_address(&segs[i], meanwhile);
	dma_wmb();
#pragma GCC unroll 8
	for (i = 0; i < n; i++)
		WRITE_ONCE(*segs[i].place.pa, cpu_to_le64(segs[i].pa));
	dma_wmb();
#pragma GCC unroll 8
	for (i = 0; i < n; i++)
		qmd_follow_address(&segs[i], segs[i].pa);
	dma_wmb();
#pragma GCC unroll 8
	for (i = 0; i < n; i++) {
		const struct qmd_segment seg = segs[i];

		WRITE_ONCE(seg.place.header[0]->p_vaddr, seg.va);
		WRITE_ONCE(seg.place.header[1]->p_vaddr, seg.va);
	}
}

/* All but that of the first idle task are from a slab: no need to look whether the address is valid. */
static phys_addr_t qmd_task_phys(struct task_struct *task)
{
	return task == &init_task ? qmd_virt_to_phys(task) : virt_to_phys(task);
}

/* Before the stack, of which the last piece is still that of the task before, in its slot. */
static void qmd_follow_struct(struct qmd_region *r, const struct qmd_region *stack, struct task_struct *task)
{
	phys_addr_t before = r->segs->pa;

	WRITE_ONCE(r->segs->va, (unsigned long)task);
	WRITE_ONCE(r->segs->pa, qmd_task_phys(task));
	if (!r->live)
		return;
	/* What is larger would displace the rest, too. */
	if (stack && stack->live && QMD_STACK_PIECE <= r->segs->size)
		before = stack->segs[QMD_STACK_LAST].pa;
	qmd_follow_show(r->segs, 1, before);
}

/* From vmalloc, or contiguous. */
static void qmd_follow_stack(struct qmd_region *r, struct task_struct *task)
{
	unsigned long va = (unsigned long)task_stack_page(task);
	const struct vm_struct *area = task_stack_vm_area(task);
	phys_addr_t pa = area ? 0 : qmd_virt_to_phys((void *)va);
	struct page **pages = area ? area->pages : NULL;
	struct qmd_segment *segs = r->segs;
	phys_addr_t before = segs[QMD_STACK_LAST].pa;
	u32 i;

#pragma GCC unroll 8
	for (i = 0; i < QMD_STACK_PIECES; i++) {
		WRITE_ONCE(segs[i].va, va + i * QMD_STACK_PIECE);
		WRITE_ONCE(segs[i].pa, pages ? page_to_phys(pages[i]) : pa + i * QMD_STACK_PIECE);
	}
	if (!r->live)
		return;
	/* The last piece moves when the others have. What the headers say is always of one task. */
	qmd_follow_hide(&segs[QMD_STACK_LAST]);
	qmd_follow_show(segs, QMD_STACK_LAST, before);
	qmd_follow_show(&segs[QMD_STACK_LAST], 1, segs->pa);
}

static void qmd_follow_task(struct task_struct *task)
{
	struct qmd_follow *f = this_cpu_ptr(&qmd_follows);
	struct qmd_region *r, *stack;

	if (!READ_ONCE(f->regions[0]) && !READ_ONCE(f->regions[1]))
		return;
	raw_spin_lock(&f->lock);
	r = f->regions[0];
	stack = f->regions[1];
	if (r) {
		qmd_follow_struct(r, stack, task);
		WRITE_ONCE(r->moves, r->moves + 1);
	}
	if (stack) {
		qmd_follow_stack(stack, task);
		WRITE_ONCE(stack->moves, stack->moves + 1);
	}
	raw_spin_unlock(&f->lock);
}

/* On the CPU itself, with interrupts off. */
static void qmd_follow_now(void *unused)
{
	qmd_follow_task(current);
}

static void qmd_on_switch(void *unused, bool preempt, struct task_struct *prev, struct task_struct *next,
			  unsigned int prev_state)
{
	qmd_follow_task(next);
}

/* The pieces at first: of whoever asks, until the CPU itself has been asked. */
static int qmd_follow_pieces(const struct qmd_spec *spec, struct qmd_segment *segs, u32 max, struct qmd_why *why)
{
	struct qmd_task self = { .task = current, .part = spec->task.part };
	struct qmd_spec of = {};
	int ret;

	ret = qmd_task_range(&self, &of.addr, &of.size, why);
	if (ret)
		return ret;
	if (self.part == QCOM_MINIDUMP_TASK_STACK)
		return qmd_pieces_of_stack(&of, segs, max, why);
	return qmd_pieces_of_range(&of, segs, max, why);
}

/* Under qmd.lock. */
static void qmd_follow_stop(struct qmd_region *r)
{
	struct qmd_follow *f = r->follow;

	raw_spin_lock_nest_lock(&f->lock, &qmd.lock);
	WRITE_ONCE(f->regions[r->task.part - QCOM_MINIDUMP_TASK_STRUCT], NULL);
	r->live = false;
	raw_spin_unlock(&f->lock);
	r->follow = NULL;
}

/* From now on the region is that of its CPU. */
static int qmd_follow_start(struct qmd_region *r, struct qmd_why *why)
{
	struct qmd_follow *f = per_cpu_ptr(&qmd_follows, r->task.cpu);
	struct qmd_region **place = &f->regions[r->task.part - QCOM_MINIDUMP_TASK_STRUCT];
	unsigned long flags;
	int ret;

	if (!qmd_switch_tp)
		return qmd_refuse(why, -EOPNOTSUPP, "this kernel lets no module see context switches");
	/* Under qmd.lock as well: who walks through all regions has found it already, see qmd_follow_hold(). */
	raw_spin_lock_irqsave(&qmd.lock, flags);
	raw_spin_lock_nest_lock(&f->lock, &qmd.lock);
	ret = *place ? -EEXIST : 0;
	if (!ret) {
		r->follow = f;
		WRITE_ONCE(*place, r);
	}
	raw_spin_unlock(&f->lock);
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
	if (ret)
		return qmd_refuse(why, ret, "TASK: this PART of this CPU's current task is followed already");

	if (!smp_call_function_single(r->task.cpu, qmd_follow_now, NULL, true))
		return 0;
	raw_spin_lock_irqsave(&qmd.lock, flags);
	qmd_follow_stop(r);
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
	return qmd_refuse(why, -ENODEV, "TASK: the CPU is offline");
}

/* It was offline already when its regions were looked for: see qmd_cpu_dead(). */
static int qmd_follow_watch(struct qmd_region *r, struct qmd_why *why)
{
	return cpu_online(r->task.cpu) ? 0 : qmd_refuse(why, -ENODEV, "TASK: the CPU is offline");
}

const struct qmd_kind qmd_kind_current = {
	.pieces = qmd_follow_pieces,
	.start = qmd_follow_start,
	.watch = qmd_follow_watch,
	.unwatch = qmd_follow_stop,
	.follows = true,
};

static struct qmd_region *qmd_follow_at(const void *place)
{
	const struct qmd_region *r = READ_ONCE(*(struct qmd_region *const *)place);

	return r ? qmd_region_if_there(r) : NULL;
}

/* The tracepoint keeps silent about the last switch of a CPU that goes offline, from its stopper to its idle task. */
static int qmd_cpu_dead(unsigned int cpu)
{
	struct qmd_follow *f = per_cpu_ptr(&qmd_follows, cpu);
	int i;

	for (i = 0; i < ARRAY_SIZE(f->regions); i++)
		qmd_region_drop(qmd_follow_at, &f->regions[i]);
	return 0;
}

static void qmd_follow_own(u32 cpu, u32 part, const char *name, const char *what)
{
	char comment[QCOM_MINIDUMP_COMMENT_MAX + 1];
	struct qmd_spec spec = {
		.name = name,
		.comment = comment,
		.kind = &qmd_kind_current,
		.task = { .cpu = cpu, .part = part },
	};

	snprintf(comment, sizeof(comment), "CPU %u: %s", cpu, what);
	qmd_region_own(&spec);
}

/* On the CPU itself, before user space hears of it. */
static int qmd_cpu_online(unsigned int cpu)
{
	qmd_follow_own(cpu, QCOM_MINIDUMP_TASK_STRUCT, MINIDUMP_TASK_NAME, "its task");
	qmd_follow_own(cpu, QCOM_MINIDUMP_TASK_STACK, MINIDUMP_STACK_NAME, "stack of its task");
	return 0;
}

/* All CPUs that are there, and those that come. */
int __init qmd_follow_all(void)
{
	qmd_cpuhp_online = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "qcom_minidump:online", qmd_cpu_online, NULL);
	return min(qmd_cpuhp_online, 0);
}

/* None that comes any more. */
void qmd_follow_no_more(void)
{
	if (qmd_cpuhp_online > 0)
		cpuhp_remove_state_nocalls(qmd_cpuhp_online);
}

int __init qmd_follow_init(void)
{
	int cpu, ret;

	for_each_possible_cpu(cpu)
		raw_spin_lock_init(&per_cpu_ptr(&qmd_follows, cpu)->lock);
	qmd_cpuhp_dead = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "qcom_minidump:dead", NULL, qmd_cpu_dead);
	if (qmd_cpuhp_dead < 0)
		return qmd_cpuhp_dead;
	check_trace_callback_type_sched_switch(qmd_on_switch);
	qmd_switch_tp = qmd_tracepoint_find("sched_switch");
	ret = qmd_switch_tp ? tracepoint_probe_register(qmd_switch_tp, qmd_on_switch, NULL) : 0;
	if (ret)
		cpuhp_remove_state_nocalls(qmd_cpuhp_dead);
	return ret;
}

/* No region is left. */
void qmd_follow_exit(void)
{
	cpuhp_remove_state_nocalls(qmd_cpuhp_dead);
	if (qmd_switch_tp)
		tracepoint_probe_unregister(qmd_switch_tp, qmd_on_switch, NULL);
	tracepoint_synchronize_unregister();
}
