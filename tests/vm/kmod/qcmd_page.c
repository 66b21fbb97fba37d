// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many references a page has: its physical address goes into the parameter "count", which then reads as the number.
 * "compound" is that of an allocation of four pages, "percpu" the address of a variable of CPU 0.
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>

static ulong paddr, compound, percpu;
module_param(compound, ulong, 0400);
module_param(percpu, ulong, 0400);

static DEFINE_PER_CPU(u64, variable);

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

static struct page *pages;

static int __init page_init(void)
{
	pages = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
	if (!pages)
		return -ENOMEM;
	compound = page_to_phys(pages);
	percpu = (ulong)per_cpu_ptr(&variable, 0);
	return 0;
}

static void __exit page_exit(void)
{
	__free_pages(pages, 2);
}

module_init(page_init);
module_exit(page_exit);

MODULE_DESCRIPTION("Test module that tells the references to a page");
MODULE_LICENSE("GPL");
