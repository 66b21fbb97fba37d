/* SPDX-License-Identifier: GPL-2.0-only */
/* Pieces of firmware in one file, as qdl puts its minidump.elf together: the ELF header says which is where in it. */
#ifndef ASSEMBLED_H
#define ASSEMBLED_H

#include "dump/core/elffile.h"
#include "dump/image/pieces.h"

/* The pieces of an ELF core that is one; false: it is another. */
bool assembled_read(int fd, uint64_t file_size, const struct elffile *elf, struct pieces *pieces);

#endif
