/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of qcmdump. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "dump/collect/convert.h"
#include "dump/log/logfilter.h"
#include "dump/redact/redact.h"
#include "lib/options.h"

#define MAPS_MAX 64

enum command { COLLECT, WATCH, INFO, LOG, TASKS, STACK, REPORT, REGIONS, TRACE, CONVERT, REDACT, HELP };

/* Of all commands; each takes some of them. */
struct options {
	const char *file; /* a dump, or what one is collected from */
	const char *output;
	bool force;
	bool json;
	bool no_pager;
	bool colour; /* the output is for somebody to look at */

	const char *vmlinux;
	const char *kallsyms;
	bool all;
	bool has_cpu;
	int32_t cpu;
	int32_t *pids;
	size_t n_pids;
	const char *extract;
	struct log_filter log;

	/* trace */
	const char *array;
	const char *event;
	uint64_t since;
	uint64_t last; /* 0: all */

	/* collect */
	struct collect_options collect;
	struct range maps[MAPS_MAX];
	uint64_t table;
	char vm[PIECE_VM_SIZE];
	bool zstd;
	bool list;
	const char *qmp; /* the socket of a guest, for watch, too */

	/* watch */
	const char *config;
	bool go_on;

	struct convert_options convert;
	struct redact_options redact;
};

/* command-line.c: the table of commands is in the order of enum command */
extern const struct program qcmdump;

/*
 * What a command does; those that look at a dump get it, collect and watch NULL. 0, or negative with err. Notes for
 * the user go to stderr.
 */
typedef int command_fn(const struct corefile *core, const struct options *o, FILE *out, struct derr *err);

command_fn cmd_collect, cmd_convert, cmd_redact, cmd_report, cmd_trace, cmd_watch;
command_fn show_info, show_log, show_regions, show_stack, show_tasks;

/* regions --extract: the bytes of one region in a file, or in out for "-". */
command_fn extract_region;

#endif
