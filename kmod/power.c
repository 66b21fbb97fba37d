// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of the table when this kernel ends or sleeps.
 *
 * A shutdown or a suspend that hangs is a crash, so the table stays as long as anything can hang. Only another kernel
 * that takes over this one's memory must not find it: the one that kexec starts, or the one in an image on disk. It is
 * taken away behind the last driver.
 *
 * A reboot leaves it: whoever collects after a reset, or from a machine that a watchdog stopped on its way down, needs
 * it, and firmware sets up its own part anew.
 */
#include <linux/kmsg_dump.h>
#include <linux/reboot.h>
#include <linux/suspend.h>
#include <linux/syscore_ops.h>

#include "core.h"
#include "kmsg.h"
#include "power.h"

/* Later kernels hand more to the functions; Kbuild has looked. */
#ifdef QMD_HAS_SYSCORE
#define QMD_SYSCORE_ARG		void *data
#else
#define QMD_SYSCORE_ARG		void
#define qmd_syscore		qmd_syscore_ops
#define register_syscore	register_syscore_ops
#define unregister_syscore	unregister_syscore_ops
#endif

/* Another kernel is to have this one's memory. */
static bool leaving;

static int qmd_on_reboot(struct notifier_block *nb, unsigned long action, void *cmd)
{
	leaving = qcom_minidump_kexec_comes(action, cmd);
	return NOTIFY_DONE;
}

static int qmd_on_sleep(struct notifier_block *nb, unsigned long action, void *unused)
{
	leaving = action == PM_RESTORE_PREPARE;
	return NOTIFY_DONE;
}

static struct notifier_block qmd_reboot_nb = { .notifier_call = qmd_on_reboot };
static struct notifier_block qmd_sleep_nb = { .notifier_call = qmd_on_sleep };

/* Nothing but this CPU runs, and what was running on another one may have been holding the lock. */
static void qmd_leave(void)
{
	if (leaving && qmd.backend)
		qmd.backend->ops->close(qmd.backend->priv);
}

/*
 * What kernel_kexec() calls last, when devices and other CPUs have been shut down. It is the only such thing that it
 * calls in all kernels: syscore_shutdown() is not in that of 6.1.
 */
static void qmd_on_last_words(struct kmsg_dumper *dumper, QMD_KMSG_ARG)
{
	if (QMD_KMSG_REASON == KMSG_DUMP_SHUTDOWN)
		qmd_leave();
}

static struct kmsg_dumper qmd_dumper = { .dump = qmd_on_last_words, .max_reason = KMSG_DUMP_SHUTDOWN };

/* After all devices' suspend or freeze; interrupts are off until resume. */
static int qmd_syscore_suspend(QMD_SYSCORE_ARG)
{
	qmd_leave();
	return 0;
}

/* Before any device's resume. The kernel that runs now may be the one in the image. */
static void qmd_syscore_resume(QMD_SYSCORE_ARG)
{
	const struct qcom_minidump_backend *be = qmd.backend;

	if (!be || !be->ops->reopen)
		return;
	be->ops->reopen(be->priv);
	qcom_minidump_backend_look(be, be->ops->publish);
}

static struct syscore_ops qmd_syscore_ops = {
	.suspend = qmd_syscore_suspend,
	.resume = qmd_syscore_resume,
};

#ifdef QMD_HAS_SYSCORE
static struct syscore qmd_syscore = { .ops = &qmd_syscore_ops };
#endif

void __init qmd_power_init(void)
{
	register_reboot_notifier(&qmd_reboot_nb);
	register_pm_notifier(&qmd_sleep_nb);
	register_syscore(&qmd_syscore);
	kmsg_dump_register(&qmd_dumper);
}

void qmd_power_exit(void)
{
	kmsg_dump_unregister(&qmd_dumper);
	unregister_syscore(&qmd_syscore);
	unregister_pm_notifier(&qmd_sleep_nb);
	unregister_reboot_notifier(&qmd_reboot_nb);
}
