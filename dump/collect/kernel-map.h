/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's virtual addresses: from the ELF header that the module keeps in the table, and where that is
 * damaged from VMCOREINFO.
 */
#ifndef KMAP_H
#define KMAP_H

#include "dump/core/kelf.h"
#include "dump/core/keyval.h"
#include "dump/collect/toc.h"

/* x86_64: start of the mapping of the kernel image */
#define KERNEL_IMAGE_X86_64 0xffffffff80000000ULL

struct kmap {
	uint16_t machine;      /* EM_X86_64, EM_AARCH64, EM_NONE: not known */
	bool has_image;	       /* image_offset is known */
	uint64_t image_offset; /* virtual - physical, of the kernel image; wraps */
	uint64_t image_start;  /* virtual addresses that are surely in the image */
	uint64_t image_end;
	bool has_direct;
	uint64_t direct_offset; /* virtual - physical, of the direct map; wraps */
};

/* The kernel image alone, where there are no regions yet. */
void kmap_image(struct kmap *k, const struct kv *vmcoreinfo);

/* Fills in vaddr of the regions. What can't be known is a problem. */
void kmap_apply(struct kmap *k, const struct kelf *elf, struct toc *toc, const struct kv *vmcoreinfo);

#endif
