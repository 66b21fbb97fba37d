// SPDX-License-Identifier: GPL-2.0-only
/* The lines of a listing: the module's regions, and those that are not there, in words. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/describe.h"
#include "uapi/linux/qcom_minidump_table.h"

static const struct entry *entry_of(const struct status *s, const struct module_region *region)
{
	if (region->owner && region->owner != s->port)
		return NULL;
	for (size_t i = 0; i < s->n_entries; i++)
		if (s->entries[i].id == region->id)
			return &s->entries[i];
	return NULL;
}

/* Of what is absent, it is said only of what somebody has named. */
static bool is_worth_a_row(const struct entry *e)
{
	return entry_failed(e) || entry_withheld(e) || (e->wanted && e->want.error);
}

int status_rows(const struct status *s, const struct module_region *regions, size_t n, struct row **ret, size_t *ret_n)
{
	struct row *rows = calloc(n + s->n_entries + 1, sizeof(*rows));
	size_t filled = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		rows[filled++] = (struct row){ .region = &regions[i], .entry = entry_of(s, &regions[i]) };
	for (size_t i = 0; i < s->n_entries; i++)
		if (is_worth_a_row(&s->entries[i]) && !s->entries[i].id)
			rows[filled++] = (struct row){ .entry = &s->entries[i] };
	*ret = rows;
	*ret_n = filled;
	return 0;
}

const char *row_name(const struct row *row)
{
	return row->region ? row->region->name : row->entry->want.name;
}

const char *row_state(const struct row *row)
{
	if (row->region)
		return region_state_to_string(row->region->state);
	return entry_excluded(row->entry) ? "excluded" :
	       entry_dry(row->entry)	  ? "dry-run" :
	       row->entry->limited	  ? "limited" :
	       entry_absent(row->entry)	  ? "absent" :
					    "failed";
}

const char *row_reason(const struct row *row)
{
	/* The module has it of its own, whatever policies say. */
	if (row->region && row->entry && entry_excluded(row->entry))
		return row->entry->want.problem;
	if (row->region)
		return row->region->error;
	if (entry_excluded(row->entry))
		return row->entry->want.problem;
	if (entry_dry(row->entry))
		return "";
	return row->entry->reason[0] ? row->entry->reason : "the kernel module is not loaded";
}

/* What is no entry no policy can ask for. */
static bool is_own(const struct row *row)
{
	return row->entry ? row->entry->own : !strcmp(row->region->name, MINIDUMP_LAYOUT_NAME);
}

const char *row_owner(const struct row *row, uint32_t port)
{
	if (!row->region || row->region->owner == port)
		return "qcmdd";
	if (row->region->owner)
		return "other";
	return is_own(row) ? "module" : "kernel";
}

const char *row_kind(const struct row *row)
{
	return row->entry ? entry_traits(row->entry)->name : region_kind_to_string(row->region);
}

const char *row_comment(const struct row *row)
{
	return row->region ? row->region->comment : row->entry->want.comment;
}
