/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A source knows one kind of buffer: what of it there is, and when that changes. It says what it wants and
 * changes nothing itself.
 */
#ifndef QCMDD_SOURCE_H
#define QCMDD_SOURCE_H

#include <stdint.h>

#include <systemd/sd-event.h>

#include "daemon/policy/policy.h"
#include "daemon/table/want.h"

struct symbol_reader;

/* What a source is given by whoever runs it. */
struct source_host {
	sd_event *event;
	struct symbol_reader *symbols;	 /* in which the names that the policies have were looked up */
	void (*changed)(void *userdata); /* what it wants is different now */
	void *userdata;
};

struct source_stats {
	uint64_t received; /* events */
	uint64_t lost;
	uint64_t resyncs;
};

struct source;

/**
 * struct source_vtable - one kind of buffer
 * @id: of its problem, see org.qcmd1(5)
 * @fault: what is wrong when it has one, before the reason
 * @size: of its struct source, which begins with a struct source_host
 * @start: policies has at least one section of that kind; NULL if there is nothing to do
 * @stop: free what it has, after a start that failed, too; NULL if there is nothing
 * @retire: no policy has such a section any more: undo what was set up for one; before stop. NULL if there is nothing
 * @reload: policies are others now, and again have at least one section of that kind; NULL if that is all the same
 * @gone: the module says that there is no such thing; NULL if that is of no interest
 * @want: add what the sections of that kind ask for
 * @note: the text that goes with what it has wanted, or NULL; NULL if it never has one
 * @problem: why it can't do its work, or NULL; NULL if it always can
 * @stats: what it has seen; NULL if it has none
 */
struct source_vtable {
	const char *id;
	const char *fault;
	size_t size;
	int (*start)(struct source *s, const struct policy_set *policies);
	void (*stop)(struct source *s);
	void (*retire)(struct source *s);
	int (*reload)(struct source *s, const struct policy_set *policies);
	void (*gone)(struct source *s, const struct region_key *key);
	int (*want)(struct source *s, const struct policy_set *policies, struct wants *wants);
	const struct note *(*note)(const struct source *s);
	const char *(*problem)(const struct source *s);
	void (*stats)(const struct source *s, struct source_stats *ret);
};

extern const struct source_vtable source_current;
extern const struct source_vtable source_ftrace;
extern const struct source_vtable source_map;
extern const struct source_vtable source_printk;
extern const struct source_vtable source_symbol;
extern const struct source_vtable source_task;

/* Walks the sections of one kind that are in use. */
struct section_cursor {
	const struct policy *policy;
	const struct policy_section *section;
	size_t next_policy;
	size_t next_section;
};

static inline bool section_next(const struct policy_set *set, enum policy_source_kind kind, struct section_cursor *c)
{
	for (; c->next_policy < set->n_policies; c->next_policy++, c->next_section = 0) {
		c->policy = &set->policies[c->next_policy];
		while (c->policy->state == POLICY_ENABLED && c->next_section < c->policy->n_sections) {
			c->section = &c->policy->sections[c->next_section++];
			if (c->section->kind == kind)
				return true;
		}
	}
	return false;
}

#endif
