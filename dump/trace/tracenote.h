/* SPDX-License-Identifier: GPL-2.0-only */
/* The note that says how the trace buffers in a dump are laid out (region KQCMD_TRACE, see qcmd_note.h). */
#ifndef TRACENOTE_H
#define TRACENOTE_H

#include <qcmd_note.h>

#include <qcmd_note.h>

#include "dump/core/corefile.h"

/* A file of tracefs; its name is "events/sched/sched_switch/format". */
struct trace_file {
	char *name;
	const char *data;
	size_t size;
};

struct tracenote {
	char *text;   /* uncompressed */
	struct kv kv; /* the lines in front of the files */
	struct trace_file *files;
	size_t n_files;
};

/* -ENODATA: there is none. err says what is wrong with the one that is there. */
int tracenote_read(struct tracenote *note, const struct corefile *core, struct derr *err);
void tracenote_clear(struct tracenote *note);

const struct trace_file *tracenote_file(const struct tracenote *note, const char *name);

/* "events/SYSTEM/EVENT/format": true, and where the two names are in it. */
bool trace_file_event(const struct trace_file *file, const char **system, int *system_len, const char **event,
		      int *event_len);

#endif
