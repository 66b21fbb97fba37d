/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether to colour what goes to standard output, and how. Shared with qcmdctl. */
#ifndef COLOUR_H
#define COLOUR_H

#include <stdbool.h>

#define COLOUR_RED    "\x1b[31m"
#define COLOUR_YELLOW "\x1b[33m"
#define COLOUR_BOLD   "\x1b[1m"
#define COLOUR_DIM    "\x1b[2m"
#define COLOUR_NORMAL "\x1b[0m"

/* To be asked before a pager is put in between. */
bool colour_wanted(void);

#endif
