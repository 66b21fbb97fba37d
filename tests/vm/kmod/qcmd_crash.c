// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways for a test to kill its kernel that sysrq does not offer: loading this module with mode=panic panics from a
 * module, with mode=oops it writes to NULL, with mode=hang it leaves every CPU spinning with interrupts off. With
 * mode=shutdown it does that when its device is shut down; with mode=frame it stays, and at a panic breaks a saved
 * frame pointer for the notifiers that come after its own (arm64). The others are in the table of ways.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/panic_notifier.h>
#include <linux/platform_device.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timer.h>

static char *mode = "";
module_param(mode, charp, 0);
MODULE_PARM_DESC(mode, "panic, oops, hang, frame, shutdown, or one of the ways");

static void spin(void *unused)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

/* Of the function that has called this one, which goes by its stack pointer. */
static int break_frame(struct notifier_block *nb, unsigned long event, void *data)
{
	unsigned long **record = __builtin_frame_address(0);

	record[0][0] = 0xdead000000000001;
	pr_emerg("a frame pointer is broken\n");
	return NOTIFY_DONE;
}

static struct notifier_block break_frame_nb = {
	.notifier_call = break_frame,
	.priority = INT_MAX,
};

static void hang(struct platform_device *pdev)
{
	/* The harness waits for this line before it stops the machine. Later kernels have a thread print it. */
	pr_emerg("hanging all CPUs\n");
	msleep(500);
	preempt_disable();
	smp_call_function(spin, NULL, 0);
	spin(NULL);
}

static struct platform_driver hanging_driver = {
	.shutdown = hang,
	.driver.name = KBUILD_MODNAME,
};

/* Nothing of these is optimised into what calls it: stacks are to show them. */

static noinline void qcmd_null(void)
{
	WRITE_ONCE(*(int *)8, 0);
}

static noinline void qcmd_pointer(void)
{
	WRITE_ONCE(*(int *)(PAGE_OFFSET + (1UL << 45)), 0);
}

static noinline void qcmd_bug(void)
{
	BUG();
}

static noinline void qcmd_divide(void)
{
	int zero = 0, one = 1;

	OPTIMIZER_HIDE_VAR(zero);
	OPTIMIZER_HIDE_VAR(one);
	pr_emerg("%d\n", one / zero);
}

static noinline void qcmd_list(void)
{
	static struct list_head head, entry;

	INIT_LIST_HEAD(&head);
	list_add(&entry, &head);
	list_del(&entry);
	list_del(&entry);
}

static noinline void qcmd_freed(void)
{
	struct list_head **object = kzalloc(512, GFP_KERNEL);

	if (!object)
		return;
	OPTIMIZER_HIDE_VAR(object);
	kfree(object);
	/* Wherever its free list is, it is not there: see slub_debug=P. */
	WRITE_ONCE(object[1]->next, NULL);
}

static noinline int qcmd_recursion(int n)
{
	char bytes[256];

	OPTIMIZER_HIDE_VAR(n);
	memset(bytes, n, sizeof(bytes));
	barrier_data(bytes);
	return n ? qcmd_recursion(n + 1) + bytes[n & 0xff] : 0;
}

static noinline void qcmd_stack(void)
{
	pr_emerg("%d\n", qcmd_recursion(1));
}

static noinline void qcmd_warning(void)
{
	WARN(1, "a warning as asked");
}

static noinline void qcmd_soft(void)
{
	preempt_disable();
	for (;;)
		cpu_relax();
}

static noinline void qcmd_stall(void)
{
	rcu_read_lock();
	for (;;)
		cpu_relax();
}

static DEFINE_MUTEX(qcmd_mutex);
static DECLARE_COMPLETION(qcmd_held);

static noinline int qcmd_holder(void *unused)
{
	mutex_lock(&qcmd_mutex);
	complete(&qcmd_held);
	while (!kthread_should_stop())
		schedule_timeout_idle(HZ);
	return 0;
}

static noinline void qcmd_waiter(void)
{
	kthread_run(qcmd_holder, NULL, "qcmd_holder");
	wait_for_completion(&qcmd_held);
	mutex_lock(&qcmd_mutex);
	/* Else it would not be there while it waits. */
	barrier();
}

static noinline void qcmd_timer_fn(struct timer_list *unused)
{
	qcmd_null();
}

static DEFINE_TIMER(qcmd_timer, qcmd_timer_fn);

static noinline void qcmd_interrupt(void)
{
	mod_timer(&qcmd_timer, jiffies + 1);
	msleep(60000);
}

static const struct {
	const char *mode;
	void (*fn)(void);
} ways[] = {
	{ "null", qcmd_null }, { "pointer", qcmd_pointer }, { "bug", qcmd_bug },      { "divide", qcmd_divide },
	{ "list", qcmd_list }, { "freed", qcmd_freed },	    { "stack", qcmd_stack },  { "warning", qcmd_warning },
	{ "soft", qcmd_soft }, { "stall", qcmd_stall },	    { "mutex", qcmd_waiter }, { "interrupt", qcmd_interrupt },
};

static int __init qcmd_crash_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(mode, ways[i].mode))
			ways[i].fn();
	if (IS_ENABLED(CONFIG_ARM64) && !strcmp(mode, "frame"))
		return atomic_notifier_chain_register(&panic_notifier_list, &break_frame_nb);
	if (!strcmp(mode, "panic"))
		panic("qcmd_crash: panic as asked");
	if (!strcmp(mode, "oops")) {
		/* The test looks whether the dump knows the place. */
		pr_emerg("oops as asked, in %px\n", qcmd_crash_init);
		WRITE_ONCE(*(int *)NULL, 0);
	}
	if (!strcmp(mode, "hang"))
		hang(NULL);
	if (strcmp(mode, "shutdown"))
		return -EINVAL;
	return PTR_ERR_OR_ZERO(platform_create_bundle(&hanging_driver, NULL, NULL, 0, NULL, 0));
}
module_init(qcmd_crash_init);

MODULE_DESCRIPTION("Kills the kernel it is loaded into, for tests");
MODULE_LICENSE("GPL");
