// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "lib/file.h"
#include "lib/outfile.h"
#include "dump/collect/store.h"
#include "dump/core/zstdfile.h"

#define TIME_FORMAT "%Y%m%dT%H%M%SZ"
#define TIME_LENGTH 16
#define KNOWN_FILE  "collected"
#define KNOWN_MAX   1000

/* The digits of the identity in a name; NULL: it is no name of a dump. */
static const char *id_in_name(const char *name)
{
	const char *id = name + TIME_LENGTH + 1, *suffix = id + IDENTITY_TEXT - 1;

	if (strspn(name, "0123456789TZ") != TIME_LENGTH || name[TIME_LENGTH] != '-' ||
	    strspn(id, "0123456789abcdef") != IDENTITY_TEXT - 1)
		return NULL;
	return !strcmp(suffix, ".elf") || !strcmp(suffix, ".elf.zst") ? id : NULL;
}

static int cmp_dump(const void *a, const void *b)
{
	return strcmp(((const struct stored_dump *)a)->name, ((const struct stored_dump *)b)->name);
}

static void forget_list(struct store *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	s->n = 0;
}

static int list_dumps(struct store *s)
{
	int fd = dup(s->dir);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		closep(&fd);
		return -errno;
	}
	/* The descriptor shares its position with the one that was read before. */
	rewinddir(dir);
	forget_list(s);
	while ((e = readdir(dir))) {
		const char *id = id_in_name(e->d_name);
		struct stored_dump *d;
		struct stat st;

		if (!id || fstatat(s->dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		s->v = xgrow(s->v, &s->capacity, s->n + 1, sizeof(*s->v));
		d = &s->v[s->n++];
		*d = (struct stored_dump){ .name = xstrndup(e->d_name, strlen(e->d_name)),
					   .size = (uint64_t)st.st_blocks * 512 };
		memcpy(d->id, id, IDENTITY_TEXT - 1);
	}
	closedir(dir);
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), cmp_dump);
	return 0;
}

/* Lines ID=1; a file that is too long was not written here. */
static int read_known(struct store *s, struct derr *err)
{
	_cleanup_close_ int fd = openat(s->dir, KNOWN_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char buf[KNOWN_MAX * (IDENTITY_TEXT + 2) + 1];
	struct stat st;
	ssize_t n;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
		return derr_set(err, -EINVAL, "%s/" KNOWN_FILE " is no regular file. Remove it.", s->path);
	n = fd < 0 ? 0 : read(fd, buf, sizeof(buf));
	kv_parse(&s->known, buf, n > 0 ? n : 0);
	return 0;
}

int store_open(struct store *s, const char *path, bool change, struct derr *err)
{
	int r;

	*s = (struct store){ .dir = -1, .path = xstrndup(path, strlen(path)) };
	s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return derr_set(err, -errno, "Cannot open the folder of the dumps, %s: %s", path, strerror(errno));
	if (change && flock(s->dir, LOCK_EX) < 0)
		return derr_set(err, -errno, "Cannot lock %s: %s", path, strerror(errno));
	r = list_dumps(s);
	if (r < 0)
		return derr_set(err, r, "Cannot list the dumps in %s: %s", path, strerror(-r));
	return read_known(s, err);
}

void store_close(struct store *s)
{
	closep(&s->dir);
	forget_list(s);
	free(s->v);
	free(s->path);
	kv_clear(&s->known);
	*s = (struct store){ .dir = -1 };
}

const struct stored_dump *store_find(const struct store *s, const char *what, struct derr *err)
{
	const struct stored_dump *found = NULL;
	size_t n = strlen(what);

	if (s->n && !strcmp(what, "latest"))
		return &s->v[s->n - 1];
	for (size_t i = 0; i < s->n && n; i++) {
		if (strncmp(s->v[i].id, what, n))
			continue;
		if (found) {
			derr_set(err, -EINVAL, "Several dumps begin with '%s'. Give more of the ID.", what);
			return NULL;
		}
		found = &s->v[i];
	}
	if (!found)
		derr_set(err, -ENOENT,
			 s->n ? "There is no dump '%s'. 'qcmdctl dumps' lists them." :
				"There is no dump '%s': none was collected yet.",
			 what);
	return found;
}

char *store_path(const struct store *s, const struct stored_dump *d)
{
	return xprintf("%s/%s", s->path, d->name);
}

bool store_knows(const struct store *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].id, id))
			return true;
	return kv_get(&s->known, id);
}

