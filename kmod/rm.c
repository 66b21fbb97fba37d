// SPDX-License-Identifier: GPL-2.0-only
/*
 * Back end "rm": a guest of the Gunyah hypervisor tells the resource manager, message by message, what to save if the
 * guest dies. There is no table that anybody reads: the manager has a list of its own.
 *
 * Messages sleep and the core's calls must not, so the calls keep a table in plain memory, and a worker brings the
 * manager's list to what that table says. It takes a snapshot of the table, and of the ELF header that slot 0 names:
 * the core goes on changing its own. Then it
 *   - registers what is new, and what has moved, at its new place;
 *   - registers the copy of the new header, then drops that of the old one;
 *   - drops what is gone, and the old places of what has moved.
 * So a region that stays is never missing, and no header names what the manager lacks. The worker is in rm-list.c.
 */
#include <linux/gfp.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/slab.h>

#include "rm.h"

/*
 * Slots of the manager that the table doesn't use, so that there is room for a new place beside the old one: one for
 * the header, of which there is a new copy in every round, seven for regions that move in the same round. When more
 * move while the table is full, the rest are dropped first and registered then.
 */
#define RM_SLOTS_SPARE		8
/* Two for the core, and one that is of use. */
#define RM_SLOTS_MIN		(RM_SLOTS_SPARE + 3)
/* Each round compares all slots with all ranges. */
#define RM_SLOTS_MAX		1024

/* A region that comes, goes or moves ends with one of these two. */
static void rm_publish(void *priv, u32 count)
{
	struct rm *rm = container_of(priv, struct rm, toc);

	irq_work_queue(&rm->kick);
}

static void rm_move_slot(void *priv, u32 slot, phys_addr_t pa, u64 size)
{
	qmd_toc_move_slot(priv, slot, pa, size);
	rm_publish(priv, 0);
}

static void rm_kick(struct irq_work *kick)
{
	struct rm *rm = container_of(kick, struct rm, kick);

	queue_delayed_work(rm->wq, &rm->work, 0);
}

static int rm_refuse_manager(struct rm *rm, int err)
{
	if (err == -ETIMEDOUT)
		dev_err(rm->dev, "the resource manager does not answer within %u s\n", 2 * GUNYAH_RM_TIMEOUT_S);
	else if (err == -EREMOTEIO)
		dev_err(rm->dev, "the resource manager does not support minidumps (error %d)\n", rm->manager.error);
	else
		dev_err(rm->dev, "the resource manager can't be asked about minidumps (%pe, error %d)\n", ERR_PTR(err),
			rm->manager.error);
	return -ENODEV;
}

static void rm_free(struct rm *rm)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(rm->headers); i++)
		if (rm->headers[i])
			free_pages_exact(rm->headers[i], rm->header_size);
	kvfree(rm->ranges);
	kvfree(rm->want);
	kvfree(rm->toc.regions);
	if (rm->wq)
		destroy_workqueue(rm->wq);
}

static void rm_close(void *priv)
{
	struct rm *rm = container_of(priv, struct rm, toc);

	WRITE_ONCE(rm->stopping, true);
}

static int rm_init(void *priv, struct qcom_minidump_limits *limits)
{
	struct rm *rm = container_of(priv, struct rm, toc);
	u16 slots;
	int ret;

	ret = gunyah_rm_minidump_get_info(&rm->manager, &slots);
	if (ret)
		return rm_refuse_manager(rm, ret);
	if (slots < RM_SLOTS_MIN) {
		dev_err(rm->dev, "the resource manager has %u free slots; at least %u are needed\n", slots,
			RM_SLOTS_MIN);
		return -ENODEV;
	}

	/* Perhaps not for the first time, see rm_thaw(): the worker begins with nothing. */
	memset_after(rm, 0, work);
	rm->capacity = min_t(u32, slots, RM_SLOTS_MAX);
	limits->slots = rm->capacity - RM_SLOTS_SPARE;
	limits->name_max = RM_NAME_MAX;
	limits->align = 4;
	rm->ranges = kvcalloc(rm->capacity, sizeof(*rm->ranges), GFP_KERNEL);
	rm->want = kvcalloc(limits->slots, sizeof(*rm->want), GFP_KERNEL);
	rm->toc.regions = kvcalloc(limits->slots, sizeof(*rm->toc.regions), GFP_KERNEL);
	rm->wq = alloc_ordered_workqueue("qcom_minidump_rm", WQ_HIGHPRI | WQ_MEM_RECLAIM);
	if (rm->ranges && rm->want && rm->toc.regions && rm->wq)
		return 0;
	rm_free(rm);
	return -ENOMEM;
}

