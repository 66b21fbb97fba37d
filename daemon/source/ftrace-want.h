/* SPDX-License-Identifier: GPL-2.0-only */
/* What is wanted of a trace array: its rings, their sub-buffers, and the note that explains them. */
#ifndef QCMDD_FTRACE_WANT_H
#define QCMDD_FTRACE_WANT_H

#include "daemon/source/ftrace-array.h"
#include "daemon/table/want.h"

int ftrace_want_note(struct wants *wants, const struct policy *policy, const struct policy_section *section);
/* All of the array, as it was at the last look; i: its number in the names of regions. */
int ftrace_want_array(struct wants *wants, const struct want *want, const struct ftrace_array *a, size_t i);

#endif
