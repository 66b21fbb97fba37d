/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of qcmdump. */
#ifndef COMMANDS_H
#define COMMANDS_H

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

#endif
