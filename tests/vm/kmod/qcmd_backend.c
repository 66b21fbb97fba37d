// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back end "test": keeps the table in an array, and checks that the core keeps its side of kmod/backend.h: good
 * arguments, one call at a time, none before init or after exit. What is not kept is a warning of the kernel, which
 * fails the run of the test.
 *
 * It has odd limits, and on request limits or operations that the core must refuse.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include <linux/qcom_minidump_table.h>

#include "backend.h"

#define MAX_SLOTS	256

static uint slots = 5;
static uint name_max = 12;
static uint align = 64;
static char *broken = "";
module_param(slots, uint, 0444);
module_param(name_max, uint, 0444);
module_param(align, uint, 0444);
module_param(broken, charp, 0444);
MODULE_PARM_DESC(broken, "what is missing: name, ops or an operation; \"failing\": init fails");

static struct test_slot {
	char name[32];
	u32 seq;
	phys_addr_t pa;
	u64 size;
	bool valid;
} table[MAX_SLOTS];
static u32 published;
static bool open, closing;
static atomic_t calls;

#define MUST(cond)	WARN_ONCE(!(cond), "%s: the core breaks the contract: not " #cond "\n", __func__)

static void check_call(void *priv, u32 slot)
{
	MUST(priv == table);
	MUST(open && !closing);
	MUST(irqs_disabled());
	MUST(slot < slots);
	MUST(atomic_inc_return(&calls) == 1);
	udelay(2);
}

static void check_range(phys_addr_t pa, u64 size)
{
	MUST(size);
	MUST(IS_ALIGNED(pa, align) && IS_ALIGNED(size, align));
	MUST(pa + size > pa);
	MUST(pfn_valid(PHYS_PFN(pa)) && pfn_valid(PHYS_PFN(pa + size - 1)));
}

/* A piece is in two slots while it moves or takes a hole, and in three while it moves and takes a hole, not in four. */
static u32 other_slots(u32 slot, const struct qcom_minidump_slot_data *data)
{
	u32 i, n = 0;

	for (i = 0; i < slots; i++)
		n += i != slot && table[i].valid && table[i].seq == data->seq && !strcmp(table[i].name, data->name);
	return n;
}

static void check_name(const char *name)
{
	size_t length = strlen(name);

	MUST(length && length <= name_max);
	for (; *name; name++)
		MUST(isascii(*name) && isgraph(*name));
}

static void test_write_slot(void *priv, u32 slot, const struct qcom_minidump_slot_data *data)
{
	struct test_slot *s = &table[slot];

	check_call(priv, slot);
	check_range(data->pa, data->size);
	check_name(data->name);
	MUST(other_slots(slot, data) < 3);
	MUST(slot != 0 || !strcmp(data->name, MINIDUMP_ELF_HEADER_NAME));
	MUST(slot != 1 || !strcmp(data->name, MINIDUMP_VMCOREINFO_NAME));
	MUST(!s->valid || slot + 1 < published);
	strscpy(s->name, data->name, sizeof(s->name));
	s->seq = data->seq;
	s->pa = data->pa;
	s->size = data->size;
	s->valid = true;
	atomic_dec(&calls);
}

/* The CPU on which slots were added that the header doesn't name yet, behind 1. */
static u32 unnamed_on;

/* Interrupts are on again. */
static void test_interrupt(struct irq_work *work)
{
	MUST(READ_ONCE(unnamed_on) != raw_smp_processor_id() + 1);
}

static struct irq_work interrupt = IRQ_WORK_INIT_HARD(test_interrupt);

static void test_move_slot(void *priv, u32 slot, phys_addr_t pa, u64 size)
{
	check_call(priv, slot);
	check_range(pa, size);
	MUST(table[slot].valid);
	if (!slot)
		WRITE_ONCE(unnamed_on, 0);
	table[slot].pa = pa;
	table[slot].size = size;
	atomic_dec(&calls);
}

static void test_clear_slot(void *priv, u32 slot)
{
	check_call(priv, slot);
	MUST(table[slot].valid);
	MUST(slot == published - 1);
	table[slot].valid = false;
	atomic_dec(&calls);
}

