/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of CPUs as the kernel writes them: "0-3,5". */
#ifndef QCMDD_CPULIST_H
#define QCMDD_CPULIST_H

#include <stdbool.h>

#define CPULIST_ONLINE	 "/sys/devices/system/cpu/online"
#define CPULIST_POSSIBLE "/sys/devices/system/cpu/possible"

/* To be freed; NULL: see errno. */
char *cpulist_read(const char *path);

/* The next range; *at moves behind it. */
bool cpulist_next(const char **at, int *first, int *last);

#endif
