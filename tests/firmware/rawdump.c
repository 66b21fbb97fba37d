// SPDX-License-Identifier: GPL-2.0-only
/*
 * The partition "rawdump", which is the file storage/rawdump.img: a header of 56 bytes, 64 bytes for each section, then
 * the data. If the file is there it is as large as the partition, and the new dump begins at the first block behind
 * those that are in it. A section that does not fit is only named. Without the file there is room for everything.
 */
#include "firmware.h"

#define PARTITION		"storage/rawdump.img"
#define BLOCK			512
#define HEADER			56
#define HEADER_DUMP_SIZE	36
#define SECTION			64
#define MAGIC			"Raw_Dmp!"
#define MAGIC_SIZE		8
#define VERSION			0x1000
#define VALID			1
#define INSUFFICIENT		2
#define TYPE_DDR		1

static bool is_dump(const char *header)
{
	int i;

	for (i = 0; i < MAGIC_SIZE; i++)
		if (header[i] != MAGIC[i])
			return false;
	return true;
}

/* Opens the partition where the next dump goes. Returns how much room is there. */
static uint64_t find_room(struct file *file)
{
	char header[HEADER];
	uint64_t size, at = 0;

	if (!file_open(file, PARTITION, FILE_UPDATE)) {
		if (!file_open(file, PARTITION, FILE_CREATE))
			die("cannot create ", PARTITION);
		return UINT64_MAX;
	}
	size = file_size(file);
	while (at + HEADER <= size) {
		uint64_t dump = 0;
		int i;

		file_seek(file, at);
		if (file_read(file, header, HEADER) != HEADER || !is_dump(header))
			break;
		for (i = 8; i; i--)
			dump = dump << 8 | (uint8_t)header[HEADER_DUMP_SIZE + i - 1];
		if (dump < HEADER || dump > size - at)
			break;
		at += (dump + BLOCK - 1) / BLOCK * BLOCK;
	}
	if (at >= size)
		return 0;
	file_seek(file, at);
	return size - at;
}

static void write_header(struct file *file, uint32_t sections, uint64_t written, uint64_t required)
{
	char buf[HEADER], *at;

	at = put_text(buf, MAGIC, MAGIC_SIZE);
	at = put(at, VERSION, 4);
	at = put(at, written < required ? INSUFFICIENT : VALID, 4);
	at = put(at, 0, 8);		/* os_data */
	at = put(at, 0, 8);		/* cpu_context */
	at = put(at, 0, 4);		/* reset_trigger */
	at = put(at, written, 8);	/* dump_size */
	at = put(at, required, 8);	/* total_size_required */
	put(at, sections, 4);
	file_write(file, buf, HEADER);
}

static void write_section(struct file *file, const struct region *r)
{
	char buf[SECTION], *at;

	at = put(buf, r->offset ? VALID : INSUFFICIENT, 4);
	at = put(at, VERSION, 4);
	at = put(at, TYPE_DDR, 4);
	at = put(at, r->offset, 8);
	at = put(at, r->size, 8);
	at = put(at, r->address, 8);
	at = put(at, 0, 8);		/* info */
	put_text(at, r->file, FILE_NAME);
	file_write(file, buf, SECTION);
}

void save_rawdump(struct region *regions, uint32_t n_regions)
{
	uint64_t written = HEADER + (uint64_t)n_regions * SECTION, required = written, room;
	struct file file;
	uint32_t i;

	room = find_room(&file);
	if (room < written) {
		say("firmware: no room for a dump in " PARTITION "\n");
		file_close(&file);
		return;
	}
	for (i = 0; i < n_regions; i++) {
		bool fits = regions[i].size <= room - written;

		regions[i].offset = fits ? written : 0;
		required += regions[i].size;
		written += fits ? regions[i].size : 0;
	}
	write_header(&file, n_regions, written, required);
	for (i = 0; i < n_regions; i++)
		write_section(&file, &regions[i]);
	for (i = 0; i < n_regions; i++)
		if (regions[i].offset)
			file_write(&file, (const void *)regions[i].address, regions[i].size);
	file_close(&file);
}
