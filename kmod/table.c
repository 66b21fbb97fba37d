// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slots. The machine may die between any two stores, so at every instant
 *   - each region that is in the table is in a valid slot, with its range whole;
 *   - the ELF header names nothing that the table lacks: adding writes the table first, removing the header;
 *   - removing touches one other region at most: the last one takes the hole, and is in both places until
 *     it is safely in the new one.
 *
 * What can't be in the table twice moves in place: what follows a CPU, and any region when the table is too full. For
 * these few instructions the header doesn't name it.
 *
 * Everything here runs under qmd.lock with a back end bound.
 */
#include <linux/kernel.h>

#include "core.h"
#include "follow.h"
#include "table.h"

u32 qmd_slots_free(void)
{
	return qmd.limits.slots - qmd.n_slots;
}

u64 qmd_slot_size(const struct qmd_segment *seg)
{
	return ALIGN(seg->size, qmd.limits.align);
}

static void qmd_slot_write(u32 slot)
{
	const struct qmd_slot *s = &qmd.slots[slot];
	const struct qcom_minidump_slot_data data = {
		.name = s->region->name->name,
		.seq = s->seg->seq,
		.pa = s->seg->pa,
		.size = qmd_slot_size(s->seg),
	};

	qmd.backend->ops->write_slot(qmd.backend->priv, slot, &data);
}

static void qmd_publish(void)
{
	qmd.backend->ops->publish(qmd.backend->priv, qmd.n_slots);
}

/* Where slots from @from on lie in the concatenated file. */
static void qmd_slots_set_offsets(u32 from)
{
	u32 i;

	for (i = max(from, 1U); i < qmd.n_slots; i++)
		qmd.slots[i].offset = qmd.slots[i - 1].offset + qmd_slot_size(qmd.slots[i - 1].seg);
}

static void qmd_segment_set_slot(const struct qmd_region *r, struct qmd_segment *seg, u32 slot)
{
	seg->slot = slot;
	if (r->follow)
		seg->place = (struct qmd_place){
			.pa = qmd.backend->ops->slot_address(qmd.backend->priv, slot),
			.header = { qmd_elf_phdr(0, slot), qmd_elf_phdr(1, slot) },
		};
}

static void qmd_slots_append(struct qmd_region *r, struct qmd_segment *segs, u32 n)
{
	u32 first = qmd.n_slots;
	u32 i;

	for (i = 0; i < n; i++) {
		qmd_segment_set_slot(r, &segs[i], qmd.n_slots);
		qmd.slots[qmd.n_slots++] = (struct qmd_slot){ .region = r, .seg = &segs[i] };
		qmd.bytes += qmd_slot_size(&segs[i]);
		qmd_slot_write(segs[i].slot);
	}
	qmd_slots_set_offsets(first);
	qmd_publish();
	qmd_elf_publish(first, qmd.n_slots);
}

static void qmd_slot_remove(u32 slot)
{
	u32 last = qmd.n_slots - 1;
	struct qmd_region *moved = qmd.slots[last].region;
	u32 changed = slot + 1;

	qmd.bytes -= qmd_slot_size(qmd.slots[slot].seg);
	qmd_follow_hold(moved);
	if (slot != last) {
		bool same_size = qmd_slot_size(qmd.slots[slot].seg) == qmd_slot_size(qmd.slots[last].seg);

		qmd.slots[slot].region = moved;
		qmd.slots[slot].seg = qmd.slots[last].seg;
		qmd_segment_set_slot(moved, qmd.slots[slot].seg, slot);
		if (!same_size)
			changed = last;
	}
	qmd.n_slots = last;
	if (changed == last)
		qmd_slots_set_offsets(slot + 1);

	qmd_elf_publish(slot, min(changed, last));
	if (slot != last)
		qmd_slot_write(slot);
	qmd.backend->ops->clear_slot(qmd.backend->priv, last);
	qmd_publish();
	qmd_follow_release(moved);
}

void qmd_table_insert(struct qmd_region *r)
{
	qmd_follow_hold(r);
	qmd_slots_append(r, r->segs, r->n_segs);
	r->live = r->follow;
	qmd_follow_release(r);
}

void qmd_table_remove(struct qmd_region *r)
{
	u32 i;

	qmd_follow_hold(r);
	r->live = false;
	qmd_follow_release(r);
	for (i = 0; i < r->n_segs; i++)
		qmd_slot_remove(r->segs[i].slot);
}

static void qmd_slots_move_in_place(struct qmd_region *r, struct qmd_segment *segs, u32 n)
{
	u32 i, first = U32_MAX;

	for (i = 0; i < n; i++) {
		u32 slot = r->segs[i].slot;

		qmd.bytes += qmd_slot_size(&segs[i]) - qmd_slot_size(&r->segs[i]);
		segs[i].slot = slot;
		qmd.slots[slot].seg = &segs[i];
		qmd_elf_hide(slot);
		qmd.backend->ops->move_slot(qmd.backend->priv, slot, segs[i].pa, qmd_slot_size(&segs[i]));
		first = min(first, slot);
	}
	qmd_slots_set_offsets(first + 1);
	qmd_elf_publish(first, qmd.n_slots);
}

/*
 * Put @segs, which are not those of the region, where the region's own segments are. Returns false, with
 * nothing changed, when there is no room.
 */
bool qmd_table_replace(struct qmd_region *r, struct qmd_segment *segs, u32 n)
{
	u32 i, gone = 0;

	if (qmd_slots_free() >= n) {
		qmd_slots_append(r, segs, n);
	} else if (n <= r->n_segs) {
		qmd_slots_move_in_place(r, segs, n);
		gone = n;
	} else {
		return false;
	}
	for (i = gone; i < r->n_segs; i++)
		qmd_slot_remove(r->segs[i].slot);
	return true;
}
