/* SPDX-License-Identifier: GPL-2.0-only */
/* pread() and pwrite() of all the bytes: 0, -EIO for a short file, or what they said. */
#ifndef QCMD_FILE_H
#define QCMD_FILE_H

#include <stddef.h>
#include <stdint.h>

int pread_full(int fd, void *buf, size_t size, uint64_t offset);
int pwrite_full(int fd, const void *buf, size_t size, uint64_t offset);

#endif
