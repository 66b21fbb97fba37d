// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of regions. Those of one name are told apart by sequence number, and no other name looks like NAME_SEQ.
 */
#include <linux/ctype.h>
#include <linux/qcom_minidump_table.h>
#include <linux/slab.h>
#include <linux/stringhash.h>

#include "backend.h"
#include "name.h"

static struct hlist_head qmd_names[64];
/* qmd_names, and how many use each; only where allocation is allowed, too */
static DEFINE_SPINLOCK(qmd_names_lock);

static struct hlist_head *qmd_name_bucket(const char *name)
{
	return &qmd_names[full_name_hash(NULL, name, strlen(name)) % ARRAY_SIZE(qmd_names)];
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

void qmd_name_put(struct qmd_name *name)
{
	while (name) {
		struct qmd_name *stem = name->stem;
		unsigned long flags;
		bool last;

		spin_lock_irqsave(&qmd_names_lock, flags);
		last = !--name->users;
		if (last)
			hlist_del_init(&name->node);
		spin_unlock_irqrestore(&qmd_names_lock, flags);
		if (!last)
			break;
		if (stem && name->number >= 0)
			ida_free(&stem->seqs, name->number);
		kfree(name);	/* its ida is empty: each region has given its numbers back */
		name = stem;
	}
}

/* The first @len bytes of @name, a name whose stem is @stem. That reference goes over to it. */
static struct qmd_name *qmd_name_get_one(const char *name, size_t len, struct qmd_name *stem, gfp_t gfp)
{
	struct qmd_name *fresh = kzalloc(sizeof(*fresh), gfp), *found;
	unsigned long flags;
	int number;

	if (!fresh) {
		qmd_name_put(stem);
		return NULL;
	}
	ida_init(&fresh->seqs);
	strscpy(fresh->name, name, len + 1);
	fresh->users = 1;
	fresh->stem = stem;
	if (stem && qmd_name_stem(fresh->name, &number))
		fresh->number = ida_alloc_range(&stem->seqs, number, number, gfp);

	spin_lock_irqsave(&qmd_names_lock, flags);
	hlist_for_each_entry(found, qmd_name_bucket(fresh->name), node)
		if (!strcmp(found->name, fresh->name))
			break;
	if (found)
		found->users++;
	else
		hlist_add_head(&fresh->node, qmd_name_bucket(fresh->name));
	spin_unlock_irqrestore(&qmd_names_lock, flags);

	if (found)
		qmd_name_put(fresh);
	return found ?: fresh;
}

/* A stem may have a stem itself, as KTASK_1 is that of KTASK_1_2: from the shortest one on. */
struct qmd_name *qmd_name_get(const char *name, gfp_t gfp)
{
	size_t len, ends[QCOM_MINIDUMP_NAME_MAX / 2 + 1];
	char left[QCOM_MINIDUMP_NAME_MAX + 1];
	struct qmd_name *stem = NULL;
	int n = 0, number;

	strscpy(left, name, sizeof(left));
	for (len = strlen(left); len; len = qmd_name_stem(left, &number)) {
		ends[n++] = len;
		left[len] = '\0';
	}
	while (n--) {
		stem = qmd_name_get_one(name, ends[n], stem, gfp);
		if (!stem)
			break;
	}
	return stem;
}
