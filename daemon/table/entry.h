/* SPDX-License-Identifier: GPL-2.0-only */
/* A region as qcmdd knows it: who wants it, and what the module has of it. */
#ifndef QCMDD_ENTRY_H
#define QCMDD_ENTRY_H

#include "daemon/table/want.h"

/**
 * struct entry - one region, wanted or in the module or both
 * @want: who wants it, and what for; only the key is set while it is not @wanted
 * @wanted: by a policy that is in use
 * @id: in the module, 0: it is not there
 * @state: enum qcom_minidump_region_state
 * @slots: how many it takes, once the module has said so
 * @address: where it is, as the module has said
 * @name, @comment: as the module has them
 * @error: negative errno: why it could not be added. It is not tried again before something changes
 * @reason: @error in words, or which limit
 * @size: bytes, once the module has said so
 * @confirmed: HELD, and wanted by who has looked again since: to be activated
 * @own: the module's own, which is there whoever else asks for it: it is neither changed nor removed
 * @limited: its policy has a limit, and more important regions have used it up
 */
struct entry {
	struct want want;
	bool wanted;
	uint32_t id;
	uint32_t state;
	uint32_t slots;
	uint64_t address;
	char name[QCOM_MINIDUMP_NAME_MAX + 1];
	char comment[QCOM_MINIDUMP_COMMENT_MAX + 1];
	int error;
	char reason[MODULE_ERROR_MAX];
	uint64_t size;
	bool confirmed;
	bool own;
	bool limited;
};

static inline const struct region_traits *entry_traits(const struct entry *e)
{
	return &region_traits[e->want.key.kind];
}

/* In the table, and so saved if the machine crashed now. */
bool entry_active(const struct entry *e);
/* Not there to be saved: this kernel lacks it, or the task has gone. */
bool entry_absent(const struct entry *e);
/* For qsort() of pointers to entries. */
int entry_compare_importance(const void *a, const void *b);
/* Wanted by a policy with DryRun= only. */
bool entry_dry(const struct entry *e);
/* Wanted, and a policy excludes it. */
bool entry_excluded(const struct entry *e);
/* Wanted, and left out on purpose: [Exclude], DryRun=, MaxRegions=, MaxSlots= or MaxBytes=. */
bool entry_withheld(const struct entry *e);
/* Wanted and not there, and that is worth a word: what this kernel does not have is not. */
bool entry_failed(const struct entry *e);
/* Held, and refused when it was to be activated. */
bool entry_held_back(const struct entry *e);

/* The module has it, and this is how. */
void entry_set_region(struct entry *e, const struct module_region *region);
/* The module has it no more. */
void entry_clear_region(struct entry *e);
/* The module refuses it, and this is why. */
void entry_fail(struct entry *e, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What it is, for people. */
const char *entry_comment(const struct entry *e);
/* A line of the log about it: what has happened, then its name and which policy is to blame. */
void entry_log(int level, const struct entry *e, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
