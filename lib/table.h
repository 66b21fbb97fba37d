/* SPDX-License-Identifier: GPL-2.0-only */
/* A table in columns. Cells are filled row by row; the last column is cut if the terminal is too narrow. */
#ifndef QCMD_TABLE_H
#define QCMD_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/cleanup.h"
#include "lib/terminal.h"

struct table_column {
	const char *heading;
	bool right; /* numbers */
};

struct table;

struct table *table_new(const struct table_column *columns, size_t n); /* columns stay with the caller */
void table_free(struct table *t);

/* The next cell; text is copied, NULL and "" show as "-". colour: from sgr(), or NULL. */
void table_add(struct table *t, const char *text, const char *colour);
void table_add_int(struct table *t, int64_t n);
void table_add_size(struct table *t, uint64_t bytes);

void table_print(const struct table *t, FILE *f, const struct style *style);

/* A table whose columns are as wide as what is in them. A header that starts with '>' is a column of numbers. */
struct grid {
	size_t columns;
	char **cells;
	size_t n;
	size_t capacity;
};

void grid_init(struct grid *g, size_t columns, const char *const headers[]);
void grid_addf(struct grid *g, const char *fmt, ...) _printf_(2, 3);
void grid_print(struct grid *g, FILE *out); /* and frees it */

#endif
