/* SPDX-License-Identifier: GPL-2.0-only */
/* A collected dump, written anew for a program that wants more than what was captured. */
#ifndef CONVERT_H
#define CONVERT_H

#include "dump/collect/collect.h"
#include "dump/core/corefile.h"

struct convert_options {
	const char *program; /* crash, drgn or gdb */
	const char *vmlinux; /* with debug symbols or without; NULL: none */
};

/* Everything but collect_write(). collection_clear() in any case. */
int convert_prepare(struct collection *c, const struct corefile *core, const struct convert_options *o,
		    struct derr *err);

/* Where the machine had memory: as the dump says, else all around what the collection has of it. */
void convert_find_memory(struct rangemap *ram, const struct collection *c, const struct corefile *core);

#endif
