/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole reads and writes. */
#ifndef QCMD_FILE_H
#define QCMD_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* As many as there are, or a negative errno. */
ssize_t pread_some(int fd, void *buf, size_t size, uint64_t offset);

/* All the bytes: 0, -EIO for a short file, or what pread() and pwrite() said. */
int pread_full(int fd, void *buf, size_t size, uint64_t offset);
int pwrite_full(int fd, const void *buf, size_t size, uint64_t offset);

bool all_zero(const char *buf, size_t n);
/* Into a new file, of which zeros stay holes; who comes to the end of it writes something there. */
#define SPARSE_BLOCK 4096
int pwrite_sparse(int fd, const char *buf, size_t size, uint64_t offset);

#endif
