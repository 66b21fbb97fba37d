/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.dat, version 6: what trace-cmd and KernelShark read. */
#ifndef TRACEDAT_H
#define TRACEDAT_H

#include "dump/trace/trace.h"

/* One array, and of that one CPU or all (-1), into an empty file. */
int tracedat_write(const struct trace *t, unsigned int array, long cpu, int fd, struct derr *err);

#endif
