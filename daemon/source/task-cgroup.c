// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "daemon/source/task-cgroup.h"
#include "lib/strv.h"

void cgroup_patterns_done(struct cgroup_patterns *p)
{
	p->globs = strv_free(p->globs);
}

static size_t index_of(const struct cgroup_patterns *p, const char *glob)
{
	size_t i = 0;

	while (p->globs && p->globs[i] && strcmp(p->globs[i], glob) != 0)
		i++;
	return i;
}

int cgroup_patterns_add(struct cgroup_patterns *p, char *const *globs)
{
	for (; globs && *globs; globs++) {
		size_t n = strv_length(p->globs);
		int r;

		if (index_of(p, *globs) < n)
			continue;
		if (n == CGROUP_PATTERNS_MAX)
			return -E2BIG;
		r = strv_append(&p->globs, *globs);
		if (r < 0)
			return r;
	}
	return 0;
}

uint64_t cgroup_patterns_bits(const struct cgroup_patterns *p, char *const *globs)
{
	size_t n = strv_length(p->globs), i;
	uint64_t bits = 0;

	for (; globs && *globs; globs++) {
		i = index_of(p, *globs);
		bits |= i < n ? UINT64_C(1) << i : 0;
	}
	return bits;
}

uint64_t cgroup_patterns_match(const struct cgroup_patterns *p, const char *path)
{
	uint64_t bits = 0;

	for (size_t i = 0; p->globs && p->globs[i]; i++)
		if (fnmatch(p->globs[i], path, FNM_PATHNAME | FNM_PERIOD) == 0)
			bits |= UINT64_C(1) << i;
	return bits;
}

/* Where the unified hierarchy is: alone, or beside those of version 1. */
static const char *root_of_hierarchy(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
			return places[i];
	return NULL;
}

static int scan_one(const char *root, const char *pattern, uint64_t bit,
		    int (*found)(uint64_t id, uint64_t bits, void *userdata), void *userdata)
{
	_cleanup_free_ char *full = NULL;
	glob_t paths = {};
	struct stat st;
	int r;

	if (asprintf(&full, "%s%s", root, pattern) < 0) {
		full = NULL;
		return -ENOMEM;
	}
	r = glob(full, GLOB_ONLYDIR | GLOB_NOSORT, NULL, &paths);
	r = r == GLOB_NOSPACE ? -ENOMEM : 0;
	/* The inode's number is the cgroup's id. */
	for (size_t i = 0; i < paths.gl_pathc && r >= 0; i++)
		if (stat(paths.gl_pathv[i], &st) == 0 && S_ISDIR(st.st_mode))
			r = found(st.st_ino, bit, userdata);
	globfree(&paths);
	return r;
}

int cgroup_patterns_scan(const struct cgroup_patterns *p, int (*found)(uint64_t id, uint64_t bits, void *userdata),
			 void *userdata)
{
	const char *root = root_of_hierarchy();
	int r = 0;

	if (!root && p->globs)
		return -EOPNOTSUPP;
	for (size_t i = 0; p->globs && p->globs[i] && r >= 0; i++)
		r = scan_one(root, p->globs[i], UINT64_C(1) << i, found, userdata);
	return r;
}
