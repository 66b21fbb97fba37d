/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel's report about itself in its log: the task, the registers, the stack, as it prints them for each fault. */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include "dump/cause/log-lines.h"

#define REPORT_LINES_MAX  512
#define REPORT_FRAMES_MAX 64

/* A function as the kernel names it: "vfs_write+0x3d/0x420 [module]". Within the line. */
struct named_function {
	const char *name;
	int len;
	int text_len; /* with its offset and size */
	const char *module;
	int module_len; /* 0: the kernel's own */
};

struct kernel_report {
	size_t first; /* lines */
	size_t end;
	const char *task_line; /* "CPU: 1 PID: 412 Comm: …"; NULL: there is none */
	int32_t cpu;
	int32_t pid;
	const char *comm;
	int comm_len;
	/* The newest first, those that the kernel is sure of. The first one is where the registers were, if has_ip. */
	struct named_function frames[REPORT_FRAMES_MAX];
	size_t n;
	bool has_ip;
	const char *ip_line; /* what it says, even if it names no function */
	bool in_interrupt;   /* the newest frames are of an interrupt */
};

/* Of the lines from first on. It ends where the kernel says so, with its stack, or with the next report. */
void report_parse(const struct log_lines *l, size_t first, struct kernel_report *r);

/* Does that line begin with the name of a function? From any line that has one, for what else names them. */
bool function_parse(const char *s, struct named_function *f);

bool function_same(const struct named_function *a, const struct named_function *b);
bool function_is(const struct named_function *f, const char *name);
bool report_has(const struct kernel_report *r, const char *function);

#endif
