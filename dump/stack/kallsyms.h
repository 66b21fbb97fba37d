/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own table of symbols, where a dump has it: VMCOREINFO says where its parts are. */
#ifndef KALLSYMS_H
#define KALLSYMS_H

#include "dump/stack/symbols.h"

/* -ENOENT: it is not in the dump; -EINVAL: it is damaged. */
int kallsyms_read(struct symbols *s, const struct corefile *core);
/* The same of a file of the kernel, which has not been moved to where the kernel was. */
int kallsyms_read_file(struct symbols *s, const struct corefile *file);

/* Where one symbol is, without reading all of them; false: it is not known. */
bool kallsyms_address(const struct corefile *core, const char *name, uint64_t *addr);

#endif
