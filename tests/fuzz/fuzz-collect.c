// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memory image of any content: the table is looked for, read and collected.
 *
 * The input is the start of an image of 1 MiB that is zero from there on. Where its first page is a table header, its
 * checksum is made right, which no mutation would get right by itself; bit 0 of the last byte of the input leaves it.
 * With bit 1 the start of the image is also the registers of a table.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "dump/collect/collect.h"
#include "lib/file.h"

#define IMAGE_SIZE MIB

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int make_image(const uint8_t *data, size_t size)
{
	struct minidump_ram_header h;
	int fd = memfd_create("image", 0);

	if (fd < 0 || ftruncate(fd, IMAGE_SIZE) < 0 || pwrite_full(fd, data, size, 0) < 0)
		abort();
	if (size > sizeof(h) && !(data[size - 1] & 1)) {
		memcpy(&h, data, sizeof(h));
		h.crc32 = crc32(0, (const Bytef *)&h, offsetof(struct minidump_ram_header, crc32));
		if (pwrite_full(fd, &h, sizeof(h), 0) < 0)
			abort();
	}
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct collect_options options = { 0 };
	struct collection c;
	struct derr err;
	char path[32];
	int fd, out;

	if (size > 64 * KIB)
		return 0;
	fd = make_image(data, size);
	out = memfd_create("dump", 0);
	if (out < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (size && data[size - 1] & 2)
		options.image.registers = path;
	if (collect_prepare(&c, path, &options, &err) == 0)
		collect_write(&c, out, &err);
	collection_clear(&c);
	close(out);
	close(fd);
	return 0;
}
