/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of reconcile.h share: adopt.c takes over what is there, apply.c changes it, evict.c makes room. */
#ifndef QCMDD_RECONCILE_PRIVATE_H
#define QCMDD_RECONCILE_PRIVATE_H

#include "daemon/table/reconcile.h"

#define NOTES_MAX (_POLICY_SOURCE_MAX + 2) /* one of each source, and ours; the last one is empty */

struct own_note {
	struct note note;
	bool changed;
};

struct reconcile {
	const struct reconcile_ops *ops;
	void *userdata;
	struct entry *entries; /* sorted by key */
	size_t n;
	uint32_t *strays; /* ids of ours that could not be identified */
	size_t n_strays;
	struct own_note notes[NOTES_MAX];
};

struct entry *reconcile_find(const struct reconcile *r, const struct region_key *key);
/* Of which text the entry is the region; an empty one: of none that is known. */
struct own_note *reconcile_note(struct reconcile *r, const struct entry *e);
bool reconcile_any(const struct reconcile *r, bool (*which)(const struct entry *e));

/* Likewise as reconcile_run(). */
int reconcile_apply(struct reconcile *r);
int reconcile_remove(struct reconcile *r, bool (*which)(const struct entry *e));
int reconcile_add_one(struct reconcile *r, struct entry *e);
int reconcile_make_room(struct reconcile *r);

#endif
