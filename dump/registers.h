/* SPDX-License-Identifier: GPL-2.0-only */
/* The registers of the CPUs, where the source has them: NT_PRSTATUS notes that say which task they are of. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "collect.h"

/* Adds them to the notes. Who had them, for REGISTERS= in the note: "source", "hypervisor", or "none". */
const char *registers_add(struct collection *c);

#endif
