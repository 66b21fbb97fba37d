// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back end "ram": the table in plain memory, for machines whose firmware knows nothing of minidumps. Who
 * collects is a hypervisor that saves the guest's memory, or a kdump capture kernel: they find it by the
 * header at the start of its first page (struct minidump_ram_header).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/build_bug.h>
#include <linux/crc32.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "backend.h"
#include "toc.h"

#define RAM_SLOTS_MIN	16
#define RAM_SLOTS_MAX	16384

static uint slots = 1024;
module_param(slots, uint, 0444);
MODULE_PARM_DESC(slots, "slots of the table, 16 to 16384 (default 1024)");

/* What lies in memory. The header starts a page. */
struct ram_table {
	struct minidump_ram_header header;
	struct minidump_global_toc toc __aligned(8);
	struct minidump_region regions[];
};

static struct ram_table *table;

static size_t ram_table_size(void)
{
	return struct_size(table, regions, slots);
}

/* The magic comes last: before it nobody finds the rest. */
static void ram_write_header(void)
{
	struct minidump_ram_header *h = &table->header;
	struct minidump_ram_header tmp = {
		.magic = MINIDUMP_RAM_MAGIC,
		.self = cpu_to_le64(virt_to_phys(table)),
		.toc = cpu_to_le64(virt_to_phys(&table->toc)),
		.header_size = cpu_to_le32(sizeof(tmp)),
		.slots_max = cpu_to_le32(slots),
		.page_size = cpu_to_le32(PAGE_SIZE),
	};

	BUILD_BUG_ON(sizeof(MINIDUMP_RAM_MAGIC) != MINIDUMP_RAM_MAGIC_SIZE);
	tmp.crc32 = cpu_to_le32(~crc32_le(~0, (u8 *)&tmp, offsetof(struct minidump_ram_header, crc32)));

	memcpy((u8 *)h + sizeof(h->magic), (u8 *)&tmp + sizeof(h->magic), sizeof(tmp) - sizeof(h->magic));
	dma_wmb();
	memcpy(h->magic, tmp.magic, sizeof(h->magic));
	dma_wmb();
}

static int ram_init(void *priv, struct minidump_limits *limits)
{
	struct minidump_subsystem *ss;

	table = alloc_pages_exact(ram_table_size(), GFP_KERNEL | __GFP_ZERO);
	if (!table)
		return -ENOMEM;

	table->toc.status = cpu_to_le32(1);
	table->toc.revision = cpu_to_le32(MINIDUMP_TOC_REVISION);
	table->toc.enabled = cpu_to_le32(MINIDUMP_SS_ENABLED);

	ss = &table->toc.subsystems[MINIDUMP_SUBSYSTEM_APSS];
	ss->status = cpu_to_le32(1);
	ss->enabled = cpu_to_le32(MINIDUMP_SS_ENABLED);
	ss->encryption_status = cpu_to_le32(MINIDUMP_SS_ENCR_DONE);
	ss->encryption_required = cpu_to_le32(MINIDUMP_SS_ENCR_NOTREQ);
	ss->regions_baseptr = cpu_to_le64(virt_to_phys(table->regions));
	ram_write_header();

	limits->slots = slots;
	limits->name_max = MINIDUMP_REGION_NAME_SIZE - 1;
	limits->align = 4;
	return 0;
}

static void ram_write_slot(void *priv, u32 slot, const struct minidump_slot_data *data)
{
	minidump_toc_write(&table->regions[slot], data);
}

static void ram_move_slot(void *priv, u32 slot, phys_addr_t pa, u64 size)
{
	minidump_toc_move(&table->regions[slot], pa, size);
}

static void ram_clear_slot(void *priv, u32 slot)
{
	minidump_toc_clear(&table->regions[slot]);
}

static void ram_publish(void *priv, u32 count)
{
	WRITE_ONCE(table->toc.subsystems[MINIDUMP_SUBSYSTEM_APSS].region_count, cpu_to_le32(count));
	dma_wmb();
}

static void ram_exit(void *priv)
{
	memzero_explicit(table->header.magic, sizeof(table->header.magic));
	dma_wmb();
	free_pages_exact(table, ram_table_size());
	table = NULL;
}

static const struct minidump_backend_ops ram_ops = {
	.init = ram_init,
	.write_slot = ram_write_slot,
	.move_slot = ram_move_slot,
	.clear_slot = ram_clear_slot,
	.publish = ram_publish,
	.exit = ram_exit,
};

static const struct minidump_backend ram_backend = {
	.name = "ram",
	.owner = THIS_MODULE,
	.ops = &ram_ops,
};

/* While bound the core holds this module: "bound" is how to let go of it. */
static DEFINE_MUTEX(bound_lock);
static bool bound = true;
static bool loaded;

static int ram_bind(bool want)
{
	int ret = 0;

	if (want && !table)
		ret = qcom_minidump_backend_register(&ram_backend);
	else if (!want && table)
		qcom_minidump_backend_unregister(&ram_backend);
	return ret;
}

static int bound_set(const char *val, const struct kernel_param *kp)
{
	bool want;
	int ret = kstrtobool(val, &want);

	if (ret)
		return ret;

	mutex_lock(&bound_lock);
	if (loaded)
		ret = ram_bind(want);
	if (!ret)
		bound = want;
	mutex_unlock(&bound_lock);
	return ret;
}

static const struct kernel_param_ops bound_ops = {
	.set = bound_set,
	.get = param_get_bool,
};
module_param_cb(bound, &bound_ops, &bound, 0644);
MODULE_PARM_DESC(bound, "whether the table exists; writing 0 takes it away and lets the module be unloaded");

static int __init ram_module_init(void)
{
	int ret;

	if (slots < RAM_SLOTS_MIN || slots > RAM_SLOTS_MAX) {
		pr_err("slots=%u is out of range: %u to %u\n", slots, RAM_SLOTS_MIN, RAM_SLOTS_MAX);
		return -EINVAL;
	}

	mutex_lock(&bound_lock);
	ret = ram_bind(bound);
	loaded = !ret;
	mutex_unlock(&bound_lock);
	return ret;
}

static void __exit ram_module_exit(void)
{
	mutex_lock(&bound_lock);
	loaded = false;
	ram_bind(false);
	mutex_unlock(&bound_lock);
}

module_init(ram_module_init);
module_exit(ram_module_exit);

MODULE_DESCRIPTION("Minidump back end: table in plain RAM");
MODULE_LICENSE("GPL");
MODULE_VERSION(QCOM_MINIDUMP_VERSION);
MODULE_IMPORT_NS(QCOM_MINIDUMP);
