// SPDX-License-Identifier: GPL-2.0-only
/* Back end "rm": the worker, which brings the manager's list to what the table says. */
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/string.h>

#include "rm.h"

/* Between two attempts to reach a manager that doesn't answer. */
#define RM_RETRY_S		2

/*
 * What the table says now. False: nothing new. It is copied under the lock, which RM_SLOTS_MAX bounds, as it may never
 * hold still.
 */
static bool rm_snapshot(struct rm *rm)
{
	void *spare = rm->header[!rm->live];
	unsigned long flags;
	bool changed;

	raw_spin_lock_irqsave(&rm->lock, flags);
	changed = rm->changed;
	if (changed) {
		rm->changed = false;
		rm->n_want = le32_to_cpu(rm->ss.region_count);
		memcpy(rm->want, rm->toc.regions, rm->n_want * sizeof(*rm->want));
		memcpy(spare, phys_to_virt(le64_to_cpu(rm->toc.regions[0].address)), rm->header_size);
	}
	raw_spin_unlock_irqrestore(&rm->lock, flags);
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
		r = qmd_rm_find(rm, &rm->want[i]);
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
	if (region->valid != cpu_to_le32(MINIDUMP_REGION_VALID) || qmd_rm_find(rm, region))
		return 0;
	ret = qmd_rm_register(rm, region, &slot);
	if (ret == -ENOSPC)
		ret = qmd_rm_make_room(rm, region) ?: qmd_rm_register(rm, region, &slot);
	if (ret == -ENOSPC || ret == -EREMOTEIO)
		return rm_refuse(rm, region, ret);
	if (ret)
		return ret;
	qmd_rm_range_add(rm, region, slot);
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
	return qmd_rm_drop_unwanted(rm);
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

void qmd_rm_work(struct work_struct *work)
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

void qmd_rm_kick(struct irq_work *kick)
{
	struct rm *rm = container_of(kick, struct rm, kick);

	queue_delayed_work(rm->wq, &rm->work, 0);
}
