/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the pieces that boot firmware saved to a list of regions. The ELF header among them says what the regions are;
 * which piece is which region is told by its address where firmware says that, and else by its name.
 */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include "dump/core/kelf.h"
#include "dump/collect/toc.h"

/* vm: whose regions to take ("": the machine itself), or NULL to find out. Adds to img->phys and img->left_out. */
int firmware_read(struct image *img, const char *vm, struct kelf *kelf, struct toc *toc, struct derr *err);

#endif
