/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command says of a command line that it can't follow. */
#ifndef USAGE_H
#define USAGE_H

#include "lib/dumputil.h"

#define EXIT_USAGE 2

/*
 * "qcmdump VERB: ...", and where help is; without fmt, as getopt has said it already, only that. Without verb it is
 * about the program. Returns EXIT_USAGE.
 */
int usage_error(const char *verb, const char *fmt, ...) _printf_(2, 3);

#endif
