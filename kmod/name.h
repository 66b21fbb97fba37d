/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_NAME_H
#define QCOM_MINIDUMP_NAME_H

#include <linux/idr.h>
#include <linux/list.h>
#include <linux/types.h>
#include <uapi/linux/qcom_minidump.h>

#include "why.h"

/**
 * struct qmd_name - all regions of one name
 * @node: in the hash of names
 * @users: regions
 * @seqs: tells the regions apart by sequence number
 * @first: the first of these. 0 is not shown, so that a name which looks like another one with a number, as KTASK_1
 *	does, begins at 1
 * @name: itself
 */
struct qmd_name {
	struct hlist_node node;
	u32 users;
	struct ida seqs;
	u32 first;
	char name[QCOM_MINIDUMP_NAME_MAX + 1];
};

int qmd_name_check(const char *name, bool builtin, struct qmd_why *why);
struct qmd_name *qmd_name_get(const char *name, gfp_t gfp);
void qmd_name_put(struct qmd_name *name);

#endif
