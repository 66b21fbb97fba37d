// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dump/core/flatfile.h"
#include "lib/alloc.h"
#include "lib/file.h"
#include "lib/progress.h"
#include "lib/scratchfile.h"
#include "lib/size.h"

#define MAGIC	    "makedumpfile"
#define HEADER_SIZE 4096
#define TYPE	    1
#define VERSION	    1
#define CHUNK	    MIB

/* How much larger than all its pieces the file may be: writers skip little, and a damaged place is anywhere. */
#define HOLES_MAX GIB

/* Big-endian, as all numbers of it */
struct header {
	char magic[16];
	uint64_t type, version;
};

struct piece {
	uint64_t offset; /* END: there are no more */
	uint64_t size;
};
#define END UINT64_MAX

bool flat_detect(int fd, uint64_t size)
{
	static const char magic[16] = MAGIC;
	struct header h;

	return size >= sizeof(h) && pread_full(fd, &h, sizeof(h), 0) == 0 && !memcmp(h.magic, magic, sizeof(magic));
}

static int cut_off(const char *path, struct derr *err)
{
	return derr_set(err, -EIO, "%s is a flattened kdump file that is cut off or damaged. Copy it again.", path);
}

static int copy_piece(int from, uint64_t pos, const struct piece *p, int to, char *buf, const char *path,
		      struct derr *err)
{
	for (uint64_t done = 0, n; done < p->size; done += n) {
		int r;

		n = p->size - done < CHUNK ? p->size - done : CHUNK;
		r = pread_full(from, buf, n, pos + done);
		if (r < 0)
			return derr_set(err, r, "Cannot read %s: %s", path, strerror(-r));
		/* Not sparsely: what comes later replaces what was there. */
		r = pwrite_full(to, buf, n, p->offset + done);
		if (r < 0)
			return derr_set(err, r, "Cannot put %s in order in a temporary file: %s", path, strerror(-r));
	}
	return 0;
}

static int put_in_order(int from, uint64_t size, int to, uint64_t *end, const char *path, struct derr *err)
{
	_cleanup_free_ char *buf = xcalloc(CHUNK, 1);
	struct progress progress;
	struct piece p;
	int r = 0;

	progress_start(&progress, "Putting in order", size);
	for (uint64_t pos = HEADER_SIZE; r == 0; pos += p.size) {
		if (pos > size || size - pos < sizeof(p) || pread_full(from, &p, sizeof(p), pos) < 0) {
			r = cut_off(path, err);
			break;
		}
		p.offset = be64toh(p.offset);
		p.size = be64toh(p.size);
		pos += sizeof(p);
		if (p.offset == END)
			break;
		if (!p.size || p.size > size - pos || p.offset > size + HOLES_MAX) {
			r = cut_off(path, err);
			break;
		}
		r = copy_piece(from, pos, &p, to, buf, path, err);
		if (p.offset + p.size > *end)
			*end = p.offset + p.size;
		progress_at(&progress, pos);
	}
	progress_end(&progress);
	return r;
}

int flat_open(int fd, const char *path, uint64_t *size, struct derr *err)
{
	uint64_t end = 0;
	struct header h;
	int to, r;

	if (pread_full(fd, &h, sizeof(h), 0) < 0 || be64toh(h.type) != TYPE || be64toh(h.version) != VERSION)
		return derr_set(
			err, -EINVAL,
			"%s is a flattened kdump file that is damaged, or of a type or version that qcmdump does "
			"not know. makedumpfile may put it in order: makedumpfile -R NEW <%s",
			path, path);
	to = scratch_open(err);
	if (to < 0)
		return to;
	r = put_in_order(fd, *size, to, &end, path, err);
	if (r == 0 && !end)
		r = derr_set(err, -ENODATA, "%s is a flattened kdump file that has nothing in it.", path);
	if (r < 0) {
		close(to);
		return r;
	}
	*size = end;
	return to;
}
