/* SPDX-License-Identifier: GPL-2.0-only */
/* The text of the note about trace arrays, see include/qcmd_note.h. */
#ifndef QCMDD_FTRACE_NOTE_H
#define QCMDD_FTRACE_NOTE_H

#include <stddef.h>
#include <stdint.h>

struct trace_note_array {
	const char *instance; /* NULL: the top-level array */
	uint32_t subbuf_size;
};

/* At most QCMD_NOTE_MAX bytes: compressed if it has to be; formats that don't fit even then are left out. */
int trace_note_build(const struct trace_note_array *arrays, size_t n, char **ret, size_t *ret_size);

#endif
