/* SPDX-License-Identifier: GPL-2.0-only */
/* What the log of a dump says of its kernel's death. */
#ifndef LASTWORDS_H
#define LASTWORDS_H

#include "prb.h"

struct last_words {
	size_t records;
	uint64_t last_ts;
	size_t rank;   /* of crash among what kernels say */
	char *crash;   /* the line that says most, safe to print; NULL: none does */
	char *why_not; /* the log can't be read */
	int32_t pid;   /* of the task that the kernel named in its last message about one */
	bool has_pid;
};

void last_words_read(const struct corefile *core, struct last_words *w);
/* Whether it is the record that crash is of. */
bool last_words_are(const struct last_words *w, const struct prb_record *r);
void last_words_clear(struct last_words *w);

#endif
