/* SPDX-License-Identifier: GPL-2.0-only */
/* The headers of an ELF core that may be truncated or hostile. */
#ifndef ELFFILE_H
#define ELFFILE_H

#include <elf.h>

#include "lib/error.h"
#include "lib/size.h"

/* What notes of a core may take. /proc/vmcore has some 350 bytes for each CPU. */
#define ELF_NOTES_MAX (16 * MIB)

/* More than the largest machines have pieces of memory. */
#define ELF_PHDRS_MAX (1024 * KIB)

struct elffile {
	uint16_t machine;
	Elf64_Phdr *phdrs;
	size_t n_phdrs;
	char *notes; /* every PT_NOTE, one after the other */
	size_t notes_size;
	uint64_t missing; /* bytes of PT_LOADs beyond the end of the file */
};

/* What the content of a file was found in */
#define DUMPFILE_ZSTD 1
#define DUMPFILE_FLAT 2 /* see flatfile.h */

/* Any file: opens its content for reading and says how large that is. packed: what of the above, or NULL. */
int dumpfile_open(const char *path, uint64_t *size, unsigned int *packed, struct derr *err);

/* 1: an ELF core of 64 bits; 0: no ELF file at all; negative: an ELF file that can't be used, see err. */
int elffile_read(struct elffile *elf, int fd, uint64_t file_size, const char *path, struct derr *err);
void elffile_clear(struct elffile *elf);

#endif
