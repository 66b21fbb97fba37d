/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kdump's compressed format, as makedumpfile, QEMU and virsh write it: libkdumpfile finds pages and decompresses them.
 * The other kinds of an image have readers of their own here. Assembled pieces, rawdump partitions and raw images have
 * no notion of a page, and that library does not know them. An ELF core it reads, but by pages of a cache that it
 * copies into, where this program maps what it searches and skips the holes of sparse files; that is one table of
 * ranges, which dumps of ours need anyway.
 */
#ifndef KDUMP_H
#define KDUMP_H

#include "dump/core/elffile.h"
#include "dump/core/rangemap.h"

struct kdump;

bool kdump_detect(int fd, uint64_t size);

/*
 * Fills in the notes and the machine of elf, and in phys which memory there is: places in the file are physical
 * addresses. fd is of the caller, and is to stay open.
 */
int kdump_open(struct kdump **ret, int fd, uint64_t size, const char *path, struct elffile *elf, struct rangemap *phys,
	       struct derr *err);
void kdump_close(struct kdump *k);

/* "a kdump file, compressed with zlib" */
const char *kdump_format(const struct kdump *k);

/*
 * How many of the bytes there makedumpfile left out for another reason, maybe, than that they were zero: what it took
 * for memory of processes, caches, or free.
 */
uint64_t kdump_left_out(const struct kdump *k, uint64_t paddr, uint64_t size);
unsigned int kdump_level(const struct kdump *k); /* makedumpfile -d */

/* By physical address. Of what was left out along with zero pages, zeros. */
int kdump_read_at(const struct kdump *k, uint64_t paddr, void *buf, size_t size);

/* The next address from there on that was not left out; UINT64_MAX: there is none. */
uint64_t kdump_skip_hole(const struct kdump *k, uint64_t paddr);

#endif
