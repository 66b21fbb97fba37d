/* SPDX-License-Identifier: GPL-2.0-only */
/* What a dump has of the kernel's symbols and ORC tables: that of the addresses in it, in the note QCMD_NOTE_NAMES. */
#ifndef NAMES_H
#define NAMES_H

#include "dump/core/elfnote.h"
#include "dump/stack/orc.h"

/* Stacks of a thousand tasks have some ten thousand. */
#define NAMES_ADDRS_MAX (1 << 20)

struct names {
	const struct symbols *symbols;
	const struct orc *orc;
	uint64_t *addrs;
	size_t n, capacity;
	bool full;	  /* no more than NAMES_ADDRS_MAX are looked at */
	size_t left_out;  /* addresses that were more */
	size_t functions; /* counted by names_write() */
};

/* A word of a stack or a register, which may be an address in code. */
void names_add(struct names *n, uint64_t word);
/* The note; nothing if there is not one name. */
void names_write(struct names *n, struct notebuf *notes);
void names_clear(struct names *n);

/* -ENOENT: the dump has no such note. */
int names_read(const struct corefile *core, struct kv *ret);
void names_symbols(const struct kv *names, struct symbols *s);
void names_orc(const struct kv *names, struct orc *orc);
/* Where the names are from, and of how many functions; false: the dump has none. */
bool names_about(const struct corefile *core, char **source, size_t *functions);

#endif
