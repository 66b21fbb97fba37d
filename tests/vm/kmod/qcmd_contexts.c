// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moves a region from each context that qcom_minidump_update() is promised for, until it is unloaded, and removes some
 * under a raw lock. Its parameter "counts" says how often from which, "errors" how many calls have failed. Threads ask
 * for each of the others, so that a slow machine goes on doing something else, too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/tracepoint.h>

#include <linux/qcom_minidump.h>

#include "hrtimer-setup.h"

#define THREADS		2
#define SOON		ns_to_ktime(100 * NSEC_PER_USEC)

enum {
	PROCESS, SPINLOCK, PREEMPT_OFF, RAW_LOCK, TASKLET, TIMER, SOFT_HRTIMER, HARD_HRTIMER, IRQ_WORK, SCHED_SWITCH,
	N_CONTEXTS
};

static const char *const names[N_CONTEXTS] = {
	"process", "spinlock", "preempt-off", "raw-lock", "tasklet", "timer",
	"soft-hrtimer", "hard-hrtimer", "irq-work", "sched-switch"
};

static struct task_struct *threads[THREADS];
static char *buffer;
static int ids[N_CONTEXTS];
static atomic_t counts[N_CONTEXTS], errors, switch_wanted;
static struct tracepoint *sched_switch;

/* Another CPU may be moving the same region. */
static void move(int context)
{
	u32 n = atomic_inc_return(&counts[context]);
	int ret = qcom_minidump_update(ids[context], buffer + n % 64 * 16, 16 + n % 32);

	if (ret && ret != -EBUSY)
		atomic_inc(&errors);
}

static void on_tasklet(struct tasklet_struct *tasklet)
{
	move(TASKLET);
}

static void on_timer(struct timer_list *timer)
{
	move(TIMER);
}

static enum hrtimer_restart on_soft_hrtimer(struct hrtimer *timer)
{
	move(SOFT_HRTIMER);
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart on_hard_hrtimer(struct hrtimer *timer)
{
	move(HARD_HRTIMER);
	return HRTIMER_NORESTART;
}

static void on_irq_work(struct irq_work *work)
{
	move(IRQ_WORK);
}

static void on_switch(void *data, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	if (atomic_xchg(&switch_wanted, 0))
		move(SCHED_SWITCH);
}

static DECLARE_TASKLET(tasklet, on_tasklet);
static DEFINE_TIMER(timer, on_timer);
static struct hrtimer soft_hrtimer, hard_hrtimer;
static struct irq_work irq_work = IRQ_WORK_INIT_HARD(on_irq_work);

static int churn(void *data)
{
	static DEFINE_RAW_SPINLOCK(raw_lock);
	static DEFINE_SPINLOCK(lock);
	const struct qcom_minidump_region r = { .name = "KCONTEXT", .addr = buffer, .size = 16 };
	unsigned long flags;
	int id, ret;

	while (!kthread_should_stop()) {
		id = qcom_minidump_register(&r, GFP_KERNEL);
		move(PROCESS);
		spin_lock_bh(&lock);
		move(SPINLOCK);
		spin_unlock_bh(&lock);
		preempt_disable();
		move(PREEMPT_OFF);
		preempt_enable();
		raw_spin_lock_irqsave(&raw_lock, flags);
		move(RAW_LOCK);
		ret = qcom_minidump_unregister(id);
		raw_spin_unlock_irqrestore(&raw_lock, flags);
		tasklet_schedule(&tasklet);
		irq_work_queue(&irq_work);
		mod_timer(&timer, jiffies + 1);
		hrtimer_start(&soft_hrtimer, SOON, HRTIMER_MODE_REL_SOFT);
		hrtimer_start(&hard_hrtimer, SOON, HRTIMER_MODE_REL_HARD);
		atomic_set(&switch_wanted, 1);
		if (ret)
			atomic_inc(&errors);
		usleep_range(1000, 3000);
	}
	return 0;
}

static void find_sched_switch(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sched_switch"))
		sched_switch = tp;
}

static int get_counts(char *buf, const struct kernel_param *kp)
{
	int i, len = 0;

	for (i = 0; i < N_CONTEXTS; i++)
		len += scnprintf(buf + len, PAGE_SIZE - len, "%s %d\n", names[i], atomic_read(&counts[i]));
	return len;
}

static int get_errors(char *buf, const struct kernel_param *kp)
{
	return scnprintf(buf, PAGE_SIZE, "%d\n", atomic_read(&errors));
}

static const struct kernel_param_ops counts_ops = { .get = get_counts };
module_param_cb(counts, &counts_ops, NULL, 0444);
static const struct kernel_param_ops errors_ops = { .get = get_errors };
module_param_cb(errors, &errors_ops, NULL, 0444);

static void contexts_free(void)
{
	int i;

	for (i = 0; i < N_CONTEXTS; i++)
		if (ids[i] > 0)
			qcom_minidump_unregister(ids[i]);
	kfree(buffer);
}

static void contexts_stop(void)
{
	int i;

	for (i = 0; i < THREADS; i++)
		if (!IS_ERR_OR_NULL(threads[i]))
			kthread_stop(threads[i]);
	tracepoint_probe_unregister(sched_switch, on_switch, NULL);
	tracepoint_synchronize_unregister();
	hrtimer_cancel(&soft_hrtimer);
	hrtimer_cancel(&hard_hrtimer);
	timer_shutdown_sync(&timer);
	tasklet_kill(&tasklet);
	irq_work_sync(&irq_work);
	contexts_free();
}

static int __init contexts_init(void)
{
	struct qcom_minidump_region r = { .name = "KCONTEXT", .size = 16 };
	int i, ret;

	for_each_kernel_tracepoint(find_sched_switch, NULL);
	buffer = kzalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buffer || !sched_switch)
		return -ENOMEM;
	r.addr = buffer;
	for (i = 0; i < N_CONTEXTS; i++)
		ids[i] = qcom_minidump_register(&r, GFP_KERNEL);
	ret = tracepoint_probe_register(sched_switch, on_switch, NULL);
	if (ret) {
		contexts_free();
		return ret;
	}
	hrtimer_setup(&soft_hrtimer, on_soft_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	hrtimer_setup(&hard_hrtimer, on_hard_hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	for (i = 0; i < THREADS; i++)
		threads[i] = kthread_run(churn, NULL, "qcmd_contexts/%d", i);
	return 0;
}

module_init(contexts_init);
module_exit(contexts_stop);

MODULE_DESCRIPTION("The minidump API from every context");
MODULE_LICENSE("GPL");
