/* SPDX-License-Identifier: GPL-2.0-only */
/* NULL-terminated lists of strings; NULL is the empty one. */
#ifndef QCMD_STRV_H
#define QCMD_STRV_H

#include "lib/cleanup.h"

char **strv_free(char **l); /* returns NULL */
void strv_freep(char ***l);
size_t strv_length(char *const *l);
int strv_append(char ***l, const char *s); /* copies s; 0 or -ENOMEM */

#endif
