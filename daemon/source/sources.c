// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/source/sources.h"
#include "daemon/source/symbol.h"
#include "lib/journal.h"

const struct source_vtable *const source_table[_POLICY_SOURCE_MAX] = {
	[POLICY_SOURCE_PRINTK] = &source_printk, [POLICY_SOURCE_CURRENT] = &source_current,
	[POLICY_SOURCE_TASK] = &source_task,	 [POLICY_SOURCE_SYMBOL] = &source_symbol,
	[POLICY_SOURCE_MAP] = &source_map,	 [POLICY_SOURCE_FTRACE] = &source_ftrace,
};

static bool has_section(const struct policy_set *policies, enum policy_source_kind kind)
{
	struct section_cursor c = {};

	return section_next(policies, kind, &c);
}

int source_start(const struct source_vtable *v, const struct source_host *host, const struct policy_set *policies,
		 struct source **ret)
{
	int r;

	*ret = calloc(1, v->size);
	if (!*ret)
		return -ENOMEM;
	*(struct source_host *)*ret = *host;
	r = v->start ? v->start(*ret, policies) : 0;
	if (r < 0)
		*ret = source_stop(v, *ret);
	return r;
}

struct source *source_stop(const struct source_vtable *v, struct source *s)
{
	if (s && v->stop)
		v->stop(s);
	free(s);
	return NULL;
}

static int set_source(struct sources *s, int i, const struct policy_set *policies)
{
	const struct source_vtable *v = source_table[i];

	if (has_section(policies, i)) {
		if (!s->running[i])
			return source_start(v, &s->host, policies, &s->running[i]);
		return v->reload ? v->reload(s->running[i], policies) : 0;
	}
	if (s->running[i] && v->retire)
		v->retire(s->running[i]);
	s->running[i] = source_stop(v, s->running[i]);
	return 0;
}

static bool uses_symbols(int i)
{
	return i == POLICY_SOURCE_PRINTK || i == POLICY_SOURCE_SYMBOL || i == POLICY_SOURCE_MAP;
}

static bool needs_symbols(const struct policy_set *policies)
{
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++)
		if (uses_symbols(i) && has_section(policies, i))
			return true;
	return false;
}

/* It runs, but was not told all that there is. */
static bool lacks_symbols(const struct sources *s, int i)
{
	return s->running[i] && uses_symbols(i) && symbol_failed(s->host.symbols);
}

int sources_init(struct sources *s, const struct source_host *host)
{
	*s = (struct sources){ .host = *host };
	return symbol_reader_new(&s->host.symbols);
}

static void try_source(struct sources *s, int i, const struct policy_set *policies)
{
	int r = set_source(s, i, policies);

	free(s->failures[i]);
	s->failures[i] = NULL;
	if (r >= 0)
		return;
	log_error("Can't look for what [%s] sections ask for: %s", policy_source_to_string(i), strerror(-r));
	s->failures[i] = strdup(strerror(-r));
}

void sources_set(struct sources *s, const struct policy_set *policies)
{
	if (needs_symbols(policies))
		symbol_prepare(s->host.symbols, policies);
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++)
		try_source(s, i, policies);
}

bool sources_failed(const struct sources *s)
{
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++)
		if (s->failures[i] || lacks_symbols(s, i))
			return true;
	return false;
}

void sources_retry(struct sources *s, const struct policy_set *policies)
{
	bool again = symbol_failed(s->host.symbols) && needs_symbols(policies);

	if (again)
		symbol_prepare(s->host.symbols, policies);
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++)
		if (s->failures[i] || (again && uses_symbols(i)))
			try_source(s, i, policies);
}

void sources_done(struct sources *s)
{
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++) {
		source_stop(source_table[i], s->running[i]);
		free(s->failures[i]);
	}
	symbol_reader_free(s->host.symbols);
}

int sources_want(const struct sources *s, const struct policy_set *policies, struct wants *wants)
{
	int r = 0;

	for (int i = 0; i < _POLICY_SOURCE_MAX && r >= 0; i++)
		if (s->running[i])
			r = source_table[i]->want(s->running[i], policies, wants);
	return r;
}

void sources_gone(const struct sources *s, const struct region_key *key)
{
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++)
		if (s->running[i] && source_table[i]->gone)
			source_table[i]->gone(s->running[i], key);
}

const struct note *sources_note(const struct sources *s, enum policy_source_kind kind)
{
	return s->running[kind] && source_table[kind]->note ? source_table[kind]->note(s->running[kind]) : NULL;
}

const char *sources_problem(const struct sources *s, enum policy_source_kind kind)
{
	if (s->failures[kind])
		return s->failures[kind];
	return s->running[kind] && source_table[kind]->problem ? source_table[kind]->problem(s->running[kind]) : NULL;
}

void sources_stats(const struct sources *s, struct source_stats *ret)
{
	*ret = (struct source_stats){};
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++) {
		struct source_stats stats = {};

		if (s->running[i] && source_table[i]->stats)
			source_table[i]->stats(s->running[i], &stats);
		ret->received += stats.received;
		ret->lost += stats.lost;
		ret->resyncs += stats.resyncs;
	}
}
