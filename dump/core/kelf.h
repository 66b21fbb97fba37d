/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ELF header that the kernel keeps among its regions (KELF_HEADER): which region has which name and addresses.
 * Program headers say where, section headers with the same place in the file say which name, and with sh_entsize which
 * number among those of that name.
 */
#ifndef KELF_H
#define KELF_H

#include <elf.h>

#include "dump/core/region.h"
#include "lib/error.h"
#include "lib/size.h"

/* Size of the header with TOC_SLOTS_MAX program and section headers and names, generously. */
#define KELF_MAX (16 * MIB)

struct kelf {
	uint16_t machine;
	uint64_t size;			 /* of the header, in bytes */
	Elf64_Phdr *phdrs;		 /* in the order of the slots; PT_NULL: it was moving, what it says is not so */
	char (*names)[REGION_NAME_SIZE]; /* of the same; "": not known */
	uint32_t *seqs;			 /* of the same */
	bool numbered;			 /* it has such numbers: older kernels' have none */
	size_t n;
	Elf64_Phdr *sorted; /* by physical address and size */
};

/* 0; 1: it is cut off, and what is there was read; -EINVAL: it is of no use. err says what is wrong. */
int kelf_parse(struct kelf *elf, const char *buf, size_t size, struct derr *err);
void kelf_clear(struct kelf *elf);

/* The first in kelf->sorted with at least this physical address; kelf->n: none has. */
size_t kelf_search(const struct kelf *elf, uint64_t paddr);

#endif
