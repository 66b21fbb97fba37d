/* SPDX-License-Identifier: GPL-2.0-only */
/* A memory image: physical memory as a hypervisor, a capture kernel or a debugger saved it. */
#ifndef IMAGE_H
#define IMAGE_H

#include "elffile.h"
#include "rangemap.h"

struct image {
	int fd;
	char *path;
	uint64_t file_size;
	bool is_elf;
	bool mapped;		/* which address is where is known: an ELF file, or --map; else address = offset */
	struct elffile elf;	/* where is_elf */
	struct rangemap phys;
};

/* One --map OFFSET:PADDR:SIZE */
int image_parse_map(const char *arg, struct range *ret, struct derr *err);

int image_open(struct image *img, const char *path, const struct range *maps, size_t n_maps, struct derr *err);
void image_close(struct image *img);

static inline int image_read(const struct image *img, uint64_t paddr, void *buf, size_t size)
{
	return rangemap_read(&img->phys, img->fd, paddr, buf, size);
}

/*
 * Calls fn with each page-aligned piece of the image that is not a hole of the file. The pieces have whole
 * pages, up to 1 MiB. A return value other than 0 ends it and is returned.
 */
typedef int (*image_scan_fn)(void *arg, uint64_t paddr, const char *data, size_t size);
int image_scan(const struct image *img, image_scan_fn fn, void *arg, struct derr *err);

#endif
