/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * INI files: sections and keys by tables, lines that '\' continues, and messages that name the line and the column that
 * the editor shows. Sections and keys that start with X- are for others.
 */
#ifndef QCMD_INI_H
#define QCMD_INI_H

#include "lib/diag.h"

#define INI_LINE_MAX  4096 /* bytes, continuation lines included */
#define INI_DIAGS_MAX 64   /* of one file; the rest is counted as one more */
#define INI_NAMES_MAX 32   /* keys of a section, sections, or words of a key */

struct ini;
struct ini_key;

/* Takes a value to data; "" is the standard again. */
typedef void ini_value_fn(struct ini *p, const struct ini_key *key, const char *value, void *data);

/* A word that a value can be made of, and what it stands for. */
struct ini_word {
	const char *name;
	unsigned int value;
};

struct ini_key {
	const char *section;
	const char *name;
	ini_value_fn *parse;
	size_t offset; /* of data in what the section sets */
	unsigned int min, max, standard;
	unsigned int example;	      /* of a number, for messages */
	const char *expects;	      /* of other values, for messages: what is right */
	const struct ini_word *words; /* ends in one without name */
};

struct ini_section {
	const char *name;
	int kind;
};

struct ini_format {
	const struct ini_section *sections; /* as keys: ends in one without name */
	const struct ini_key *keys;
	const char *example; /* of a section, for who writes a key before any; NULL: the first one is implied */
	/* What p->section sets goes to p->target, or p->skip. NULL: each sets what ini_parse() got. */
	void (*begin)(struct ini *p, const char *at);
	/* What is wrong with a section as a whole, or NULL. */
	const char *(*end)(struct ini *p);
};

/* Where a byte of a logical line came from. */
struct ini_position {
	size_t offset; /* in the logical line */
	unsigned int line;
	unsigned int column;
};

struct ini {
	const struct ini_format *format;
	const char *path;
	struct diags *diags;
	void *data; /* what ini_parse() got */
	int error;  /* -ENOMEM */

	const struct ini_section *section; /* NULL: none yet, or one that is skipped */
	struct ini_position header;	   /* of it */
	unsigned int header_n_bad;	   /* n_bad there */
	void *target;
	bool skip;
	bool doubtful; /* what was complained about may have been meant to be what the section lacks */

	const char *next, *end;
	unsigned int line; /* of the last physical line read */
	size_t first_diag;
	char text[INI_LINE_MAX + 1]; /* the logical line; ends in NUL */
	size_t size;
	struct ini_position *positions;
	size_t n_positions;
	bool bad;	    /* has been complained about: to be skipped */
	unsigned int n_bad; /* logical lines that were skipped so far */
};

/* Returns 0 whatever it says, or -ENOMEM. What is set by lines without errors stays. text need not end in NUL. */
int ini_parse(const struct ini_format *format, const char *path, const char *text, size_t size, void *data,
	      struct diags *diags);

/* Where the byte at (a pointer into p->text) came from. */
struct ini_position ini_where(const struct ini *p, const char *at);

/* An error at a place in the logical line; the second: "KEY= takes what it expects, not 'VALUE'". */
void ini_complain(struct ini *p, const char *at, const char *format, ...) _printf_(3, 4);
void ini_refuse(struct ini *p, const struct ini_key *key, const char *at, const char *value);

/* ini-value.c: to a char *, an unsigned int, a bool and for one of key->words (none: the first) an unsigned int. */
ini_value_fn ini_value_text, ini_value_uint, ini_value_bool, ini_value_word;
/* False: it is none. */
bool parse_bool(const char *text, bool *ret);
bool parse_uint(const char *text, unsigned int min, unsigned int max, unsigned int *ret);

/* NULL, and that is said, for what is none of key->words. */
const struct ini_word *ini_find_word(struct ini *p, const struct ini_key *key, const char *at, const char *item);

#endif
