/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that is there complete or not at all. */
#ifndef OUTFILE_H
#define OUTFILE_H

#include "lib/error.h"

struct outfile {
	int fd;
	char *path;
	char *temp; /* NULL: no name yet (O_TMPFILE) */
	bool replace;
};

/* source: a file that must not be overwritten, or -1. */
int outfile_open(struct outfile *f, const char *path, bool replace, int source, struct derr *err);

/* Gives the file its name. To be followed by outfile_close() in any case. */
int outfile_commit(struct outfile *f, struct derr *err);
void outfile_close(struct outfile *f);

#endif
