// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back end "smem": the G-ToC that Qualcomm's boot firmware keeps in shared memory, with the region array in RAM. After
 * a crash the firmware walks it and saves what it names.
 *
 * The firmware owns the G-ToC; this is about one subsystem of it. What it has not set up, or not as expected, is left
 * alone: a firmware that reads another layout would save anything but what was meant.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device/driver.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pfn.h>
#include <linux/soc/qcom/smem.h>

#include "backend.h"
#include "toc.h"

/* Of old boot firmware's 300 regions for all subsystems 201 are Linux's, as the driver posted upstream has it. */
#define MINIDUMP_SLOTS_DEFAULT	201
#include "toc-module.h"

#define SMEM_ITEM_MINIDUMP	602
/* Firmware keeps 4 of the 16 bytes of a name to itself; one is the NUL. */
#define SMEM_NAME_MAX		(MINIDUMP_REGION_NAME_SIZE - 4 - 1)

static bool encrypt;
module_param(encrypt, bool, 0444);
MODULE_PARM_DESC(encrypt, "ask boot firmware to encrypt what it saves (default no)");

static struct minidump_toc smem_toc;

static size_t smem_regions_size(void)
{
	return array_size(slots, sizeof(struct minidump_region));
}

/* What an earlier kernel left is fine, as after kexec. Something else there means another layout. */
static bool smem_base_plausible(const struct minidump_subsystem *ss)
{
	u64 base = le64_to_cpu(READ_ONCE(ss->regions_baseptr));
	u64 size = (u64)le32_to_cpu(READ_ONCE(ss->region_count)) * sizeof(struct minidump_region);
	u64 last;

	if (!base)
		return true;
	return IS_ALIGNED(base, __alignof__(struct minidump_region)) && !check_add_overflow(base, size, &last) &&
	       page_is_ram(PHYS_PFN(base)) && page_is_ram(PHYS_PFN(last));
}

static int smem_check(const struct minidump_global_toc *gtoc)
{
	const struct minidump_subsystem *ss = &gtoc->subsystems[MINIDUMP_SUBSYSTEM_APSS];
	u32 revision = le32_to_cpu(READ_ONCE(gtoc->revision));
	u32 enabled = le32_to_cpu(READ_ONCE(gtoc->enabled));

	if (!READ_ONCE(gtoc->status)) {
		pr_err("boot firmware has not initialised the minidump table (status 0)\n");
		return -ENODEV;
	}
	if (revision != MINIDUMP_TOC_REVISION) {
		pr_err("boot firmware's minidump table has revision %u; this driver knows %u\n", revision,
		       MINIDUMP_TOC_REVISION);
		return -EPROTONOSUPPORT;
	}
	if (!enabled || enabled == MINIDUMP_SS_DISABLED) {
		pr_err("boot firmware has disabled minidumps (enabled is %#x)\n", enabled);
		return -EPERM;
	}
	if (!smem_base_plausible(ss)) {
		pr_err("boot firmware's minidump table names %u regions at %#llx, where no RAM is\n",
		       le32_to_cpu(READ_ONCE(ss->region_count)), le64_to_cpu(READ_ONCE(ss->regions_baseptr)));
		return -EUCLEAN;
	}
	return 0;
}

static struct minidump_global_toc *smem_find(void)
{
	struct minidump_global_toc *gtoc;
	size_t size;
	int ret;

	gtoc = qcom_smem_get(QCOM_SMEM_HOST_ANY, SMEM_ITEM_MINIDUMP, &size);
	if (PTR_ERR_OR_ZERO(gtoc) == -EPROBE_DEFER) {
		/* SMEM's lock may have been found just now. */
		wait_for_device_probe();
		gtoc = qcom_smem_get(QCOM_SMEM_HOST_ANY, SMEM_ITEM_MINIDUMP, &size);
	}
	if (PTR_ERR_OR_ZERO(gtoc) == -EPROBE_DEFER) {
		pr_info("no SMEM: its driver, qcom_smem, has found none on this machine\n");
		return ERR_PTR(-ENODEV);
	}
	if (IS_ERR(gtoc)) {
		pr_err("boot firmware has put no minidump table in SMEM: item %u is absent (%pe)\n", SMEM_ITEM_MINIDUMP,
		       gtoc);
		return gtoc;
	}
	if (size < sizeof(*gtoc)) {
		pr_err("boot firmware's minidump table is too small: SMEM item %u has %zu bytes, not %zu\n",
		       SMEM_ITEM_MINIDUMP, size, sizeof(*gtoc));
		return ERR_PTR(-EPROTONOSUPPORT);
	}
	ret = smem_check(gtoc);
	return ret ? ERR_PTR(ret) : gtoc;
}

static int smem_init(void *priv, struct minidump_limits *limits)
{
	struct minidump_global_toc *gtoc = smem_find();

	if (IS_ERR(gtoc))
		return PTR_ERR(gtoc);
	smem_toc.regions = alloc_pages_exact(smem_regions_size(), GFP_KERNEL | __GFP_ZERO);
	if (!smem_toc.regions)
		return -ENOMEM;
	smem_toc.ss = &gtoc->subsystems[MINIDUMP_SUBSYSTEM_APSS];
	minidump_toc_open(&smem_toc, encrypt);

	limits->slots = slots;
	limits->name_max = SMEM_NAME_MAX;
	limits->align = 4;
	return 0;
}

static void smem_exit(void *priv)
{
	minidump_toc_close(&smem_toc);
	free_pages_exact(smem_toc.regions, smem_regions_size());
}

static const struct minidump_backend_ops smem_ops = {
	.init = smem_init,
	.write_slot = minidump_toc_write_slot,
	.move_slot = minidump_toc_move_slot,
	.clear_slot = minidump_toc_clear_slot,
	.publish = minidump_toc_publish,
	.exit = smem_exit,
};

static const struct minidump_backend toc_backend = {
	.name = "smem",
	.owner = THIS_MODULE,
	.ops = &smem_ops,
	.priv = &smem_toc,
};

/* SMEM is found only after the lock that goes with it. */
MODULE_SOFTDEP("pre: qcom_hwspinlock");
MODULE_DESCRIPTION("Minidump back end: table in Qualcomm's SMEM");
