/* SPDX-License-Identifier: GPL-2.0-only */
/* Which region it is, whatever its id, its name and its comment are; and how the module keeps that: as its tag. */
#ifndef QCMDD_KEY_H
#define QCMDD_KEY_H

#include "daemon/table/kind.h"

#define REGION_WHAT_SIZE 42

/**
 * struct region_key - the same region over time
 * @kind: which of the others count
 * @pid: of a task
 * @cpu: of what a CPU runs
 * @start: of a task: start_boottime
 * @size: of a trace array's
 * @address: of a trace array's; or of one of many: of a list
 * @what: which object, note, variable or map, in words that are never others; region_key_set_what() makes them fit
 */
struct region_key {
	enum region_kind kind;
	union {
		uint32_t pid;
		uint32_t cpu;
	};
	union {
		uint64_t start;
		uint64_t size;
	};
	uint64_t address;
	char what[REGION_WHAT_SIZE];
};

int region_key_compare(const struct region_key *a, const struct region_key *b);

/* A text that does not fit keeps its beginning, and a hash of all of it follows the NUL. */
void region_key_set_what(struct region_key *key, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the module itself has registered, and clients may ask for, too; false: it is something else. */
bool region_key_of_own(const struct module_region *region, struct region_key *ret);

struct module_tag region_key_to_tag(const struct region_key *key);
/* False: none of ours. Knows the tags of each qcmdd before this one. */
bool region_key_from_tag(const struct module_tag *tag, struct region_key *ret);

#endif
