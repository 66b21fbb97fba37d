/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command says of a command line that it can't follow. */
#ifndef USAGE_H
#define USAGE_H

#include "dumputil.h"

#define EXIT_USAGE 2

/* "qcmdump VERB: ...", and where help is; without fmt, which getopt has said already, only that. Returns EXIT_USAGE. */
int usage_error(const char *verb, const char *fmt, ...) _printf_(2, 3);

#endif
