// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/outfile.h"
#include "lib/scratchfile.h"

/* Who reads what it writes loses both. */
static struct input {
	dev_t dev;
	ino_t ino;
} * inputs;
static size_t n_inputs, room_for_inputs;

void outfile_spare(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return;
	inputs = xgrow(inputs, &room_for_inputs, n_inputs + 1, sizeof(*inputs));
	inputs[n_inputs++] = (struct input){ .dev = st.st_dev, .ino = st.st_ino };
}

static bool is_input(const struct stat *st)
{
	for (size_t i = 0; i < n_inputs; i++)
		if (inputs[i].dev == st->st_dev && inputs[i].ino == st->st_ino)
			return true;
	return false;
}

/* The folder of a path, "." where it has none. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrndup(".", 1);
	return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int exists_error(const char *path, struct derr *err)
{
	return derr_set(err, -EEXIST, "%s exists already. Replace it with --force, or give another name with -o.",
			path);
}

static char *temp_template(const char *path)
{
	_cleanup_free_ char *folder = folder_of(path);

	return xprintf("%s/.qcmdump.XXXXXX", folder);
}

/* What is there under the name, if anything is. */
static int check_name(const char *path, const char *folder, bool replace, struct derr *err)
{
	struct stat st, in;

	if (stat(path, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return derr_set(err, -EISDIR, "%s is a directory. Give the name of a file with -o.", path);
	if (is_input(&st) || (stat(folder, &in) == 0 && is_input(&in)))
		return derr_set(err, -EEXIST,
				"%s is one of the files that this is made from. Give another name with -o.", path);
	if (!replace)
		return exists_error(path, err);
	if (!S_ISREG(st.st_mode))
		return derr_set(err, -EINVAL, "%s is no regular file. Give another name with -o.", path);
	return 0;
}

/* It is written at any place, which a pipe does not take. */
static int open_for_stdout(struct outfile *f, struct derr *err)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) == 0 && is_input(&st))
		return derr_set(err, -EEXIST, "Standard output is one of the files that this is made from.");
	if (isatty(STDOUT_FILENO))
		return derr_set(err, -EINVAL,
				"This is not for a terminal. Redirect it, or give the name of a file with -o.");
	f->to_stdout = true;
	f->fd = scratch_open(err);
	return f->fd < 0 ? f->fd : 0;
}

int outfile_open(struct outfile *f, const char *path, bool replace, struct derr *err)
{
	_cleanup_free_ char *folder = folder_of(path);
	int r;

	*f = (struct outfile){ .fd = -1, .replace = replace };
	if (outfile_is_stdout(path))
		return open_for_stdout(f, err);
	r = check_name(path, folder, replace, err);
	if (r < 0)
		return r;
	f->path = xstrndup(path, strlen(path));
	/* What has no name yet needs no cleaning up, however this program ends. Dumps are private: mode 0600. */
	f->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (f->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
		f->temp = temp_template(path);
		f->fd = mkostemp(f->temp, O_CLOEXEC);
	}
	if (f->fd < 0)
		return derr_set(err, -errno, "Cannot create a file in %s: %s", folder, strerror(errno));
	return 0;
}

/* A temporary name for what has none yet. */
static int give_temp_name(struct outfile *f, const char *proc)
{
	for (int tries = 0; tries < 100; tries++) {
		char *temp = temp_template(f->path);
		int fd = mkostemp(temp, O_CLOEXEC);

		if (fd < 0) {
			free(temp);
			return -errno;
		}
		close(fd);
		/* The name was free a moment ago; linkat() says so if somebody else takes it. */
		unlink(temp);
		if (linkat(AT_FDCWD, proc, AT_FDCWD, temp, AT_SYMLINK_FOLLOW) == 0) {
			f->temp = temp;
			return 0;
		}
		free(temp);
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int give_name(struct outfile *f)
{
	char proc[32];
	int r;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", f->fd);
	if (f->replace) {
		r = f->temp ? 0 : give_temp_name(f, proc);
		if (r < 0)
			return r;
		if (rename(f->temp, f->path) < 0)
			return -errno;
		free(f->temp);
		f->temp = NULL;
		return 0;
	}
	if (f->temp)
		return link(f->temp, f->path) < 0 ? -errno : 0;
	return linkat(AT_FDCWD, proc, AT_FDCWD, f->path, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int copy_to_stdout(const struct outfile *f, struct derr *err)
{
	char buf[65536];
	off_t pos = 0;
	ssize_t n;

	while ((n = pread(f->fd, buf, sizeof(buf), pos)) > 0) {
		if (fwrite(buf, 1, n, stdout) != (size_t)n)
			break;
		pos += n;
	}
	if (n || fflush(stdout))
		return derr_set(err, -errno, "Cannot write to standard output: %s", strerror(errno));
	return 0;
}

int outfile_commit(struct outfile *f, struct derr *err)
{
	_cleanup_free_ char *folder = f->path ? folder_of(f->path) : NULL;
	_cleanup_close_ int dir = -1;
	int r;

	if (f->to_stdout)
		return copy_to_stdout(f, err);
	if (fsync(f->fd) < 0)
		return derr_set(err, -errno, "Cannot write %s: %s", f->path, strerror(errno));
	r = give_name(f);
	if (r == -EEXIST)
		return exists_error(f->path, err);
	if (r < 0)
		return derr_set(err, r, "Cannot create %s: %s", f->path, strerror(-r));
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		fsync(dir);
	return 0;
}

void outfile_close(struct outfile *f)
{
	if (f->temp)
		unlink(f->temp);
	closep(&f->fd);
	free(f->temp);
	free(f->path);
	*f = (struct outfile){ .fd = -1 };
}
