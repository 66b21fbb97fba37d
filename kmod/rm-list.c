// SPDX-License-Identifier: GPL-2.0-only
/* Back end "rm": the manager's list, and the worker, which brings it to what the table says. */
#include <linux/device.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/string.h>

#include "rm.h"

#define RM_WIRE_NAME_SIZE	(RM_NAME_MAX + QCOM_MINIDUMP_NUMBER_MAX + 1)
/* Between two attempts to reach a manager that doesn't answer. */
#define RM_RETRY_S		2

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

static void rm_add(struct rm *rm, const struct minidump_region *region, u16 slot)
{
	rm->ranges[rm->n_ranges++] = (struct rm_range){ .region = *region, .slot = slot, .wanted = true };
}

/* After a lost reply: a slot with that name that is none of those in the list. -ENOENT: it was not registered. */
static int rm_find_unsure(struct rm *rm)
{
	char name[RM_WIRE_NAME_SIZE];
	u32 from;
	u16 slot;
	int ret;

	rm_wire_name(name, rm->unsure);
	for (from = 0; from <= U16_MAX; from = slot + 1) {
		ret = gunyah_rm_minidump_get_slot_number(&rm->manager, name, from, &slot);
		if (ret == -EREMOTEIO)
			break;
		if (ret)
			return ret;
		if (slot < from)
			return -EBADMSG;
		if (rm_knows_slot(rm, slot))
			continue;
		rm_add(rm, rm->unsure, slot);
		rm->unsure = NULL;
		return 0;
	}
	rm->unsure = NULL;
	return -ENOENT;
}

static int rm_register_once(struct rm *rm, const struct minidump_region *region)
{
	int ret = rm->unsure ? rm_find_unsure(rm) : -ENOENT;
	char name[RM_WIRE_NAME_SIZE];
	u16 slot;

	if (ret != -ENOENT)
		return ret;
	if (rm->n_ranges == rm->capacity)
		return -ENOSPC;
	rm_wire_name(name, region);
	ret = gunyah_rm_minidump_register_range(&rm->manager, le64_to_cpu(region->address), le64_to_cpu(region->size),
						name, &slot);
	if (!ret)
		rm_add(rm, region, slot);
	else if (ret != -EREMOTEIO && ret != -EBUSY)
		rm->unsure = region;
	else if (rm->manager.error == GUNYAH_RM_ERROR_NOMEM || rm->manager.error == GUNYAH_RM_ERROR_NORESOURCE)
		return -ENOSPC;
	return ret;
}

/* -ENOSPC: the manager is full; -EREMOTEIO: it doesn't want it. After another error it may or may not have it. */
static int rm_register(struct rm *rm, const struct minidump_region *region)
{
	int ret = rm_register_once(rm, region);

	return rm->unsure ? rm_register_once(rm, region) : ret;
}

static int rm_drop(struct rm *rm, struct rm_range *range)
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
			ret = rm_drop(rm, r);
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
	return found ? rm_drop(rm, found) : -ENOSPC;
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

static int rm_apply_one(struct rm *rm, const struct minidump_region *region)
{
	int ret = rm_find(rm, region) ? 0 : rm_register(rm, region);

	if (ret == -ENOSPC)
		ret = rm_make_room(rm, region) ?: rm_register(rm, region);
	return ret == -ENOSPC || ret == -EREMOTEIO ? rm_refuse(rm, region, ret) : ret;
}

/* Brings the manager's list to the snapshot, or goes on with that. The header, slot 0, comes last. */
static int rm_apply(struct rm *rm)
{
	struct rm_range *r;
	int ret;
	u32 i;

	for (i = 0; i < rm->n_ranges; i++)
		rm->ranges[i].wanted = false;
	for (i = 0; i < rm->n_want; i++) {
		r = rm_find(rm, &rm->want[i]);
		if (r)
			r->wanted = true;
	}
	for (i = rm->n_want; i-- > 0;) {
		ret = READ_ONCE(rm->stopping) ? -ECANCELED : rm_apply_one(rm, &rm->want[i]);
		if (ret)
			return ret;
	}
	rm->live = rm->next;
	return rm_drop_unwanted(rm, true) ?: rm_drop_unwanted(rm, false);
}

/* What the table says now, copied under the core's lock, which RM_SLOTS_MAX bounds: it may never hold still. */
static void rm_copy_table(void *priv, u32 count)
{
	struct rm *rm = container_of(priv, struct rm, toc);

	rm->n_want = count;
	memcpy(rm->want, rm->toc.regions, count * sizeof(*rm->want));
	memcpy(rm->headers[!rm->live], phys_to_virt(le64_to_cpu(rm->want[0].address)), rm->header_size);
}

static void rm_snapshot(struct rm *rm)
{
	qcom_minidump_backend_look(&rm->backend, rm_copy_table);
	rm->next = memcmp(rm->headers[0], rm->headers[1], rm->header_size) ? !rm->live : rm->live;
	rm->want[0].address = cpu_to_le64(virt_to_phys(rm->headers[rm->next]));
	rm->want[0].seq_num = 0;	/* readers look for its name */
}

/* The core says in slot 0 how long its header is. */
static int rm_alloc_headers(struct rm *rm)
{
	int i;

	if (rm->headers[1])
		return 0;
	rm->header_size = le64_to_cpu(READ_ONCE(rm->toc.regions[0].size));
	for (i = 0; i < ARRAY_SIZE(rm->headers); i++)
		if (!rm->headers[i])
			rm->headers[i] = alloc_pages_exact(rm->header_size, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	return rm->headers[0] && rm->headers[1] ? 0 : -ENOMEM;
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
	int ret = rm_alloc_headers(rm);

	if (!ret && !rm->behind)
		rm_snapshot(rm);
	if (!ret)
		ret = rm_apply(rm);
	if (READ_ONCE(rm->stopping))
		return;
	if (ret == -EAGAIN)
		ret = 0;
	rm_report(rm, ret);
	/* What has changed since the snapshot that was late may not have kicked: the work was queued already. */
	if (ret || rm->behind)
		mod_delayed_work(rm->wq, &rm->work, ret ? RM_RETRY_S * HZ : 0);
	rm->behind = ret;
}

int qmd_rm_drop_all(struct rm *rm)
{
	if (rm->unsure)
		rm_find_unsure(rm);
	rm->n_want = 0;
	return rm_apply(rm);
}
