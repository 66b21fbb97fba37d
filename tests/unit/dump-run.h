/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of qcmdump do with an image: collect it, look at the dump, compare. To be included after cmocka.h. */
#ifndef DUMP_RUN_H
#define DUMP_RUN_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump/collect/collect.h"
#include "dump/commands.h"

#include "dump-image.h"

/* Collects; 0 or what collect_prepare() said. The dump is then in out[64]. */
static inline int run_collect(const char *source, const struct collect_options *o, char out[64], struct collection *c,
			      struct derr *err)
{
	static const struct collect_options none;
	int fd, r;

	out[0] = '\0';
	r = collect_prepare(c, source, o ? o : &none, err);
	if (r < 0)
		return r;
	strcpy(out, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(out);
	assert_true(fd >= 0);
	r = collect_write(c, fd, err);
	close(fd);
	return r;
}

/* convert_prepare() for the dump with that path. */
static inline int prepare_convert(struct collection *c, const char *path, const struct convert_options *o,
				  struct derr *err)
{
	struct corefile core;
	int r;

	*c = (struct collection){ .img = IMAGE_CLOSED };
	r = core_open(&core, path, err);
	if (r == 0)
		r = convert_prepare(c, &core, o, err);
	core_close(&core);
	return r;
}

typedef int (*show_fn)(const struct corefile *, const struct options *, FILE *, struct derr *);

/* What a command prints about a dump; NULL and err if it fails. */
static inline char *run_show_with(show_fn show, const char *path, const struct options *o, struct derr *err)
{
	struct corefile core;
	char *text = NULL;
	size_t size;
	FILE *f;
	int r;

	r = core_open(&core, path, err);
	if (r == 0) {
		f = open_memstream(&text, &size);
		r = show(&core, o, f, err);
		fclose(f);
	}
	core_close(&core);
	if (r == 0)
		return text;
	free(text);
	return NULL;
}

static inline char *run_show(show_fn show, const char *path, bool json, bool all, struct derr *err)
{
	return run_show_with(show, path, &(struct options){ .json = json, .all = all }, err);
}

static inline bool has_problem(const struct collection *c, const char *part)
{
	for (size_t i = 0; i < c->toc.problems.n; i++)
		if (strstr(c->toc.problems.v[i], part))
			return true;
	return false;
}

static inline bool has_warning(const struct collection *c, const char *part)
{
	for (size_t i = 0; i < c->toc.warnings.n; i++)
		if (strstr(c->toc.warnings.v[i], part))
			return true;
	return false;
}

/* Collects an image that must be all right, and gives the path of the dump. */
static inline void must_collect(const struct di *d, char out[64])
{
	struct collection c;
	struct derr err = { 0 };

	if (run_collect(d->path, NULL, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < c.toc.problems.n; i++)
		fail_msg("unexpected problem: %s", c.toc.problems.v[i]);
	for (size_t i = 0; i < c.toc.warnings.n; i++)
		fail_msg("unexpected warning: %s", c.toc.warnings.v[i]);
	collection_clear(&c);
}

static inline void show_is(show_fn show, const char *path, bool json, bool all, const char *expected)
{
	struct derr err = { 0 };
	char *text = run_show(show, path, json, all, &err);

	if (!text)
		fail_msg("%s", err.text);
	assert_string_equal(text, expected);
	free(text);
}

static inline void show_fails(show_fn show, const char *path, const char *part)
{
	struct derr err = { 0 };
	char *text = run_show(show, path, false, false, &err);

	assert_null(text);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in: %s", part, err.text);
}

#endif
