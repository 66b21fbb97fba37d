/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHOW_INFO_H
#define SHOW_INFO_H

#include "corefile.h"

/* What the machine died of, in the words of its log, safe to print; NULL: it does not say. To be freed. */
char *show_crash(const struct corefile *core);

#endif
