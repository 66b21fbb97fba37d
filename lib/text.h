/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text from elsewhere, for people. One rule for all of it: what could confuse a terminal or a reader is written as
 * \xNN, byte by byte, so that nothing is lost: control characters except tabs, what changes the direction of writing,
 * what is no UTF-8; and all but ASCII where the locale is not one of UTF-8.
 */
#ifndef QCMD_TEXT_H
#define QCMD_TEXT_H

#include "lib/cleanup.h"

/* For standard output and standard error. */
char *clean_text(const char *s);

/* For other places: what stays as it is. */
enum text_keep {
	TEXT_ASCII,	/* for files that don't say how they are encoded */
	TEXT_PRINTABLE, /* as in a locale of UTF-8 */
	TEXT_UTF8,	/* all UTF-8 but NUL, for what has a way of its own with control characters, as JSON has */
};

char *escape_text(const char *s, size_t n, enum text_keep keep);

/* What standard output can show: TEXT_ASCII or TEXT_PRINTABLE. */
enum text_keep terminal_text(void);

/* In a message: cut to a few words, kept as TEXT_PRINTABLE. */
struct quoted {
	char s[72];
};

struct quoted quote(const char *s, size_t len);

/* NULL is equal to nothing; nothing ends in the whole of itself. */
bool equal(const char *a, const char *b);
bool ends_in(const char *s, const char *suffix);

/* In cells of a terminal. */
size_t text_width(const char *s);

/*
 * The length of the UTF-8 character at s, and its code point in *ret; 0 where there is none: truncated,
 * overlong, surrogate or beyond U+10FFFF.
 */
size_t utf8_char(const char *s, size_t size, unsigned int *ret);

/* C0 and C1 control characters and DEL. */
bool is_control(unsigned int c);

/* Of candidates (NULL-terminated), the one that was probably meant, or NULL. */
const char *did_you_mean(const char *word, const char *const *candidates);

#endif
