/* SPDX-License-Identifier: GPL-2.0-only */
/* FNV-1a, for what nobody gains anything by making look alike: a hash begins with HASH_START. */
#ifndef QCMD_HASH_H
#define QCMD_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_add(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