/* All of the file anew: it is there as it was, or with the new line. */
int store_remember(struct store *s, const char *id, struct derr *err)
{
	_cleanup_free_ char *path = xprintf("%s/" KNOWN_FILE, s->path), *text = NULL;
	size_t first = s->known.n < KNOWN_MAX ? 0 : s->known.n - KNOWN_MAX + 1, size;
	FILE *f = open_memstream(&text, &size);
	struct outfile out;
	int r;

	if (!f)
		return derr_set(err, -ENOMEM, "Cannot write %s: %s", path, strerror(ENOMEM));
	for (size_t i = first; i < s->known.n; i++)
		fprintf(f, "%s=1\n", s->known.pairs[i].key);
	fprintf(f, "%s=1\n", id);
	fclose(f);
	r = outfile_open(&out, path, true, err);
	if (r == 0) {
		r = pwrite_full(out.fd, text, size, 0);
		if (r < 0)
			derr_set(err, r, "Cannot write %s: %s", path, strerror(-r));
	}
	if (r == 0)
		r = outfile_commit(&out, err);
	outfile_close(&out);
	kv_clear(&s->known);
	kv_parse(&s->known, text, size);
	list_dumps(s);
	return r;
}

char *store_new_path(const struct store *s, const char *id, uint64_t seconds, bool zstd)
{
	char when[TIME_LENGTH + 1];
	time_t t = (time_t)seconds;
	struct tm tm;

	/* A year of more than four digits is no time of a crash. */
	if (!gmtime_r(&t, &tm) || strftime(when, sizeof(when), TIME_FORMAT, &tm) != TIME_LENGTH)
		strcpy(when, "19700101T000000Z");
	return xprintf("%s/%s-%s.elf%s", s->path, when, id, zstd ? ".zst" : "");
}

static uint64_t free_bytes(const struct store *s)
{
	struct statvfs st;

	return fstatvfs(s->dir, &st) < 0 ? 0 : (uint64_t)st.f_bavail * st.f_frsize;
}

int store_make_room(struct store *s, uint64_t size, const struct store_limits *limits, struct derr *err)
{
	uint64_t use = size, available = free_bytes(s);
	size_t gone = 0, kept;
	int r = list_dumps(s);

	if (r < 0)
		return derr_set(err, r, "Cannot list the dumps in %s: %s", s->path, strerror(-r));
	kept = s->n;
	for (size_t i = 0; i < s->n; i++)
		use += s->v[i].size;
	while (gone < s->n &&
	       (use > limits->max_use || kept + 1 > limits->max_dumps || available < limits->keep_free)) {
		use -= s->v[gone].size;
		available += s->v[gone].size;
		gone++;
		kept--;
	}
	if (use > limits->max_use)
		return derr_set(err, -EFBIG, "The dump has %" PRIu64 " bytes, which is more than MaxUse=.", size);
	if (available < limits->keep_free)
		return derr_set(err, -ENOSPC,
				"The disk of %s is too full for another dump: KeepFree= would not be kept. Make room, "
				"and start qcmd-collect.service again.",
				s->path);
	for (size_t i = 0; i < gone; i++)
		if (unlinkat(s->dir, s->v[i].name, 0) < 0)
			return derr_set(err, -errno, "Cannot remove %s: %s", s->v[i].name, strerror(errno));
	return 0;
}

int store_save(struct store *s, const char *path, bool zstd, int (*write)(void *data, int fd, struct derr *err),
	       void *data, const struct store_limits *limits, struct derr *err)
{
	struct outfile out;
	struct stat st;
	int r = outfile_open(&out, path, false, err);

	if (r == 0)
		r = zstd ? zstd_write(write, data, out.fd, err) : write(data, out.fd, err);
	if (r == 0 && (fsync(out.fd) < 0 || fstat(out.fd, &st) < 0))
		r = derr_set(err, -errno, "Cannot write %s: %s", path, strerror(errno));
	if (r == 0)
		r = store_make_room(s, (uint64_t)st.st_blocks * 512, limits, err);
	if (r == 0)
		r = outfile_commit(&out, err);
	outfile_close(&out);
	return r;
}
