/* SPDX-License-Identifier: GPL-2.0-only */
/* The printk ring by the names of its parts, and the VMCOREINFO note. */
#ifndef QCOM_MINIDUMP_OBJECT_H
#define QCOM_MINIDUMP_OBJECT_H

#include "memory.h"

/**
 * struct qmd_object - what a name stands for
 * @name: as in QCOM_MINIDUMP_REGION_A_OBJECT
 * @region: name of the region where the client gives none
 * @comment: likewise
 * @ring: key of VMCOREINFO, as the others; NULL: it is prb itself, or what that points to
 * @data: likewise
 * @unit: likewise; NULL: bytes
 */
struct qmd_object {
	const char *name;
	const char *region;
	const char *comment;
	const char *ring;
	const char *data;
	const char *unit;
};

const struct qmd_object *qmd_object_find(const char *name);
int qmd_vmcoreinfo_spec(struct qmd_spec *spec);
void qmd_objects_own(void);

#endif
