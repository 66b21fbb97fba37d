/* SPDX-License-Identifier: GPL-2.0-only */
/* Why something failed, in words for the user. Filled by whoever returns a negative errno. */
#ifndef QCMD_ERROR_H
#define QCMD_ERROR_H

#include "lib/alloc.h"

struct derr {
	char text[1024];
};

/* Returns r. */
int derr_set(struct derr *err, int r, const char *fmt, ...) _printf_(3, 4);

#endif
