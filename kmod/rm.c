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
 * So a region that stays is never missing, and no header names what the manager lacks.
 */
#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/irq_work.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "backend.h"
#include "gunyah.h"
#include "toc.h"

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

/* As with SMEM: names that are good for one firmware are for the other. */
#define RM_NAME_MAX		11
#define RM_WIRE_NAME_SIZE	(RM_NAME_MAX + QCOM_MINIDUMP_NUMBER_MAX + 1)

/* Between two attempts to reach a manager that doesn't answer. */
#define RM_RETRY_S		2

/**
 * struct rm_range - what the manager has
 * @region: as in the table; @valid is not used
 * @slot: of the manager
 * @wanted: in the last snapshot, too
 */
struct rm_range {
	struct minidump_region region;
	u16 slot;
	bool wanted;
};

/**
 * struct rm - one resource manager
 * @dev: for the log
 * @manager: the way to it
 * @backend: for the core
 * @lock: the table and @changed. Interrupts are off
 * @toc: the table
 * @ss: its count
 * @changed: since the last snapshot
 * @kick: out of the core's locks
 * @work: the worker; everything below is its own
 * @wq: where it runs
 * @stopping: the worker is to end
 * @capacity: slots that the manager has for this guest
 * @n_want: slots in @want
 * @want: the snapshot. VALI: still to be registered
 * @behind: the snapshot has not got through yet
 * @n_ranges: in @ranges
 * @ranges: the manager's list
 * @unsure: what may have been registered: no reply came
 * @header: copies of the ELF header, that of the snapshot and that of the one before
 * @header_size: of one copy
 * @live: the one that the manager has
 * @silent: the log says that the manager doesn't answer
 */
struct rm {
	struct device *dev;
	struct gunyah_rm manager;
	struct qcom_minidump_backend backend;

	spinlock_t lock;
	struct qmd_toc toc;
	struct minidump_subsystem ss;
	bool changed;
	struct irq_work kick;

	struct delayed_work work;
	struct workqueue_struct *wq;
	bool stopping;
	u32 capacity;
	u32 n_want;
	struct minidump_region *want;
	bool behind;
	u32 n_ranges;
	struct rm_range *ranges;
	const struct minidump_region *unsure;
	void *header[2];
	size_t header_size;
	u8 live;
	bool silent;
};

/* The manager's list */

static struct rm_range *rm_find(struct rm *rm, const struct minidump_region *region)
{
	struct rm_range *r;

	for (r = rm->ranges; r < rm->ranges + rm->n_ranges; r++)
		if (r->region.address == region->address && r->region.size == region->size &&
		    r->region.seq_num == region->seq_num && !strcmp(r->region.name, region->name))
			return r;
	return NULL;
}

/* The manager knows no sequence numbers. */
static void rm_wire_name(char *name, const struct minidump_region *region)
{
	qcom_minidump_slot_name(name, RM_WIRE_NAME_SIZE, region->name, le32_to_cpu(region->seq_num));
}

static bool rm_knows_slot(struct rm *rm, u16 slot)
{
	u32 i;

	for (i = 0; i < rm->n_ranges; i++)
		if (rm->ranges[i].slot == slot)
			return true;
	return false;
}

/* After a lost reply: a slot with that name that is none of those in the list. */
static int rm_find_unsure(struct rm *rm, u16 *slot)
{
	char name[RM_WIRE_NAME_SIZE];
	u32 from;
	int ret;

	rm_wire_name(name, rm->unsure);
	for (from = 0; from <= U16_MAX; from = *slot + 1) {
		ret = gunyah_rm_minidump_get_slot_number(&rm->manager, name, from, slot);
		if (ret == -EREMOTEIO)
			break;
		if (ret)
			return ret;
		if (*slot < from)
			return -EBADMSG;
		if (rm_knows_slot(rm, *slot))
			continue;
		rm->unsure = NULL;
		return 0;
	}
	rm->unsure = NULL;
	return -ENOENT;
}

