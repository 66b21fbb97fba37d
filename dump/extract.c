// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/commands.h"
#include "lib/outfile.h"
#include "lib/json.h"
#include "lib/text.h"

/* A message names as many regions. */
#define CANDIDATES_MAX 12

/* NAME, or NAME_SEQ, as regions lists them. */
static bool is_called(const struct region *r, const char *wanted)
{
	_cleanup_free_ char *name = clean_text(r->name);
	size_t n = strlen(name);
	char seq[16];

	snprintf(seq, sizeof(seq), "_%" PRIu32, r->seq);
	return !strncmp(wanted, name, n) && (!wanted[n] || !strcmp(wanted + n, seq));
}

static bool is_among(const struct region *const *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i]->name, name))
			return true;
	return false;
}

/* Candidates as "A, B, ..."; with their numbers where the name alone is not enough. */
static char *candidates_text(const struct region *const *v, size_t n, bool with_seq)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return xstrndup("", 0);
	for (size_t i = 0; i < n && i < CANDIDATES_MAX; i++) {
		_cleanup_free_ char *name = clean_text(v[i]->name);

		fprintf(f, "%s%s", i ? ", " : "", name);
		if (with_seq)
			fprintf(f, "_%" PRIu32, v[i]->seq);
	}
	if (n > CANDIDATES_MAX)
		fputs(", and more (qcmdump regions lists them)", f);
	fclose(f);
	return text;
}

static int no_such_region(const struct corefile *core, const char *wanted, struct derr *err)
{
	const struct region *v[CANDIDATES_MAX + 1] = { 0 };
	_cleanup_free_ char *names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < core->n_regions && n < ARRAY_LEN(v); i++)
		if (!is_among(v, n, core->regions[i].name))
			v[n++] = &core->regions[i];
	names = candidates_text(v, n, false);
	return derr_set(err, -ENOENT, "There is no region %s in the dump. There are: %s", wanted, n ? names : "none");
}

static const struct region *find_region(const struct corefile *core, const char *wanted, struct derr *err)
{
	const struct region *v[CANDIDATES_MAX + 1] = { 0 };
	_cleanup_free_ char *names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < core->n_regions && n < ARRAY_LEN(v); i++)
		if (is_called(&core->regions[i], wanted))
			v[n++] = &core->regions[i];
	if (n == 1)
		return v[0];
	if (!n) {
		no_such_region(core, wanted, err);
		return NULL;
	}
	names = candidates_text(v, n, true);
	derr_set(err, -EINVAL, "There are several regions %s. Choose one of: %s", wanted, names);
	return NULL;
}

static int write_bytes(const struct corefile *core, const struct region *r, FILE *to, struct derr *err)
{
	char buf[65536];

	for (uint64_t pos = 0, n; pos < r->size; pos += n) {
		int e;

		n = r->size - pos < sizeof(buf) ? r->size - pos : sizeof(buf);
		e = rangemap_read(&core->phys, core->fd, r->paddr + pos, buf, n);
		if (e < 0)
			return derr_set(err, e, "Cannot read %s: %s", core->path, strerror(-e));
		if (fwrite(buf, 1, n, to) != n)
			return derr_set(err, -errno, "Cannot write the region: %s", strerror(errno));
	}
	if (fflush(to))
		return derr_set(err, -errno, "Cannot write the region: %s", strerror(errno));
	return 0;
}

static int save(const struct corefile *core, const struct region *region, const struct options *o, struct derr *err)
{
	struct outfile f;
	FILE *to;
	int r;

	r = outfile_open(&f, o->output, o->force, err);
	if (r == 0) {
		to = fdopen(dup(f.fd), "w");
		r = to ? write_bytes(core, region, to, err) :
			 derr_set(err, -errno, "Cannot write %s: %s", o->output, strerror(errno));
		if (to)
			fclose(to);
	}
	if (r == 0)
		r = outfile_commit(&f, err);
	outfile_close(&f);
	return r;
}

static void print_result(const struct region *region, const struct options *o, FILE *out)
{
	_cleanup_free_ char *name = clean_text(region->name);
	struct json_object *j;

	if (!o->json) {
		fprintf(out, "Saved the %" PRIu64 " bytes of %s_%" PRIu32 " to %s.\n", region->size, name, region->seq,
			o->output);
		return;
	}
	j = json_object_new_object();
	json_add_text(j, "output", o->output);
	json_add_text(j, "name", region->name);
	json_add_u64(j, "seq", region->seq);
	json_add_u64(j, "size", region->size);
	json_print(j, JSON_PRETTY, out);
	json_object_put(j);
}

int extract_region(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	const struct region *region = find_region(core, o->extract, err);
	int r;

	if (!region)
		return -ENOENT;
	if (region->missing)
		return derr_set(err, -EIO, "The region %s is cut off: the file ends before it. Copy the dump again.",
				o->extract);
	r = save(core, region, o, err);
	if (r == 0)
		print_result(region, o, out);
	return r;
}
