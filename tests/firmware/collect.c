// SPDX-License-Identifier: GPL-2.0-only
/*
 * After a reset: walks the minidump table and saves what it names, on the host:
 *
 *	usb/md_NAME.BIN		each region, as a download over USB leaves it
 *	usb/sahara-table.bin	the region table that the Sahara protocol gives to who downloads, 64 bytes each:
 *				u64 type, address, length; char region[20], filename[20]
 *	storage/rawdump.img	the same regions as they are written to storage: a header of 56 bytes, 64 bytes for
 *				each section, then the data
 *
 * Of regions with one name all but number 0 have "_" and their sequence number behind the name. How real firmware
 * tells them apart is not public; this is a guess. Names are cut so that the file name has at most 19 bytes.
 *
 * The table is what a dying kernel left: nothing of it is trusted.
 */
#include "firmware.h"

#define SUBSYSTEM	16	/* number 0, of Linux */
#define SS_STATUS	(SUBSYSTEM + 0)
#define SS_ENABLED	(SUBSYSTEM + 4)
#define SS_ENCRYPTION	(SUBSYSTEM + 8)
#define SS_COUNT	(SUBSYSTEM + 16)
#define SS_BASE		(SUBSYSTEM + 24)

#define ENABLED		0x454e424c	/* ENBL */
#define NOT_ENCRYPTED	0x444f4e45	/* DONE: nothing left to encrypt */
#define VALID		0x56414c49	/* VALI */

#define REGION_SIZE	40
#define REGION_NAME	16
#define REGIONS_MAX	1000
#define FILE_NAME	20

struct region {
	char name[REGION_NAME + 1];
	char file[FILE_NAME];
	uint32_t seq;
	uint64_t address;
	uint64_t size;
};

static struct region regions[REGIONS_MAX];
static uint32_t n_regions;

void skip_region(uint32_t slot, const char *why)
{
	say("firmware: region ");
	say_number(slot);
	say(" is skipped: ");
	say(why);
	say("\n");
}

/* Where the region array is; 0: there is nothing to collect. */
static uintptr_t find_regions(uint32_t *count)
{
	uint32_t size;
	uintptr_t toc = smem_find(SMEM_ITEM_MINIDUMP, &size), base;
	const char *why = NULL;

	if (!toc || size < TOC_SIZE) {
		say("firmware: no minidump table\n");
		return 0;
	}
	base = get64(toc + SS_BASE);
	*count = get32(toc + SS_COUNT);
	if (!get32(toc) || get32(toc + SS_STATUS) != 1 || get32(toc + SS_ENABLED) != ENABLED)
		why = "Linux has not set it up";
	else if (get32(toc + SS_ENCRYPTION) != NOT_ENCRYPTED)
		why = "encryption is asked for, and this firmware has none";
	else if (*count > REGIONS_MAX)
		why = "too many regions";
	else if (*count && (base % 8 || !in_ram(base, *count * REGION_SIZE)))
		why = "its regions are not in RAM";
	if (!why)
		return base;
	say("firmware: the minidump table is not used: ");
	say(why);
	say("\n");
	return 0;
}

static bool read_name(struct region *r, uintptr_t at)
{
	int i;

	for (i = 0; i < REGION_NAME; i++) {
		r->name[i] = *(volatile char *)(at + i);
		if (!r->name[i])
			break;
		if (!in_file_name(r->name[i]))
			return false;
	}
	r->name[i] = 0;
	return i > 0;
}

static void name_file(struct region *r)
{
	char number[12] = "", *at, *end = number;

	if (r->seq)
		end = append_number(append(number, number + sizeof(number), "_"), number + sizeof(number), r->seq);
	at = append(r->file, r->file + FILE_NAME, "md_");
	at = append(at, r->file + FILE_NAME - (end - number) - 4, r->name);
	at = append(at, r->file + FILE_NAME, number);
	append(at, r->file + FILE_NAME, ".BIN");
}

static const char *read_region(struct region *r, uintptr_t at)
{
	uint32_t i;

	if (get32(at + 20) != VALID)
		return "it is not valid";
	if (!read_name(r, at))
		return "its name is damaged";
	r->seq = get32(at + 16);
	r->address = get64(at + 24);
	r->size = get64(at + 32);
	if (!in_ram(r->address, r->size))
		return "it is not in RAM";
	name_file(r);
	for (i = 0; i < n_regions; i++)
		if (equal(regions[i].file, r->file))
			return "another one has the same file name";
	return NULL;
}

