// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/source/cpulist.h"

#define CPUS_MAX 8192

char *cpulist_read(const char *path)
{
	char buf[4096];
	ssize_t n = -1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, buf, sizeof(buf) - 1);
		close(fd);
	}
	return n > 0 ? strndup(buf, n) : NULL;
}

bool cpulist_next(const char **at, int *first, int *last)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	*first = *last = strtol(*at, &end, 10);
	if (*end == '-')
		*last = strtol(end + 1, &end, 10);
	*at = end + (*end == ',');
	return *last < CPUS_MAX;
}
