// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/commands.h"
#include "lib/outfile.h"
#include "lib/json.h"
#include "dump/report/report.h"

static int save(const struct options *o, const struct corefile *core, const struct backtrace *b, struct derr *err)
{
	struct outfile file = { .fd = -1 };
	FILE *out;
	int r;

	r = outfile_open(&file, o->output, o->force, err);
	if (r < 0)
		return r;
	out = fdopen(dup(file.fd), "w");
	if (!out) {
		r = derr_set(err, -errno, "Cannot write %s: %s", o->output, strerror(errno));
	} else {
		report_write(core, b, out);
		if (ferror(out) | fclose(out))
			r = derr_set(err, -EIO, "Cannot write %s: %s", o->output, strerror(errno));
	}
	if (r == 0)
		r = outfile_commit(&file, err);
	outfile_close(&file);
	return r;
}

int cmd_report(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	struct json_object *j;
	struct backtrace b;
	int r;

	r = backtrace_open(&b, core, o->vmlinux, o->kallsyms, err);
	if (r == 0)
		r = save(o, core, &b, err);
	backtrace_close(&b);
	if (r == 0 && o->json) {
		j = json_object_new_object();
		json_add_text(j, "output", o->output);
		json_add_text(j, "source", o->file);
		json_print(j, JSON_PRETTY, out);
		json_object_put(j);
	} else if (r == 0) {
		fprintf(out, "Saved the report to %s. Open it with a browser.\n", o->output);
	}
	return r;
}
