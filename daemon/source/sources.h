/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of sources, and those that run: all of them are asked everything, by their methods alone. */
#ifndef QCMDD_SOURCES_H
#define QCMDD_SOURCES_H

#include "daemon/source/source.h"

extern const struct source_vtable *const source_table[_POLICY_SOURCE_MAX];

int source_start(const struct source_vtable *v, const struct source_host *host, const struct policy_set *policies,
		 struct source **ret);
struct source *source_stop(const struct source_vtable *v, struct source *s); /* returns NULL */

struct sources {
	struct source_host host;
	struct source *running[_POLICY_SOURCE_MAX]; /* NULL: no policy has such a section, or it could not be started */
	char *failures[_POLICY_SOURCE_MAX];
};

int sources_init(struct sources *s, const struct source_host *host);
/* Starts and stops them as policies need it. One that fails has a problem, which the others don't suffer from. */
void sources_set(struct sources *s, const struct policy_set *policies);
/* Whether one has, or symbols could not be looked up for those that need them. */
bool sources_failed(const struct sources *s);
/* Those once more. */
void sources_retry(struct sources *s, const struct policy_set *policies);
void sources_done(struct sources *s);

int sources_want(const struct sources *s, const struct policy_set *policies, struct wants *wants);
void sources_gone(const struct sources *s, const struct region_key *key);
/* NULL: it has none. */
const struct note *sources_note(const struct sources *s, enum policy_source_kind kind);
const char *sources_problem(const struct sources *s, enum policy_source_kind kind);
void sources_stats(const struct sources *s, struct source_stats *ret);

#endif
