/* SPDX-License-Identifier: GPL-2.0-only */
/* A trace array as tracefs shows it. Its instance is NULL for the top-level one, which is only read. */
#ifndef QCMDD_FTRACE_FILES_H
#define QCMDD_FTRACE_FILES_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/policy/policy.h"

#define TRACEFS "/sys/kernel/tracing"

bool trace_is_mounted(void);

/* The path of one of its files; in 6.1 the top-level array has all that an instance has. */
const char *trace_path(char buffer[PATH_MAX], const char *instance, const char *file);

/* Its content, with a NUL behind it; to be freed. */
int trace_read(const char *instance, const char *file, char **ret, size_t *ret_size);
/* 1: it was made; 0: it was there before. */
int trace_create(const char *instance);
int trace_remove(const char *instance);

/* Sizes, clock and events. *ret_problem: what could not be set, to be freed; or NULL. */
void trace_set_up(const struct policy_ftrace *settings, char **ret_problem);
/* As one text, to tell whether they have changed; NULL without memory. */
char *trace_settings(const struct policy_ftrace *settings);

#endif
