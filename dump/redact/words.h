/* SPDX-License-Identifier: GPL-2.0-only */
/* Words of stacks and registers: which of them say where something is, and nothing else. */
#ifndef WORDS_H
#define WORDS_H

#include "dump/stack/unwind.h"

struct words {
	const struct corefile *core;
	struct symbols names;	  /* of the dump: code of modules is known by them */
	struct unwinder by_name;  /* what is code by those names, and */
	struct unwinder by_range; /* by where the kernel itself is */
	struct symbols none;
	struct rangemap stacks; /* virtual addresses */
};

void words_init(struct words *w, const struct corefile *core);
void words_clear(struct words *w);

/* An address of code or of a stack, or a number that leads from frame to frame and is the same on all machines. */
bool word_leads(const struct words *w, uint64_t word);
/* An address of the kernel's, of anything. */
bool word_is_address(const struct words *w, uint64_t word);

/* Blanks the others; returns how many. vaddr is that of the first word. */
size_t words_blank_stack(const struct words *w, uint64_t *words, size_t n);
/* Registers of a note NT_PRSTATUS, whose other numbers go, too, but for the pid. */
size_t words_blank_registers(const struct words *w, char *desc, size_t size);

#endif
