// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/image/blobs.h"
#include "dump/image/piece-list.h"
#include "lib/file.h"
#include "lib/outfile.h"

/* Where a file is in the sequence. */
struct part {
	char *file;
	uint64_t start;
	uint64_t size;
};

struct blobs {
	int dir;
	int fd; /* of the part that was read last, or -1 */
	size_t current;
	struct part *parts;
	size_t n;
};

/* O_NONBLOCK: a FIFO must not hold us up; it is no regular file and refused later. */
static int open_part(const struct blobs *b, const char *file, struct stat *st)
{
	int fd = openat(b->dir, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* A list of addresses, if it is one. */
static void read_places(const struct blobs *b, const char *file, struct pieces *pieces)
{
	_cleanup_free_ char *buf = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;

	fd = open_part(b, file, &st);
	if (fd < 0 || !st.st_size || (uint64_t)st.st_size > PLACES_FILE_MAX)
		return;
	buf = xcalloc(st.st_size, 1);
	if (pread_full(fd, buf, st.st_size, 0) == 0)
		places_read(file, buf, st.st_size, pieces);
}

static void add_part(struct blobs *b, struct piece *p, uint64_t start, struct strlist *problems)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	uint64_t end;

	fd = open_part(b, p->file, &st);
	/* Sizes of real files are far from 64 bits, but file systems can be made to say anything. */
	if (fd >= 0 && __builtin_add_overflow(start, (uint64_t)st.st_size, &end)) {
		strlist_addf(problems, "%s is impossibly large", p->file);
		return;
	}
	if (fd < 0) {
		strlist_addf(problems, "%s cannot be read: %s", p->file,
			     fd == -EINVAL ? "it is no regular file" : strerror(-fd));
		return;
	}
	p->offset = start;
	p->size = st.st_size;
	b->parts[b->n++] = (struct part){ .file = p->file, .start = start, .size = p->size };
	outfile_spare(fd);
}

static void add_parts(struct blobs *b, struct pieces *pieces, struct strlist *problems)
{
	uint64_t start = 0;

	b->parts = xcalloc(pieces->n, sizeof(*b->parts));
	for (size_t i = 0; i < pieces->n; i++) {
		add_part(b, &pieces->v[i], start, problems);
		start += pieces->v[i].size;
	}
}

static bool is_piece(const char *file)
{
	return !strncasecmp(file, "md_", 3);
}

static int no_pieces(const char *path, struct derr *err)
{
	return derr_set(err, -ENOENT,
			"No md_*.BIN files in %s. Give the folder that a download of the minidump (for example "
			"`qdl ramdump -o FOLDER`) wrote to, or the file that the memory was saved to.",
			path);
}

int blobs_open(struct blobs **ret, const char *path, struct pieces *pieces, struct strlist *problems, struct derr *err)
{
	struct blobs *b = *ret = xcalloc(1, sizeof(*b));
	struct dirent **entries;
	int n;

	b->fd = -1;
	b->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = b->dir < 0 ? -1 : scandirat(b->dir, ".", &entries, visible, versionsort);
	if (n < 0)
		return derr_set(err, -errno, "Cannot read the folder %s: %s", path, strerror(errno));
	outfile_spare(b->dir);
	for (int i = 0; i < n; i++)
		if (is_piece(entries[i]->d_name))
			pieces_add(pieces, entries[i]->d_name, sizeof(entries[i]->d_name));
	pieces_sort(pieces);
	add_parts(b, pieces, problems);
	for (int i = 0; i < n; i++) {
		if (!is_piece(entries[i]->d_name))
			read_places(b, entries[i]->d_name, pieces);
		free(entries[i]);
	}
	free(entries);
	if (pieces->ignored)
		strlist_addf(problems, "%zu files are beyond the first %d and were not looked at", pieces->ignored,
			     PIECES_MAX);
	return pieces->n ? 0 : no_pieces(path, err);
}

void blobs_close(struct blobs *b)
{
	if (!b)
		return;
	closep(&b->fd);
	closep(&b->dir);
	free(b->parts);
	free(b);
}

static size_t find_part(const struct blobs *b, uint64_t offset)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->parts[mid].start + b->parts[mid].size <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int blobs_read(struct blobs *b, uint64_t offset, void *buf, size_t size)
{
	char *p = buf;

	for (size_t i = find_part(b, offset), n; size; i++, p += n, offset += n, size -= n) {
		const struct part *part = &b->parts[i];
		struct stat st;
		int r;

		if (i == b->n)
			return -EFAULT;
		n = part->start + part->size - offset;
		if (n > size)
			n = size;
		/* One open file at a time: there may be more files than descriptors. */
		if (b->fd < 0 || b->current != i) {
			closep(&b->fd);
			b->current = i;
			b->fd = open_part(b, part->file, &st);
			if (b->fd < 0)
				return b->fd;
		}
		r = pread_full(b->fd, p, n, offset - part->start);
		if (r < 0)
			return r;
	}
	return 0;
}
