// SPDX-License-Identifier: GPL-2.0-only
/*
 * After a reset: walks the minidump table and saves what it names, on the host:
 *
 *	usb/md_NAME.BIN		each region, as a download over USB leaves it
 *	usb/sahara-table.bin	the region table that the Sahara protocol gives to who downloads, 64 bytes each:
 *				u64 type, address, length; char region[20], filename[20]
 *	storage/rawdump.img	the same regions as they are written to storage, see rawdump.c
 *
 * Of regions with one name all but number 0 have "_" and their sequence number behind the name. How real firmware
 * tells them apart is not public; this is a guess. Names are cut so that the file name has at most 19 bytes.
 *
 * The table is what a dying kernel left: nothing of it is trusted.
 */
#include "firmware.h"

#define ENABLED		0x454e424c	/* ENBL */
#define NOT_ENCRYPTED	0x444f4e45	/* DONE: nothing left to encrypt */
#define VALID		0x56414c49	/* VALI */

#define REGION_SIZE	40
#define REGIONS_MAX	1000

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
static uintptr_t find_regions(bool (*read_table)(struct table *), uint32_t *count)
{
	const char *why = NULL;
	struct table t;

	if (!read_table(&t)) {
		say("firmware: no minidump table\n");
		return 0;
	}
	*count = t.count;
	if (!t.initialised || t.status != 1 || t.enabled != ENABLED)
		why = "Linux has not set it up";
	else if (t.encryption != NOT_ENCRYPTED)
		why = "encryption is asked for, and this firmware has none";
	else if (t.count > REGIONS_MAX)
		why = "too many regions";
	else if (t.count && (t.base % 8 || !in_ram(t.base, t.count * REGION_SIZE)))
		why = "its regions are not in RAM";
	if (!why)
		return t.base;
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

void collect(bool (*read_table)(struct table *))
{
	uint32_t count;
	uintptr_t base;

	n_regions = 0;
	base = find_regions(read_table, &count);
	if (!base)
		return;
	walk(base, count);
	save_blobs();
	save_rawdump(regions, n_regions);
	show_saved(n_regions);
}
