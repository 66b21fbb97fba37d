/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much memory a process has is counted in its struct mm_struct and, from Linux 6.2 on, in per-CPU memory besides,
 * which no dump has. crash adds all of these up and stops at the first that it cannot read.
 */
#ifndef MEMORY_COUNTERS_H
#define MEMORY_COUNTERS_H

#include "dump/collect/collect.h"

/*
 * The per-CPU counters of processes are zeros, whether their mm_struct is there or reads as zeros. ram: what the
 * machine has of it, which can be read anyway.
 */
void memory_counters_add(struct collection *c, const struct rangemap *ram);

#endif
