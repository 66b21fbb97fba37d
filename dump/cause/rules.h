/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel prints when it is in trouble, and what that means. To teach qcmdump another kind of crash, add a row in
 * rules.c: tests/unit/test-dump-cause.c has the log of one to add beside it.
 */
#ifndef RULES_H
#define RULES_H

#include "dump/cause/kernel-report.h"

enum rule_role {
	RULE_FAULT,   /* begins a report of a fault; only its first line counts */
	RULE_STUCK,   /* begins a report of what does not go on */
	RULE_PANIC,   /* the message of a panic, which says why */
	RULE_FOLLOWS, /* says only that there was a report before: of its kind, or of any fault without one */
};

/* Which of the functions on the stack are not the place: see rules.c */
enum rule_place {
	PLACE_NONE,
	PLACE_HERE,
	PLACE_WAIT,
};

/* What is known when the sentence is made. */
struct scene {
	const struct log_lines *lines;
	size_t panic; /* the line of the panic, or behind the last line */
	const struct kernel_report *report;
	struct captures captures;
	struct strlist *evidence;
	FILE *out;
};

struct rule {
	const char *kind;
	enum rule_role role;
	const char *pattern; /* of the line; of a panic, of its message */
	const char *says;    /* $1 to $4: what the stars stand for */
	enum rule_place place;
	void (*more)(const struct scene *s); /* after that */
};

/* The first one that fits, or NULL. With only RULE_FAULT and RULE_STUCK, or only the others. */
const struct rule *rule_of_line(const char *line, struct captures *ret);
const struct rule *rule_of_panic(const char *message, struct captures *ret);

/* The index of the first frame that says where; report->n: none does. */
size_t rule_place_of(const struct rule *rule, const struct kernel_report *report);

#endif
