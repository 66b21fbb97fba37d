/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the policy parser, and for qcmdctl cat-config. */
#ifndef QCMD_POLICY_INTERNAL_H
#define QCMD_POLICY_INTERNAL_H

#include "daemon/policy/policy.h"
#include "lib/ini.h"

/* policy-parse.c: adds what is in one file, the policy's own or a drop-in. Returns 0 or -ENOMEM. */
int policy_parse_into(const char *path, const char *text, size_t size, struct policy *policy, struct diags *diags);

/*
 * What values may be, for the table of keys. Flags are a list of key->words, or'ed together; of a size of a trace, min
 * and max are in KiB; of a condition, standard is the kind.
 */
ini_value_fn policy_value_size, policy_value_comms, policy_value_flags, policy_value_regions;
ini_value_fn policy_value_pids, policy_value_users, policy_value_cgroups, policy_value_tristate;
ini_value_fn policy_value_symbols, policy_value_symbol_size, policy_value_symbol_list;
ini_value_fn policy_value_pins, policy_value_map_ids;
ini_value_fn policy_value_instance, policy_value_events, policy_value_trace_size, policy_value_clock;
ini_value_fn policy_value_condition;

/* What is wrong with a section as a whole, or NULL. */
const char *policy_task_end(struct policy_task *t);
const char *policy_symbol_end(const struct policy_section *s);
const char *policy_ftrace_end(const struct policy_ftrace *f);
const char *policy_exclude_end(const struct policy_section *s);

/* policy-exclude.c: warnings about what one policy names and another one excludes. 0 or -ENOMEM */
int policy_set_check_excluded(struct policy_set *set);

void policy_symbol_done(struct policy_section *s);
void policy_ftrace_done(struct policy_ftrace *f);
void policy_conditions_done(struct policy *policy);

/*
 * policy-value.c: the next item of a list, blanks between them. Quotes keep blanks together; '\\' takes the next
 * character as it is, and stays, since to a glob it means the same. Returns where the item starts; NULL: no more, or an
 * error that has been reported.
 */
const char *policy_next_item(struct ini *p, const char **pos, char *item);

/* policy-value.c: adds the items that are right to a list, or empties it; items: a word for several. */
void policy_set_list(struct ini *p, const struct ini_key *key, const char *value, char ***list, const char *items,
		     bool (*is_right)(struct ini *p, const char *at, const char *item));

/* policy-condition.c. 1: met; 0: not, with the reason in *ret; or -ENOMEM */
int policy_conditions_met(const struct policy *policy, const struct policy_facts *facts, char **ret);

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

int policy_files_find(const char *const *dirs, struct policy_files *ret, struct diags *diags);
void policy_files_done(struct policy_files *files);

/* What a file is for. */
enum policy_file_type {
	POLICY_FILE_TEXT,
	POLICY_FILE_EMPTY,
	POLICY_FILE_NULL,    /* a link to /dev/null */
	POLICY_FILE_REFUSED, /* not fit to be believed: there is a diagnostic */
};

/* An error: the file, or the folder, can't be read. Without the right to, it says who. 0 or -ENOMEM. */
int policy_unreadable(struct diags *diags, const char *path, const char *folder, int error);

/* Reads a file; returns enum policy_file_type with the text in *ret, or negative errno. */
int policy_file_read(const char *path, char **ret, size_t *ret_size, struct diags *diags);

#endif
