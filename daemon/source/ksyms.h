/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the variables of the kernel and its modules are. */
#ifndef QCMDD_KSYMS_H
#define QCMDD_KSYMS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct ksym - a variable
 * @name: "jiffies_64", or "module:variable"
 * @n_found: how many variables are called so: 0 is none, and of several it can't be said which one is meant
 * @address: of the first one. Of a per-CPU variable: to be added to __per_cpu_offset of a CPU
 * @size: bytes up to the next variable, so with the padding between them; of the last one KSYM_SIZE_UNKNOWN
 * @meant: where there is none: a name that was maybe meant, or ""
 * @next: while the table is read
 */
struct ksym {
	char name[128];
	unsigned int n_found;
	uint64_t address;
	uint64_t size;
	char meant[128];
	struct ksym *next;
};

#define KSYM_SIZE_UNKNOWN (1 << 20)

struct ksyms;

int ksyms_new(struct ksyms **ret);
struct ksyms *ksyms_free(struct ksyms *k); /* returns NULL */

/*
 * Find n variables by their names, in one pass through the kernel's symbol table, and in another one if there are names
 * that it does not have; but those that begin with '-' may be absent. *ret[i] is valid up to the next call. Those that
 * were found before are remembered. On failure *ret_reason is what to tell people, to be freed.
 */
int ksyms_find(struct ksyms *k, const char *const *names, size_t n, const struct ksym **ret, char **ret_reason);

/* Modules have come or gone: what is not in the kernel proper is to be looked up anew. */
void ksyms_forget_modules(struct ksyms *k);

/* Fill in syms from lines "address name module", the module being empty for the kernel's own. 0 or -ENOMEM. */
int ksyms_parse(FILE *f, struct ksym *syms, size_t n);
/* Likewise what was meant by those that are not there. */
int ksyms_guess(FILE *f, struct ksym *syms, size_t n);

#endif