static void rm_exit(void *priv)
{
	struct rm *rm = container_of(priv, struct rm, toc);

	irq_work_sync(&rm->kick);
	cancel_delayed_work_sync(&rm->work);
	if (qmd_rm_drop_all(rm))
		dev_err(rm->dev, "the resource manager does not answer; it goes on saving %u ranges\n", rm->n_ranges);
	rm_free(rm);
}

static const struct qcom_minidump_backend_ops rm_ops = {
	.init = rm_init,
	.write_slot = qmd_toc_write_slot,
	.move_slot = rm_move_slot,
	.clear_slot = qmd_toc_clear_slot,
	.publish = rm_publish,
	.close = rm_close,
	.exit = rm_exit,
};

static void rm_unbind(void *backend)
{
	qcom_minidump_backend_unregister(backend);
}

/*
 * Messages take interrupts, so the next kernel's memory has to be out of the manager's list before devices are shut
 * down: a driver that hangs or crashes in its shutdown() on the way to kexec gives no dump here.
 */
static int rm_on_reboot(struct notifier_block *nb, unsigned long action, void *cmd)
{
	struct rm *rm = container_of(nb, struct rm, reboot);

	if (qcom_minidump_kexec_comes(action, cmd))
		qcom_minidump_backend_unregister(&rm->backend);
	return NOTIFY_DONE;
}

static int rm_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct rm *rm;
	int ret;

	rm = devm_kzalloc(dev, sizeof(*rm), GFP_KERNEL);
	if (!rm)
		return -ENOMEM;
	rm->dev = dev;
	platform_set_drvdata(pdev, rm);
	ret = gunyah_rm_open(&rm->manager, dev);
	if (ret)
		return ret;

	init_irq_work(&rm->kick, rm_kick);
	INIT_DELAYED_WORK(&rm->work, qmd_rm_work);
	rm->backend = (struct qcom_minidump_backend){
		.name = "rm",
		.owner = THIS_MODULE,
		.ops = &rm_ops,
		.priv = &rm->toc,
	};
	ret = qcom_minidump_backend_register(&rm->backend);
	if (ret)
		return ret == -EBUSY ? -ENODEV : ret;	/* the core has said why, so the driver core is not to */
	ret = devm_add_action_or_reset(dev, rm_unbind, &rm->backend);
	rm->reboot.notifier_call = rm_on_reboot;
	return ret ?: devm_register_reboot_notifier(dev, &rm->reboot);
}

/*
 * The memory is about to be saved to disk, or replaced by what was saved. Who wakes up is a new guest to the manager,
 * and all that takes messages, so there is nothing in the manager's list from here to rm_thaw(): a crash meanwhile,
 * such as one in another device's freeze(), gives no dump.
 */
static int rm_freeze(struct device *dev)
{
	struct rm *rm = dev_get_drvdata(dev);

	qcom_minidump_backend_unregister(&rm->backend);
	return 0;
}

static int rm_thaw(struct device *dev)
{
	struct rm *rm = dev_get_drvdata(dev);

	/* The log has the reason why not. */
	qcom_minidump_backend_register(&rm->backend);
	return 0;
}

static const struct dev_pm_ops rm_pm = {
	.freeze = rm_freeze,
	.thaw = rm_thaw,
	.restore = rm_thaw,
};

static const struct of_device_id rm_of_match[] = {
	{ .compatible = "gunyah-hypervisor" },
	{}
};
MODULE_DEVICE_TABLE(of, rm_of_match);

static struct platform_driver rm_driver = {
	.probe = rm_probe,
	.driver = {
		.name = KBUILD_MODNAME,
		.of_match_table = rm_of_match,
		.pm = pm_sleep_ptr(&rm_pm),
	},
};
module_platform_driver(rm_driver);

MODULE_DESCRIPTION("Minidump back end: Gunyah's resource manager saves the guest's regions");
MODULE_LICENSE("GPL");
MODULE_VERSION(QCOM_MINIDUMP_VERSION);
MODULE_INFO(import_ns, "QCOM_MINIDUMP");
