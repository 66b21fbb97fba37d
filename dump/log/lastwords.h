/* SPDX-License-Identifier: GPL-2.0-only */
/* What the log of a dump says of its kernel's death. */
#ifndef LASTWORDS_H
#define LASTWORDS_H

#include "dump/log/prb.h"

struct last_words {
	size_t records;
	uint64_t last_ts;
	size_t rank; /* of crash among what kernels say */
	char *crash; /* the line that says most, safe to print; NULL: none does */
	uint64_t crash_ts;
	char *why_not; /* the log can't be read */
	int32_t pid;   /* of the task that the kernel named in its last message about one */
	bool has_pid;
};

void last_words_of(const struct log *log, struct last_words *w);
void last_words_read(const struct corefile *core, struct last_words *w);
void last_words_read_text(const char *text, size_t size, struct last_words *w); /* see log_read_text() */
/* Whether it is the record that crash is of. */
bool last_words_are(const struct last_words *w, const struct prb_record *r);
/* Whether a log has that line, written at that time: it is of the same crash, or of one that it led to. */
bool last_words_in(const struct last_words *w, const struct corefile *core);
void last_words_clear(struct last_words *w);

#endif
