/* SPDX-License-Identifier: GPL-2.0-only */
/* The dump that a crash now would give, without the crash. */
#ifndef QCMDD_SNAPSHOT_H
#define QCMDD_SNAPSHOT_H

#include "daemon/table/module-netlink.h"

/* Reads memory of the kernel: 0 or a negative errno. */
typedef int (*snapshot_read_fn)(void *arg, uint64_t addr, void *buf, size_t size);

/*
 * What boot firmware would leave of these regions, in the form of a rawdump partition: qcmdump collects from it. Memory
 * that can't be read is left out, which qcmdump tells. -EAGAIN: the ELF header names other places than the list.
 */
int snapshot_write(int fd, const struct module_region *regions, size_t n, snapshot_read_fn read, void *arg);

/*
 * A file that nobody can change any more. changed: the table did meanwhile, in each of several tries. On failure
 * *ret_reason is what to tell people, to be freed, or NULL.
 */
int snapshot_take(struct module *module, int *ret_fd, bool *ret_changed, char **ret_reason);

#endif
