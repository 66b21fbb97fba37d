/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is alike in the back ends whose table firmware, or the host of a virtual machine, has set up: what is refused,
 * the limits, the parameters "slots" and "encrypt". Included once in such a module.
 *
 * The table is the firmware's; this is about one subsystem of it. What it has not set up, or not as expected, is left
 * alone: a firmware that reads another layout would save anything but what was meant.
 */
#ifndef QCOM_MINIDUMP_TOC_FIRMWARE_H
#define QCOM_MINIDUMP_TOC_FIRMWARE_H

#include <linux/align.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pfn.h>

#include "toc.h"

/* Of old boot firmware's 300 regions for all subsystems 201 are Linux's, as the driver posted upstream has it. */
#define QMD_SLOTS_DEFAULT	201
#include "toc-slots.h"

/* Firmware keeps 4 of the 16 bytes of a name to itself; one is the NUL. */
#define FIRMWARE_NAME_MAX	(MINIDUMP_REGION_NAME_SIZE - 4 - 1)

static bool encrypt;
module_param(encrypt, bool, 0444);
MODULE_PARM_DESC(encrypt, "ask firmware to encrypt what it saves (default no)");

/**
 * struct firmware_table - what firmware says of its table, and of this subsystem
 * @status: not 0 when it has initialised the table
 * @revision: MINIDUMP_TOC_REVISION
 * @enabled: not 0, or MINIDUMP_SS_ENABLED
 * @count: slots that an earlier kernel may have left
 * @base: physical address of them
 */
struct firmware_table {
	u32 status;
	u32 revision;
	u32 enabled;
	u32 count;
	u64 base;
};

/* What an earlier kernel left is fine, as after kexec. Something else there means another layout. */
static bool firmware_base_plausible(const struct firmware_table *t)
{
	u64 size = (u64)t->count * sizeof(struct minidump_region);
	u64 last;

	if (!t->base)
		return true;
	return IS_ALIGNED(t->base, __alignof__(struct minidump_region)) && !check_add_overflow(t->base, size, &last) &&
	       page_is_ram(PHYS_PFN(t->base)) && page_is_ram(PHYS_PFN(last));
}

static int firmware_check(const struct firmware_table *t)
{
	if (!t->status) {
		pr_err("firmware has not initialised the minidump table (status 0)\n");
		return -ENODEV;
	}
	if (t->revision != MINIDUMP_TOC_REVISION) {
		pr_err("the minidump table has revision %u; this driver knows %u\n", t->revision,
		       MINIDUMP_TOC_REVISION);
		return -EPROTONOSUPPORT;
	}
	if (!t->enabled || t->enabled == MINIDUMP_SS_DISABLED) {
		pr_err("firmware has disabled minidumps (enabled is %#x)\n", t->enabled);
		return -EPERM;
	}
	if (!firmware_base_plausible(t)) {
		pr_err("the minidump table names %u regions at %#llx, where no RAM is\n", t->count, t->base);
		return -EUCLEAN;
	}
	return 0;
}

static size_t firmware_regions_size(void)
{
	return array_size(slots, sizeof(struct minidump_region));
}

static int firmware_regions_alloc(struct qmd_toc *toc, struct qcom_minidump_limits *limits)
{
	toc->regions = alloc_pages_exact(firmware_regions_size(), GFP_KERNEL | __GFP_ZERO);
	if (!toc->regions)
		return -ENOMEM;
	limits->slots = slots;
	limits->name_max = FIRMWARE_NAME_MAX;
	limits->align = 4;
	return 0;
}

static void firmware_regions_free(struct qmd_toc *toc)
{
	free_pages_exact(toc->regions, firmware_regions_size());
}

#endif
