/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The records of a log that the kernel itself wrote, as strings: of each the first line. What kernels report about
 * themselves has a record for each line; others can come from who chose the name of a file or a process.
 */
#ifndef LOG_LINES_H
#define LOG_LINES_H

#include "dump/log/prb.h"

struct log_lines {
	char **v;
	size_t n;
	size_t capacity;
	char *text; /* of all of them */
};

void log_lines_of(const struct log *log, struct log_lines *l);
void log_lines_clear(struct log_lines *l);

/*
 * What a pattern's stars stand for: each for the shortest text that lets the rest match, the last one of a pattern for
 * all that is left. Those behind the last one of CAPTURES_MAX can't be asked for.
 */
#define CAPTURES_MAX 4

struct captures {
	const char *start[CAPTURES_MAX];
	int len[CAPTURES_MAX];
};

/* Does the whole line look like that? */
bool line_matches(const char *line, const char *pattern, struct captures *ret);

#endif
