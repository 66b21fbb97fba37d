// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/want.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

struct want want_of(enum region_kind kind, const struct policy *policy, const struct policy_section *section)
{
	return (struct want){
		.key.kind = kind,
		.policy = policy,
		.section = section,
		.priority = policy->priority,
		.rank = region_traits[kind].rank,
	};
}

bool want_is_dry(const struct want *want)
{
	return want->policy && want->policy->dry_run;
}

int want_compare(const struct want *a, const struct want *b)
{
	return COMPARE(want_is_dry(a), want_is_dry(b))	 ?:
		       COMPARE(b->priority, a->priority) ?:
		       COMPARE(a->rank, b->rank)	 ?:
		       COMPARE(a->order, b->order)	 ?:
							   region_key_compare(&a->key, &b->key);
}

void want_exclude(struct want *want, const struct policy_section *by)
{
	if (!by || want->excluded)
		return;
	want->excluded = by;
	want->error = 0;
	snprintf(want->problem, sizeof(want->problem), "excluded by %s:%u", by->path, by->line);
}

/* A note of ours that no policy asks for tells how to read all others. */
void wants_exclude(struct wants *w, const struct policy_set *policies)
{
	const struct policy_section *by;
	size_t i = 0, j = 0;

	while ((by = policy_next_exclude(policies, &i, &j)))
		for (struct want *want = w->items; want < w->items + w->n; want++)
			if (want->policy &&
			    (policy_excludes_region(by, want->name) ||
			     (region_traits[want->key.kind].object && policy_excludes_symbol(by, want->key.what))))
				want_exclude(want, by);
}

int wants_add(struct wants *w, const struct want *want)
{
	if (w->n == w->allocated) {
		size_t allocated = w->allocated ? 2 * w->allocated : 64;
		struct want *items = reallocarray(w->items, allocated, sizeof(*items));

		if (!items)
			return -ENOMEM;
		w->items = items;
		w->allocated = allocated;
	}
	w->items[w->n] = *want;
	/* To Qualcomm's ramdump parser these end a name: docs/table.md. */
	for (char *c = w->items[w->n++].name; *c; c++)
		if (*c < '0')
			*c = '_';
	return 0;
}

static bool has_limit(const struct want *want)
{
	return want->policy && policy_has_limit(want->policy);
}

/* Who has a limit may leave it out, which is not to be so for who has none. */
static int compare_by_key(const void *a, const void *b)
{
	const struct want *x = a, *y = b;

	return region_key_compare(&x->key, &y->key)	       ?:
		       COMPARE(want_is_dry(x), want_is_dry(y)) ?:
		       COMPARE(has_limit(x), has_limit(y))     ?:
								 want_compare(x, y);
}

/* What matters to one of those who want it, matters. */
static void want_also(struct want *want, const struct want *other)
{
	if (!want_is_dry(other) && other->priority > want->priority)
		want->priority = other->priority;
	want_exclude(want, other->excluded);
}

void wants_settle(struct wants *w)
{
	size_t n = 0;

	if (!w->n)
		return;
	qsort(w->items, w->n, sizeof(*w->items), compare_by_key);
	for (size_t i = 1; i < w->n; i++)
		if (region_key_compare(&w->items[n].key, &w->items[i].key))
			w->items[++n] = w->items[i];
		else
			want_also(&w->items[n], &w->items[i]);
	w->n = n + 1;
}

void wants_done(struct wants *w)
{
	free(w->items);
	*w = (struct wants){};
}