void show_region(uint32_t slot, const char *name, uint32_t seq, uint64_t address, uint64_t size, const char *file)
{
	say("firmware: region ");
	say_number(slot);
	say(" ");
	say(name);
	say(" ");
	say_number(seq);
	say(" ");
	say_hex(address);
	say(" ");
	say_number(size);
	say(" ");
	say(file);
	say("\n");
}

void show_saved(uint32_t count)
{
	say("firmware: saved ");
	say_number(count);
	say(" regions\n");
}

static void walk(uintptr_t base, uint32_t count)
{
	uint32_t slot;

	for (slot = 0; slot < count; slot++) {
		struct region *r = &regions[n_regions];
		const char *why = read_region(r, base + slot * REGION_SIZE);

		if (why) {
			skip_region(slot, why);
			continue;
		}
		show_region(slot, r->name, r->seq, r->address, r->size, r->file);
		n_regions++;
	}
}

/* Layouts without padding are put together byte by byte, little-endian. */
static char *put(char *to, uint64_t value, int bytes)
{
	for (; bytes; bytes--, value >>= 8)
		*to++ = value;
	return to;
}

static char *put_text(char *to, const char *text, int bytes)
{
	for (; bytes; bytes--)
		*to++ = *text ? *text++ : 0;
	return to;
}

static void save_blobs(void)
{
	char name[FILE_NAME + 4], *end = name + sizeof(name), entry[64], *at;
	struct file table, blob;
	uint32_t i;

	file_create(&table, "usb/sahara-table.bin");
	for (i = 0; i < n_regions; i++) {
		const struct region *r = &regions[i];

		at = put(entry, 1, 8);
		at = put(at, r->address, 8);
		at = put(at, r->size, 8);
		at = put_text(at, "md_", 3);
		at = put_text(at, r->name, 17);
		put_text(at, r->file, FILE_NAME);
		file_write(&table, entry, sizeof(entry));

		append(append(name, end, "usb/"), end, r->file);
		file_create(&blob, name);
		file_write(&blob, (const void *)r->address, r->size);
		file_close(&blob);
	}
	file_close(&table);
}

#define RAWDUMP_HEADER		56
#define RAWDUMP_SECTION		64
#define RAWDUMP_VERSION		0x1000
#define RAWDUMP_VALID		1
#define RAWDUMP_DDR		1

static void save_rawdump(void)
{
	uint64_t offset = RAWDUMP_HEADER + (uint64_t)n_regions * RAWDUMP_SECTION, total = offset;
	char buf[RAWDUMP_SECTION], *at;
	struct file file;
	uint32_t i;

	for (i = 0; i < n_regions; i++)
		total += regions[i].size;
	file_create(&file, "storage/rawdump.img");
	at = put_text(buf, "Raw_Dmp!", 8);
	at = put(at, RAWDUMP_VERSION, 4);
	at = put(at, RAWDUMP_VALID, 4);
	at = put(at, 0, 8);		/* os_data */
	at = put(at, 0, 8);		/* cpu_context */
	at = put(at, 0, 4);		/* reset_trigger */
	at = put(at, total, 8);		/* dump_size */
	at = put(at, total, 8);		/* total_size_required */
	put(at, n_regions, 4);
	file_write(&file, buf, RAWDUMP_HEADER);

	for (i = 0; i < n_regions; i++) {
		at = put(buf, RAWDUMP_VALID, 4);
		at = put(at, RAWDUMP_VERSION, 4);
		at = put(at, RAWDUMP_DDR, 4);
		at = put(at, offset, 8);
		at = put(at, regions[i].size, 8);
		at = put(at, regions[i].address, 8);
		at = put(at, 0, 8);	/* info */
		put_text(at, regions[i].file, FILE_NAME);
		file_write(&file, buf, RAWDUMP_SECTION);
		offset += regions[i].size;
	}
	for (i = 0; i < n_regions; i++)
		file_write(&file, (const void *)regions[i].address, regions[i].size);
	file_close(&file);
}

void collect(void)
{
	uint32_t count;
	uintptr_t base;

	n_regions = 0;
	base = find_regions(&count);
	if (!base)
		return;
	walk(base, count);
	save_blobs();
	save_rawdump();
	show_saved(n_regions);
}
