/* SPDX-License-Identifier: GPL-2.0-only */
/* Dumps that are compressed with zstd: written so, and read as if they were not. */
#ifndef ZSTDFILE_H
#define ZSTDFILE_H

#include "lib/error.h"
#include "lib/size.h"

/* What is larger than this when it is decompressed is refused: a few kilobytes may claim to be anything. */
#define ZSTD_CONTENT_MAX (16 * GIB)

/* All of a file, as one frame that says its size and has a checksum. Nothing is written twice: out may be a pipe. */
int zstd_compress(int in, uint64_t size, int out, struct derr *err);

/* The same of what is written by a function, which may write it in any order. */
int zstd_write(int (*write)(void *what, int fd, struct derr *err), void *what, int out, struct derr *err);

bool zstd_detect(int fd, uint64_t size);

/* A descriptor of the content, which can be read at any place, and its size, at most max. path is for messages. */
int zstd_open(int fd, const char *path, uint64_t *size, uint64_t max, struct derr *err);

#endif
