/* SPDX-License-Identifier: GPL-2.0-only */
/* One page about a crash: the template report.html, with its sections filled in. */
#ifndef REPORT_H
#define REPORT_H

#include "dump/cause/cause.h"
#include "dump/stack/backtrace.h"
#include "dump/log/lastwords.h"

struct report {
	const struct corefile *core;
	const struct backtrace *backtrace;
	struct log log;
	struct cause cause;
	struct last_words last_words;
	struct task_list tasks;
	char *no_tasks; /* why there are none */
	FILE *out;
};

void report_write(const struct corefile *core, const struct backtrace *b, FILE *out);

/* report-page.c: the files beside this one */
extern const char report_html[], report_css[], report_js[];

/* A string of the dump as text in the page. */
void report_text(const struct report *r, const char *s);

/* report-died.c */
bool report_is_crashed(const struct report *r, int32_t pid); /* the kernel named it in its last message about one */
void report_title(const struct report *r);
void report_heading(const struct report *r);
void report_died(const struct report *r);
void report_frames(const struct report *r, const struct task *t);

/* report-log.c */
void report_log(const struct report *r);

/* report-tables.c */
void report_tasks(const struct report *r);
void report_captured(const struct report *r);
void report_footer(const struct report *r);

/* report-timeline.c */
void report_timeline(const struct report *r);

#endif
