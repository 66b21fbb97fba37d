// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back end "smem": the G-ToC that Qualcomm's boot firmware keeps in shared memory, with the region array in RAM. After
 * a crash the firmware walks it and saves what it names.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device/driver.h>
#include <linux/err.h>
#include <linux/soc/qcom/smem.h>

#include "backend.h"
#include "toc-firmware.h"
#include "toc-module.h"

#define SMEM_ITEM_MINIDUMP	602

static struct qmd_toc smem_toc;

static int smem_check(const struct minidump_global_toc *gtoc)
{
	const struct minidump_subsystem *ss = &gtoc->subsystems[MINIDUMP_SUBSYSTEM_APSS];
	const struct firmware_table table = {
		.status = le32_to_cpu(READ_ONCE(gtoc->status)),
		.revision = le32_to_cpu(READ_ONCE(gtoc->revision)),
		.enabled = le32_to_cpu(READ_ONCE(gtoc->enabled)),
		.count = le32_to_cpu(READ_ONCE(ss->region_count)),
		.base = le64_to_cpu(READ_ONCE(ss->regions_baseptr)),
	};

	return firmware_check(&table);
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

static int smem_init(void *priv, struct qcom_minidump_limits *limits)
{
	struct minidump_global_toc *gtoc = smem_find();
	int ret;

	if (IS_ERR(gtoc))
		return PTR_ERR(gtoc);
	ret = firmware_regions_alloc(&smem_toc, limits);
	if (ret)
		return ret;
	smem_toc.ss = &gtoc->subsystems[MINIDUMP_SUBSYSTEM_APSS];
	qmd_toc_open(&smem_toc, encrypt);
	return 0;
}

/* The kernel that went to sleep finds its items where they were: qcom_smem relies on that, too. */
static void smem_reopen(void *priv)
{
	qmd_toc_open(&smem_toc, encrypt);
}

static void smem_exit(void *priv)
{
	firmware_regions_free(&smem_toc);
}

static const struct qcom_minidump_backend_ops smem_ops = {
	.init = smem_init,
	.write_slot = qmd_toc_write_slot,
	.move_slot = qmd_toc_move_slot,
	.slot_address = qmd_toc_slot_address,
	.clear_slot = qmd_toc_clear_slot,
	.publish = qmd_toc_publish,
	.close = qmd_toc_close,
	.reopen = smem_reopen,
	.exit = smem_exit,
};

static const struct qcom_minidump_backend toc_backend = {
	.name = "smem",
	.owner = THIS_MODULE,
	.ops = &smem_ops,
	.priv = &smem_toc,
};

/* SMEM is found only after the lock that goes with it. */
MODULE_SOFTDEP("pre: qcom_hwspinlock");
MODULE_DESCRIPTION("Minidump back end: table in Qualcomm's SMEM");
