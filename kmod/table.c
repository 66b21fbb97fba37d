// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slots. The machine may die between any two stores, so at every instant
 *   - each region that is in the table is in a valid slot, with its range whole;
 *   - the ELF header names nothing that the table lacks: adding completes the table first, removing the header;
 *   - removing leaves all others where they are but the last ones, which take the holes, and are in both places until
 *     they are safely in the new one.
 *
 * What can't be in the table twice moves in place: what follows a CPU, and any region when the table is too full. Until
 * its headers are right again, which nobody is scheduled before, they don't name it.
 *
 * Everything here runs under qmd.lock with a back end bound. One lock hold does one of these, so that its length has a
 * bound: writing new slots, up to QMD_BATCH segments that leave, a move in place, or bringing the spare header up to
 * date. Its cost is that of so many segments, and of adding a number to each offset in the header behind the first of
 * them.
 */
#include <linux/kernel.h>

#include "core.h"
#include "follow.h"
#include "table.h"

static void qmd_slot_write(u32 slot)
{
	const struct qmd_slot *s = &qmd.slots[slot];
	const struct qcom_minidump_slot_data data = {
		.name = s->region->name->name,
		.seq = s->seg->seq,
		.pa = qmd_slot_start(s->seg),
		.size = qmd_slot_size(s->seg),
	};

	qmd.backend->ops->write_slot(qmd.backend->priv, slot, &data);
}

/* The lock, to change the table: the headers have caught up with it, each thing in a hold of its own. */
unsigned long qmd_table_lock(void) __acquires(&qmd.lock)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&qmd.lock, flags);
	while (qmd_elf_catch_up()) {
		raw_spin_unlock_irqrestore(&qmd.lock, flags);
		raw_spin_lock_irqsave(&qmd.lock, flags);
	}
	return flags;
}

/* And lets it go when they have caught up with what was changed. */
void qmd_table_unlock(unsigned long flags) __releases(&qmd.lock)
{
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
	flags = qmd_table_lock();
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
}

/* For who has it and has not taken it with qmd_table_lock(), or has changed the table already. */
static void qmd_table_catch_up(void)
{
	while (qmd_elf_catch_up())
		;
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

/* They get into the table together with the header that names them, when that catches up. */
static void qmd_slots_append(struct qmd_region *r, struct qmd_segment *segs, u32 n)
{
	qmd_table_catch_up();
	for (; n--; segs++) {
		qmd_segment_set_slot(r, segs, qmd.n_slots);
		qmd.slots[qmd.n_slots++] = (struct qmd_slot){ .region = r, .seg = segs };
		qmd.bytes += qmd_slot_size(segs);
		qmd_slot_write(segs->slot);
		qmd_elf_change(segs->slot);
	}
}

void qmd_table_insert(struct qmd_region *r)
{
	qmd_follow_hold(r);
	qmd_slots_append(r, r->segs, r->n_segs);
	r->live = r->follow;
	qmd_follow_release(r);
}

/* What is in slot @from gets into @slot. It holds still from now on. */
static void qmd_slot_fill(u32 slot, u32 from)
{
	struct qmd_slot *s = &qmd.slots[slot];

	*s = qmd.slots[from];
	qmd_follow_hold(s->region);
	qmd_segment_set_slot(s->region, s->seg, slot);
}

static void qmd_slots_remove(struct qmd_segment **gone, u32 n)
{
	u32 i, slot, end = qmd.n_slots - n, last = end, n_holes = 0, holes[QMD_BATCH];

	qmd_table_catch_up();
	for (i = 0; i < n; i++) {
		qmd_elf_change(gone[i]->slot);
		if (gone[i]->slot < end)
			holes[n_holes++] = gone[i]->slot;
		qmd.bytes -= qmd_slot_size(gone[i]);
		gone[i]->slot = 0;
	}
	for (i = 0; i < n_holes; i++) {
		while (!qmd.slots[last].seg->slot)
			last++;
		qmd_slot_fill(holes[i], last++);
	}
	qmd.n_slots = end;
	qmd_elf_catch_up();

	for (i = 0; i < n_holes; i++)
		qmd_slot_write(holes[i]);
	for (slot = end + n; slot-- > end;) {
		qmd.backend->ops->clear_slot(qmd.backend->priv, slot);
		qmd.backend->ops->publish(qmd.backend->priv, slot);
	}
	for (i = 0; i < n_holes; i++)
		qmd_follow_release(qmd.slots[holes[i]].region);
}

/* Up to QMD_BATCH segments that have no business there: false if there can't be any more. */
static bool qmd_table_remove_some(struct qmd_region *r)
{
	bool stays = r->there && r->state == QCOM_MINIDUMP_REGION_ACTIVE;
	struct qmd_segment *seg, *gone[QMD_BATCH];
	u32 n = 0;

	if (!qmd.backend)
		return false;
	if (!stays) {
		qmd_follow_hold(r);
		r->live = false;
		qmd_follow_release(r);
	}
	for (seg = r->halves; seg < r->halves + 2 * r->max_segs && n < QMD_BATCH; seg++)
		if (seg->slot && !(stays && seg >= r->segs && seg < r->segs + r->max_segs))
			gone[n++] = seg;
	if (n)
		qmd_slots_remove(gone, n);
	return n == QMD_BATCH;
}

/*
 * Takes out of the table what has no business there any more: the range that a region had before a move, and all of one
 * that is not there or not active. The lock is dropped in between if that is much.
 */
void qmd_table_settle(struct qmd_region *r, unsigned long *flags)
{
	while (qmd_table_remove_some(r)) {
		raw_spin_unlock_irqrestore(&qmd.lock, *flags);
		*flags = qmd_table_lock();
	}
}

static void qmd_slots_move_in_place(struct qmd_region *r, u32 n)
{
	struct qmd_segment *segs = r->spare;
	u32 i, slot;

	qmd_table_catch_up();
	for (i = 0; i < n; i++) {
		slot = r->segs[i].slot;
		qmd.bytes += qmd_slot_size(&segs[i]) - qmd_slot_size(&r->segs[i]);
		segs[i].slot = slot;
		r->segs[i].slot = 0;
		qmd.slots[slot].seg = &segs[i];
		qmd_elf_hide(slot);
		qmd.backend->ops->move_slot(qmd.backend->priv, slot, qmd_slot_start(&segs[i]), qmd_slot_size(&segs[i]));
		qmd_elf_change(slot);
	}
	/* If it is much, the header that names them again comes in the next lock hold. */
	if (n <= QMD_BATCH)
		qmd_elf_catch_up();
}

/*
 * Puts the first @n spare segments where the region's own are, or beside them: the caller makes them its own, and those
 * leave when it settles. Returns false, with nothing changed, when there is no room.
 */
bool qmd_table_replace(struct qmd_region *r, u32 n)
{
	if (qmd_slots_free() >= n)
		qmd_slots_append(r, r->spare, n);
	else if (n <= r->n_segs)
		qmd_slots_move_in_place(r, n);
	else
		return false;
	return true;
}
