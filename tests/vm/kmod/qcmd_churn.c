// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, moves and removes regions as fast as it can, on each CPU, until it is unloaded: so that a machine
 * that is stopped anywhere is most likely stopped in the middle of a change of the table.
 *
 * Where a region begins says how long it is and what its name is, so that an entry that is half of one region
 * and half of another can be told (tests/vm/inspect-table.py). The whole buffer is the region KCHURNBASE.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#include <linux/qcom_minidump.h>

#define THREADS		2
#define REGIONS		24
#define BUFFER_SIZE	65536

static struct task_struct *threads[THREADS];
static char *buffer;
static int base;
static atomic_long_t operations, errors;

static size_t size_at(u32 offset)
{
	return offset * 13 % (BUFFER_SIZE / 2) + 1;
}

/* A region keeps its name when it moves: even and odd places are for regions of two names. */
static void churn_one(int *id, bool odd)
{
	u32 offset = (get_random_u32() % (BUFFER_SIZE / 2) & ~1) + odd;
	const struct qcom_minidump_region r = {
		.name = odd ? "KODD" : "KEVEN", .addr = buffer + offset, .size = size_at(offset),
	};
	int ret;

	if (*id <= 0) {
		ret = *id = qcom_minidump_register(&r, GFP_KERNEL);
	} else if (get_random_u32() % 4) {
		ret = qcom_minidump_update(*id, r.addr, r.size);
	} else {
		ret = qcom_minidump_unregister(*id);
		*id = 0;
	}
	atomic_long_inc(&operations);
	if (ret < 0)
		atomic_long_inc(&errors);
}

static int churn(void *data)
{
	int ids[REGIONS] = {}, i;

	while (!kthread_should_stop()) {
		i = get_random_u32() % REGIONS;
		churn_one(&ids[i], i % 2);
		cond_resched();
	}
	for (i = 0; i < REGIONS; i++)
		if (ids[i] > 0)
			qcom_minidump_unregister(ids[i]);
	return 0;
}

static void churn_stop(void)
{
	int i;

	for (i = 0; i < THREADS; i++)
		if (threads[i])
			kthread_stop(threads[i]);
	if (base > 0)
		qcom_minidump_unregister(base);
	kfree(buffer);
	pr_info("%ld operations, %ld errors\n", atomic_long_read(&operations), atomic_long_read(&errors));
}

static int __init churn_init(void)
{
	struct qcom_minidump_region r = { .name = "KCHURNBASE", .size = BUFFER_SIZE };
	int i;

	buffer = kzalloc(BUFFER_SIZE, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	r.addr = buffer;
	base = qcom_minidump_register(&r, GFP_KERNEL);
	for (i = 0; i < THREADS; i++) {
		struct task_struct *t = kthread_run(churn, NULL, "qcmd_churn/%d", i);

		if (IS_ERR(t)) {
			churn_stop();
			return PTR_ERR(t);
		}
		threads[i] = t;
	}
	return 0;
}

module_init(churn_init);
module_exit(churn_stop);

MODULE_DESCRIPTION("Test load for the minidump table");
MODULE_LICENSE("GPL");
