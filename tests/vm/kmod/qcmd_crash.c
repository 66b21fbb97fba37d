// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways for a test to kill its kernel that sysrq does not offer: loading this module with mode=panic panics from a
 * module, with mode=oops it writes to NULL, with mode=hang it leaves every CPU spinning with interrupts off. With
 * mode=shutdown it does that when its device is shut down; with mode=frame it stays, and at a panic breaks a saved
 * frame pointer for the notifiers that come after its own (arm64).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/panic_notifier.h>
#include <linux/platform_device.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/smp.h>

static char *mode = "";
module_param(mode, charp, 0);
MODULE_PARM_DESC(mode, "panic, oops, hang, frame or shutdown");

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

static int __init qcmd_crash_init(void)
{
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
