// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "dump/collect/collect-conf.h"
#include "lib/ini.h"

static void value_number(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	uint64_t n;

	if (parse_size(value, &n) < 0 || n < key->min)
		ini_refuse(p, key, value, value);
	else
		*(uint64_t *)data = n;
}

static void value_path(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	if (strcmp(value, "auto") && strcmp(value, "none") && *value != '/')
		ini_refuse(p, key, value, value);
	else
		ini_value_text(p, key, strcmp(value, "auto") ? value : "", data);
}

static const struct ini_section sections[] = { { .name = "Collect" }, {} };
static const struct ini_word compressions[] = { { "zstd", true }, { "none", false }, {} };

#define LIMIT(limit) value_number, offsetof(struct collect_conf, limits.limit)
static const struct ini_key keys[] = {
	{ "Collect", "MaxUse", LIMIT(max_use), .expects = "a number of bytes, with K, M or G" },
	{ "Collect", "KeepFree", LIMIT(keep_free), .expects = "a number of bytes, with K, M or G" },
	{ "Collect", "MaxDumps", LIMIT(max_dumps), .min = 1, .expects = "a number from 1 on" },
	{ "Collect", "Compress", ini_value_word, offsetof(struct collect_conf, zstd), .words = compressions,
	  .expects = "zstd or none" },
	{ "Collect", "Rawdump", value_path, offsetof(struct collect_conf, rawdump),
	  .expects = "auto, none or the path of a partition" },
	{ "Collect", "Pstore", value_path, offsetof(struct collect_conf, pstore),
	  .expects = "auto, none or the path of a folder" },
	{},
};

int collect_conf_read(struct collect_conf *c, const char *path, struct derr *err)
{
	static const struct ini_format format = { .sections = sections, .keys = keys };
	_cleanup_free_ char *text = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_cleanup_fclose_ FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct diags diags = { 0 };
	size_t size = 0;
	struct stat st;
	ssize_t n;
	int r;

	*c = (struct collect_conf){ .limits = { 256 * MIB, 128 * MIB, 16 }, .zstd = true };
	if (!f && errno == ENOENT)
		return 0;
	if (!f)
		return derr_set(err, -errno, "Cannot read %s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || (!S_ISREG(st.st_mode) && st.st_rdev != makedev(1, 3)))
		return derr_set(err, -EINVAL, "Cannot read %s: it is neither a file nor /dev/null.", path);
	n = getdelim(&text, &size, '\0', f);
	if (ferror(f))
		return derr_set(err, -EIO, "Cannot read %s: %s", path, strerror(errno));
	r = ini_parse(&format, path, text, n < 0 ? 0 : n, c, &diags);
	for (size_t i = 0; i < diags.n; i++)
		strlist_addf(&c->problems, "%s:%u:%u: %s; the line has no effect", path, diags.items[i].line,
			     diags.items[i].column, diags.items[i].message);
	diags_done(&diags);
	return r < 0 ? derr_set(err, r, "Cannot read %s: %s", path, strerror(-r)) : 0;
}

void collect_conf_clear(struct collect_conf *c)
{
	free(c->rawdump);
	free(c->pstore);
	strlist_clear(&c->problems);
}