/* -ENOSPC: the manager is full; -EREMOTEIO: it doesn't want it. After another error it may or may not have it. */
static int rm_register(struct rm *rm, const struct minidump_region *region, u16 *slot)
{
	char name[RM_WIRE_NAME_SIZE];
	int ret, attempt;

	rm_wire_name(name, region);
	for (attempt = 0; attempt < 2; attempt++) {
		ret = rm->unsure ? rm_find_unsure(rm, slot) : -ENOENT;
		if (ret != -ENOENT)
			return ret;
		if (rm->n_ranges == rm->capacity)
			return -ENOSPC;
		ret = gunyah_rm_minidump_register_range(&rm->manager, le64_to_cpu(region->address),
							le64_to_cpu(region->size), name, slot);
		if (ret == -EREMOTEIO && (rm->manager.error == GUNYAH_RM_ERROR_NOMEM ||
					  rm->manager.error == GUNYAH_RM_ERROR_NORESOURCE))
			return -ENOSPC;
		if (!ret || ret == -EREMOTEIO || ret == -EBUSY)
			return ret;
		rm->unsure = region;
	}
	return ret;
}

static void rm_range_add(struct rm *rm, const struct minidump_region *region, u16 slot)
{
	rm->ranges[rm->n_ranges++] = (struct rm_range){ .region = *region, .slot = slot, .wanted = true };
}

static int rm_range_drop(struct rm *rm, struct rm_range *range)
{
	int ret = gunyah_rm_minidump_deregister_slot(&rm->manager, range->slot);

	if (ret && ret != -EREMOTEIO)
		return ret;
	*range = rm->ranges[--rm->n_ranges];
	return 0;
}

static bool rm_is_header(const struct rm_range *range)
{
	return !strcmp(range->region.name, MINIDUMP_ELF_HEADER_NAME);
}

static int rm_drop_unwanted(struct rm *rm, bool headers)
{
	int ret = 0;
	u32 i;

	/* From the end, as the last one takes the place of one that is dropped. */
	for (i = rm->n_ranges; i-- > 0 && !ret;) {
		struct rm_range *r = &rm->ranges[i];

		if (!r->wanted && rm_is_header(r) == headers)
			ret = rm_range_drop(rm, r);
	}
	return ret;
}

/* Drops the old place of what is to be registered, before its new one comes; or else something that is gone. */
static int rm_make_room(struct rm *rm, const struct minidump_region *region)
{
	struct rm_range *r, *found = NULL;

	for (r = rm->ranges; r < rm->ranges + rm->n_ranges; r++) {
		if (r->wanted || rm_is_header(r))
			continue;
		found = r;
		if (r->region.seq_num == region->seq_num && !strcmp(r->region.name, region->name))
			break;
	}
	return found ? rm_range_drop(rm, found) : -ENOSPC;
}

/* The worker */

/* What the table says now. False: nothing new. */
static bool rm_snapshot(struct rm *rm)
{
	void *spare = rm->header[!rm->live];
	unsigned long flags;
	bool changed;

	spin_lock_irqsave(&rm->lock, flags);
	changed = rm->changed;
	if (changed) {
		rm->changed = false;
		rm->n_want = le32_to_cpu(rm->ss.region_count);
		memcpy(rm->want, rm->toc.regions, rm->n_want * sizeof(*rm->want));
		memcpy(spare, phys_to_virt(le64_to_cpu(rm->toc.regions[0].address)), rm->header_size);
	}
	spin_unlock_irqrestore(&rm->lock, flags);
	if (!changed)
		return false;

	if (!memcmp(rm->header[0], rm->header[1], rm->header_size))
		spare = rm->header[rm->live];
	rm->want[0].address = cpu_to_le64(virt_to_phys(spare));
	rm->want[0].seq_num = 0;	/* readers look for its name */
	return true;
}

/* What of the snapshot the manager has, and what not. */
static void rm_compare(struct rm *rm)
{
	struct rm_range *r;
	u32 i;

	for (i = 0; i < rm->n_ranges; i++)
		rm->ranges[i].wanted = false;
	for (i = 0; i < rm->n_want; i++) {
		r = rm_find(rm, &rm->want[i]);
		if (r && rm->want[i].valid == cpu_to_le32(MINIDUMP_REGION_VALID)) {
			r->wanted = true;
			rm->want[i].valid = 0;
		}
	}
}

static const char *rm_refusal(struct rm *rm, int err)
{
	if (err == -ENOSPC)
		return "the resource manager has no free slot for it";
	if (rm->manager.error == GUNYAH_RM_ERROR_DENIED)
		return "the resource manager denies it";
	return "the resource manager refuses it: the kernel log has the error code";
}

