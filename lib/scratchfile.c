// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/scratchfile.h"

int scratch_open(struct derr *err)
{
	const char *folder = secure_getenv("TMPDIR");
	int fd;

	/* Not /tmp, which is often memory, and dumps can be large. */
	if (!folder || !*folder)
		folder = access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return derr_set(err, -errno, "Cannot create a temporary file in %s: %s. Name another folder in TMPDIR.",
				folder, strerror(errno));
	return fd;
}
