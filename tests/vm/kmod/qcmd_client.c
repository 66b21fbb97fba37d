// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of include/linux/qcom_minidump.h that checks what the header promises. Loading it fails, with a
 * line in the log, at the first promise that is not kept; loaded, it keeps three regions until it is unloaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>

#include <linux/qcom_minidump.h>

#include "expect.h"
#include "hrtimer-setup.h"

#define MOVES		10000

static uint pieces = 4;
module_param(pieces, uint, 0444);
MODULE_PARM_DESC(pieces, "pages of the scattered memory, a power of two, at most 128");
#define STACK_LIKE	(pieces * PAGE_SIZE)

static char *flat;
static char *scattered;		/* each page is a piece of its own */
static struct page *pages;
static int kept[3];
static DEFINE_SPINLOCK(lock);

static int add(const char *name, const void *addr, size_t size)
{
	const struct qcom_minidump_region r = { .name = name, .addr = addr, .size = size, .comment = "qcmd_client" };

	return qcom_minidump_register(&r, GFP_KERNEL);
}

static int check_refusals(void)
{
	int on_stack;

	EXPECT(add(NULL, flat, 16), -EINVAL);
	EXPECT(add("", flat, 16), -EINVAL);
	EXPECT(add("two words", flat, 16), -EINVAL);
	EXPECT(add("a-name-that-is-far-too-long-for-anybody", flat, 16), -ENAMETOOLONG);
	EXPECT(add("KTEST", flat, 0), -EINVAL);
	EXPECT(add("KTEST", flat, -16UL), -EINVAL);
	EXPECT(add("KTEST", (void *)0x10000, 16), -EFAULT);
	EXPECT(add("KTEST", scattered, STACK_LIKE + PAGE_SIZE), -EFAULT);
	EXPECT(qcom_minidump_unregister(0), -ENOENT);
	EXPECT(qcom_minidump_unregister(-1), -ENOENT);
	EXPECT(qcom_minidump_unregister(0x7fffffff), -ENOENT);
	EXPECT(qcom_minidump_update(0x7fffffff, &on_stack, sizeof(on_stack)), -ENOENT);
	/* The first id is the core's own region. */
	EXPECT(qcom_minidump_update(1, flat, 16), -ENOENT);
	EXPECT(qcom_minidump_unregister(1), -ENOENT);
	return 0;
}

/* An id stays what it is whatever happens to other regions, and is not given out again soon. */
static int check_ids(void)
{
	int a = add("KTEST", flat, 16), b = add("KTEST", flat + 16, 16), c = add("KTEST", flat + 32, 16);

	EXPECT(a > 0 && b > a && c > b, true);
	EXPECT(qcom_minidump_unregister(a), 0);
	EXPECT(qcom_minidump_unregister(a), -ENOENT);
	EXPECT(qcom_minidump_update(c, flat + 64, 32), 0);
	EXPECT(qcom_minidump_unregister(b), 0);
	a = add("KTEST", flat, 16);
	EXPECT(a > c, true);
	EXPECT(qcom_minidump_unregister(c), 0);
	EXPECT(qcom_minidump_unregister(a), 0);
	return 0;
}

/* Fewer pieces are fine, more than at first are not, and an error leaves the old range. */
static int check_pieces(void)
{
	int id = add("KTEST", flat, 16);

	EXPECT(id > 0, true);
	EXPECT(qcom_minidump_update(id, scattered, STACK_LIKE), -E2BIG);
	EXPECT(qcom_minidump_update(id, flat, 0), -EINVAL);
	EXPECT(qcom_minidump_update(id, NULL, 16), -EFAULT);
	EXPECT(qcom_minidump_update(id, flat + 16, 16), 0);
	EXPECT(qcom_minidump_unregister(id), 0);

	id = add("KTEST", scattered, STACK_LIKE);
	EXPECT(id > 0, true);
	EXPECT(qcom_minidump_update(id, scattered, 16), 0);
	EXPECT(qcom_minidump_update(id, scattered, STACK_LIKE), 0);
	EXPECT(qcom_minidump_unregister(id), 0);
	return 0;
}

static int check_atomic(void)
{
	const struct qcom_minidump_region r = { .name = "KTEST", .addr = flat, .size = 16 };
	unsigned long flags;
	int id, i, ret = 0;

	spin_lock_irqsave(&lock, flags);
	id = qcom_minidump_register(&r, GFP_ATOMIC);
	for (i = 0; i < MOVES && !ret; i++)
		ret = qcom_minidump_update(id, flat + i % 64, 16 + i % 32);
	spin_unlock_irqrestore(&lock, flags);
	EXPECT(id > 0, true);
	EXPECT(ret, 0);

	spin_lock_irqsave(&lock, flags);
	ret = qcom_minidump_unregister(id);
	spin_unlock_irqrestore(&lock, flags);
	EXPECT(ret, 0);
	return 0;
}

/* From hard interrupts, which may come while the same CPU is in the core, even with the same region. */
static int timer_id, timer_error, timer_count, timer_busy;

static enum hrtimer_restart timer_fn(struct hrtimer *timer)
{
	int ret = qcom_minidump_update(timer_id, flat + timer_count % 64, 16);

