/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of kdump's compressed format, written byte by byte as makedumpfile and QEMU write them. */
#ifndef DUMP_KDUMP_H
#define DUMP_KDUMP_H

#include "dump-image.h"

enum dk_method { DK_PLAIN, DK_ZLIB, DK_LZO, DK_SNAPPY, DK_ZSTD, DK_METHODS };

struct dk_options {
	enum dk_method method;
	unsigned int level; /* as makedumpfile -d: from 1 on without zero pages */
	uint64_t left_out;  /* a page that is left out, whatever is in it; 0: none */
	bool flattened;
	const void *notes;
	size_t notes_size;
};

/* Where things are in what is not flattened, for who wants damage. */
#define DK_MICROSECONDS	 416
#define DK_STATUS	 424
#define DK_BLOCK_SIZE	 428
#define DK_SUB_BLOCKS	 432
#define DK_BITMAP_BLOCKS 436
#define DK_MAX_MAPNR	 440
#define DK_SPLIT	 (4096 + 12)
#define DK_NOTE_SIZE	 (4096 + 56)
#define DK_MAX_MAPNR_64	 (4096 + 96)
#define DK_BITMAPS	 (3 * 4096)
#define DK_DESCRIPTORS	 (DK_BITMAPS + 2 * 4096)

/* The memory of a machine of at most 128 MiB that begins at address 0. The path goes to path[64]. */
void dk_write(const struct di *d, const struct dk_options *o, char path[64]);

#endif
