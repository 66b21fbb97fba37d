// SPDX-License-Identifier: GPL-2.0-only
/*
 * A folder of md_*.BIN files whose ELF header and list of addresses are the input. The first two bytes say how long the
 * list is, the third what kind of list: load.cmm, dump_info.txt or a binary table. The other files are always the same.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/collect/collect.h"
#include "lib/file.h"

static const char *const fixed[] = { "md_KBUF.BIN",  "md_KTASK.BIN",   "md_KTASK_1.BIN", "md_KTASK_2.BIN",
				     "md_KINFO.BIN", "md_TZ_IMEM.BIN", "md_2d_KBUF.BIN" };
static const char *const lists[] = { "load.cmm", "dump_info.txt", "table" };

static char folder[] = "/tmp/qcmd-fuzz-XXXXXX";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(const char *file, const void *data, size_t size)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || pwrite_full(fd, data, size, 0) < 0) {
		perror(path);
		abort();
	}
	close(fd);
}

static void drop(const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	unlink(path);
}

static void remove_folder(void)
{
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		drop(fixed[i]);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		drop(lists[i]);
	drop("md_KELF_HEADER.BIN");
	rmdir(folder);
}

static void make_folder(void)
{
	/* A VMCOREINFO note without an address */
	static const char note[] = "\13\0\0\0\4\0\0\0\0\0\0\0VMCOREINFO\0\0A=1\n";

	if (!mkdtemp(folder)) {
		perror(folder);
		abort();
	}
	atexit(remove_folder);
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		put(fixed[i], note, i == 4 ? sizeof(note) - 1 : 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct collect_options options;
	struct collection c;
	struct derr err;
	size_t length;
	int out;

	if (size < 3 || size > 64 * KIB)
		return 0;
	if (folder[sizeof(folder) - 2] == 'X')
		make_folder();
	length = data[0] | data[1] << 8;
	if (length > size - 3)
		length = size - 3;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		drop(lists[i]);
	put(lists[data[2] % ARRAY_LEN(lists)], data + 3, length);
	put("md_KELF_HEADER.BIN", data + 3 + length, size - 3 - length);
	out = memfd_create("dump", 0);
	if (out < 0)
		abort();
	if (collect_prepare(&c, folder, &options, &err) == 0)
		collect_write(&c, out, &err);
	collection_clear(&c);
	close(out);
	return 0;
}
