/* SPDX-License-Identifier: GPL-2.0-only */
/* What is to be said about files that people write: printed as path:line:column: message. */
#ifndef QCMD_DIAG_H
#define QCMD_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/cleanup.h"

struct diag {
	char *path;
	unsigned int line;   /* from 1; 0: the file as a whole */
	unsigned int column; /* from 1, in bytes; 0: the line as a whole */
	bool error;	     /* false: warning, the file is used */
	char *message;	     /* one line, with what to do about it */
};

struct diags {
	struct diag *items;
	size_t n;
};

/* Adds one; 0 or -ENOMEM. */
int diag_add(struct diags *diags, const char *path, unsigned int line, unsigned int column, bool error,
	     const char *format, ...) _printf_(6, 7);
int diag_addv(struct diags *diags, const char *path, unsigned int line, unsigned int column, bool error,
	      const char *format, va_list ap) _printf_(6, 0);
void diags_done(struct diags *diags);
size_t diags_errors(const struct diags *diags);
void diag_print(const struct diag *diag, FILE *f);
/* What that prints, without the line break; to be freed. NULL: out of memory. */
char *diag_line(const struct diag *diag);

#endif
