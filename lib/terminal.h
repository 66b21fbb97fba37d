/* SPDX-License-Identifier: GPL-2.0-only */
/* What standard output can show, and with which colours. */
#ifndef QCMD_TERMINAL_H
#define QCMD_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define COLOUR_RED	   "\x1b[31m"
#define COLOUR_YELLOW	   "\x1b[33m"
#define COLOUR_BOLD	   "\x1b[1m"
#define COLOUR_DIM	   "\x1b[2m"
#define COLOUR_NORMAL	   "\x1b[0m"
#define COLOUR_BOLD_RED	   "\x1b[1;31m"
#define COLOUR_BOLD_GREEN  "\x1b[1;32m"
#define COLOUR_BOLD_YELLOW "\x1b[1;33m"

/* To be asked before a pager is put in between. */
bool colour_wanted(void);

/* How to show things. */
struct style {
	bool legend; /* headings and totals */
	bool colour;
	bool utf8;
	bool verbose;
	unsigned int width; /* of the terminal, in cells; 0: lines of any length */
};

struct style terminal_style(bool legend);

/* A sequence from above, or "" where there are to be no colours. */
const char *sgr(const struct style *style, const char *sequence);

/*
 * A text of one line behind so many cells, with a newline. Between words it goes on in another line, indented, before
 * it is wider than the terminal; a word that is too long is not cut, as somebody may want to copy it.
 */
void print_wrapped(FILE *f, const char *text, size_t used, size_t indent, const struct style *style);

#endif
