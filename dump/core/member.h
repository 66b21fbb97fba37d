/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of the kernel's structures, as the dump describes them: no reader takes a width for granted. */
#ifndef MEMBER_H
#define MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dump/core/keyval.h"

/* No kernel has a structure of this size. */
#define MEMBER_PLACE_MAX (64 * 1024)

struct member {
	uint64_t bit;  /* where it starts, from the start of the structure */
	uint64_t bits; /* its width; 0: an array without a size, or there is no such member */
	bool is_signed;
};

/*
 * By BITS(name). Where only OFFSET(name) is told, as in VMCOREINFO and in notes without widths, it has that many bytes,
 * as in the kernels that such notes are from. False: it is not described.
 */
bool member_find(const struct kv *kv, const char *name, unsigned int bytes, struct member *ret);

/* The same member, from the start of what its structure is in. */
struct member member_inside(const struct member *outer, const struct member *inner);

/* The first byte of the structure that is not needed for the member. */
uint64_t member_end(const struct member *m);

/* A number can be read: it is there, and not wider than 64 bits. */
bool member_is_number(const struct member *m);

/* The value of a number, in the bytes from its first one on: member_end() - member_first(). */
uint64_t member_first(const struct member *m);
uint64_t member_number(const struct member *m, const void *bytes);

/* Its value in the bytes of the structure, of which size are there; false: it is no number, or not among them. */
bool member_read(const struct member *m, const void *structure, uint64_t size, uint64_t *ret);
/* The same; 0 where there is none. */
uint64_t member_value(const struct member *m, const void *structure, uint64_t size);

/* Writes a number that member_read() gives. */
void member_write(const struct member *m, void *structure, uint64_t value);

#endif
