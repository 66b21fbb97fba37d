// SPDX-License-Identifier: GPL-2.0-only
/* A rawdump partition of any content: the input is its start behind the magic number. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/collect/collect.h"
#include "dump/image/rawdump.h"
#include "lib/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct collect_options options = { 0 };
	struct collection c;
	struct derr err;
	char path[32];
	int fd, out;

	if (!size || size > 64 * KIB)
		return 0;
	/* The last byte: which dump */
	options.image.dump = data[--size] % 4;
	fd = memfd_create("partition", 0);
	out = memfd_create("dump", 0);
	if (fd < 0 || out < 0 || pwrite_full(fd, RAWDUMP_MAGIC, 8, 0) < 0 || pwrite_full(fd, data, size, 8) < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (collect_prepare(&c, path, &options, &err) == 0)
		collect_write(&c, out, &err);
	collection_clear(&c);
	close(out);
	close(fd);
	return 0;
}
