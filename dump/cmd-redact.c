// SPDX-License-Identifier: GPL-2.0-only
#include "dump/commands.h"
#include "dump/core/zstdfile.h"
#include "lib/json.h"
#include "lib/outfile.h"

static void print_result(const struct redaction *x, const struct options *o, FILE *out)
{
	fprintf(out, "Saved %zu regions, %s, to %s.\n", x->c.toc.n_regions, size_text(x->c.toc.bytes).s, o->output);
	for (size_t i = 0; i < x->n_removed; i++)
		fprintf(out, "Removed: %s, %zu region%s, %s: %s\n", x->removed[i].name, x->removed[i].regions,
			x->removed[i].regions == 1 ? "" : "s", size_text(x->removed[i].bytes).s, x->removed[i].why);
	for (size_t i = 0; i < x->blanked.n; i++)
		fprintf(out, "Blanked: %s\n", x->blanked.v[i]);
	for (size_t i = 0; i < x->c.toc.problems.n; i++)
		fprintf(out, "Problem: %s\n", x->c.toc.problems.v[i]);
}

static struct json_object *removed_json(const struct redaction *x)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < x->n_removed; i++) {
		struct json_object *j = json_object_new_object();

		json_add_text(j, "name", x->removed[i].name);
		json_add_u64(j, "regions", x->removed[i].regions);
		json_add_u64(j, "bytes", x->removed[i].bytes);
		json_add_text(j, "why", x->removed[i].why);
		json_object_array_add(list, j);
	}
	return list;
}

static void print_result_json(const struct redaction *x, const struct options *o, FILE *out)
{
	struct json_object *j = json_object_new_object();

	json_add_text(j, "output", o->output);
	json_add_text(j, "source", o->file);
	json_add_u64(j, "regions", x->c.toc.n_regions);
	json_add_u64(j, "region_bytes", x->c.toc.bytes);
	json_object_object_add(j, "removed", removed_json(x));
	json_object_object_add(j, "blanked", json_list(&x->blanked));
	json_object_object_add(j, "problems", json_list(&x->c.toc.problems));
	json_print(j, JSON_PRETTY, out);
	json_object_put(j);
}

int cmd_redact(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	struct outfile file = { .fd = -1 };
	struct redaction x;
	int r;

	r = redact_prepare(&x, core, &o->redact, err);
	if (r == 0)
		r = outfile_open(&file, o->output, o->force, err);
	if (r == 0)
		r = o->zstd ? zstd_write(collect_write, &x.c, file.fd, err) : collect_write(&x.c, file.fd, err);
	if (r == 0)
		r = outfile_commit(&file, err);
	outfile_close(&file);
	if (r == 0 && o->json)
		print_result_json(&x, o, out);
	else if (r == 0)
		print_result(&x, o, out);
	redaction_clear(&x);
	return r;
}
