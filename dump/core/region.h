/* SPDX-License-Identifier: GPL-2.0-only */
/* A region of a dump, and the line of the note in which the dump says what it has. */
#ifndef REGION_H
#define REGION_H

#include <linux/qcom_minidump_table.h>
#include <stdio.h>

#include "dump/core/keyval.h"

/* With a NUL, whoever wrote the table. */
#define REGION_NAME_SIZE (MINIDUMP_REGION_NAME_SIZE + 1)

struct region {
	unsigned int slot;
	char name[REGION_NAME_SIZE];
	uint32_t seq;
	uint64_t paddr;
	uint64_t size;
	uint64_t vaddr; /* 0: not known */

	/* Of a region in a dump that is there already */
	uint64_t offset; /* in the file */
	bool missing;	 /* the file was cut off before it */
};

/* Text that can be a region's name: 0 and the name in to, or -EINVAL. from need not be terminated. */
int region_name_copy(char to[static REGION_NAME_SIZE], const char *from, size_t max);

/* The stack of a task, or one on which interrupts run. */
bool region_is_stack(const struct region *r);

/* REGION(slot)=name seq vaddr paddr size */
void region_write(const struct region *r, FILE *f);
bool region_read(const struct kv *note, size_t *pos, struct region *ret); /* the next one; false: there is none */

#endif
