/* SPDX-License-Identifier: GPL-2.0-only */
/* A table in columns. Cells are filled row by row; the last column is cut if the terminal is too narrow. */
#ifndef QCMD_CTL_TABLE_H
#define QCMD_CTL_TABLE_H

#include "daemon/ctl/ctl.h"

struct table_column {
	const char *heading;
	bool right; /* numbers */
};

struct table;

struct table *table_new(const struct table_column *columns, size_t n); /* columns stay with the caller */
void table_free(struct table *t);

/* The next cell; text is copied, NULL and "" show as "-". colour: from ctl_red() and the like, or NULL. */
void table_add(struct table *t, const char *text, const char *colour);
void table_add_int(struct table *t, int64_t n);
void table_add_size(struct table *t, uint64_t bytes);

void table_print(const struct table *t, FILE *f, const struct style *style);

#endif
