/* SPDX-License-Identifier: GPL-2.0-only */
/* What should be in the table, and which policy says so. */
#ifndef QCMDD_WANT_H
#define QCMDD_WANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policy/policy.h"
#include "daemon/table/key.h"

/* A text of ours that is a region, see include/qcmd_note.h. */
struct note {
	const char *name; /* of its region */
	uint32_t type;
	const char *text;
	size_t size;
};

/**
 * struct want - one region that a policy asks for
 * @key: which
 * @name: for the table
 * @comment: for people
 * @address: where it is as far as the source knows, or 0. Another address means another thing under the same key
 * @size: likewise
 * @map_fd: what keeps the memory while it is added, or 0
 * @optional: some kernels don't have it
 * @error: negative errno: the source knows that it can't be had
 * @problem: @error in words
 * @excluded: the [Exclude] section because of which it is not to be there, whoever asks for it; @problem says so
 * @unsure: what was seen before stays, but is no reason to add or to activate anything
 * @policy: NULL for the note, which no policy asks for
 * @section: of @policy
 * @priority: of @policy
 * @rank: at first that of its kind
 * @order: within one rank: when it started, or the place in a list
 */
struct want {
	struct region_key key;
	char name[QCOM_MINIDUMP_NAME_MAX + 1];
	char comment[QCOM_MINIDUMP_COMMENT_MAX + 1];
	uint64_t address;
	uint64_t size;
	int map_fd;
	bool optional;
	int error;
	char problem[MODULE_ERROR_MAX];
	const struct policy_section *excluded;
	bool unsure;
	const struct policy *policy;
	const struct policy_section *section;
	int priority;
	enum want_rank rank;
	uint64_t order;
};

struct wants {
	struct want *items;
	size_t n;
	size_t allocated;
};

struct want want_of(enum region_kind kind, const struct policy *policy, const struct policy_section *section);
/* Of a policy with DryRun=: to be shown, not to be registered. */
bool want_is_dry(const struct want *want);
/* Which matters more: negative when a does. */
int want_compare(const struct want *a, const struct want *b);

/* By this section, or NULL: by none. */
void want_exclude(struct want *want, const struct policy_section *by);

/* What the policies exclude by the names of regions and of the kernel's objects; sources know the rest. */
void wants_exclude(struct wants *w, const struct policy_set *policies);

int wants_add(struct wants *w, const struct want *want);
/* Sort by key; of several wants with the same key the one that matters most stays. */
void wants_settle(struct wants *w);
void wants_done(struct wants *w);

#endif
