// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back end "ram": the table in plain memory, for machines whose firmware knows nothing of minidumps. Who
 * collects is a hypervisor that saves the guest's memory, or a kdump capture kernel: they find it by the
 * header at the start of its first page (struct minidump_ram_header). Or it is the next kernel, from the keep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/build_bug.h>
#include <linux/crc32.h>
#include <linux/gfp.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/overflow.h>

#include "backend.h"
#include "keep.h"
#include "toc.h"

#define QMD_SLOTS_DEFAULT	1024
#include "toc-module.h"

/* What lies in memory. The header starts a page. */
struct ram_table {
	struct minidump_ram_header header;
	struct minidump_global_toc toc __aligned(8);
	struct minidump_region regions[];
};

static struct ram_table *table;
static struct qmd_toc ram_toc;

static size_t ram_table_size(void)
{
	return struct_size(table, regions, slots);
}

/* The magic comes last: before it nobody finds the rest. */
static void ram_write_header(void *priv)
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

static int ram_init(void *priv, struct qcom_minidump_limits *limits)
{
	table = alloc_pages_exact(ram_table_size(), GFP_KERNEL | __GFP_ZERO);
	if (!table)
		return -ENOMEM;

	table->toc.status = cpu_to_le32(1);
	table->toc.revision = cpu_to_le32(MINIDUMP_TOC_REVISION);
	table->toc.enabled = cpu_to_le32(MINIDUMP_SS_ENABLED);

	ram_toc.ss = (void __force __iomem *)&table->toc.subsystems[MINIDUMP_SUBSYSTEM_APSS];
	ram_toc.base = QMD_TOC_SS(&ram_toc, regions_baseptr);
	ram_toc.regions = table->regions;
	qmd_toc_open(&ram_toc, false);
	ram_write_header(NULL);

	limits->slots = slots;
	limits->name_max = MINIDUMP_REGION_NAME_SIZE - 1;
	limits->align = 4;
	return 0;
}

static void ram_close(void *priv)
{
	memzero_explicit(table->header.magic, sizeof(table->header.magic));
	dma_wmb();
}

static void ram_exit(void *priv)
{
	qmd_keep_close();
	qmd_keep_forget();
	free_pages_exact(table, ram_table_size());
	table = NULL;
}

static const struct qcom_minidump_backend_ops ram_ops = {
	.init = ram_init,
	QMD_TOC_SLOT_OPS,
	.close = ram_close,
	.reopen = ram_write_header,
	.exit = ram_exit,
};

static const struct qcom_minidump_backend toc_backend = {
	.name = "ram",
	.owner = THIS_MODULE,
	.ops = &ram_ops,
	.priv = &ram_toc,
};

static int keep_on_memory(struct notifier_block *nb, unsigned long action, void *data)
{
	return action == MEM_GOING_OFFLINE ? NOTIFY_BAD : NOTIFY_DONE;
}

static struct notifier_block keep_memory_nb = { .notifier_call = keep_on_memory };

/*
 * What the kernel before has left is looked at first, as the new keep may lie over it. No memory is removed meanwhile.
 * @old: NULL: nothing is known of one
 */
static int keep_begin(const struct qmd_keep_record *old)
{
	const struct qmd_keep_table kept = {
		.paddr = virt_to_phys(table),
		.size = PAGE_ALIGN(ram_table_size()),
		.regions = table->regions,
		.count = &table->toc.subsystems[MINIDUMP_SUBSYSTEM_APSS].region_count,
		.max = slots,
	};
	int ret;

	register_memory_notifier(&keep_memory_nb);
	ret = old ? qmd_keep_find(old) : 0;
	if (ret)
		pr_warn("what the kernel before may have left can't be had: error %d\n", ret);
	ret = qmd_keep_open(&kept);
	unregister_memory_notifier(&keep_memory_nb);
	return ret;
}

/* Once somebody has taken over what the kernel before has left, its copy needs no memory any more. */
static int keep_set(const char *val, const struct kernel_param *kp)
{
	struct qmd_keep_record old;

	if (!table)
		return -ENODEV;
	if (qmd_keep_is_open()) {
		if (!sysfs_streq(val, "taken"))
			return -EBUSY;
		qmd_keep_forget();
		return 0;
	}
	if (sscanf(val, QMD_KEEP_FORMAT, &old.number[0], &old.number[1], &old.at[0], &old.at[1]) == 4)
		return keep_begin(&old);
	return sysfs_streq(val, "none") ? keep_begin(NULL) : -EINVAL;
}

static int keep_get(char *buf, const struct kernel_param *kp)
{
	struct qmd_keep_record record;

	if (!qmd_keep_is_open())
		return sysfs_emit(buf, "none\n");
	qmd_keep_say(&record);
	return sysfs_emit(buf, QMD_KEEP_FORMAT "\n", record.number[0], record.number[1], record.at[0], record.at[1]);
}

/* For root alone: who knows it can forge a keep. */
static const struct kernel_param_ops keep_ops = { .set = keep_set, .get = keep_get };
module_param_cb(keep, &keep_ops, NULL, 0600);
MODULE_PARM_DESC(keep, "where the next kernel finds the dump of a panic; write that of the boot before, or none");

/* "unknown": nobody said where to look, or that can't be done here; "lost": there was nothing. */
static int before_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", qmd_keep_before);
}

static const struct kernel_param_ops before_ops = { .get = before_get };
module_param_cb(before, &before_ops, NULL, 0444);
MODULE_PARM_DESC(before, "the kernel before, by its keep: unknown, lost, clean, died or panicked");

MODULE_DESCRIPTION("Minidump back end: table in plain RAM");
