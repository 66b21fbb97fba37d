/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files as makedumpfile -F writes them, and QEMU's dump-guest-memory -z, to where nothing can be written twice: pieces
 * of another file, each with its place in it. libkdumpfile of Debian 12 does not read them, and none of them a
 * flattened ELF core.
 */
#ifndef FLATFILE_H
#define FLATFILE_H

#include "lib/error.h"

bool flat_detect(int fd, uint64_t size);

/* A descriptor of the file in order, as makedumpfile -R makes it, and its size; it has no name. path: for messages */
int flat_open(int fd, const char *path, uint64_t *size, struct derr *err);

#endif
