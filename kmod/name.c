// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of regions. Those of one name are told apart by sequence number, so that no two slots are called the same.
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

/* Whether it looks like qcom_minidump_slot_name() of another one. */
static bool qmd_name_has_number(const char *name)
{
	const char *number = strrchr(name, '_');

	return number && number[1] >= '1' && number[1] <= '9' && strspn(number + 1, "0123456789") == strlen(number + 1);
}

void qmd_name_put(struct qmd_name *name)
{
	unsigned long flags;
	bool last;

	spin_lock_irqsave(&qmd_names_lock, flags);
	last = !--name->users;
	if (last)
		hlist_del_init(&name->node);
	spin_unlock_irqrestore(&qmd_names_lock, flags);
	if (last)
		kfree(name);	/* its ida is empty: each region has given its numbers back */
}

struct qmd_name *qmd_name_get(const char *name, gfp_t gfp)
{
	struct qmd_name *fresh = kzalloc(sizeof(*fresh), gfp), *found;
	struct hlist_head *bucket = &qmd_names[full_name_hash(NULL, name, strlen(name)) % ARRAY_SIZE(qmd_names)];
	unsigned long flags;

	if (!fresh)
		return NULL;
	ida_init(&fresh->seqs);
	strscpy(fresh->name, name, sizeof(fresh->name));
	fresh->users = 1;
	fresh->first = qmd_name_has_number(name);

	spin_lock_irqsave(&qmd_names_lock, flags);
	hlist_for_each_entry(found, bucket, node)
		if (!strcmp(found->name, name))
			break;
	if (found)
		found->users++;
	else
		hlist_add_head(&fresh->node, bucket);
	spin_unlock_irqrestore(&qmd_names_lock, flags);

	if (found)
		kfree(fresh);
	return found ?: fresh;
}
