// SPDX-License-Identifier: GPL-2.0-only
/* What the module has of ours: its tags say what each region is. And of its own, for which policies ask, too. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/table/reconcile-private.h"

static int add_stray(struct reconcile *r, uint32_t id)
{
	uint32_t *strays = reallocarray(r->strays, r->n_strays + 1, sizeof(*strays));

	if (!strays)
		return -ENOMEM;
	r->strays = strays;
	r->strays[r->n_strays++] = id;
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return region_key_compare(&x->want.key, &y->want.key);
}

static int append_unwanted(struct reconcile *r, const struct module_region *region, const struct region_key *key)
{
	struct entry *entries = reallocarray(r->entries, r->n + 1, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	r->entries = entries;
	r->entries[r->n] = (struct entry){ .want.key = *key };
	snprintf(r->entries[r->n].want.name, sizeof(r->entries[r->n].want.name), "%s", region->name);
	entry_set_region(&r->entries[r->n++], region);
	return 0;
}

static int adopt_one(struct reconcile *r, size_t n_known, const struct module_region *region)
{
	struct reconcile known = { .entries = r->entries, .n = n_known };
	struct region_key key;
	struct entry *e;

	if (!region->owner) {
		if (!region_key_of_own(region, &key))
			return 0;
	} else if (!region_key_from_tag(&region->tag, &key)) {
		return add_stray(r, region->id);
	}
	e = reconcile_find(&known, &key);
	if (!e)
		return append_unwanted(r, region, &key);
	if (e->id)
		return add_stray(r, region->id);
	entry_set_region(e, region);
	return 0;
}

int reconcile_adopt(struct reconcile *r, const struct module_region *regions, size_t n, uint32_t port)
{
	size_t n_known = r->n, kept = 0;
	int err = 0;

	r->n_strays = 0;
	for (size_t i = 0; i < r->n; i++)
		entry_clear_region(&r->entries[i]);
	for (size_t i = 0; i < n && err >= 0; i++)
		if (!regions[i].owner || regions[i].owner == port)
			err = adopt_one(r, n_known, &regions[i]);
	if (r->n)
		qsort(r->entries, r->n, sizeof(*r->entries), compare_entries);
	/* Two regions for one key that nobody wants: the first one is an entry, the others go. */
	for (size_t i = 0; i < r->n; i++) {
		if (kept && !region_key_compare(&r->entries[kept - 1].want.key, &r->entries[i].want.key)) {
			err = err < 0 ? err : add_stray(r, r->entries[i].id);
			continue;
		}
		r->entries[kept++] = r->entries[i];
	}
	r->n = kept;
	return err;
}
