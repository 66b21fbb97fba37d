/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's index of tasks by pid: init_pid_ns is captured, the nodes of its radix tree and the struct pids are not.
 * They are made of the tasks that were, for programs that look for tasks there. Tasks that were not captured are not in
 * it.
 */
#ifndef PIDS_H
#define PIDS_H

#include "dump/collect/collect.h"

/* Nothing is made where init_pid_ns or the layout of these structures is not in the dump. end: of the memory. */
void pids_add(struct collection *c, uint64_t end);

#endif
