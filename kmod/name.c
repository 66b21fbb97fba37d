// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of regions. Those of one name are told apart by sequence number, and no other name looks like NAME_SEQ.
 */
#include <linux/ctype.h>
#include <linux/qcom_minidump_table.h>
#include <linux/slab.h>
#include <linux/stringhash.h>

#include "backend.h"
#include "core.h"
#include "name.h"

static struct hlist_head *qmd_name_bucket(const char *name)
{
	return &qmd.names[full_name_hash(NULL, name, strlen(name)) % ARRAY_SIZE(qmd.names)];
}

/* Host tools find the ELF header by the first letters. */
static bool qmd_name_is_ours(const char *name)
{
	return str_has_prefix(name, MINIDUMP_ELF_PREFIX) || !strcmp(name, MINIDUMP_VMCOREINFO_NAME);
}

int qmd_name_check(const char *name, bool builtin, struct qmd_why *why)
{
	const char *p;

	if (!name || !*name)
		return qmd_refuse(why, -EINVAL, "NAME is missing: give 1 to 31 printable characters without blanks");
	for (p = name; *p; p++)
		if (!isascii(*p) || !isgraph(*p))
			return qmd_refuse(why, -EINVAL, "NAME may hold printable ASCII characters only, no blanks");
	if (p - name > QCOM_MINIDUMP_NAME_MAX)
		return qmd_refuse(why, -ENAMETOOLONG, "NAME is longer than 31 characters");
	if (!builtin && qmd_name_is_ours(name))
		return qmd_refuse(why, -EINVAL,
				  "NAME: " MINIDUMP_VMCOREINFO_NAME ", and what begins with " MINIDUMP_ELF_PREFIX
				  ", are the names of the module's own");
	return 0;
}

/* The length of what is before the number, if the name looks like qcom_minidump_slot_name() of another one; else 0. */
static size_t qmd_name_stem(const char *name, int *number)
{
	const char *line = strrchr(name, '_');

	if (!line || line[1] < '1' || line[1] > '9' || kstrtoint(line + 1, 10, number))
		return 0;
	return line - name;
}

static void qmd_name_free(struct qmd_name *name)
{
	if (name->stem) {
		if (name->number >= 0)
			ida_free(&name->stem->seqs, name->number);
		qmd_name_put(name->stem);
	}
	kfree(name);	/* its ida is empty: each region has given its numbers back */
}

static struct qmd_name *qmd_name_new(const char *name, gfp_t gfp)
{
	struct qmd_name *fresh = kzalloc(sizeof(*fresh), gfp);
	size_t stem;
	int number;

	if (!fresh)
		return NULL;
	ida_init(&fresh->seqs);
	strscpy(fresh->name, name, sizeof(fresh->name));

	stem = qmd_name_stem(name, &number);
	if (!stem)
		return fresh;
	fresh->name[stem] = '\0';
	fresh->stem = qmd_name_get(fresh->name, gfp);
	fresh->name[stem] = '_';
	if (!fresh->stem) {
		kfree(fresh);
		return NULL;
	}
	fresh->number = ida_alloc_range(&fresh->stem->seqs, number, number, gfp);
	return fresh;
}

struct qmd_name *qmd_name_get(const char *name, gfp_t gfp)
{
	struct qmd_name *fresh, *found;
	unsigned long flags;

	fresh = qmd_name_new(name, gfp);
	if (!fresh)
		return NULL;

	spin_lock_irqsave(&qmd.lock, flags);
	hlist_for_each_entry(found, qmd_name_bucket(name), node)
		if (!strcmp(found->name, name))
			break;
	if (!found) {
		hlist_add_head(&fresh->node, qmd_name_bucket(name));
		found = fresh;
	}
	found->users++;
	spin_unlock_irqrestore(&qmd.lock, flags);

	if (found != fresh)
		qmd_name_free(fresh);
	return found;
}

void qmd_name_put(struct qmd_name *name)
{
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&qmd.lock, flags);
	last = !--name->users;
	if (last)
		hlist_del(&name->node);
	spin_unlock_irqrestore(&qmd.lock, flags);
	if (last)
		qmd_name_free(name);
}