/* The table changes, so there will be another snapshot: -EAGAIN. */
static int rm_refuse(struct rm *rm, const struct minidump_region *region, int err)
{
	u32 seq = le32_to_cpu(region->seq_num);

	if (region < rm->want + 2)
		return -EIO;	/* no dump without the header and VMCOREINFO: to be tried again */
	if (err == -EREMOTEIO)
		dev_warn(rm->dev, "the resource manager refuses %s, number %u (error %d)\n", region->name, seq,
			 rm->manager.error);
	qcom_minidump_backend_refuse(&rm->backend, region->name, seq, le64_to_cpu(region->address),
				     rm_refusal(rm, err));
	return -EAGAIN;
}

static int rm_apply_one(struct rm *rm, struct minidump_region *region)
{
	u16 slot;
	int ret;

	/* While the last slot takes the place of another one, its region is in both. */
	if (region->valid != cpu_to_le32(MINIDUMP_REGION_VALID) || rm_find(rm, region))
		return 0;
	ret = rm_register(rm, region, &slot);
	if (ret == -ENOSPC)
		ret = rm_make_room(rm, region) ?: rm_register(rm, region, &slot);
	if (ret == -ENOSPC || ret == -EREMOTEIO)
		return rm_refuse(rm, region, ret);
	if (ret)
		return ret;
	rm_range_add(rm, region, slot);
	region->valid = 0;
	return 0;
}

/* Brings the manager's list to the snapshot, or goes on with that. The header, slot 0, comes last. */
static int rm_apply(struct rm *rm)
{
	int ret;
	u32 i;

	for (i = rm->n_want; i-- > 0;) {
		if (READ_ONCE(rm->stopping))
			return -ECANCELED;
		ret = rm_apply_one(rm, &rm->want[i]);
		if (ret)
			return ret;
	}
	if (rm->want[0].address == cpu_to_le64(virt_to_phys(rm->header[!rm->live])))
		rm->live = !rm->live;
	return rm_drop_unwanted(rm, true) ?: rm_drop_unwanted(rm, false);
}

/* The core says in slot 0 how long its header is. */
static int rm_alloc_headers(struct rm *rm)
{
	size_t size = le64_to_cpu(READ_ONCE(rm->toc.regions[0].size));
	int i;

	for (i = 0; i < 2; i++) {
		if (!rm->header[i])
			rm->header[i] = alloc_pages_exact(size, GFP_KERNEL | __GFP_ZERO);
		if (!rm->header[i])
			return -ENOMEM;
		rm->header_size = size;
	}
	return 0;
}

static void rm_report(struct rm *rm, int err)
{
	if (err && !rm->silent)
		dev_err(rm->dev, "the resource manager can't be told what to save (%pe): trying every %u s\n",
			ERR_PTR(err), RM_RETRY_S);
	else if (!err && rm->silent)
		dev_info(rm->dev, "the resource manager knows again what to save\n");
	rm->silent = err;
}

static void rm_work(struct work_struct *work)
{
	struct rm *rm = container_of(to_delayed_work(work), struct rm, work);
	int ret;

	/* The core fills slot 0 before it says how many there are. */
	if (!READ_ONCE(rm->ss.region_count))
		return;
	ret = rm_alloc_headers(rm);
	while (!ret && !READ_ONCE(rm->stopping) && (rm->behind || rm_snapshot(rm))) {
		if (!rm->behind)
			rm_compare(rm);
		ret = rm_apply(rm);
		rm->behind = ret && ret != -EAGAIN;
		if (!rm->behind)
			ret = 0;
	}
	if (READ_ONCE(rm->stopping))
		return;
	rm_report(rm, ret);
	if (ret)
		mod_delayed_work(rm->wq, &rm->work, RM_RETRY_S * HZ);
}

static void rm_kick(struct irq_work *kick)
{
	struct rm *rm = container_of(kick, struct rm, kick);

	queue_delayed_work(rm->wq, &rm->work, 0);
}

/* The core's calls */

static void rm_changed(struct rm *rm)
{
	rm->changed = true;
	irq_work_queue(&rm->kick);
}

static void rm_write_slot(void *priv, u32 slot, const struct qcom_minidump_slot_data *data)
{
	struct rm *rm = priv;

	spin_lock(&rm->lock);
	qmd_toc_write_slot(&rm->toc, slot, data);
	rm_changed(rm);
	spin_unlock(&rm->lock);
}

static void rm_move_slot(void *priv, u32 slot, phys_addr_t pa, u64 size)
{
	struct rm *rm = priv;

	spin_lock(&rm->lock);
	qmd_toc_move_slot(&rm->toc, slot, pa, size);
	rm_changed(rm);
	spin_unlock(&rm->lock);
}

