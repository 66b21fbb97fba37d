/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of the CPUs, for NT_PRSTATUS notes that say which task they are of: from the source, where it has such
 * notes, else from what the kernel saved itself when it panicked.
 */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "dump/collect/collect.h"

/* Adds them to the notes, and where they are from to c->registers. After the ELF header was read. */
void registers_add(struct collection *c);

#endif
