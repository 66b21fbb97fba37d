// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, moves and removes regions as fast as it can, on each CPU, until it is unloaded: so that a machine
 * that is stopped anywhere is most likely stopped in the middle of a change of the table.
 *
 * Where a region begins says how long it is and what its name is, so that an entry that is half of one region
 * and half of another can be told (tests/vm/inspect-table.py). Those that begin in one word have one size, as qdl goes
 * by address. The whole buffer is the region KCHURNBASE.
 *
 * Writing 0 to its parameter "running" stops the threads; "held" then says which regions they have, and "errors" how
 * many calls have failed.
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
static struct qcom_minidump_region regions[THREADS * REGIONS];
static int ids[THREADS * REGIONS];
static char *buffer;
static int base;
static atomic_long_t operations, errors;

static size_t size_at(u32 offset)
{
	return (offset & ~3) * 13 % (BUFFER_SIZE / 2) + 1;
}

/* A region keeps its name when it moves: even and odd words are for regions of two names. */
static void churn_one(int *id, struct qcom_minidump_region *held, bool odd)
{
	u32 word = (get_random_u32() % (BUFFER_SIZE / 8 - 4) & ~1) + 2 + odd, offset = 4 * word + 2 - odd;
	const struct qcom_minidump_region r = {
		.name = odd ? "KODD" : "KEVEN", .addr = buffer + offset, .size = size_at(offset),
	};
	int ret;

	if (*id <= 0) {
		*held = r;
		ret = *id = qcom_minidump_register(&r, GFP_KERNEL);
	} else if (get_random_u32() % 4) {
		ret = qcom_minidump_update(*id, r.addr, r.size);
		if (!ret)
			*held = r;
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
	long first = (long)data * REGIONS, i;

	while (!kthread_should_stop()) {
		i = first + get_random_u32() % REGIONS;
		churn_one(&ids[i], &regions[i], i % 2);
		cond_resched();
	}
	return 0;
}

static void churn_stop_threads(void)
{
	int i;

	for (i = 0; i < THREADS; i++) {
		if (threads[i])
			kthread_stop(threads[i]);
		threads[i] = NULL;
	}
}

static int set_running(const char *val, const struct kernel_param *kp)
{
	if (strcmp(val, "0\n"))
		return -EINVAL;
	churn_stop_threads();
	return 0;
}

/* A line for each region: id, name, address, size */
static int get_held(char *buf, const struct kernel_param *kp)
{
	int i, len = 0;

	for (i = 0; i < THREADS * REGIONS; i++)
		if (ids[i] > 0)
			len += scnprintf(buf + len, PAGE_SIZE - len, "%d %s %#lx %zu\n", ids[i],
					 regions[i].name, (unsigned long)regions[i].addr, regions[i].size);
	return len + scnprintf(buf + len, PAGE_SIZE - len, "%d KCHURNBASE %#lx %u\n", base, (unsigned long)buffer,
			       BUFFER_SIZE);
}

static int get_errors(char *buf, const struct kernel_param *kp)
{
	return scnprintf(buf, PAGE_SIZE, "%ld\n", atomic_long_read(&errors));
}

static const struct kernel_param_ops running_ops = { .set = set_running };
module_param_cb(running, &running_ops, NULL, 0200);
static const struct kernel_param_ops held_ops = { .get = get_held };
module_param_cb(held, &held_ops, NULL, 0400);
static const struct kernel_param_ops errors_ops = { .get = get_errors };
module_param_cb(errors, &errors_ops, NULL, 0444);

static void churn_stop(void)
{
	int i;

	churn_stop_threads();
	for (i = 0; i < THREADS * REGIONS; i++)
		if (ids[i] > 0)
			qcom_minidump_unregister(ids[i]);
	if (base > 0)
		qcom_minidump_unregister(base);
	kfree(buffer);
	pr_info("%ld operations, %ld errors\n", atomic_long_read(&operations), atomic_long_read(&errors));
}

static int __init churn_init(void)
{
	struct qcom_minidump_region r = { .name = "KCHURNBASE", .size = BUFFER_SIZE };
	long i;

	buffer = kzalloc(BUFFER_SIZE, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	r.addr = buffer;
	base = qcom_minidump_register(&r, GFP_KERNEL);
	for (i = 0; i < THREADS; i++) {
		struct task_struct *t = kthread_run(churn, (void *)i, "qcmd_churn/%ld", i);

		if (IS_ERR(t)) {
			churn_stop();
			return PTR_ERR(t);
		}
		/* Others want to change the table, too. */
		set_user_nice(t, 15);
		threads[i] = t;
	}
	return 0;
}

module_init(churn_init);
module_exit(churn_stop);

MODULE_DESCRIPTION("Test load for the minidump table");
MODULE_LICENSE("GPL");
