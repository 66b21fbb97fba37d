/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hears of what may change the pages of trace arrays: writes to their files, raw readers, instances that come and go.
 * Functions of the kernel's tracing can't be attached to; inotify tells of the calls that lead to them, and costs
 * nothing where nobody watches.
 */
#ifndef QCMDD_FTRACE_WATCH_H
#define QCMDD_FTRACE_WATCH_H

/* A descriptor that becomes readable, or negative errno. */
int trace_watch_open(void);
/* Watch the files of an array; those that are watched already stay so. */
void trace_watch_add(int fd, const char *instance, unsigned int n_cpus);
/* Forget what has been told. */
void trace_watch_drain(int fd);

#endif
