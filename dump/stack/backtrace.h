/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks with names: everything that tells about the kernel's code, from wherever it is to be had. */
#ifndef BACKTRACE_H
#define BACKTRACE_H

#include "dump/stack/unwind.h"

struct backtrace {
	struct vmlinux vmlinux;
	struct symbols vmlinux_symbols;
	struct symbols other_symbols;
	const struct symbols *symbols; /* those that are used */
	bool own_names;		       /* and they are the dump's own list of them */
	bool kallsyms_damaged;	       /* the dump's own list of symbols */
	struct orc orc;
	struct unwinder unwinder;
};

/*
 * Files that the user names (or NULL) must fit. Without them: the dump's own kallsyms, what it was given when it was
 * collected (names.h), the running kernel, if that is the one, or else its file on this machine. backtrace_close() in
 * any case.
 */
int backtrace_open(struct backtrace *b, const struct corefile *core, const char *vmlinux, const char *kallsyms,
		   struct derr *err);
void backtrace_close(struct backtrace *b);

/* "panic+0x12/0x34", of a module "name+0x1/0x2 [MODULE]", safe to print; NULL: no name is known. To be freed. */
char *backtrace_name(const struct backtrace *b, const struct frame *f);

/* To whom there are names missing because of it. */
#define KALLSYMS_DAMAGED "The list of symbols in the dump (kallsyms) is damaged: no name is taken from it."

/* Where names and frames are from, in words. */
const char *backtrace_source(const struct backtrace *b);
const char *backtrace_method(const struct backtrace *b);

/* What a reader must know about these frames. To be called until it gives NULL, with i from 0 on. */
const char *unwound_remark(const struct unwound *w, size_t i);

#endif
