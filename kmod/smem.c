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

static struct minidump_global_toc *smem_find(void)
{
	struct minidump_global_toc *gtoc;
	size_t size;

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
	return gtoc;
}

static int smem_init(void *priv, struct qcom_minidump_limits *limits)
{
	struct minidump_global_toc *gtoc = smem_find();

	if (IS_ERR(gtoc))
		return PTR_ERR(gtoc);
	smem_toc.head = (void __force __iomem *)gtoc;
	smem_toc.ss = smem_toc.head + offsetof(struct minidump_global_toc, subsystems[MINIDUMP_SUBSYSTEM_APSS]);
	smem_toc.base = QMD_TOC_SS(&smem_toc, regions_baseptr);
	return firmware_init(&smem_toc, limits);
}

/* The kernel that went to sleep finds its items where they were: qcom_smem relies on that, too. */
static void smem_reopen(void *priv)
{
	qmd_toc_open(&smem_toc, encrypt);
}

static const struct qcom_minidump_backend_ops smem_ops = {
	.init = smem_init,
	QMD_TOC_SLOT_OPS,
	.close = qmd_toc_close,
	.reopen = smem_reopen,
	.exit = firmware_exit,
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
