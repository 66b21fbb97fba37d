/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon says about itself: facts in, words and JSON out. */
#ifndef QCMDD_DESCRIBE_H
#define QCMDD_DESCRIBE_H

#include <json-c/json_object.h>
#include <time.h>

#include "lib/machine.h"
#include "daemon/table/module-netlink.h"
#include "daemon/policy/policy.h"
#include "daemon/table/reconcile.h"
#include "daemon/source/sources.h"

#define STATUS_PROBLEMS_MAX 16
#define STATUS_NOTES_MAX    4

enum status_state {
	STATUS_OK,
	STATUS_DEGRADED, /* a crash now would give less than the policies ask for */
	STATUS_FAILED,	 /* it would give nothing */
	_STATUS_STATE_MAX,
};

/* How the last reload went. */
struct reload_info {
	bool done;
	bool ok;
	struct timespec when;
	char **errors; /* NULL-terminated, path:line:column: message */
};

/* Everything there is to tell; refers to what others own, the problems excepted. */
struct status {
	struct machine machine;
	struct module_backend backend;
	uint32_t port; /* who we are in the module's listing */
	const struct policy_set *policies;
	const struct entry *entries;
	size_t n_entries;
	const char *source_problems[_POLICY_SOURCE_MAX]; /* why one can't do its work, or NULL */
	struct source_stats stats;
	const struct reload_info *reload;
	const char *waits_for;	 /* a file that somebody is writing, before policies are read anew; or NULL */
	const char *bus_problem; /* why nobody can ask, or NULL */
	int error;		 /* why what is in the table could not be brought up to date, or 0 */

	/* status_judge() */
	enum status_state state;
	struct problem problems[STATUS_PROBLEMS_MAX];
	size_t n_problems;
	struct problem notes[STATUS_NOTES_MAX];
	size_t n_notes;
};

/* One line of a listing: a region of the module, or a wanted one that is not there. */
struct row {
	const struct module_region *region; /* NULL: not in the module */
	const struct entry *entry;	    /* NULL: not ours */
};

void status_judge(struct status *s);
void status_done(struct status *s);
const char *status_state_to_string(enum status_state state);

/**
 * struct policy_use - what a policy has
 * @wanted: how many regions it asks for
 * @active: how many of them are in the table
 * @own: how many of those are the module's own
 * @slots: that these take there
 * @excludes: how many regions, its own or others', are not there because of it
 * @limit: of its own or an [Exclude] of any, because of which regions are left out, in words; NULL: none
 */
struct policy_use {
	uint32_t wanted;
	uint32_t active;
	uint32_t own;
	uint32_t slots;
	uint32_t excludes;
	const char *limit;
};

struct policy_use status_use(const struct status *s, const struct policy *policy);

/* Rows: all regions of the module, then what failed. *ret is to be freed. */
int status_rows(const struct status *s, const struct module_region *regions, size_t n, struct row **ret, size_t *ret_n);
const char *row_name(const struct row *row);
const char *row_state(const struct row *row);
const char *row_reason(const struct row *row); /* "" if there is none */
const char *row_owner(const struct row *row, uint32_t port);
const char *row_kind(const struct row *row);
const char *row_comment(const struct row *row);

/* NULL: out of memory. addresses: whether the reader may know where things are. */
json_object *status_describe(const struct status *s, const struct module_region *regions, size_t n, bool addresses);

#endif
