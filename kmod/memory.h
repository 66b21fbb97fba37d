/* SPDX-License-Identifier: GPL-2.0-only */
/* From addresses to physical pieces; what is RAM. */
#ifndef QCOM_MINIDUMP_MEMORY_H
#define QCOM_MINIDUMP_MEMORY_H

#include <linux/types.h>

#include "why.h"

struct elf64_phdr;
struct qmd_spec;

/* A listing of a region must fit in one netlink message. */
#define QMD_SEGMENTS_MAX	128

/**
 * struct qmd_place - where in memory a slot is, for what moves it at every context switch
 * @pa: where the table has its physical address
 * @header: what each of the two headers says of it
 */
struct qmd_place {
	__le64 *pa;
	struct elf64_phdr *header[2];
};

/**
 * struct qmd_segment - a physically contiguous piece of a region, as it was asked for; see qmd_slot_start()
 * @va: kernel virtual address, 0 where there is none
 * @pa: physical address
 * @size: bytes
 * @place: of a region that follows a CPU, while it is active
 * @slot: where it is, if it is in the table; else 0, where only the ELF header is
 * @seq: its sequence number, for as long as the region lives
 */
struct qmd_segment {
	u64 va;
	phys_addr_t pa;
	u64 size;
	struct qmd_place place;
	u32 slot;
	u32 seq;
};

int qmd_segments_of_virt(const void *addr, u64 size, struct qmd_segment *segs, u32 max, struct qmd_why *why);
int qmd_pieces_of_range(const struct qmd_spec *spec, struct qmd_segment *segs, u32 max, struct qmd_why *why);
phys_addr_t qmd_virt_to_phys(const void *addr);
bool qmd_is_ram(u64 start, u64 end);
int qmd_pages_hold(const struct qmd_segment *seg, struct qmd_why *why);
void qmd_pages_release(const struct qmd_segment *seg);
int qmd_ram_init(void);
void qmd_ram_exit(void);

#endif
