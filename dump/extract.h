/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EXTRACT_H
#define EXTRACT_H

#include "dump/commands.h"

/* regions --extract: the bytes of one region in a file, or in out for "-". */
int extract_region(const struct corefile *core, const struct show_options *o, FILE *out, struct derr *err);

#endif
