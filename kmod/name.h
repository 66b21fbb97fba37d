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
 * @users: regions, and names whose stem this is
 * @seqs: tells the regions apart by sequence number
 * @stem: of a name that looks like another one with a number, as KTASK_1 does: that name; else NULL
 * @number: of @stem->seqs, held for as long as this name lives, so that no slot of it is called like ours;
 *	negative: it is taken, and ours begin at 1
 * @name: itself
 */
struct qmd_name {
	struct hlist_node node;
	u32 users;
	struct ida seqs;
	struct qmd_name *stem;
	int number;
	char name[QCOM_MINIDUMP_NAME_MAX + 1];
};

int qmd_name_check(const char *name, bool builtin, struct qmd_why *why);
struct qmd_name *qmd_name_get(const char *name, gfp_t gfp);
void qmd_name_put(struct qmd_name *name);

#endif
