// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a driver has its memory saved in a crash. This one keeps a state in a static structure, and a log that it moves
 * to a larger buffer when it is full:
 *
 *	echo TEXT >/sys/module/qcom_minidump_sample/parameters/log
 *
 * The dump then has the regions KSAMPLE and KSAMPLELOG.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/qcom_minidump.h>

#define SAMPLE_LOG_SIZE	64	/* at first */

static struct sample_state {
	char magic[16];
	u64 records;
} sample_state = { .magic = "sample driver" };

static DEFINE_MUTEX(sample_lock);	/* all of the log, its id too */
static char *sample_log;
static size_t sample_log_size, sample_log_used;

/* Ids of the regions, or why there is none. */
static int sample_state_id, sample_log_id;

/*
 * A driver works without the dump as well: it says so and goes on. In a kernel without minidumps there is nothing to
 * say.
 */
static int sample_register(const char *name, const void *addr, size_t size)
{
	const struct qcom_minidump_region region = {
		.name = name,
		.addr = addr,
		.size = size,
		.comment = KBUILD_MODNAME,
	};
	int id = qcom_minidump_register(&region, GFP_KERNEL);

	if (id < 0 && id != -EOPNOTSUPP)
		pr_warn("%s will not be in a minidump: %d\n", name, id);
	return id;
}

static void sample_unregister(int id)
{
	if (id > 0)
		qcom_minidump_unregister(id);
}

/* The old buffer is freed only when the table has the new one: a crash in between finds one of them. */
static int sample_grow(size_t size)
{
	char *log = kzalloc(size, GFP_KERNEL);
	int ret = 0;

	if (!log)
		return -ENOMEM;
	memcpy(log, sample_log, sample_log_used);
	if (sample_log_id > 0)
		ret = qcom_minidump_update(sample_log_id, log, size);
	if (ret) {
		kfree(log);
		return ret;
	}
	kfree(sample_log);
	sample_log = log;
	sample_log_size = size;
	return 0;
}

static int sample_append(const char *text, size_t length)
{
	if (sample_log_used + length > sample_log_size) {
		int ret = sample_grow(2 * (sample_log_used + length));

		if (ret)
			return ret;
	}
	memcpy(sample_log + sample_log_used, text, length);
	sample_log_used += length;
	sample_state.records++;
	return 0;
}

static int sample_log_set(const char *text, const struct kernel_param *kp)
{
	int ret = -ENODEV;

	mutex_lock(&sample_lock);
	if (sample_log)		/* not before the module is initialised */
		ret = sample_append(text, strlen(text));
	mutex_unlock(&sample_lock);
	return ret;
}

static const struct kernel_param_ops sample_log_ops = {
	.set = sample_log_set,
};
module_param_cb(log, &sample_log_ops, NULL, 0200);
MODULE_PARM_DESC(log, "text to append to the log");

static int __init sample_init(void)
{
	int ret;

	mutex_lock(&sample_lock);
	ret = sample_grow(SAMPLE_LOG_SIZE);
	if (!ret) {
		sample_state_id = sample_register("KSAMPLE", &sample_state, sizeof(sample_state));
		sample_log_id = sample_register("KSAMPLELOG", sample_log, sample_log_size);
	}
	mutex_unlock(&sample_lock);
	return ret;
}

/* First out of the table, then free. */
static void __exit sample_exit(void)
{
	sample_unregister(sample_log_id);
	sample_unregister(sample_state_id);
	kfree(sample_log);
}

module_init(sample_init);
module_exit(sample_exit);

MODULE_DESCRIPTION("Sample client of the minidump API");
MODULE_LICENSE("GPL");
