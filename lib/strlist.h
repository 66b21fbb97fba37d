/* SPDX-License-Identifier: GPL-2.0-only */
/* A bounded list of texts. What comes after the limit is only counted. */
#ifndef QCMD_STRLIST_H
#define QCMD_STRLIST_H

#include "lib/cleanup.h"

#define STRLIST_MAX 200

struct strlist {
	char **v;
	size_t n;
	size_t left_out;
};

void strlist_addf(struct strlist *l, const char *fmt, ...) _printf_(2, 3);
void strlist_move(struct strlist *to, struct strlist *from);
void strlist_clear(struct strlist *l);

#endif
