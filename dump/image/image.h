/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a dump is collected from: physical memory as a hypervisor, a capture kernel or a debugger saved it, or the
 * pieces of it that boot firmware saved.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "dump/image/blobs.h"
#include "dump/image/kdump.h"
#include "dump/core/corefile.h"
#include "dump/image/pieces.h"
#include "dump/core/rangemap.h"

enum image_kind {
	IMAGE_RAW,
	IMAGE_VMCORE,
	IMAGE_KEEP,
	IMAGE_BLOBS,
	IMAGE_RAWDUMP,
	IMAGE_ASSEMBLED, /* see assembled.h */
	IMAGE_KDUMP,	 /* see kdump.h */
};

struct image {
	enum image_kind kind;
	int fd; /* -1: a folder */
	char *path;
	uint64_t file_size;
	unsigned int packed; /* what it was found in, see dumpfile_open() */
	bool snapshot;	     /* of this machine, which is running: see qcmdctl snapshot */
	bool mapped;	     /* which address is where is known: all but a raw image without --map */
	struct elffile elf;  /* of IMAGE_VMCORE and IMAGE_KEEP; of IMAGE_KDUMP notes and machine alone */
	struct rangemap phys;
	struct pieces pieces; /* of IMAGE_BLOBS, IMAGE_RAWDUMP and IMAGE_ASSEMBLED */
	struct blobs *blobs;  /* of IMAGE_BLOBS */
	struct kdump *kdump;  /* of IMAGE_KDUMP */
	struct strlist problems;
	struct strlist left_out; /* what was there, and is no part of the minidump */

	int registers_fd; /* what has the table, if the memory is not to be searched for it; else -1 */
	int frozen_fd;	  /* see image_freeze(); else -1 */
	struct rangemap frozen_at;
};

/* Not open */
#define IMAGE_CLOSED ((struct image){ .fd = -1, .registers_fd = -1, .frozen_fd = -1 })

struct image_options {
	const struct range *maps;
	size_t n_maps;
	unsigned int dump;     /* which one of a rawdump, from 1 on; 0: not said */
	const char *registers; /* file with the registers of the table (MINIDUMP_REG_...), or NULL */
	const char *name;      /* what it is called, where its path says nothing; NULL: by its path */
};

const char *image_kind_name(const struct image *img);
/* For people: what it is, and what that was in. To be freed. */
char *image_format(const struct image *img);

/* Pieces that firmware saved, not memory where a table can be looked for. */
static inline bool image_has_pieces(const struct image *img)
{
	return img->pieces.n > 0;
}

static inline bool image_has_registers(const struct image *img)
{
	return img->registers_fd >= 0;
}

int image_open(struct image *img, const char *path, const struct image_options *o, struct derr *err);
/* What a dump that is open has of the memory. */
int image_of_core(struct image *img, const struct corefile *core, struct derr *err);
void image_close(struct image *img);

/* By place in the source, as in pieces and in img->phys */
int image_read_at(const struct image *img, uint64_t offset, void *buf, size_t size);
int image_read_by(void *img, void *buf, size_t size, uint64_t offset); /* fits rangemap_read_by() */
/* By physical address; once frozen, what was copied then and nothing else */
int image_read(const struct image *img, uint64_t paddr, void *buf, size_t size);
/* All of it is a hole of the file, zeros that need not be read. */
bool image_is_hole(const struct image *img, uint64_t paddr, uint64_t size);

/* Copies what is at these physical addresses, and takes the map over. */
int image_freeze(struct image *img, struct rangemap *ranges, struct derr *err);
void image_thaw(struct image *img);

/*
 * Calls fn with each page-aligned piece of the image that is not a hole of the file. The pieces have whole
 * pages, up to 1 MiB. A return value other than 0 ends it and is returned.
 */
typedef int (*image_scan_fn)(void *arg, uint64_t paddr, const char *data, size_t size);
int image_scan(const struct image *img, image_scan_fn fn, void *arg, struct derr *err);

#endif
