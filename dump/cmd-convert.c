// SPDX-License-Identifier: GPL-2.0-only
#include "dump/commands.h"
#include "lib/outfile.h"
#include "lib/json.h"
#include "lib/text.h"

static void print_result(const struct collection *c, const struct options *o, FILE *out)
{
	fprintf(out, "Saved %zu regions, %s, to %s.\n", c->toc.n_regions, size_text(c->toc.bytes).s, o->output);
	for (size_t i = 0; i < c->made.what.n; i++) {
		_cleanup_free_ char *safe = clean_text(c->made.what.v[i]);

		fprintf(out, "Added: %s\n", safe);
	}
	if (c->layout.gaps.n)
		fprintf(out, "%s in %zu gaps were not saved in the crash: they read as zeros there.\n",
			size_text(rangemap_total(&c->layout.gaps)).s, c->layout.gaps.n);
	for (size_t i = 0; i < c->toc.problems.n; i++) {
		_cleanup_free_ char *safe = clean_text(c->toc.problems.v[i]);

		fprintf(out, "Problem: %s\n", safe);
	}
}

static void print_result_json(const struct collection *c, const struct options *o, FILE *out)
{
	struct json_object *j = json_object_new_object();

	json_add_text(j, "output", o->output);
	json_add_text(j, "source", o->file);
	json_add_text(j, "for", o->convert.program);
	json_add_u64(j, "regions", c->toc.n_regions);
	json_add_u64(j, "region_bytes", c->toc.bytes);
	json_add_u64(j, "gaps", c->layout.gaps.n);
	json_add_u64(j, "gap_bytes", rangemap_total(&c->layout.gaps));
	json_object_object_add(j, "problems", json_list(&c->toc.problems));
	json_print(j, JSON_PRETTY, out);
	json_object_put(j);
}

int cmd_convert(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	struct outfile file = { .fd = -1 };
	struct collection c;
	int r;

	r = convert_prepare(&c, core, &o->convert, err);
	if (r == 0)
		r = outfile_open(&file, o->output, o->force, err);
	if (r == 0)
		r = collect_write(&c, file.fd, err);
	if (r == 0)
		r = outfile_commit(&file, err);
	outfile_close(&file);
	if (r == 0 && o->json)
		print_result_json(&c, o, out);
	else if (r == 0)
		print_result(&c, o, out);
	collection_clear(&c);
	return r;
}
