/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QCOM_MINIDUMP_ELFHDR_H
#define QCOM_MINIDUMP_ELFHDR_H

#include <linux/types.h>

#include "backend.h"

struct elf64_phdr;

/* The ELF header region: two buffers of @size bytes, the one that is published and the spare one. */
struct qmd_elf {
	void *buf[2];
	size_t size;
	u32 strtab;		/* offset of the string table */
	u32 stride;		/* of one name in it */
	u8 live;
	u8 behind;		/* so many of them don't have the last change of the table yet */
};

int qmd_elf_alloc(struct qmd_elf *elf, const struct qcom_minidump_limits *limits);
void qmd_elf_free(struct qmd_elf *elf);
/* under qmd.lock */
struct elf64_phdr *qmd_elf_phdr(u32 buffer, u32 slot);
void qmd_elf_hide(u32 slot);
void qmd_elf_change(u32 slot);
bool qmd_elf_catch_up(void);

#endif
