/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The "rawdump" partition that boot firmware writes a dump to when it has no host to send it to. Source of the layout:
 * boot_raw_partition_ramdump.h of Qualcomm's boot loader, and the scripts of vendors that split such partitions.
 */
#ifndef QCMD_RAWDUMP_H
#define QCMD_RAWDUMP_H

#include <stdint.h>

#define RAWDUMP_MAGIC	"Raw_Dmp!"
#define RAWDUMP_VERSION 0x1000

#define RAWDUMP_VALID		     (1U << 0)
#define RAWDUMP_INSUFFICIENT_STORAGE (1U << 1)
#define RAWDUMP_PROTECTED	     (1U << 2)
#define RAWDUMP_CACHE_FLUSHED	     (1U << 3)

#define RAWDUMP_SECTION_DDR 1

/* In os_data: no firmware wrote this, but qcmdd while the machine was running. */
#define RAWDUMP_OS_SNAPSHOT 0x746f687370616e73ULL

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

#endif
