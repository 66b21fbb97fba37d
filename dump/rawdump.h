/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The "rawdump" partition that boot firmware writes a dump to when it has no host to send it to. Source of the layout:
 * boot_raw_partition_ramdump.h of Qualcomm's boot loader, and the scripts of vendors that split such partitions.
 */
#ifndef RAWDUMP_H
#define RAWDUMP_H

#include "image.h"

#define RAWDUMP_MAGIC	"Raw_Dmp!"
#define RAWDUMP_VERSION 0x1000

#define RAWDUMP_VALID		     (1U << 0)
#define RAWDUMP_INSUFFICIENT_STORAGE (1U << 1)
#define RAWDUMP_PROTECTED	     (1U << 2)
#define RAWDUMP_CACHE_FLUSHED	     (1U << 3)

#define RAWDUMP_SECTION_DDR 1

/* Little-endian. The section headers follow at once. */
struct rawdump_header {
	char magic[8];
	uint32_t version;
	uint32_t flags;
	uint64_t os_data;
	uint64_t cpu_context;
	uint32_t reset_trigger;
	uint64_t dump_size; /* written, headers included */
	uint64_t size_required;
	uint32_t sections;
} __attribute__((packed));

struct rawdump_section {
	uint32_t flags;
	uint32_t version;
	uint32_t type;
	uint64_t offset; /* from the start of the dump */
	uint64_t size;
	uint64_t base; /* physical address */
	uint64_t info;
	char name[20];
} __attribute__((packed));

_Static_assert(sizeof(struct rawdump_header) == 56 && sizeof(struct rawdump_section) == 64, "as firmware writes them");

/* A dump starts the file. */
bool rawdump_detect(int fd, uint64_t size);

/* Fills in img->pieces and img->phys from one of the dumps; dump 0: the first that is complete. */
int rawdump_map(struct image *img, unsigned int dump, struct derr *err);

/* For --list */
#define RAWDUMPS_MAX 64

struct rawdump {
	uint64_t at; /* in the file */
	struct rawdump_header header;
	bool wiped; /* somebody copied it and marked it as done */
};

/* "complete", "not enough room", "not finished" or "damaged" */
const char *rawdump_state(const struct rawdump *d);

/* How many there are (at most RAWDUMPS_MAX); or a negative errno. */
int rawdump_list(int fd, const char *path, uint64_t size, struct rawdump dumps[static RAWDUMPS_MAX], struct derr *err);

#endif
