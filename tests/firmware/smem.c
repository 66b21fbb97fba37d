// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory as Qualcomm's boot firmware leaves it, in the version with partitions: 12. Offsets and values are
 * those that the kernel's drivers/soc/qcom/smem.c reads (6.12).
 */
#include "firmware.h"

#define HEADER_VERSION_SBL	(64 + 4 * 7)
#define HEADER_INITIALIZED	192
#define VERSION			(12U << 16)

#define TABLE			(SMEM_SIZE - 4096)
#define TABLE_MAGIC		0x434f5424	/* $TOC */
#define TABLE_ENTRY		(TABLE + 32)
#define TABLE_ENTRY_SIZE	48
#define INFO_MAGIC		0x49494953	/* SIII */
#define ITEMS			1024

#define PARTITION		0x4000
#define PARTITION_SIZE		0x8000
#define PARTITION_MAGIC		0x54525024	/* $PRT */
#define PARTITION_HEADER	32
#define PARTITION_FREE		12
#define GLOBAL_HOST		0xfffe

#define ITEM_MINIDUMP		602
#define ITEM_CANARY		0xa5a5
#define ITEM_HEADER		16

#define TOC_REVISION		1
#define TOC_ENABLED		0x454e424c	/* ENBL */
#define TOC_SIZE		336

#define SUBSYSTEM		16	/* number 0, of Linux */
#define SS_STATUS		(SUBSYSTEM + 0)
#define SS_ENABLED		(SUBSYSTEM + 4)
#define SS_ENCRYPTION		(SUBSYSTEM + 8)
#define SS_COUNT		(SUBSYSTEM + 16)
#define SS_BASE			(SUBSYSTEM + 24)

static void lay_out_table(void)
{
	uintptr_t entry = SMEM_BASE + TABLE_ENTRY, info = entry + TABLE_ENTRY_SIZE;

	put32(SMEM_BASE + TABLE, TABLE_MAGIC);
	put32(SMEM_BASE + TABLE + 4, 1);	/* version */
	put32(SMEM_BASE + TABLE + 8, 1);	/* entries */
	put32(entry, PARTITION);
	put32(entry + 4, PARTITION_SIZE);
	put16(entry + 12, GLOBAL_HOST);
	put16(entry + 14, GLOBAL_HOST);
	put32(info, INFO_MAGIC);
	put32(info + 4, SMEM_SIZE);
	put32(info + 8, SMEM_BASE);
	put16(info + 16, ITEMS);
}

static void lay_out_partition(void)
{
	uintptr_t at = SMEM_BASE + PARTITION;

	put32(at, PARTITION_MAGIC);
	put16(at + 4, GLOBAL_HOST);
	put16(at + 6, GLOBAL_HOST);
	put32(at + 8, PARTITION_SIZE);
	put32(at + PARTITION_FREE, PARTITION_HEADER);
	put32(at + 16, PARTITION_SIZE);
}

static uintptr_t add_item(unsigned int item, uint32_t size)
{
	uintptr_t free = SMEM_BASE + PARTITION + PARTITION_FREE, at = SMEM_BASE + PARTITION + get32(free);

	put16(at, ITEM_CANARY);
	put16(at + 2, item);
	put32(at + 4, size);
	put32(free, get32(free) + ITEM_HEADER + size);
	return at + ITEM_HEADER;
}

static uintptr_t find_item(unsigned int item, uint32_t *size)
{
	uintptr_t at = SMEM_BASE + PARTITION + PARTITION_HEADER;
	uintptr_t end = SMEM_BASE + PARTITION + get32(SMEM_BASE + PARTITION + PARTITION_FREE);

	if (end > SMEM_BASE + PARTITION + PARTITION_SIZE)
		return 0;
	while (at + ITEM_HEADER <= end && get16(at) == ITEM_CANARY) {
		*size = get32(at + 4);
		if (*size > end - at - ITEM_HEADER)
			return 0;
		if (get16(at + 2) == item)
			return at + ITEM_HEADER;
		at += ITEM_HEADER + *size;
	}
	return 0;
}

bool smem_read_table(struct table *t)
{
	uint32_t size;
	uintptr_t toc = find_item(ITEM_MINIDUMP, &size);

	if (!toc || size < TOC_SIZE)
		return false;
	*t = (struct table){
		.initialised = get32(toc),
		.status = get32(toc + SS_STATUS),
		.enabled = get32(toc + SS_ENABLED),
		.encryption = get32(toc + SS_ENCRYPTION),
		.count = get32(toc + SS_COUNT),
		.base = get64(toc + SS_BASE),
	};
	return true;
}

/* The minidump table as Linux is to find it. What can be wrong with it comes from tests/vm/break-table.py. */
void toc_lay_out(uintptr_t toc)
{
	put32(toc, 1);
	put32(toc + 4, TOC_REVISION);
	put32(toc + 8, TOC_ENABLED);
}

void smem_lay_out(bool has_table)
{
	zero((void *)SMEM_BASE, SMEM_SIZE);
	put32(SMEM_BASE + HEADER_VERSION_SBL, VERSION);
	put32(SMEM_BASE + HEADER_INITIALIZED, 1);
	lay_out_table();
	lay_out_partition();
	add_item(ITEM_MINIDUMP - 1, 64);	/* so that it is not the only one */
	if (has_table)
		toc_lay_out(add_item(ITEM_MINIDUMP, TOC_SIZE));
}
