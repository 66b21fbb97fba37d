/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What killed a kernel, in one sentence, from what its log says; where that says nothing, from what its CPUs ran. The
 * rules are a table, rules.c. A dump is written by whoever had the machine: a sentence is no better than its evidence,
 * which is given with it.
 */
#ifndef CAUSE_H
#define CAUSE_H

#include "dump/log/prb.h"

struct cause {
	const char *kind; /* a word for programs, of rules.c; "unknown"; "none": no crash */
	char *sentence;	  /* safe to print */
	/*
	 * The same for the same crash on another machine, another boot, another kernel, as far as its functions have
	 * the same names: the kind, and the functions from the one at fault to the one that the kernel was entered by.
	 * NULL: no function is known.
	 */
	char *signature;
	struct strlist evidence; /* lines of the log, as they are in it */
};

/* cause_clear() in any case */
void cause_of_log(const struct log *log, struct cause *c);
void cause_read(const struct corefile *core, struct cause *c);
void cause_clear(struct cause *c);

#endif