	if (ret == -EBUSY)
		timer_busy++;
	else if (ret)
		timer_error = ret;
	if (timer_error || ++timer_count == 1000)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(50 * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static int run_timer(int (*meanwhile)(void))
{
	static struct hrtimer timer;
	int i, ret = 0;

	timer_count = timer_busy = 0;
	timer_id = add("KTEST", scattered, STACK_LIKE);
	EXPECT(timer_id > 0, true);
	hrtimer_setup(&timer, timer_fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&timer, ns_to_ktime(50 * NSEC_PER_USEC), HRTIMER_MODE_REL_HARD);
	for (i = 0; READ_ONCE(timer_count) < 1000 && !timer_error && !ret && i < 1000000; i++)
		ret = meanwhile();
	hrtimer_cancel(&timer);
	EXPECT(ret, 0);
	EXPECT(timer_error, 0);
	EXPECT(timer_count, 1000);
	EXPECT(qcom_minidump_update(timer_id, flat, 16), 0);
	EXPECT(qcom_minidump_unregister(timer_id), 0);
	return 0;
}

static int come_and_go(void)
{
	int id = add("KTEST", flat + 128, 16);

	return id < 0 ? id : qcom_minidump_unregister(id);
}

/* The timer may be on another CPU. */
static int update_it(void)
{
	int ret = qcom_minidump_update(timer_id, scattered, STACK_LIKE);

	return ret == -EBUSY ? 0 : ret;
}

static int check_interrupt(void)
{
	int ret = run_timer(come_and_go);

	EXPECT(timer_busy, 0);
	ret = ret ?: run_timer(update_it);
	EXPECT(timer_busy > 0, true);
	return ret;
}

/* From inside the scheduler, with the lock of a run queue held: where a region that follows the current task moves. */
static struct tracepoint *sched_switch;
static atomic_t switches, switch_errors;

static void find_sched_switch(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sched_switch"))
		sched_switch = tp;
}

static void on_switch(void *data, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	int ret = qcom_minidump_update((long)data, flat + atomic_inc_return(&switches) % 64, 16);

	/* Another CPU may be switching, too. */
	if (ret && ret != -EBUSY)
		atomic_inc(&switch_errors);
}

static int check_scheduler(void)
{
	long id = add("KTEST", flat, 16);
	int i, other;

	EXPECT(id > 0, true);
	for_each_kernel_tracepoint(find_sched_switch, NULL);
	EXPECT(sched_switch != NULL, true);
	EXPECT(tracepoint_probe_register(sched_switch, on_switch, (void *)id), 0);
	for (i = 0; atomic_read(&switches) < 1000 && i < 10000; i++) {
		other = add("KTEST", flat + 128, 16);
		if (other > 0)
			qcom_minidump_unregister(other);
		usleep_range(100, 200);
	}
	tracepoint_probe_unregister(sched_switch, on_switch, (void *)id);
	tracepoint_synchronize_unregister();
	EXPECT(atomic_read(&switches) >= 1000, true);
	EXPECT(atomic_read(&switch_errors), 0);
	EXPECT(qcom_minidump_unregister(id), 0);
	return 0;
}

/* Pages that follow each other, mapped in reverse order: no two of them are contiguous in both. */
static char *scatter(void)
{
	static struct page *reversed[128];
	int i;

	pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, ilog2(pieces));
	if (!pages)
		return NULL;
	/* Each with a reference count of its own, as if allocated one by one: they can be held. */
	split_page(pages, ilog2(pieces));
	for (i = 0; i < pieces; i++)
		reversed[i] = pages + pieces - 1 - i;
	return vmap(reversed, pieces, VM_MAP, PAGE_KERNEL);
}

static void free_memory(void)
{
	int i;

	if (scattered)
		vunmap(scattered);
	for (i = 0; pages && i < pieces; i++)
		__free_page(pages + i);
	kfree(flat);
}

static int check_all(void)
{
	return check_refusals() ?: check_ids() ?: check_pieces() ?: check_atomic() ?: check_interrupt() ?:
	       check_scheduler();
}

static int __init client_init(void)
{
	int ret = -ENOMEM;

	flat = kzalloc(PAGE_SIZE, GFP_KERNEL);
	scattered = scatter();
	if (flat && scattered)
		ret = check_all();
	if (ret) {
		free_memory();
		return ret;
	}

	strscpy(flat, "flat memory of qcmd_client", PAGE_SIZE);
	strscpy(scattered + STACK_LIKE - PAGE_SIZE, "scattered memory of qcmd_client", PAGE_SIZE);
	kept[0] = add("KFLAT", flat, 61);
	kept[1] = add("KSCATTERED", scattered, STACK_LIKE);
	/* Not where a page of that begins: two that begin at one address should have one size, see docs/table.md. */
	kept[2] = add("KSCATTERED", scattered + STACK_LIKE - PAGE_SIZE / 2, 64);
	pr_info("all promises kept; ids %d %d %d\n", kept[0], kept[1], kept[2]);
	return 0;
}

static void __exit client_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kept); i++)
		if (kept[i] > 0)
			qcom_minidump_unregister(kept[i]);
	free_memory();
}

module_init(client_init);
module_exit(client_exit);

MODULE_DESCRIPTION("Test client of the minidump API");
MODULE_LICENSE("GPL");
