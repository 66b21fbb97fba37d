/* SPDX-License-Identifier: GPL-2.0-only */
/* What people and programs read: tables, JSON, the pager. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <json-c/json.h>

#include "lib/alloc.h"

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

/* A string for JSON: UTF-8 as it is, bytes that are none as \xNN. */
struct json_object *json_text(const char *s, size_t n);
void json_add_text(struct json_object *o, const char *key, const char *s);
void json_add_u64(struct json_object *o, const char *key, uint64_t v);
void json_print(struct json_object *o, FILE *out); /* with a newline, and drops it */

/* An array that is written one element a line. */
void json_array_item(struct json_object *o, FILE *out, size_t i);
void json_array_end(FILE *out, size_t n);

/* Sends stdout through a pager if it is a terminal. pager_wait() at the end in any case. */
void pager_start(void);
void pager_wait(void);

#endif
