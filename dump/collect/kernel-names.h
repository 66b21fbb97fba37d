/* SPDX-License-Identifier: GPL-2.0-only */
/* What the stacks and registers in a dump need of the kernel's names and ORC tables, from where those are whole. */
#ifndef KERNEL_NAMES_H
#define KERNEL_NAMES_H

#include "dump/collect/collect.h"

/* Adds the note QCMD_NOTE_NAMES, if they are anywhere. After the registers, and what VMCOREINFO says. */
void kernel_names_add(struct collection *c);

#endif
