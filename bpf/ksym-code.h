/* SPDX-License-Identifier: GPL-2.0-only */
/* Which symbols of the kernel's table are of code: for the program that reads the table, and its test. */
#ifndef QCMD_BPF_KSYM_CODE_H
#define QCMD_BPF_KSYM_CODE_H

#include <stdbool.h>

static inline __attribute__((always_inline)) bool ksym_is(const char *name, const char *other, int size)
{
	for (int i = 0; i < size; i++)
		if (name[i] != other[i])
			return false;
	return true;
}

#define KSYM_IS(name, literal) ksym_is(name, literal, sizeof(literal))

/*
 * The kernel's own symbols come in the order of their addresses, so what lies between two borders comes between them.
 * What letter they have says nothing: where the section of variables may be executed, as on Linux 7.3, it is that of
 * functions. A module's letter is of the section that it was loaded into, and no module is loaded if its variables are
 * to be executed.
 *
 * in_code: from one call to the next, false before the first.
 */
static inline __attribute__((always_inline)) bool ksym_is_code(const char *name, const char *module, char type,
							       bool *in_code)
{
	if (module[0])
		return type == 't' || type == 'T';
	if (KSYM_IS(name, "_stext") || KSYM_IS(name, "_sinittext"))
		*in_code = true;
	else if (KSYM_IS(name, "_etext") || KSYM_IS(name, "_einittext"))
		*in_code = false;
	return *in_code;
}

#endif
