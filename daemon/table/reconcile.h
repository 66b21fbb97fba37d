/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes what the module has into what the policies want. Nothing else changes regions.
 *
 * It remembers each region that is wanted or ours; what it remembers of the module is replaced by the module's
 * own listing whenever there is a doubt.
 */
#ifndef QCMDD_RECONCILE_H
#define QCMDD_RECONCILE_H

#include "daemon/table/entry.h"

struct reconcile_ops {
	/* As module_apply(). */
	int (*apply)(const struct module_request *requests, struct module_result *results, size_t n, void *userdata);
	/* The module says that there is no such task. */
	void (*gone)(const struct region_key *key, void *userdata);
};

struct reconcile;

int reconcile_new(const struct reconcile_ops *ops, void *userdata, struct reconcile **ret);
struct reconcile *reconcile_free(struct reconcile *r); /* returns NULL */

/* The text of a note that is wanted, which is copied; a changed one replaces the old one in the next run. */
int reconcile_set_note(struct reconcile *r, const struct note *note);

/* What the module has of ours: all of it. Takes nothing over that it does not copy. */
int reconcile_adopt(struct reconcile *r, const struct module_region *regions, size_t n, uint32_t port);

/* The module is gone, and all regions with it. */
void reconcile_reset(struct reconcile *r);

/* Forget errors, so that the next run tries again: all of them, or those for lack of room. */
void reconcile_retry(struct reconcile *r, bool only_full);

/* News of a region of ours. True: a run is needed. */
bool reconcile_news(struct reconcile *r, const struct module_region *region, bool gone);

/*
 * Settle wants and take them over; nothing of the old ones is referred to any more. -ENOMEM: all is as before.
 */
int reconcile_set_wants(struct reconcile *r, struct wants *wants);

/* Change the module. Negative: its state is unknown and has to be read again. */
int reconcile_run(struct reconcile *r);

/* Regions are held: they go in if they are wanted by who looks now. */
bool reconcile_holds(const struct reconcile *r);

/* Remove all our regions from the module. */
int reconcile_release(struct reconcile *r);

const struct entry *reconcile_entries(const struct reconcile *r, size_t *ret_n);
const struct entry *reconcile_find_id(const struct reconcile *r, uint32_t id);

/*
 * limit.c: within the limits of their policies, the most important regions stay. How large a region is, the module says
 * when it has it; tasks are of one size, and so are stacks. 1: something has changed; 0; or -ENOMEM.
 */
int limit_entries(struct entry *all, size_t n_all);

#endif
