/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line of a program: its verbs and its options are two tables, which parsing and --help go by. A verb
 * called help does what --help does.
 */
#ifndef QCMD_OPTIONS_H
#define QCMD_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

#define EXIT_USAGE 2

/* What the options of a command line say: each program has its own. */
struct options;

struct opt {
	const char *name;
	char letter;	      /* 0: it has none */
	const char *argument; /* what help calls it; NULL: it takes none */
	const char *help;     /* lines */
	uint32_t verbs;	      /* a bit for each verb that takes it; 0: all do */
	size_t at;	      /* in struct options: a bool, or with an argument a const char * */
	/* Instead of that: 0, or negative for a wrong argument, with err or for the reason below. */
	int (*set)(struct options *o, const char *argument, struct derr *err);
	const char *expected;
	bool may_lack_argument; /* set() gets NULL then */
};

struct verb {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *about; /* for --help after the verb; NULL: there it is that of the program */
	int min, max;	   /* arguments; -1: any number */
	/* What else there is to say: 0, or negative with err. NULL: nothing. */
	int (*check)(struct options *o, char *const *arguments, size_t n, struct derr *err);
};

struct program {
	const char *name;
	const char *usage;
	const char *about;
	const char *more; /* at the end of --help; NULL: nothing */
	const struct verb *verbs;
	size_t n_verbs;		 /* 0: it takes no arguments */
	const struct verb *none; /* what is done without a verb; NULL: nothing */
	const struct opt *options;
	size_t n_options; /* besides --help and --version, which every program has */
};

/*
 * The number of the verb, with o filled in and the arguments in argv from optind on. Else all is said: ~the exit
 * status, which is 0 after --help and --version and EXIT_USAGE after a message.
 */
int options_parse(const struct program *p, int argc, char *argv[], struct options *o);

#endif