static void test_publish(void *priv, u32 count)
{
	u32 i;

	check_call(priv, 0);
	MUST(count && count <= slots);
	for (i = 0; i < slots; i++)
		MUST(table[i].valid == (i < count));
	if (count > published) {
		WRITE_ONCE(unnamed_on, raw_smp_processor_id() + 1);
		irq_work_queue(&interrupt);
	}
	published = count;
	atomic_dec(&calls);
}

static void test_close(void *priv)
{
	check_call(priv, 0);
	closing = true;
	published = 0;
	atomic_dec(&calls);
}

static int test_init(void *priv, struct qcom_minidump_limits *limits)
{
	might_sleep();
	MUST(priv == table);
	MUST(!open);
	MUST(!irqs_disabled());
	limits->slots = slots;
	limits->name_max = name_max;
	limits->align = align;
	if (!strcmp(broken, "failing"))
		return -EIO;
	published = 0;
	open = true;
	return 0;
}

static void test_exit(void *priv)
{
	might_sleep();
	MUST(priv == table);
	MUST(open);
	MUST(!irqs_disabled());
	MUST(!atomic_read(&calls));
	/* It may never have been bound. */
	MUST(closing || !published);
	open = false;
	closing = false;
	memset(table, 0, sizeof(table));
}

static struct qcom_minidump_backend_ops test_ops = {
	.init = test_init,
	.write_slot = test_write_slot,
	.move_slot = test_move_slot,
	.clear_slot = test_clear_slot,
	.publish = test_publish,
	.close = test_close,
	.exit = test_exit,
};

static struct qcom_minidump_backend backend = {
	.name = "test",
	.owner = THIS_MODULE,
	.ops = &test_ops,
	.priv = table,
};

static void leave_out(const char *what)
{
	if (!strcmp(what, "name"))
		backend.name = NULL;
	else if (!strcmp(what, "ops"))
		backend.ops = NULL;
	else if (!strcmp(what, "init"))
		test_ops.init = NULL;
	else if (!strcmp(what, "write_slot"))
		test_ops.write_slot = NULL;
	else if (!strcmp(what, "move_slot"))
		test_ops.move_slot = NULL;
	else if (!strcmp(what, "clear_slot"))
		test_ops.clear_slot = NULL;
	else if (!strcmp(what, "publish"))
		test_ops.publish = NULL;
	else if (!strcmp(what, "close"))
		test_ops.close = NULL;
	else if (!strcmp(what, "exit"))
		test_ops.exit = NULL;
}

static bool bound;

static int set_bound(const char *val, const struct kernel_param *kp)
{
	bool want;
	int ret = kstrtobool(val, &want);

	if (!ret && want && !bound)
		ret = qcom_minidump_backend_register(&backend);
	else if (!ret && !want)
		qcom_minidump_backend_unregister(&backend);
	if (!ret)
		bound = want;
	return ret;
}

static const struct kernel_param_ops bound_ops = { .set = set_bound, .get = param_get_bool };
module_param_cb(bound, &bound_ops, &bound, 0644);

/* What is in the table, as `mdnl list` says it: slot:seq:address:size name */
static int get_table(char *buf, const struct kernel_param *kp)
{
	int len = 0;
	u32 i;

	for (i = 0; i < published; i++)
		len += scnprintf(buf + len, PAGE_SIZE - len, "%u:%u:%#llx:%llu %s\n", i, table[i].seq,
				 (u64)table[i].pa, table[i].size, table[i].name);
	return len;
}

static const struct kernel_param_ops table_ops = { .get = get_table };
module_param_cb(table, &table_ops, NULL, 0400);

static int __init backend_init(void)
{
	leave_out(broken);
	/* Not bound: whoever is must not notice. */
	qcom_minidump_backend_unregister(&backend);
	return set_bound("1", NULL);
}

static void __exit backend_exit(void)
{
	set_bound("0", NULL);
	irq_work_sync(&interrupt);
}

module_init(backend_init);
module_exit(backend_exit);

MODULE_DESCRIPTION("Test back end of the minidump table");
MODULE_LICENSE("GPL");
MODULE_INFO(import_ns, "QCOM_MINIDUMP");
