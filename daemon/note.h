/* SPDX-License-Identifier: GPL-2.0-only */
/* The text of the QCMD note, see include/qcmd_note.h. */
#ifndef QCMDD_NOTE_H
#define QCMDD_NOTE_H

#include <stddef.h>

struct btf;
struct policy_set;

/* Lines about a kernel's structures, from its BTF. What this kernel doesn't have is left out. *ret is to be freed. */
int note_describe(const struct btf *btf, char **ret);
/* Of the running kernel; -ENOENT: it has no BTF. */
int note_layout(char **ret);

/* The whole text: layout may be NULL. At most QCMD_NOTE_MAX bytes; policies that don't fit are left out. */
int note_build(const char *layout, const struct policy_set *policies, char **ret, size_t *ret_size);

#endif
