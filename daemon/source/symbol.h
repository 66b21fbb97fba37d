/* SPDX-License-Identifier: GPL-2.0-only */
/* From the names in a [Symbol] section to places in memory, and why there is none. */
#ifndef QCMDD_SYMBOL_H
#define QCMDD_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/table/module-netlink.h"
#include "daemon/policy/policy.h"

#define SYMBOL_LIST_MAX 1024 /* elements of one list */

/**
 * struct symbol_place - where something is
 * @error: 0; -ENOENT: there is none now, and that is no mistake; or what is wrong
 * @problem: @error in words
 */
struct symbol_place {
	uint64_t address;
	uint64_t size;
	int error;
	char problem[MODULE_ERROR_MAX];
};

#define SYMBOL_SECTIONS_MAX 128

/**
 * struct symbol_model - what readers of a dump look at first. -ENOENT: this kernel has no such thing
 * @uts: init_uts_ns
 * @nodes: node_states
 * @section: the pointer mem_section
 * @roots: the pointers that it points to
 * @sections: what those point to
 * @n_sections: of @sections, or 1 with an error
 */
struct symbol_model {
	struct symbol_place uts;
	struct symbol_place nodes;
	struct symbol_place section;
	struct symbol_place roots;
	struct symbol_place sections[SYMBOL_SECTIONS_MAX];
	size_t n_sections;
};

struct symbol_reader;

int symbol_reader_new(struct symbol_reader **ret);
struct symbol_reader *symbol_reader_free(struct symbol_reader *r); /* returns NULL */

/* Look up all names that the policies have, and those of symbol_model(), at once; else each of them costs a pass. */
void symbol_prepare(struct symbol_reader *r, const struct policy_set *policies);
/* Since then the table of symbols, memory, or types could not be read: what was looked up may not be all there is. */
bool symbol_failed(const struct symbol_reader *r);
void symbol_modules_changed(struct symbol_reader *r);

/* Names are as in the policy, with '-' before those that may not be there. */
bool symbol_is_percpu(struct symbol_reader *r, const char *item);
void symbol_find(struct symbol_reader *r, const char *name, struct symbol_place *ret);
void symbol_find_percpu(struct symbol_reader *r, const char *name, int cpu, struct symbol_place *ret);
/* What the per-CPU pointer at address points to on that CPU. */
void symbol_percpu_at(struct symbol_reader *r, uint64_t address, int cpu, uint64_t size, struct symbol_place *ret);
/* No more of it than Size= says. */
void symbol_limit(struct symbol_reader *r, const char *size, struct symbol_place *place);
/* What a pointer, that of a CPU or else -1, points to; size as in Size=. */
void symbol_follow(struct symbol_reader *r, const char *name, int cpu, const char *size, struct symbol_place *ret);
void symbol_model(struct symbol_reader *r, struct symbol_model *ret);
/* The head of a list and its elements, *ret to be freed. 0 or -ENOMEM. */
int symbol_list(struct symbol_reader *r, const char *head, const char *type, const char *member,
		struct symbol_place *ret_head, struct symbol_place **ret, size_t *ret_n);

#endif
