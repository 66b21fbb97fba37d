/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a kernel that dies for kdump leaves of each CPU's registers: an ELF note in the per-CPU crash_notes, and
 * CRASHTIME in VMCOREINFO, which says that they are there. From 0.0.27 on drgn looks there and not at the notes of the
 * core, which it takes for QEMU's without CRASHTIME. So a dump has both, of the same registers.
 */
#ifndef CRASH_NOTES_H
#define CRASH_NOTES_H

#include "dump/collect/collect.h"

/* When the machine died, by its own clock: seconds since the epoch. False: that is not in the dump. */
bool crash_notes_time(const struct collection *c, uint64_t *ret);

/*
 * Makes crash_notes of the NT_PRSTATUS that c->notes has, if the dump says where they belong. registers: where each is
 * from, see registers.h. end: of the memory.
 */
void crash_notes_add(struct collection *c, const struct kv *registers, uint64_t end);

#endif
