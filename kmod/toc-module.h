/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is alike in the modules of the back ends that are bound when they are loaded, because there is one place for
 * their table: the parameter "bound", loading and unloading. Included once in such a module, which defines
 * QMD_SLOTS_DEFAULT before (see toc-slots.h) and toc_backend after it.
 */
#ifndef QCOM_MINIDUMP_TOC_MODULE_H
#define QCOM_MINIDUMP_TOC_MODULE_H

#include <linux/kernel.h>
#include <linux/module.h>

#include "backend.h"
#include "toc-slots.h"

static const struct qcom_minidump_backend toc_backend;

/* While bound the core holds this module: "bound" is how to let go of it. All under the lock of its parameters. */
static bool bound = true;
static bool loaded;		/* before that "bound" is what is asked for */

static int bound_set(const char *val, const struct kernel_param *kp)
{
	bool want;
	int ret = kstrtobool(val, &want);

	if (!ret && loaded && want && !bound)
		ret = qcom_minidump_backend_register(&toc_backend);
	if (ret)
		return ret;
	if (loaded && !want)
		qcom_minidump_backend_unregister(&toc_backend);
	bound = want;
	return 0;
}

static const struct kernel_param_ops bound_ops = { .set = bound_set, .get = param_get_bool };
module_param_cb(bound, &bound_ops, &bound, 0644);
MODULE_PARM_DESC(bound, "whether the table exists; writing 0 takes it away and lets the module be unloaded");

static int __init toc_module_init(void)
{
	int ret = 0;

	kernel_param_lock(THIS_MODULE);
	if (bound)
		ret = qcom_minidump_backend_register(&toc_backend);
	loaded = !ret;
	kernel_param_unlock(THIS_MODULE);
	return ret;
}

/* Not bound, or the core would hold it. */
static void __exit toc_module_exit(void)
{
}

module_init(toc_module_init);
module_exit(toc_module_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(QCOM_MINIDUMP_VERSION);
MODULE_INFO(import_ns, "QCOM_MINIDUMP");

#endif
