/* SPDX-License-Identifier: GPL-2.0-only */
/* A file without a name, for something between; it is gone with its descriptor. */
#ifndef SCRATCHFILE_H
#define SCRATCHFILE_H

#include "lib/error.h"

/* In $TMPDIR. The descriptor, or a negative errno */
int scratch_open(struct derr *err);

#endif
