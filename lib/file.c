// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"

ssize_t pread_some(int fd, void *buf, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)buf + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

int pread_full(int fd, void *buf, size_t size, uint64_t offset)
{
	ssize_t n = pread_some(fd, buf, size, offset);

	return n < 0 ? (int)n : (size_t)n < size ? -EIO : 0;
}

int pwrite_full(int fd, const void *buf, size_t size, uint64_t offset)
{
	const char *p = buf;

	while (size > 0) {
		ssize_t n = pwrite(fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		offset += n;
		size -= n;
	}
	return 0;
}

bool all_zero(const char *buf, size_t n)
{
	return !n || (!buf[0] && !memcmp(buf, buf + 1, n - 1));
}

int pwrite_sparse(int fd, const char *buf, size_t size, uint64_t offset)
{
	int r = 0;

	for (size_t done = 0, n; done < size && r == 0; done += n) {
		n = size - done < SPARSE_BLOCK ? size - done : SPARSE_BLOCK;
		if (!all_zero(buf + done, n))
			r = pwrite_full(fd, buf + done, n, offset + done);
	}
	return r;
}
