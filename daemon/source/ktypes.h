/* SPDX-License-Identifier: GPL-2.0-only */
/* Types of the running kernel, from its BTF. */
#ifndef QCMDD_KTYPES_H
#define QCMDD_KTYPES_H

#include <stdbool.h>

#include <bpf/btf.h>

/* From the start of the structure, in bits. A member that is not a bit-field has width 0. */
struct ktype_place {
	unsigned int offset;
	unsigned int width;
};

/* The structure or union of that name ("task_struct", or "struct task_struct"), or NULL. */
const struct btf_type *ktype_find(const struct btf *btf, const char *name);

/* The structure that a per-CPU variable of the kernel is, or NULL. */
const struct btf_type *ktype_of_variable(const struct btf *btf, const char *name);

/* Members of anonymous structures count as members of what they are in, as in C. */
bool ktype_member(const struct btf *btf, const struct btf_type *t, const char *name, struct ktype_place *ret);

#endif
