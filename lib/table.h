/* SPDX-License-Identifier: GPL-2.0-only */
/* A table in columns. Cells are filled row by row; the last column is cut if the terminal is too narrow. */
#ifndef QCMD_CTL_TABLE_H
#define QCMD_CTL_TABLE_H

#include "daemon/ctl/ctl.h"

struct ctl_column {
	const char *heading;
	bool right; /* numbers */
};

struct ctl_table;

struct ctl_table *ctl_table_new(const struct ctl_column *columns, size_t n); /* columns stay with the caller */
void ctl_table_free(struct ctl_table *t);

/* The next cell; text is copied, NULL and "" show as "-". colour: from ctl_red() and the like, or NULL. */
void ctl_table_add(struct ctl_table *t, const char *text, const char *colour);
void ctl_table_add_int(struct ctl_table *t, int64_t n);
void ctl_table_add_size(struct ctl_table *t, uint64_t bytes);

void ctl_table_print(const struct ctl_table *t, FILE *f, const struct ctl_style *style);

#endif
