/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that is there complete or not at all. */
#ifndef OUTFILE_H
#define OUTFILE_H

#include <stdbool.h>
#include <string.h>

#include "lib/error.h"

struct outfile {
	int fd;
	char *path;
	char *temp; /* NULL: no name yet (O_TMPFILE) */
	bool replace;
	bool to_stdout;
};

/*
 * What fd is of was opened to be read: no outfile of this program replaces it, nor anything that is in it, if it is a
 * folder. Whoever opens an input says so here.
 */
void outfile_spare(int fd);

/* "-" is standard output: it gets the file when that is complete. */
int outfile_open(struct outfile *f, const char *path, bool replace, struct derr *err);

/* What a program says besides must not get into the file. */
static inline bool outfile_is_stdout(const char *path)
{
	return path && !strcmp(path, "-");
}

/* Gives the file its name. To be followed by outfile_close() in any case. */
int outfile_commit(struct outfile *f, struct derr *err);
void outfile_close(struct outfile *f);

#endif
