/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parameter "slots" of back ends that have a table of their own size. Included once in such a module, which defines
 * QMD_SLOTS_DEFAULT before it.
 */
#ifndef QCOM_MINIDUMP_TOC_SLOTS_H
#define QCOM_MINIDUMP_TOC_SLOTS_H

#include <linux/module.h>
#include <linux/printk.h>
#include <linux/stringify.h>

#define QMD_SLOTS_MIN	16
#define QMD_SLOTS_MAX	16384

static uint slots = QMD_SLOTS_DEFAULT;

static int slots_set(const char *val, const struct kernel_param *kp)
{
	int ret = param_set_uint(val, kp);

	if (ret || (slots >= QMD_SLOTS_MIN && slots <= QMD_SLOTS_MAX))
		return ret;
	pr_err("slots=%u is out of range: %u to %u\n", slots, QMD_SLOTS_MIN, QMD_SLOTS_MAX);
	return -EINVAL;
}

static const struct kernel_param_ops slots_ops = { .set = slots_set, .get = param_get_uint };
module_param_cb(slots, &slots_ops, &slots, 0444);
MODULE_PARM_DESC(slots, "slots of the table, that of the ELF header included, " __stringify(QMD_SLOTS_MIN) " to "
		 __stringify(QMD_SLOTS_MAX) " (default " __stringify(QMD_SLOTS_DEFAULT) ")");

#endif
