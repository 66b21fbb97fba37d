/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of the kernel's log: what of them is blanked. What stays has the place and the length that it had. */
#ifndef LINES_H
#define LINES_H

#include <regex.h>

#include "dump/redact/redact.h"

struct lines {
	regex_t line;  /* of which nothing stays */
	regex_t part;  /* addresses and the like */
	regex_t value; /* registers: what stands behind their name */
	regex_t *user; /* lines that the user named */
	size_t n_user;
	char *words;	/* names of this machine, or of tasks: alternatives of a pattern; NULL: there are none */
	regex_t word;	/* which it becomes before the first line, */
	bool has_word;	/* if there are any */
	bool arguments; /* lines that follow are those of init */
	size_t blank_lines, blank_parts, blank_values;
};

/* Fails if one of the user's expressions is none. lines_clear() in any case. */
int lines_init(struct lines *l, const struct redact_options *o, struct derr *err);
void lines_clear(struct lines *l);

/* A word that is to be blanked wherever it stands alone. To be called before the first lines_redact(). */
void lines_add_word(struct lines *l, const char *word);

/* The text of a record, of one line or several; in the order of the log. */
void lines_redact(struct lines *l, char *text, size_t size);

#endif
