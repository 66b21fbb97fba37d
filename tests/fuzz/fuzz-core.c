// SPDX-License-Identifier: GPL-2.0-only
/* A dump of any content, looked at with every command. The input is the file. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/commands.h"
#include "lib/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct corefile *core, FILE *out, bool json)
{
	struct options o = { .json = json, .all = true };
	struct derr err;

	show_info(core, &o, out, &err);
	show_log(core, &o, out, &err);
	show_regions(core, &o, out, &err);
	show_stack(core, &o, out, &err);
	show_tasks(core, &o, out, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *out;
	struct corefile core;
	struct derr err;
	char path[32];
	int fd = memfd_create("core", 0);

	if (!out)
		out = fopen("/dev/null", "w");
	if (!out || fd < 0 || pwrite_full(fd, data, size, 0) < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (core_open(&core, path, &err) == 0) {
		look(&core, out, false);
		look(&core, out, true);
	}
	core_close(&core);
	close(fd);
	return 0;
}