static void rm_clear_slot(void *priv, u32 slot)
{
	struct rm *rm = priv;

	spin_lock(&rm->lock);
	qmd_toc_clear_slot(&rm->toc, slot);
	rm_changed(rm);
	spin_unlock(&rm->lock);
}

static void rm_publish(void *priv, u32 count)
{
	struct rm *rm = priv;

	spin_lock(&rm->lock);
	qmd_toc_publish(&rm->toc, count);
	rm_changed(rm);
	spin_unlock(&rm->lock);
}

static int rm_refuse_manager(struct rm *rm, int err)
{
	if (err == -ETIMEDOUT)
		dev_err(rm->dev, "the resource manager does not answer within %u s\n", 2 * GUNYAH_RM_TIMEOUT_S);
	else if (err == -EREMOTEIO)
		dev_err(rm->dev, "the resource manager does not support minidumps (error %d)\n", rm->manager.error);
	else if (err == -EIO)
		dev_err(rm->dev, "the hypervisor passes no messages to the resource manager (error %d)\n",
			rm->manager.error);
	else
		dev_err(rm->dev, "the resource manager does not say how many regions it saves (%pe)\n", ERR_PTR(err));
	return -ENODEV;
}

static void rm_free(struct rm *rm)
{
	int i;

	for (i = 0; i < 2; i++)
		if (rm->header[i])
			free_pages_exact(rm->header[i], rm->header_size);
	kvfree(rm->ranges);
	kvfree(rm->want);
	kvfree(rm->toc.regions);
	if (rm->wq)
		destroy_workqueue(rm->wq);
}

static int rm_init(void *priv, struct qcom_minidump_limits *limits)
{
	struct rm *rm = priv;
	u16 slots;
	int ret;

	ret = gunyah_rm_minidump_get_info(&rm->manager, &slots);
	if (ret)
		return rm_refuse_manager(rm, ret);
	if (slots < RM_SLOTS_MIN) {
		dev_err(rm->dev, "the resource manager has %u free slots; %u are the least that is of use\n", slots,
			RM_SLOTS_MIN);
		return -ENODEV;
	}

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
	struct rm *rm = priv;
	u16 slot;
	u32 i;

	WRITE_ONCE(rm->stopping, true);
	irq_work_sync(&rm->kick);
	cancel_delayed_work_sync(&rm->work);

	if (rm->unsure) {
		const struct minidump_region *unsure = rm->unsure;

		if (!rm_find_unsure(rm, &slot))
			rm_range_add(rm, unsure, slot);
	}
	for (i = 0; i < rm->n_ranges; i++)
		rm->ranges[i].wanted = false;
	if (rm_drop_unwanted(rm, true) || rm_drop_unwanted(rm, false))
		dev_err(rm->dev, "the resource manager does not answer; it goes on saving %u ranges\n", rm->n_ranges);
	rm_free(rm);
}

static const struct qcom_minidump_backend_ops rm_ops = {
	.init = rm_init,
	.write_slot = rm_write_slot,
	.move_slot = rm_move_slot,
	.clear_slot = rm_clear_slot,
	.publish = rm_publish,
	.exit = rm_exit,
};

static void rm_unbind(void *backend)
{
	qcom_minidump_backend_unregister(backend);
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
	ret = gunyah_rm_open(&rm->manager, dev);
	if (ret)
		return ret;

	spin_lock_init(&rm->lock);
	rm->toc.ss = &rm->ss;
	init_irq_work(&rm->kick, rm_kick);
	INIT_DELAYED_WORK(&rm->work, rm_work);
	rm->backend = (struct qcom_minidump_backend){ .name = "rm", .owner = THIS_MODULE, .ops = &rm_ops, .priv = rm };
	ret = qcom_minidump_backend_register(&rm->backend);
	if (ret)
		return ret == -EBUSY ? -ENODEV : ret;	/* the core has said why, so the driver core is not to */
	return devm_add_action_or_reset(dev, rm_unbind, &rm->backend);
}

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
	},
};
module_platform_driver(rm_driver);

MODULE_DESCRIPTION("Minidump back end: Gunyah's resource manager saves the guest's regions");
MODULE_LICENSE("GPL");
MODULE_VERSION(QCOM_MINIDUMP_VERSION);
MODULE_IMPORT_NS(QCOM_MINIDUMP);
