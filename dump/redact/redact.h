/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A dump that can be given away. What is not known to be free of other people's data is left out: of regions, of what
 * is in them, and of notes.
 */
#ifndef REDACT_H
#define REDACT_H

#include "dump/collect/collect.h"
#include "dump/core/corefile.h"

#define REDACT_LIST_MAX 64

struct redact_options {
	const char *keep[REDACT_LIST_MAX]; /* names of regions that stay as they are; globs */
	size_t n_keep;
	const char *log[REDACT_LIST_MAX]; /* regular expressions of lines of the log */
	size_t n_log;
	bool comm; /* blank the names of tasks, too */
};

/* Regions of one name that were left out. */
struct removed {
	char name[REGION_NAME_SIZE];
	const char *why;
	size_t regions;
	uint64_t bytes;
};

struct redaction {
	struct collection c; /* what is to be written; its image has what was redacted, and nothing else */
	struct removed *removed;
	size_t n_removed, capacity;
	struct strlist blanked; /* what was taken out of regions and notes that stay, in words */
};

/* Everything but collect_write(). redaction_clear() in any case. */
int redact_prepare(struct redaction *x, const struct corefile *core, const struct redact_options *o, struct derr *err);
void redaction_clear(struct redaction *x);

#endif
