/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's file as boot loaders want it: with a program in front that unpacks it, or compressed as a whole. */
#ifndef VMLINUZ_H
#define VMLINUZ_H

#include "lib/error.h"

/*
 * The kernel in it: bzImage of x86_64, Image and zboot of arm64, compressed with gzip or zstd. A descriptor of a file
 * without a name, and its size; -ENOTSUP: it is none of these, or compressed otherwise.
 */
int vmlinuz_unpack(int fd, uint64_t *size, const char *path, struct derr *err);

#endif
