// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "daemon/policy/policy-internal.h"
#include "lib/file.h"
#include "lib/strv.h"
#include "lib/text.h"

#define SUFFIX	      ".conf"
#define DROPIN_SUFFIX ".conf.d"

static void file_done(struct policy_file *file)
{
	for (size_t i = 0; i < file->n_dropins; i++)
		file_done(&file->dropins[i]);
	free(file->dropins);
	free(file->name);
	free(file->path);
	strv_free(file->overridden);
}

void policy_files_done(struct policy_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		file_done(&files->items[i]);
	free(files->items);
	*files = (struct policy_files){ NULL, 0 };
}

static struct policy_file *find(const struct policy_files *files, const char *name, size_t len)
{
	for (size_t i = 0; i < files->n; i++)
		if (strncmp(files->items[i].name, name, len) == 0 && !files->items[i].name[len])
			return &files->items[i];
	return NULL;
}

/* Names go into messages, D-Bus replies and the note, so they hold nothing that means something there. */
static bool name_is_plain(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:@+")] == '\0';
}

static int add_file(struct policy_files *files, const char *dir, const char *name)
{
	struct policy_file *file = find(files, name, strlen(name)), *grown;
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}

	if (file)
		return strv_append(&file->overridden, path);
	grown = reallocarray(files->items, files->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	files->items = grown;

	grown[files->n] = (struct policy_file){ .name = strdup(name), .path = path };
	path = NULL;
	return grown[files->n++].name ? 0 : -ENOMEM;
}

static bool is_dropin_folder(const char *name)
{
	return ends_in(name, DROPIN_SUFFIX);
}

static int add_entry(struct policy_files *files, const char *dir, const char *name, char ***dropin_dirs,
		     struct diags *diags)
{
	_cleanup_free_ char *path = NULL;

	if (!name_is_plain(name))
		return diag_add(diags, dir, 0, 0, true,
				"the name of '%s' has characters other than letters, "
				"digits and -_.:@+: rename it",
				quote(name, strlen(name)).s);
	if (!is_dropin_folder(name))
		return add_file(files, dir, name);

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return strv_append(dropin_dirs, path);
}

int policy_unreadable(struct diags *diags, const char *path, const char *folder, int error)
{
	const struct passwd *user = error == EACCES ? getpwuid(geteuid()) : NULL;

	return diag_add(diags, path, 0, 0, true, "%scan't be read%s%s: %s", folder, user ? " by the user " : "",
			user ? user->pw_name : "", strerror(error));
}

static int is_relevant(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && (ends_in(entry->d_name, SUFFIX) || is_dropin_folder(entry->d_name));
}

static int by_entry_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int too_many(struct diags *diags, const char *dir, const char *first, bool folder)
{
	return diag_add(diags, dir, 0, 0, true,
			"more than %d %s: %s and those after it by name are not used, merge or "
			"remove some",
			POLICY_FILES_MAX, folder ? "folders of drop-ins" : "files", first);
}

/* In the order of their names, so that it does not depend on the file system which are one too many. */
static int read_directory(const char *dir, struct policy_files *files, char ***dropin_dirs, struct diags *diags)
{
	struct dirent **entries;
	size_t counts[2] = {};
	int n = scandir(dir, &entries, is_relevant, by_entry_name), r = 0;

	if (n < 0 && (errno == ENOENT || errno == ENOMEM))
		return errno == ENOENT ? 0 : -ENOMEM;
	if (n < 0)
		return policy_unreadable(diags, dir, "the folder ", errno);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		bool folder = is_dropin_folder(name);

		if (r >= 0 && (dropin_dirs || !folder)) {
			if (counts[folder] < POLICY_FILES_MAX)
				r = add_entry(files, dir, name, dropin_dirs, diags);
			else if (counts[folder] == POLICY_FILES_MAX)
				r = too_many(diags, dir, name, folder);
			counts[folder]++;
		}
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? r : 0;
}

