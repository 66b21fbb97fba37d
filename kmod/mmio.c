// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back end "mmio": the table of this subsystem is behind registers that firmware emulates, or that are memory shared
 * with the host of a virtual machine; the region array is in RAM. Two ways to the registers:
 *
 *	a device of the device tree, "qcom,virt-minidump"
 *	the start of BAR 2 of a PCI device, such as QEMU's ivshmem. Others use such a device for other things, so there
 *	is no id that it would be found by: the administrator names this driver in its driver_override.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/pm.h>

#include "backend.h"
#include "toc-firmware.h"

#define MMIO_BAR	2

struct mmio {
	struct qmd_toc toc;
	struct qcom_minidump_backend backend;
};

/* The registers are in the order of the structures. */
static_assert(offsetof(struct minidump_global_toc, enabled) == MINIDUMP_REG_ENABLED);
static_assert(offsetof(struct minidump_subsystem, region_count) ==
	      MINIDUMP_REG_SS_REGION_COUNT - MINIDUMP_REG_SS_STATUS);
static_assert(MINIDUMP_REG_SS_REGIONS_BASE_HIGH - MINIDUMP_REG_SS_REGIONS_BASE_LOW == sizeof(u32));

static const struct qcom_minidump_backend_ops mmio_ops = {
	.init = firmware_init,
	QMD_TOC_SLOT_OPS,
	.close = qmd_toc_close,
	.exit = firmware_exit,
};

static void mmio_unbind(void *backend)
{
	qcom_minidump_backend_unregister(backend);
}

/* The first moment at which the registers can be reached again, and before the other devices resume. */
static int mmio_resume(struct device *dev)
{
	struct mmio *m = dev_get_drvdata(dev);

	qmd_toc_open(&m->toc, encrypt);
	qcom_minidump_backend_look(&m->backend, qmd_toc_publish);
	return 0;
}

static const struct dev_pm_ops mmio_pm = {
	NOIRQ_SYSTEM_SLEEP_PM_OPS(NULL, mmio_resume)
};

/* What is undone at the end of either kind of device is its devres. */
static int mmio_bind(struct device *dev, void __iomem *regs)
{
	struct mmio *m = devm_kzalloc(dev, sizeof(*m), GFP_KERNEL);
	int ret;

	if (!m)
		return -ENOMEM;
	m->toc.head = regs;
	m->toc.ss = regs + MINIDUMP_REG_SS_STATUS;
	m->toc.base = regs + MINIDUMP_REG_SS_REGIONS_BASE_LOW;
	dev_set_drvdata(dev, m);
	m->backend = (struct qcom_minidump_backend){
		.name = "mmio",
		.owner = THIS_MODULE,
		.ops = &mmio_ops,
		.priv = &m->toc,
	};
	ret = qcom_minidump_backend_register(&m->backend);
	/* The log has the reason: no second line from the driver core. */
	if (ret)
		return ret == -ENOMEM ? ret : -ENODEV;
	return devm_add_action_or_reset(dev, mmio_unbind, &m->backend);
}

static int mmio_check_size(resource_size_t size)
{
	if (size >= MINIDUMP_REGS_SIZE)
		return 0;
	pr_err("there is no minidump table: its registers would take %u bytes, not %pa\n", MINIDUMP_REGS_SIZE, &size);
	return -ENODEV;
}

static int mmio_platform_probe(struct platform_device *pdev)
{
	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	void __iomem *regs;
	int ret = mmio_check_size(res ? resource_size(res) : 0);

	if (ret)
		return ret;
	regs = devm_ioremap_resource(&pdev->dev, res);
	return IS_ERR(regs) ? PTR_ERR(regs) : mmio_bind(&pdev->dev, regs);
}

static const struct of_device_id mmio_of_match[] = {
	{ .compatible = "qcom,virt-minidump" },
	{}
};
MODULE_DEVICE_TABLE(of, mmio_of_match);

static struct platform_driver mmio_platform_driver = {
	.probe = mmio_platform_probe,
	.driver = {
		.name = KBUILD_MODNAME,
		.of_match_table = mmio_of_match,
		.pm = pm_sleep_ptr(&mmio_pm),
	},
};

static int mmio_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	bool is_memory = pci_resource_flags(pdev, MMIO_BAR) & IORESOURCE_MEM;
	void __iomem *regs;
	int ret = mmio_check_size(is_memory ? pci_resource_len(pdev, MMIO_BAR) : 0);

	if (!ret)
		ret = pcim_enable_device(pdev);
	if (!ret)
		ret = pci_request_region(pdev, MMIO_BAR, KBUILD_MODNAME);
	if (ret)
		return ret;
	/* The rest of the BAR may be large, and somebody else's. */
	regs = pcim_iomap(pdev, MMIO_BAR, MINIDUMP_REGS_SIZE);
	return regs ? mmio_bind(&pdev->dev, regs) : -ENOMEM;
}

static struct pci_driver mmio_pci_driver = {
	.name = KBUILD_MODNAME,
	.probe = mmio_pci_probe,
	.driver.pm = pm_sleep_ptr(&mmio_pm),
};

static int __init mmio_module_init(void)
{
	int ret = platform_driver_register(&mmio_platform_driver);

	if (ret)
		return ret;
	ret = pci_register_driver(&mmio_pci_driver);
	if (ret)
		platform_driver_unregister(&mmio_platform_driver);
	return ret;
}

static void __exit mmio_module_exit(void)
{
	pci_unregister_driver(&mmio_pci_driver);
	platform_driver_unregister(&mmio_platform_driver);
}

module_init(mmio_module_init);
module_exit(mmio_module_exit);

MODULE_DESCRIPTION("Minidump back end: table behind registers, of firmware or of the host");
MODULE_LICENSE("GPL");
MODULE_VERSION(QCOM_MINIDUMP_VERSION);
MODULE_INFO(import_ns, "QCOM_MINIDUMP");
