// SPDX-License-Identifier: GPL-2.0-only
/* A client in a kernel without minidumps: it builds and loads all the same, and is told so by each call. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include <linux/qcom_minidump.h>

#include "expect.h"

static int __init absent_init(void)
{
	const struct qcom_minidump_region r = { .name = "KABSENT", .addr = &r, .size = sizeof(r) };

	EXPECT(qcom_minidump_register(&r, GFP_KERNEL), -EOPNOTSUPP);
	EXPECT(qcom_minidump_update(1, &r, sizeof(r)), -EOPNOTSUPP);
	EXPECT(qcom_minidump_unregister(1), -EOPNOTSUPP);
	pr_info("each call says that the feature is absent\n");
	return 0;
}

static void __exit absent_exit(void)
{
}

module_init(absent_init);
module_exit(absent_exit);

MODULE_DESCRIPTION("Test client of a kernel without minidumps");
MODULE_LICENSE("GPL");
