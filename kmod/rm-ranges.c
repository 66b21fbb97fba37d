// SPDX-License-Identifier: GPL-2.0-only
/* Back end "rm": the manager's list, and the requests that change it. */
#include <linux/string.h>

#include "rm.h"

#define RM_WIRE_NAME_SIZE	(RM_NAME_MAX + QCOM_MINIDUMP_NUMBER_MAX + 1)

struct rm_range *qmd_rm_find(struct rm *rm, const struct minidump_region *region)
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

int qmd_rm_register(struct rm *rm, const struct minidump_region *region, u16 *slot)
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

void qmd_rm_range_add(struct rm *rm, const struct minidump_region *region, u16 slot)
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

static int rm_drop_some(struct rm *rm, bool headers)
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

int qmd_rm_make_room(struct rm *rm, const struct minidump_region *region)
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

int qmd_rm_drop_unwanted(struct rm *rm)
{
	return rm_drop_some(rm, true) ?: rm_drop_some(rm, false);
}

int qmd_rm_drop_all(struct rm *rm)
{
	const struct minidump_region *unsure = rm->unsure;
	u16 slot;
	u32 i;

	if (unsure && !rm_find_unsure(rm, &slot))
		qmd_rm_range_add(rm, unsure, slot);
	for (i = 0; i < rm->n_ranges; i++)
		rm->ranges[i].wanted = false;
	return qmd_rm_drop_unwanted(rm);
}
