// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/core/region.h"
#include "lib/cleanup.h"

int region_name_copy(char to[static REGION_NAME_SIZE], const char *from, size_t max)
{
	size_t n = strnlen(from, max);

	to[0] = '\0';
	if (n == 0 || n >= REGION_NAME_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (from[i] <= ' ' || from[i] > '~')
			return -EINVAL;
	memcpy(to, from, n);
	to[n] = '\0';
	return 0;
}

bool region_is_stack(const struct region *r)
{
	static const char *const names[] = {
		MINIDUMP_STACK_NAME,
		MINIDUMP_SYMBOL_NAME "hardirq_", /* as x86_64 and arm64 call those of interrupts */
		MINIDUMP_SYMBOL_NAME "irq_stac",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strncmp(r->name, names[i], strlen(names[i])))
			return true;
	return false;
}

void region_write(const struct region *r, FILE *f)
{
	fprintf(f, "REGION(%u)=%s %" PRIu32 " 0x%" PRIx64 " 0x%" PRIx64 " %" PRIu64 "\n", r->slot, r->name, r->seq,
		r->vaddr, r->paddr, r->size);
}

_Static_assert(REGION_NAME_SIZE == 17, "%16s below");

bool region_read(const struct kv *note, size_t *pos, struct region *ret)
{
	const struct kv_pair *p;

	while ((p = kv_next(note, "REGION(", pos))) {
		*ret = (struct region){ 0 };
		if (sscanf(p->key, "REGION(%u)", &ret->slot) == 1 &&
		    sscanf(p->value, "%16s %" SCNu32 " 0x%" SCNx64 " 0x%" SCNx64 " %" SCNu64, ret->name, &ret->seq,
			   &ret->vaddr, &ret->paddr, &ret->size) == 5)
			return true;
	}
	return false;
}
