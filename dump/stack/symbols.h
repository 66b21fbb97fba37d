/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of the kernel's addresses: a table, and what it can be filled from. */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include "dump/core/corefile.h"

/* Ten times what Debian's kernels have */
#define SYMBOLS_MAX 2000000

struct symbol {
	uint64_t addr;
	uint64_t name;	 /* offset in symbols.names */
	uint64_t module; /* the same of the module that it is of; 0: of the kernel itself */
	uint32_t rank;	 /* of several at one address the lowest is shown */
	bool text;	 /* code, not data */
};

struct symbols {
	struct symbol *v; /* by address, once they are finished */
	size_t n, capacity, finished;
	char *names;
	size_t names_size, names_capacity;
	char *source; /* where they are from, for people; NULL: there are none */
};

struct symbol_place {
	const char *name;
	const char *module; /* NULL: the kernel itself */
	uint64_t offset;    /* of the address in it */
	uint64_t size;	    /* up to the next one */
	bool text;
};

/* type: the letter of nm(1). False: there are more than any kernel has. */
bool symbols_add(struct symbols *s, uint64_t addr, char type, const char *name, size_t len);

/* The last one that was added is of this module. */
void symbols_in_module(struct symbols *s, const char *module, size_t len);

/* Where a function ends before the next one begins: nothing is known of what is between. */
bool symbols_add_end(struct symbols *s, uint64_t addr);

/* To be called after the last add, and again when there was another one. */
void symbols_finish(struct symbols *s);
void symbols_clear(struct symbols *s);

/* What an address lies in; false: nothing known. */
bool symbols_find(const struct symbols *s, uint64_t addr, struct symbol_place *ret);

/* Where the first symbol of this name is. */
bool symbols_address(const struct symbols *s, const char *name, uint64_t *ret);

/*
 * Lines "ADDRESS TYPE NAME" of /proc/kallsyms or System.map, moved to where the dump's kernel was. Negative: this is no
 * such list, or that of another kernel.
 */
int symbols_read_list(struct symbols *s, const struct corefile *core, const char *path, struct derr *err);

/* How far the kernel of the dump was moved, given where a file has its _stext. */
int symbols_slide(const struct corefile *core, uint64_t stext, uint64_t *slide, struct derr *err);

#endif
