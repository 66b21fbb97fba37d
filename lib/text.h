/* SPDX-License-Identifier: GPL-2.0-only */
/* What the policy parser and qcmdctl share: clean-up on scope exit, string lists, words for people. */
#ifndef QCMD_POLICY_UTIL_H
#define QCMD_POLICY_UTIL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/cleanup.h"

/* NULL-terminated lists of strings; NULL is the empty one. */
char **strv_free(char **l); /* returns NULL */
void strv_freep(char ***l);
size_t strv_length(char *const *l);
int strv_append(char ***l, const char *s); /* copies s; 0 or -ENOMEM */

/*
 * The length of the UTF-8 character at s, and its code point in *ret; 0 where there is none: truncated,
 * overlong, surrogate or beyond U+10FFFF.
 */
size_t utf8_char(const char *s, size_t size, unsigned int *ret);

/* C0 and C1 control characters and DEL: they have no place in text that goes to a terminal. */
bool is_control(unsigned int c);

/* Text from outside, fit to be quoted in a message: cut to a few words, what is not printable shown as '?'. */
struct quoted {
	char s[72];
};

struct quoted quote(const char *s, size_t len);

/* Of candidates (NULL-terminated), the one that was probably meant, or NULL. */
const char *did_you_mean(const char *word, const char *const *candidates);

#endif