static int by_name(const void *a, const void *b)
{
	const struct policy_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int read_directories(const char *const *dirs, struct policy_files *files, char ***dropin_dirs,
			    struct diags *diags)
{
	for (; *dirs; dirs++) {
		int r = read_directory(*dirs, files, dropin_dirs, diags);

		if (r < 0)
			return r;
	}

	if (files->n > 0)
		qsort(files->items, files->n, sizeof(*files->items), by_name);
	return 0;
}

/* Drop-ins of one policy, from all directories. */
static int find_dropins(const char *const *dirs, struct policy_file *file, struct diags *diags)
{
	_cleanup_(strv_freep) char **dropin_dirs = NULL;
	struct policy_files dropins = { NULL, 0 };
	int r = 0;

	for (; *dirs && r >= 0; dirs++) {
		_cleanup_free_ char *dir = NULL;

		if (asprintf(&dir, "%s/%s.d", *dirs, file->name) < 0) {
			dir = NULL;
			return -ENOMEM;
		}
		r = strv_append(&dropin_dirs, dir);
	}

	if (r >= 0 && dropin_dirs)
		r = read_directories((const char *const *)dropin_dirs, &dropins, NULL, diags);
	if (r < 0) {
		policy_files_done(&dropins);
		return r;
	}

	file->dropins = dropins.items;
	file->n_dropins = dropins.n;
	return 0;
}

int policy_files_find(const char *const *dirs, struct policy_files *ret, struct diags *diags)
{
	_cleanup_(strv_freep) char **dropin_dirs = NULL;
	int r;

	*ret = (struct policy_files){ NULL, 0 };
	r = read_directories(dirs, ret, &dropin_dirs, diags);

	for (char **dir = dropin_dirs; r >= 0 && dir && *dir; dir++) {
		const char *name = strrchr(*dir, '/') + 1;
		size_t len = strlen(name) - strlen(".d");
		struct policy_file *file = find(ret, name, len);

		if (!file)
			r = diag_add(diags, *dir, 0, 0, false,
				     "drop-ins for a policy that does not exist: create %.*s, or remove the "
				     "folder",
				     (int)len, name);
		else if (!file->dropins)
			r = find_dropins(dirs, file, diags);
	}

	if (r < 0)
		policy_files_done(ret);
	return r;
}

static int refuse(struct diags *diags, const char *path, const char *why)
{
	int r = diag_add(diags, path, 0, 0, true, "%s", why);

	return r < 0 ? r : POLICY_FILE_REFUSED;
}

/* A policy decides what leaves the kernel's memory in a dump: only the administrator's word counts. */
static int check_file(const char *path, const struct stat *st, struct diags *diags)
{
	char why[160];

	if (S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3))
		return POLICY_FILE_NULL;
	if (!S_ISREG(st->st_mode))
		return refuse(diags, path, "not a regular file: replace it with one, or with a link to /dev/null");

	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		snprintf(why, sizeof(why), "belongs to user %u, not to root: chown root", (unsigned int)st->st_uid);
		return refuse(diags, path, why);
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		snprintf(why, sizeof(why), "others than its owner can write to it (mode %04o): chmod go-w",
			 st->st_mode & 07777);
		return refuse(diags, path, why);
	}
	if (st->st_size > POLICY_FILE_SIZE_MAX) {
		snprintf(why, sizeof(why), "larger than %d KiB: this can't be a policy", POLICY_FILE_SIZE_MAX / 1024);
		return refuse(diags, path, why);
	}

	return st->st_size == 0 ? POLICY_FILE_EMPTY : POLICY_FILE_TEXT;
}

int policy_file_read(const char *path, char **ret, size_t *ret_size, struct diags *diags)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	ssize_t size;
	int type;

	/* a FIFO must not keep us waiting, a terminal must not become ours */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;

	type = check_file(path, &st, diags);
	if (type != POLICY_FILE_TEXT)
		return type;

	text = malloc(POLICY_FILE_SIZE_MAX + 1);
	if (!text)
		return -ENOMEM;

	size = pread_some(fd, text, POLICY_FILE_SIZE_MAX + 1, 0);
	if (size < 0)
		return (int)size;
	if (size > POLICY_FILE_SIZE_MAX)
		return refuse(diags, path, "grows while it is read: try again when it is written");
	/* It has shrunk since, or is a file of the kernel's. */
	if (size == 0)
		return POLICY_FILE_EMPTY;

	*ret = text;
	*ret_size = size;
	text = NULL;
	return POLICY_FILE_TEXT;
}
