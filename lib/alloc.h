/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for programs that are asked one thing and end. Every allocation is bounded by the size of a file or by a
 * limit: running out of memory ends the program. Not for qcmdd.
 */
#ifndef QCMD_ALLOC_H
#define QCMD_ALLOC_H

#include <stdlib.h>

#include "lib/cleanup.h"

_Noreturn void out_of_memory(void);

void *xcalloc(size_t n, size_t size);
void *xgrow(void *p, size_t *capacity, size_t need, size_t size);
char *xstrndup(const char *s, size_t n);
char *xprintf(const char *format, ...) _printf_(1, 2);

#endif
