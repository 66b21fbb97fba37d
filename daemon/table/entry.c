// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "daemon/table/entry.h"
#include "lib/journal.h"

bool entry_active(const struct entry *e)
{
	return e->id && e->state == QCOM_MINIDUMP_REGION_ACTIVE;
}

bool entry_absent(const struct entry *e)
{
	int absent = entry_traits(e)->absent;

	return absent ? e->error == absent : e->want.optional && (e->error == -ENOENT || e->error == -EOPNOTSUPP);
}

bool entry_dry(const struct entry *e)
{
	return e->wanted && want_is_dry(&e->want);
}

bool entry_excluded(const struct entry *e)
{
	return e->wanted && e->want.excluded;
}

bool entry_withheld(const struct entry *e)
{
	return entry_excluded(e) || entry_dry(e) || (e->wanted && e->limited);
}

bool entry_held_back(const struct entry *e)
{
	return e->id && e->state == QCOM_MINIDUMP_REGION_HELD && e->error;
}

bool entry_failed(const struct entry *e)
{
	return e->wanted && !entry_withheld(e) && !entry_absent(e) &&
	       (!e->id || e->state == QCOM_MINIDUMP_REGION_REJECTED || entry_held_back(e));
}

/* Which policy is to blame, for the log. */
static void print_origin(const struct entry *e, char *buffer, size_t size)
{
	const struct want *w = &e->want;

	if (!w->section)
		snprintf(buffer, size, "%s", entry_traits(e)->note ? "always there" : "no policy");
	else if (w->policy)
		snprintf(buffer, size, "policy %s, %s:%u", w->policy->name, w->section->path, w->section->line);
	else
		snprintf(buffer, size, "%s:%u", w->section->path, w->section->line);
}

void entry_log(int level, const struct entry *e, const char *format, ...)
{
	char origin[PATH_MAX + 300], text[512];
	va_list ap;

	if (level > log_max_level())
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	print_origin(e, origin, sizeof(origin));
	log_write(level, "%s: %s%s%s", text, e->want.name, e->want.name[0] ? ", " : "", origin);
}

const char *entry_comment(const struct entry *e)
{
	return e->comment[0] ? e->comment : entry_traits(e)->object ? e->want.key.what : e->want.comment;
}

void entry_set_region(struct entry *e, const struct module_region *region)
{
	e->id = region->id;
	e->own = !region->owner;
	e->state = region->state;
	e->slots = region->n_segments;
	e->address = region->addr;
	e->size = region->size;
	e->error = 0;
	snprintf(e->name, sizeof(e->name), "%s", region->name);
	snprintf(e->comment, sizeof(e->comment), "%s", region->comment);
	snprintf(e->reason, sizeof(e->reason), "%s", region->error);
}

void entry_clear_region(struct entry *e)
{
	e->id = e->state = 0;
	e->address = 0;
	e->confirmed = e->own = false;
	e->comment[0] = '\0';
}

void entry_fail(struct entry *e, int error, const char *format, ...)
{
	va_list ap;

	e->error = error;
	va_start(ap, format);
	vsnprintf(e->reason, sizeof(e->reason), format, ap);
	va_end(ap);
}
