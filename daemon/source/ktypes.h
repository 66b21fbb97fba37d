/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types of the running kernel, from its BTF: several MiB that take long to read. So it is read once for all who ask at
 * the same time, and forgotten when they have asked.
 */
#ifndef QCMDD_KTYPES_H
#define QCMDD_KTYPES_H

#include <stdbool.h>

#include <bpf/btf.h>

/* Both in bits, the offset from the start of the structure. An array without a size has width 0. */
struct ktype_place {
	unsigned int offset;
	unsigned int width;
	bool is_bitfield;
	bool is_signed; /* a number that may be negative */
};

/* NULL: the kernel has none, or there is no memory, as errno says. Valid up to the next ktypes_rest(). */
const struct btf *ktypes_get(void);
void ktypes_rest(void);

/* The structure or union of that name ("task_struct", "struct task_struct", or a typedef of one), or NULL. */
const struct btf_type *ktype_find(const struct btf *btf, const char *name);

/* The structure that a per-CPU variable of the kernel is, or NULL. */
const struct btf_type *ktype_of_variable(const struct btf *btf, const char *name);

/* Members of anonymous structures count as members of what they are in, as in C. */
bool ktype_member(const struct btf *btf, const struct btf_type *t, const char *name, struct ktype_place *ret);

#endif
