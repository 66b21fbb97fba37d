// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of many pages, no two of which follow each other, at its parameter "address": what has most pieces. The
 * parameter "start" says when the task that reads it was started, as requests want to have it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/vmalloc.h>

#define PAGES	128

static unsigned long address;
module_param(address, ulong, 0400);

static int get_start(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%llu\n", current->start_boottime);
}

static const struct kernel_param_ops start_ops = { .get = get_start };
module_param_cb(start, &start_ops, NULL, 0400);

static struct page *first;

static int __init pieces_init(void)
{
	struct page **reversed;
	int i;

	first = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(PAGES << PAGE_SHIFT));
	reversed = kcalloc(PAGES, sizeof(*reversed), GFP_KERNEL);
	if (!first || !reversed)
		return -ENOMEM;
	for (i = 0; i < PAGES; i++)
		reversed[i] = first + PAGES - 1 - i;
	address = (unsigned long)vmap(reversed, PAGES, VM_MAP, PAGE_KERNEL);
	kfree(reversed);
	return address ? 0 : -ENOMEM;
}

static void __exit pieces_exit(void)
{
	vunmap((void *)address);
	__free_pages(first, get_order(PAGES << PAGE_SHIFT));
}

module_init(pieces_init);
module_exit(pieces_exit);

MODULE_DESCRIPTION("Memory in many pieces");
MODULE_LICENSE("GPL");
