// SPDX-License-Identifier: GPL-2.0-only
/* How many references a page has: its physical address goes into the parameter, which then reads as the number. */
#include <linux/mm.h>
#include <linux/module.h>

static ulong paddr;

static int count_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", pfn_valid(PHYS_PFN(paddr)) ? page_count(pfn_to_page(PHYS_PFN(paddr))) : -1);
}

static int count_set(const char *value, const struct kernel_param *kp)
{
	return kstrtoul(value, 0, &paddr);
}

static const struct kernel_param_ops count_ops = {
	.get = count_get,
	.set = count_set,
};
module_param_cb(count, &count_ops, NULL, 0600);

MODULE_DESCRIPTION("Test module that tells the references to a page");
MODULE_LICENSE("GPL");
