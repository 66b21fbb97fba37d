/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table to which the kernel itself leads, so that the memory need not be searched for it: VMCOREINFO in a note of
 * the source, which kdump or the hypervisor put there, the kernel's page tables and its list of symbols, which
 * VMCOREINFO has the places of, the list of modules, and the variables of the module that has the table. A process can
 * write none of it.
 */
#ifndef TOC_KERNEL_H
#define TOC_KERNEL_H

#include "dump/core/keyval.h"
#include "dump/image/image.h"

/* The physical address of the header; false: nothing leads to one. */
bool toc_of_kernel(const struct image *img, uint64_t *header);
/* The same by a VMCOREINFO that is known to be the kernel's, from wherever it is. */
bool toc_of_vmcoreinfo(const struct image *img, const struct kv *v, uint64_t *header);

#endif
