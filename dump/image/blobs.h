/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A folder of md_*.BIN files, as a download over USB leaves them. To readers it is one sequence of bytes: the files one
 * after the other.
 */
#ifndef BLOBS_H
#define BLOBS_H

#include "dump/image/pieces.h"
#include "lib/strlist.h"

struct blobs;

/* Fills in the pieces. What can't be read is a problem; no such file at all is an error. */
int blobs_open(struct blobs **ret, const char *path, struct pieces *pieces, struct strlist *problems, struct derr *err);
void blobs_close(struct blobs *b);

int blobs_read(struct blobs *b, uint64_t offset, void *buf, size_t size);

#endif
