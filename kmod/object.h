/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel objects by name, and the VMCOREINFO note. */
#ifndef QCOM_MINIDUMP_OBJECT_H
#define QCOM_MINIDUMP_OBJECT_H

#include "memory.h"

/**
 * struct qmd_object - what a name stands for
 * @name: as in QCOM_MINIDUMP_REGION_A_OBJECT
 * @region: name of the region where the client gives none
 * @addr: where it is
 * @size: bytes
 * @part: for @range
 * @range: what says where, if it may be elsewhere
 * @segments: instead, if it is in several places
 */
struct qmd_object {
	const char *name;
	const char *region;
	const void *addr;
	u64 size;
	int part;
	int (*range)(int part, const void **addr, u64 *size);
	int (*segments)(struct qmd_segment *segs, u32 max, struct qmd_why *why);
};

const struct qmd_object *qmd_object_find(const char *name);
int qmd_vmcoreinfo_spec(struct qmd_spec *spec);

#endif
