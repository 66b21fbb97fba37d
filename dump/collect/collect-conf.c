// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "dump/collect/collect-conf.h"
#include "lib/text.h"

struct line {
	const char *key, *value;
	const char *path;
	unsigned int number;
};

static void wrong(struct collect_conf *c, const struct line *l, const char *wanted)
{
	_cleanup_free_ char *key = escape_text(l->key, strnlen(l->key, 60), TEXT_ASCII);

	strlist_addf(&c->problems, "%s:%u: %s: %s; the line has no effect", l->path, l->number, key, wanted);
}

static void set_number(struct collect_conf *c, const struct line *l, uint64_t *ret, uint64_t min, const char *wanted)
{
	uint64_t n;

	if (parse_size(l->value, &n) < 0 || n < min)
		wrong(c, l, wanted);
	else
		*ret = n;
}

static void set_path(struct collect_conf *c, const struct line *l, char **ret, const char *wanted)
{
	if (strcmp(l->value, "auto") && strcmp(l->value, "none") && l->value[0] != '/') {
		wrong(c, l, wanted);
		return;
	}
	free(*ret);
	*ret = NULL;
	if (strcmp(l->value, "auto"))
		*ret = l->value[0] == '/' ? xstrndup(l->value, strlen(l->value)) : xstrndup("", 0);
}

static void set(struct collect_conf *c, const struct line *l)
{
	static const char bytes[] = "expected a number of bytes, with K, M or G";

	if (!strcmp(l->key, "MaxUse"))
		set_number(c, l, &c->limits.max_use, 0, bytes);
	else if (!strcmp(l->key, "KeepFree"))
		set_number(c, l, &c->limits.keep_free, 0, bytes);
	else if (!strcmp(l->key, "MaxDumps"))
		set_number(c, l, &c->limits.max_dumps, 1, "expected a number from 1 on");
	else if (!strcmp(l->key, "Rawdump"))
		set_path(c, l, &c->rawdump, "expected auto, none or the path of a partition");
	else if (!strcmp(l->key, "Pstore"))
		set_path(c, l, &c->pstore, "expected auto, none or the path of a folder");
	else if (strcmp(l->key, "Compress"))
		wrong(c, l, "unknown key, expected MaxUse, KeepFree, MaxDumps, Compress, Rawdump or Pstore");
	else if (strcmp(l->value, "zstd") && strcmp(l->value, "none"))
		wrong(c, l, "expected zstd or none");
	else
		c->zstd = !strcmp(l->value, "zstd");
}

static char *strip(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	for (n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--)
		;
	s[n] = '\0';
	return s;
}

static void read_line(struct collect_conf *c, const char *path, unsigned int number, char *text)
{
	struct line l = { .key = strip(text), .path = path, .number = number };
	char *value;

	if (!*l.key || *l.key == '#' || *l.key == ';' || !strcmp(l.key, "[Collect]"))
		return;
	value = strchr(l.key, '=');
	if (!value) {
		wrong(c, &l, "expected [Collect] or KEY=VALUE");
		return;
	}
	*value = '\0';
	l.key = strip((char *)l.key);
	l.value = strip(value + 1);
	set(c, &l);
}

int collect_conf_read(struct collect_conf *c, const char *path, struct derr *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "re");
	int r = 0;

	*c = (struct collect_conf){ .limits = { 256 * MIB, 128 * MIB, 16 }, .zstd = true };
	if (!f && errno == ENOENT)
		return 0;
	if (!f)
		return derr_set(err, -errno, "Cannot read %s: %s", path, strerror(errno));
	for (unsigned int number = 1; getline(&text, &size, f) >= 0; number++)
		read_line(c, path, number, text);
	if (ferror(f))
		r = derr_set(err, -EIO, "Cannot read %s: %s", path, strerror(errno));
	fclose(f);
	return r;
}

void collect_conf_clear(struct collect_conf *c)
{
	free(c->rawdump);
	free(c->pstore);
	strlist_clear(&c->problems);
}
