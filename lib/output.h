/* SPDX-License-Identifier: GPL-2.0-only */
/* What people and programs read: tables, JSON, the pager, and the commands that print them. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <json-c/json.h>

#include "dump/core/corefile.h"
#include "dump/log/logfilter.h"

struct show_options {
	bool json;
	bool all;
	const char *vmlinux;
	const char *kallsyms;
	int32_t *pids;
	size_t n_pids;
	int32_t cpu;
	bool has_cpu;
	bool colour;
	struct log_filter log;
	const char *extract;
	const char *output;
	bool force;
};

/* The commands that look at a dump. 0, or negative with err. Notes for the user go to stderr. */
int show_info(const struct corefile *core, const struct show_options *o, FILE *out, struct derr *err);
int show_log(const struct corefile *core, const struct show_options *o, FILE *out, struct derr *err);
int show_regions(const struct corefile *core, const struct show_options *o, FILE *out, struct derr *err);
int show_stack(const struct corefile *core, const struct show_options *o, FILE *out, struct derr *err);
int show_tasks(const struct corefile *core, const struct show_options *o, FILE *out, struct derr *err);

/* Exit status of the program. */
int cmd_collect(int argc, char *argv[]);
int cmd_report(int argc, char *argv[]);
int cmd_trace(int argc, char *argv[]);
int cmd_convert(int argc, char *argv[]);

/* On stderr, whatever is asked of the dump: an answer from half of it is half an answer. */
void warn_cut_off(const struct corefile *core);

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
