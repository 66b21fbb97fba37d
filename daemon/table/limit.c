// SPDX-License-Identifier: GPL-2.0-only
/* MaxRegions=, MaxSlots= and MaxBytes= of policies. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/table/reconcile.h"

int entry_compare_importance(const void *a, const void *b)
{
	const struct entry *const *x = a, *const *y = b;

	return want_compare(&(*x)->want, &(*y)->want);
}

/* What a policy has used of its limits. */
struct usage {
	const struct policy *policy;
	uint64_t regions;
	uint64_t slots;
	uint64_t bytes;
};

/* What a region takes: as the module has said, or a guess. */
struct cost {
	uint32_t slots;
	uint64_t bytes;
};

static struct usage *usage_of(struct usage *usages, size_t *n, const struct policy *policy)
{
	for (size_t i = 0; i < *n; i++)
		if (usages[i].policy == policy)
			return &usages[i];
	usages[*n] = (struct usage){ .policy = policy };
	return &usages[(*n)++];
}

/* Which limit of its policy has no room for another region at that cost; false: it fits. */
static bool limit_of(const struct usage *u, const struct cost *cost, char *reason, size_t n)
{
	const struct policy *p = u->policy;

	if (p->max_regions && u->regions + 1 > p->max_regions)
		snprintf(reason, n, "policy %s has MaxRegions=%u", p->name, p->max_regions);
	else if (p->max_slots && u->slots + cost->slots > p->max_slots)
		snprintf(reason, n, "policy %s has MaxSlots=%u", p->name, p->max_slots);
	else if (p->max_bytes && u->bytes + cost->bytes > p->max_bytes)
		snprintf(reason, n, "policy %s has MaxBytes=%" PRIu64, p->name, p->max_bytes);
	else
		return false;
	return true;
}

/* Whether it is limited now and was not, or the other way round. */
static bool limit_entry(struct entry *e, struct usage *u, const struct cost *cost)
{
	bool was = e->limited;

	e->limited = limit_of(u, cost, e->reason, sizeof(e->reason));
	if (e->limited) {
		e->error = 0;
	} else {
		u->regions++;
		u->slots += cost->slots;
		u->bytes += cost->bytes;
	}
	if (was && !e->limited)
		e->reason[0] = '\0';
	return was != e->limited;
}

/* What can't be had takes nobody's place. */
static bool is_in_vain(const struct entry *e)
{
	return entry_absent(e) || (!e->id && e->want.error);
}

static bool has_limit(const struct entry *e)
{
	return e->wanted && !e->own && !entry_dry(e) && !entry_excluded(e) && !is_in_vain(e) && e->want.policy &&
	       policy_has_limit(e->want.policy);
}

/* typical: of the last region of the same kind that the module has taken. */
static struct cost cost_of(const struct entry *e, const struct cost *typical)
{
	return (struct cost){
		.slots = e->slots		?:
				 typical->slots ?:
						  1,
		.bytes = e->size	      ?:
				 e->want.size ?:
						typical->bytes,
	};
}

int limit_entries(struct entry *all, size_t n_all)
{
	_cleanup_free_ struct entry **entries = calloc(n_all + 1, sizeof(*entries));
	_cleanup_free_ struct usage *usages = calloc(n_all + 1, sizeof(*usages));
	struct cost typical[_REGION_KIND_MAX] = {};
	size_t n = 0, n_usages = 0;
	bool changed = false;

	if (!entries || !usages)
		return -ENOMEM;
	for (size_t i = 0; i < n_all; i++) {
		struct entry *e = &all[i];

		if (e->slots && region_kind_is_task(e->want.key.kind))
			typical[e->want.key.kind] = (struct cost){ e->slots, e->size };
		if (has_limit(e))
			entries[n++] = e;
		else
			e->limited = false;
	}
	qsort(entries, n, sizeof(*entries), entry_compare_importance);
	for (size_t i = 0; i < n; i++) {
		const struct cost cost = cost_of(entries[i], &typical[entries[i]->want.key.kind]);

		changed |= limit_entry(entries[i], usage_of(usages, &n_usages, entries[i]->want.policy), &cost);
	}
	return changed;
}
