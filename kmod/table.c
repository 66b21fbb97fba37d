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
 * Everything here runs under md.lock with a back end bound.
 */
#include <linux/kernel.h>

#include "core.h"

u32 md_slots_free(void)
{
	return md.limits.slots - md.n_slots;
}

u64 md_slot_size(const struct md_segment *seg)
{
	return ALIGN(seg->size, md.limits.align);
}

static void md_slot_write(u32 slot)
{
	const struct md_slot *s = &md.slots[slot];
	const struct minidump_slot_data data = {
		.name = s->region->name->name,
		.seq = s->seg->seq,
		.pa = s->seg->pa,
		.size = md_slot_size(s->seg),
	};

	md.backend->ops->write_slot(md.backend->priv, slot, &data);
}

static void md_publish(void)
{
	md.backend->ops->publish(md.backend->priv, md.n_slots);
}

/* Where slots from @from on lie in the concatenated file. */
static void md_slots_set_offsets(u32 from)
{
	u32 i;

	for (i = max(from, 1U); i < md.n_slots; i++)
		md.slots[i].offset = md.slots[i - 1].offset + md_slot_size(md.slots[i - 1].seg);
}

static void md_segment_set_slot(const struct md_region *r, struct md_segment *seg, u32 slot)
{
	seg->slot = slot;
	if (r->follow)
		seg->place = (struct md_place){
			.pa = md.backend->ops->slot_address(md.backend->priv, slot),
			.header = { md_elf_phdr(0, slot), md_elf_phdr(1, slot) },
		};
}

static void md_slots_append(struct md_region *r, struct md_segment *segs, u32 n)
{
	u32 first = md.n_slots;
	u32 i;

	for (i = 0; i < n; i++) {
		md_segment_set_slot(r, &segs[i], md.n_slots);
		md.slots[md.n_slots++] = (struct md_slot){ .region = r, .seg = &segs[i] };
		md.bytes += md_slot_size(&segs[i]);
		md_slot_write(segs[i].slot);
	}
	md_slots_set_offsets(first);
	md_publish();
	md_elf_publish(first, md.n_slots);
}

static void md_slot_remove(u32 slot)
{
	u32 last = md.n_slots - 1;
	struct md_region *moved = md.slots[last].region;
	u32 changed = slot + 1;

	md.bytes -= md_slot_size(md.slots[slot].seg);
	md_follow_hold(moved);
	if (slot != last) {
		bool same_size = md_slot_size(md.slots[slot].seg) == md_slot_size(md.slots[last].seg);

		md.slots[slot].region = moved;
		md.slots[slot].seg = md.slots[last].seg;
		md_segment_set_slot(moved, md.slots[slot].seg, slot);
		if (!same_size)
			changed = last;
	}
	md.n_slots = last;
	if (changed == last)
		md_slots_set_offsets(slot + 1);

	md_elf_publish(slot, min(changed, last));
	if (slot != last)
		md_slot_write(slot);
	md.backend->ops->clear_slot(md.backend->priv, last);
	md_publish();
	md_follow_release(moved);
}

void md_table_insert(struct md_region *r)
{
	md_follow_hold(r);
	md_slots_append(r, r->segs, r->n_segs);
	r->live = r->follow;
	md_follow_release(r);
}

void md_table_remove(struct md_region *r)
{
	u32 i;

	md_follow_hold(r);
	r->live = false;
	md_follow_release(r);
	for (i = 0; i < r->n_segs; i++)
		md_slot_remove(r->segs[i].slot);
}

static void md_slots_move_in_place(struct md_region *r, struct md_segment *segs, u32 n)
{
	u32 i, first = U32_MAX;

	for (i = 0; i < n; i++) {
		u32 slot = r->segs[i].slot;

		md.bytes += md_slot_size(&segs[i]) - md_slot_size(&r->segs[i]);
		segs[i].slot = slot;
		md.slots[slot].seg = &segs[i];
		md_elf_hide(slot);
		md.backend->ops->move_slot(md.backend->priv, slot, segs[i].pa, md_slot_size(&segs[i]));
		first = min(first, slot);
	}
	md_slots_set_offsets(first + 1);
	md_elf_publish(first, md.n_slots);
}

/*
 * Put @segs, which are not those of the region, where the region's own segments are. Returns false, with
 * nothing changed, when there is no room.
 */
bool md_table_replace(struct md_region *r, struct md_segment *segs, u32 n)
{
	u32 i, gone = 0;

	if (md_slots_free() >= n) {
		md_slots_append(r, segs, n);
	} else if (n <= r->n_segs) {
		md_slots_move_in_place(r, segs, n);
		gone = n;
	} else {
		return false;
	}
	for (i = gone; i < r->n_segs; i++)
		md_slot_remove(r->segs[i].slot);
	return true;
}
