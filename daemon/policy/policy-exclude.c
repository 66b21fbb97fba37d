// SPDX-License-Identifier: GPL-2.0-only
/* [Exclude]: what it may say, and what other policies ask for in vain because of it. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "daemon/policy/policy-internal.h"

const char *policy_exclude_end(const struct policy_section *s)
{
	if (s->task.comms || s->task.cgroups || s->symbol.names || s->regions)
		return NULL;
	return "[Exclude] without Comm=, Cgroup=, Name= or Region=: say what to leave out, such as Comm=gpg-agent";
}

/* How much of an item of [Symbol] is the name of the variable that it starts from. */
static size_t variable_length(const char *item)
{
	const char *member = policy_symbol_member(item), *type = strstr(item, ":struct ");

	return type ? (size_t)(type - item) : member ? (size_t)(member - 1 - item) : strlen(item);
}

bool policy_excludes_symbol(const struct policy_section *s, const char *item)
{
	const char *variable = policy_symbol_name(item);
	size_t n = variable_length(variable);

	for (char **name = s->symbol.names; name && *name; name++) {
		const char *excluded = policy_symbol_name(*name);

		if (strlen(excluded) == n && !strncmp(excluded, variable, n))
			return true;
	}
	return false;
}

bool policy_excludes_region(const struct policy_section *s, const char *name)
{
	for (char **glob = s->regions; glob && *glob; glob++)
		if (!fnmatch(*glob, name, 0))
			return true;
	return false;
}

const struct policy_section *policy_next_exclude(const struct policy_set *set, size_t *policy, size_t *section)
{
	for (; *policy < set->n_policies; ++*policy, *section = 0) {
		const struct policy *p = &set->policies[*policy];

		if (p->state != POLICY_ENABLED || p->dry_run)
			continue;
		while (*section < p->n_sections)
			if (p->sections[(*section)++].kind == POLICY_EXCLUDE)
				return &p->sections[*section - 1];
	}
	return NULL;
}

const struct policy_section *policy_set_excludes_symbol(const struct policy_set *set, const char *item)
{
	const struct policy_section *s;
	size_t i = 0, j = 0;

	while ((s = policy_next_exclude(set, &i, &j)))
		if (policy_excludes_symbol(s, item))
			return s;
	return NULL;
}

static int warn(struct policy_set *set, const struct policy_section *asks, const char *item,
		const struct policy_section *by)
{
	return by ? diag_add(&set->diags, asks->path, asks->line, 0, false, "%s is left out: %s:%u excludes it", item,
			     by->path, by->line) :
		    0;
}

static int check_symbols(struct policy_set *set, const struct policy_section *asks)
{
	char *const *const lists[] = { asks->symbol.names, asks->symbol.percpu, asks->symbol.pointers,
				       asks->symbol.lists };
	int r = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (char *const *item = lists[i]; item && *item && r >= 0; item++)
			r = warn(set, asks, *item, policy_set_excludes_symbol(set, *item));
	return r;
}

/* Tasks that are asked for by a name that is the very pattern, or a name that it matches. */
static int check_comms(struct policy_set *set, const struct policy_section *asks)
{
	const struct policy_section *s;
	size_t i = 0, j = 0;
	int r = 0;

	while (r >= 0 && (s = policy_next_exclude(set, &i, &j))) {
		/* With a cgroup it is some of them. */
		for (char **glob = s->task.cgroups ? NULL : s->task.comms; glob && *glob; glob++)
			for (char **comm = asks->task.comms; comm && *comm && r >= 0; comm++)
				if (!strcmp(*glob, *comm) || !fnmatch(*glob, *comm, 0))
					r = warn(set, asks, *comm, s);
	}
	return r;
}

int policy_set_check_excluded(struct policy_set *set)
{
	int r = 0;

	for (size_t i = 0; i < set->n_policies; i++) {
		const struct policy *p = &set->policies[i];

		for (size_t j = 0; p->state == POLICY_ENABLED && j < p->n_sections && r >= 0; j++) {
			if (p->sections[j].kind == POLICY_SOURCE_SYMBOL)
				r = check_symbols(set, &p->sections[j]);
			else if (p->sections[j].kind == POLICY_SOURCE_TASK)
				r = check_comms(set, &p->sections[j]);
		}
	}
	return r;
}
