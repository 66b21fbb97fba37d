/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The minidump table of a memory image (include/uapi/linux/qcom_minidump_table.h): found, checked, and turned
 * into a list of regions and a list of what is wrong with it. Nothing in it is believed.
 */
#ifndef TOC_H
#define TOC_H

#include <linux/qcom_minidump_table.h>

#include "dump/core/keyval.h"
#include "dump/core/region.h"
#include "dump/image/image.h"

/* More slots than this are not looked at; firmware has 201, the ram back end some thousands at most. */
#define TOC_SLOTS_MAX 32768

enum toc_from {
	TOC_FROM_SEARCH,
	TOC_FROM_KERNEL, /* which leads to it, see toc-kernel.h: nothing looked for others */
	TOC_FROM_OPTION, /* the user's; nor here */
};

struct toc {
	uint64_t header;    /* physical address of the header; 0: there are registers instead */
	uint32_t slots_max; /* as far as it is known */
	uint32_t slots_used;
	uint32_t page_size;
	struct region *regions;
	size_t n_regions;
	uint64_t bytes;
	struct strlist problems;

	/* Where firmware's VMCOREINFO is in the source: its address need not be known. Size 0: there is none. */
	uint64_t vmcoreinfo_offset;
	uint64_t vmcoreinfo_size;

	/* A second table, or what contradicts this one: what has to be known before anything in it is believed. */
	struct strlist warnings;

	enum toc_from from;

	/* How good this table is, to choose among several. */
	unsigned int proven; /* by what the kernel alone can have made, see toc-proof.h; more is better */
	bool contradicted;   /* there is something of that kind, and it does not lead to this table */
	bool checksum_ok;
	unsigned int landmarks; /* what is where it must be, see toc-landmarks.c */
	bool enabled;
	bool crashed; /* its VMCOREINFO has the time of the crash */
};

/*
 * Finds the table and reads it. A raw image gets its memory map from where the table is (img->phys changes).
 * table: the physical address that the user named, or NULL. Messages about choices go to toc->problems.
 */
int toc_find(struct image *img, const uint64_t *table, struct toc *toc, struct derr *err);
void toc_clear(struct toc *toc);

const struct region *toc_region(const struct toc *toc, const char *name);

/* A variable of the kernel's, by as much of its name as back ends leave of it. */
const struct region *toc_symbol(const struct toc *toc, const char *variable);

/*
 * Reads the table that the registers have, or else whose header is at paddr, under the map that the image has now. Of
 * its slots no more than that many are looked at; if there are more, overlaps are not.
 */
int toc_read(const struct image *img, uint64_t paddr, uint32_t slots, struct toc *toc, struct derr *err);

/* What is there twice is kept once, and overlaps are problems. To be called once, after the last region. */
void toc_settle_overlaps(struct toc *toc);

/* Sets toc->landmarks, up to that number. v: VMCOREINFO, or NULL */
#define TOC_LANDMARKS_MAX 7
void toc_look_for_landmarks(struct toc *toc, const struct image *img, const struct kv *v);
/* VMCOREINFO among the regions; false: it is not there. */
bool toc_vmcoreinfo(const struct toc *toc, const struct image *img, struct kv *v);
/* The same of what is at an address. */
bool vmcoreinfo_read(const struct image *img, uint64_t paddr, struct kv *v);

/* A header that begins a page: the magic is there and the sizes make sense. */
bool toc_header_plausible(const struct minidump_ram_header *h);
bool toc_header_checksum_ok(const struct minidump_ram_header *h);

#endif
