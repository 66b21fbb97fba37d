/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the policy parser, and for qcmdctl cat-config. */
#ifndef QCMD_POLICY_INTERNAL_H
#define QCMD_POLICY_INTERNAL_H

#include <stdarg.h>
#include <sys/types.h>

#include "daemon/policy/policy.h"

/* policy.c: adds one; 0 or -ENOMEM. */
int policy_diag_add(struct policy_diags *diags, const char *path, unsigned int line, unsigned int column, bool error,
		    const char *format, ...) __attribute__((format(printf, 6, 7)));
int policy_diag_addv(struct policy_diags *diags, const char *path, unsigned int line, unsigned int column, bool error,
		     const char *format, va_list ap) __attribute__((format(printf, 6, 0)));

/* policy-parse.c: adds what is in one file, the policy's own or a drop-in. Returns 0 or -ENOMEM. */
int policy_parse_into(const char *path, const char *text, size_t size, struct policy *policy,
		      struct policy_diags *diags);

/*
 * The same for qcmdd.conf, whose [Daemon] is the only section; target is a struct config. What goes into it from lines
 * without errors stays there.
 */
struct config;
int policy_parse_settings(const char *path, const char *text, size_t size, struct config *target,
			  struct policy_diags *diags);

/*
 * lib/ini.c: from bytes to logical lines, that is, with the lines that '\' continues joined. Where each
 * byte came from is kept, so that a message can name the line and column that the editor shows.
 */
struct policy_position {
	size_t offset; /* in the logical line */
	unsigned int line;
	unsigned int column;
};

struct policy_reader {
	const char *path;
	const char *next;
	const char *end;
	unsigned int line; /* of the last physical line read */
	struct policy_diags *diags;
	size_t first_diag;

	char text[POLICY_LINE_MAX + 1]; /* the logical line; ends in NUL */
	size_t size;
	struct policy_position *positions;
	size_t n_positions;
	bool bad;	    /* has been complained about: to be skipped */
	unsigned int n_bad; /* logical lines that were skipped so far */
};

void policy_reader_init(struct policy_reader *r, const char *path, const char *text, size_t size,
			struct policy_diags *diags);
void policy_reader_done(struct policy_reader *r);

/*
 * The next logical line that is not empty, a comment or bad. 1: there is one; 0: the end, or there have been
 * POLICY_DIAGS_MAX messages; -ENOMEM.
 */
int policy_reader_next(struct policy_reader *r);

/* Where the byte at (a pointer into r->text) came from. */
struct policy_position policy_reader_where(const struct policy_reader *r, const char *at);

/* policy-value.c: what a value may be, for the table of keys in policy-parse.c. */
struct policy_parser {
	struct policy_reader reader;
	struct policy *policy; /* NULL: it is no policy but qcmdd.conf */
	void *target;	       /* of keys in [Policy] or [Daemon] */
	struct policy_diags *diags;
	int error; /* -ENOMEM */

	const struct policy_section_info *section; /* NULL: none yet, or one that is skipped */
	bool skip;				   /* an unknown or X- section */
	struct policy_section *current;		   /* the section that keys go to; NULL in [Policy] */
	unsigned int section_column;
	unsigned int section_n_bad; /* reader.n_bad at its header */
	bool selector_doubtful;	    /* what was complained about may have been meant to be Comm= or another selector */
};

#define POLICY_WORDS_MAX 16

/* A word that a value can be made of, and what it stands for. */
struct policy_word {
	const char *name;
	unsigned int value;
};

struct policy_key {
	const char *section;
	const char *name;
	void (*parse)(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
	size_t offset; /* of the target in struct policy, policy_task, policy_symbol, policy_map or policy_ftrace */
	unsigned int min, max, standard;
	unsigned int example;		 /* of a number, for messages */
	const char *expects;		 /* of other values, for messages: what is right */
	const struct policy_word *words; /* ends in one without name */
};

void policy_value_text(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_uint(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_size(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_bool(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
bool policy_parse_bool(const char *text, bool *ret); /* false: is none */
void policy_value_comms(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
/* A list of key->words, or'ed together. */
void policy_value_flags(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
/* One of key->words; none: the first. */
void policy_value_word(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
/*
 * The next item of a list, blanks between them. Quotes keep blanks together; '\\' takes the next character as
 * it is, and stays, since to a glob it means the same. Returns where the item starts; NULL: no more, or an
 * error that has been reported.
 */
const char *policy_next_item(struct policy_parser *p, const char **pos, char *item);

/* policy-task.c */
void policy_value_pids(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_cgroups(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_tristate(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
/* What can only be said of a [Task] section as a whole. */
void policy_task_end(struct policy_parser *p, struct policy_section *s);

/* policy-symbol.c */
void policy_value_symbols(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_symbol_size(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_symbol_list(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_pins(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_map_ids(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
int policy_symbol_end(struct policy_parser *p, const struct policy_section *s); /* 0 or -ENOMEM */
void policy_symbol_done(struct policy_section *s);

/* policy-ftrace.c; of a size, min and max are in KiB */
void policy_value_instance(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_events(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_trace_size(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_value_clock(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
int policy_ftrace_end(struct policy_parser *p, const struct policy_section *s); /* 0 or -ENOMEM */
void policy_ftrace_done(struct policy_ftrace *f);

/* policy-condition.c; policy_key.standard is the kind */
void policy_value_condition(struct policy_parser *p, const struct policy_key *key, const char *value, void *data);
void policy_conditions_done(struct policy *policy);
/* 1: met; 0: not, with the reason in *ret; or -ENOMEM */
int policy_conditions_met(const struct policy *policy, const struct policy_facts *facts, char **ret);

/* An error at a place in the logical line. */
void policy_complain(struct policy_parser *p, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* policy-files.c: which files there are, before anything is parsed. */
struct policy_file {
	char *name;		     /* "minimal.conf" */
	char *path;		     /* the one that counts */
	char **overridden;	     /* those of the same name in later directories; NULL-terminated, or NULL */
	struct policy_file *dropins; /* sorted by name */
	size_t n_dropins;
};

struct policy_files {
	struct policy_file *items; /* sorted by name */
	size_t n;
};

int policy_files_find(const char *const *dirs, struct policy_files *ret, struct policy_diags *diags);
void policy_files_done(struct policy_files *files);

/* What a file is for. */
enum policy_file_type {
	POLICY_FILE_TEXT,
	POLICY_FILE_EMPTY,
	POLICY_FILE_NULL,    /* a link to /dev/null */
	POLICY_FILE_REFUSED, /* not fit to be believed: there is a diagnostic */
};

/* Reads a file; returns enum policy_file_type with the text in *ret, or negative errno. */
int policy_file_read(const char *path, char **ret, size_t *ret_size, struct policy_diags *diags);

#endif
