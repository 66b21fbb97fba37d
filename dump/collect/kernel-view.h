/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory that there is of the kernel's own image, by virtual address: a dump as far as its readers want one. */
#ifndef KERNEL_VIEW_H
#define KERNEL_VIEW_H

#include "dump/collect/kernel-map.h"
#include "dump/core/corefile.h"
#include "dump/image/image.h"

/* Its file, its path and what VMCOREINFO has stay those that it was made of. */
void kernel_view_open(struct corefile *view, const struct image *img, const struct kmap *k,
		      const struct kv *vmcoreinfo);
void kernel_view_close(struct corefile *view);

#endif
