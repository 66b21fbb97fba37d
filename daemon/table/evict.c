// SPDX-License-Identifier: GPL-2.0-only
/* The table is full: what matters less makes room. */
#include <errno.h>
#include <stdlib.h>

#include "daemon/table/reconcile-private.h"
#include "lib/cleanup.h"
#include "lib/journal.h"

/* Of lower priority, or of less importance to the same policy. */
static bool may_push_out(const struct entry *e, const struct entry *v)
{
	return v->want.priority < e->want.priority ||
	       (v->wanted && v->want.policy == e->want.policy && want_compare(&v->want, &e->want) > 0);
}

/* The least important of ours in the table that e may push out. */
static struct entry *find_victim(struct reconcile *r, const struct entry *e)
{
	struct entry *victim = NULL;

	for (size_t i = 0; i < r->n; i++) {
		struct entry *v = &r->entries[i];

		if (entry_active(v) && !v->own && may_push_out(e, v) &&
		    (!victim || want_compare(&v->want, &victim->want) > 0))
			victim = v;
	}
	return victim;
}

static int evict(struct reconcile *r, struct entry *victim, const struct entry *e)
{
	struct module_request q = { .cmd = QCOM_MINIDUMP_CMD_REGION_DEL, .id = victim->id };
	struct module_result result = {};
	int err;

	err = r->ops->apply(&q, &result, 1, r->userdata);
	if (err < 0)
		return err;
	if (result.error < 0 && result.error != -ENOENT)
		return -ESTALE;
	entry_log(entry_traits(victim)->quiet ? LOG_DEBUG : LOG_INFO, victim,
		  "%s is saved no more: the table is full, and %s matters more", entry_comment(victim), e->want.name);
	entry_clear_region(victim);
	if (victim->want.policy && victim->want.policy == e->want.policy)
		entry_fail(victim, -ENOSPC, "the table is full, and %s of the same policy matters more",
			   entry_comment(e));
	else
		entry_fail(victim, -ENOSPC, "the table is full, and policy %s with Priority=%d needs the room",
			   e->want.policy ? e->want.policy->name : "(note)", e->want.priority);
	return 0;
}

/* The table is full: what matters less makes room, one region at a time. */
static int add_by_eviction(struct reconcile *r, struct entry *e, bool *evicted)
{
	struct entry *victim;
	int err;

	while (e->error == -ENOSPC) {
		victim = find_victim(r, e);
		if (!victim)
			return 0;
		err = evict(r, victim, e);
		if (err < 0)
			return err;
		*evicted = true;
		err = reconcile_add_one(r, e);
		if (err < 0)
			return err;
	}
	return 0;
}

/* More may have been pushed out than was needed, as one region can take several slots. */
static int add_evicted(struct reconcile *r, struct entry **entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int err;

		if (entries[i]->error != -ENOSPC || (entries[i]->id && !entry_held_back(entries[i])))
			continue;
		err = reconcile_add_one(r, entries[i]);
		if (err < 0)
			return err;
	}
	return 0;
}

int reconcile_make_room(struct reconcile *r)
{
	_cleanup_free_ struct entry **entries = calloc(r->n + 1, sizeof(*entries));
	bool evicted = false;
	size_t n = 0;
	int err;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < r->n; i++)
		if (r->entries[i].wanted && !entry_withheld(&r->entries[i]))
			entries[n++] = &r->entries[i];
	qsort(entries, n, sizeof(*entries), entry_compare_importance);
	for (size_t i = 0; i < n; i++) {
		err = add_by_eviction(r, entries[i], &evicted);
		if (err < 0)
			return err;
	}
	return evicted ? add_evicted(r, entries, n) : 0;
}
