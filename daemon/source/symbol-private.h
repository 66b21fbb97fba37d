/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that find symbols do for each other. Who returns false has said why in *place. */
#ifndef QCMDD_SYMBOL_PRIVATE_H
#define QCMDD_SYMBOL_PRIVATE_H

#include "daemon/source/kread.h"
#include "daemon/source/ksyms.h"
#include "daemon/source/symbol.h"

#define PAGE 4096

/* A structure that was looked up. */
struct symbol_type {
	char name[2 * POLICY_SYMBOL_MAX + 2]; /* "struct symbol_type" or "struct symbol_type.member" */
	uint64_t size;
	uint64_t offset; /* of the member */
	bool found;
};

struct symbol_reader {
	struct ksyms *ksyms;
	struct kread *kread;
	struct symbol_type *types;
	size_t n_types;
	/* What can't be loaded is not tried again before symbol_prepare(): that takes long, and names are many. */
	struct symbol_place no_symbols;
	struct symbol_place no_memory;
	struct symbol_place no_types;
};

/* symbol-name.c */

/* What Pointer= has without the member, if there is one. */
#define SYMBOL_ITEM_SIZE (POLICY_SYMBOL_MAX + 2)
void symbol_variable(const char *item, char ret[static SYMBOL_ITEM_SIZE]);

bool symbol_look_up(struct symbol_reader *r, const char *item, const struct ksym **ret, struct symbol_place *place);
bool symbol_is_percpu_at(struct symbol_reader *r, uint64_t address);
bool symbol_is_boot_only(struct symbol_reader *r, uint64_t address);

/* symbol-model.c: adds all that symbol_model() looks up. */

int symbol_model_names(char ***names);

/* symbol-follow.c: whether Size= names a variable, not a number or a structure. */

bool symbol_size_is_variable(const char *size);

/* symbol-type.c: "struct x", "union x", or a per-CPU variable; member may be NULL */

bool symbol_type(struct symbol_reader *r, const char *name, const char *member, struct symbol_type *ret,
		 struct symbol_place *place);

/* symbol.c */

/* For a place that is none. Returns false, for the caller to pass on. */
__attribute__((format(printf, 3, 4))) bool symbol_fail(struct symbol_place *ret, int error, const char *format, ...);
/* From here on r->kread is there. */
bool symbol_open_memory(struct symbol_reader *r, struct symbol_place *ret);
bool symbol_read_word(struct symbol_reader *r, uint64_t address, const char *what, uint64_t *ret,
		      struct symbol_place *place);

#endif
