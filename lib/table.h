/* SPDX-License-Identifier: GPL-2.0-only */
/* A table in columns. Cells are filled row by row; the last column is cut if the terminal is too narrow. */
#ifndef QCMD_TABLE_H
#define QCMD_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "lib/cleanup.h"
#include "lib/terminal.h"

struct table_column {
	const char *heading;
	bool right; /* numbers */
};

struct table;

/* columns stay with the caller; gap: blanks between them */
struct table *table_new(const struct table_column *columns, size_t n, unsigned int gap);
void table_free(struct table *t);

/* The next cell; NULL and "" show as "-". colour: from sgr(), or NULL. */
void table_add(struct table *t, const char *text, const char *colour);
void table_addf(struct table *t, const char *format, ...) _printf_(2, 3);

void table_print(const struct table *t, FILE *f, const struct style *style);

#endif
