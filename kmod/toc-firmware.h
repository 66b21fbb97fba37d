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

/* A bus reads as this where nothing answers. */
#define FIRMWARE_ABSENT		(~0U)

static bool encrypt;
module_param(encrypt, bool, 0444);
MODULE_PARM_DESC(encrypt, "ask firmware to encrypt what it saves (default no)");

/* What an earlier kernel left is fine, as after kexec. Something else there means another layout. */
static bool firmware_base_plausible(u64 base, u32 count)
{
	u64 last;

	if (!base)
		return true;
	return IS_ALIGNED(base, __alignof__(struct minidump_region)) &&
	       !check_add_overflow(base, (u64)count * sizeof(struct minidump_region), &last) &&
	       page_is_ram(PHYS_PFN(base)) && page_is_ram(PHYS_PFN(last));
}

static int firmware_check(const struct qmd_toc *toc)
{
	u32 status = readl(QMD_TOC_HEAD(toc, status));
	u32 revision = readl(QMD_TOC_HEAD(toc, revision));
	u32 enabled = readl(QMD_TOC_HEAD(toc, enabled));
	u32 count = readl(QMD_TOC_SS(toc, region_count));
	u64 base = (u64)readl(toc->base + sizeof(u32)) << 32 | readl(toc->base);

	if (status == FIRMWARE_ABSENT && revision == FIRMWARE_ABSENT) {
		pr_err("there is no minidump table: its registers read as all ones\n");
		return -ENODEV;
	}
	if (!status) {
		pr_err("firmware has not initialised the minidump table (status 0)\n");
		return -ENODEV;
	}
	if (revision != MINIDUMP_TOC_REVISION) {
		pr_err("the minidump table has revision %u; this driver knows %u\n", revision, MINIDUMP_TOC_REVISION);
		return -EPROTONOSUPPORT;
	}
	if (!enabled || enabled == MINIDUMP_SS_DISABLED) {
		pr_err("firmware has disabled minidumps (enabled is %#x)\n", enabled);
		return -EPERM;
	}
	if (!firmware_base_plausible(base, count)) {
		pr_err("the minidump table names %u regions at %#llx, where no RAM is\n", count, base);
		return -EUCLEAN;
	}
	return 0;
}

static size_t firmware_regions_size(void)
{
	return array_size(slots, sizeof(struct minidump_region));
}

/* Of a struct qmd_toc that says where all but the regions are. */
static int firmware_init(void *priv, struct qcom_minidump_limits *limits)
{
	struct qmd_toc *toc = priv;
	int ret = firmware_check(toc);

	if (ret)
		return ret;
	toc->regions = alloc_pages_exact(firmware_regions_size(), GFP_KERNEL | __GFP_ZERO);
	if (!toc->regions)
		return -ENOMEM;
	limits->slots = slots;
	limits->name_max = FIRMWARE_NAME_MAX;
	limits->align = 4;
	qmd_toc_open(toc, encrypt);
	return 0;
}

static void firmware_exit(void *priv)
{
	const struct qmd_toc *toc = priv;

	free_pages_exact(toc->regions, firmware_regions_size());
}

#endif
