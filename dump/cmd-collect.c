// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "dump/commands.h"
#include "lib/outfile.h"
#include "lib/json.h"
#include "dump/image/guest.h"
#include "dump/image/rawdump.h"
#include "dump/core/zstdfile.h"
#include "lib/text.h"

static void print_list(const struct strlist *l, const char *one, const char *many, FILE *out)
{
	size_t n = l->n + l->left_out;

	if (n)
		fprintf(out, "%zu %s:\n", n, n == 1 ? one : many);
	for (size_t i = 0; i < l->n; i++) {
		_cleanup_free_ char *safe = clean_text(l->v[i]);

		fprintf(out, "  %s\n", safe);
	}
	if (l->left_out)
		fprintf(out, "  and %zu more\n", l->left_out);
}

static void print_result(const struct collection *c, const struct guest_copy *copy, const struct options *o, FILE *out)
{
	struct size_text size = size_text(c->toc.bytes);
	_cleanup_free_ char *format = image_format(&c->img);

	if (!c->img.snapshot)
		fprintf(out, "%s is %s.\n", o->file, format);
	if (image_has_registers(&c->img))
		fprintf(out, "Table behind the registers in %s (back end %s): %u slots in use.\n",
			o->collect.image.registers, collect_backend(c), c->toc.slots_used);
	else if (!image_has_pieces(&c->img))
		fprintf(out, "Table at 0x%" PRIx64 " (back end %s%s): %u of %u slots in use.\n", c->toc.header,
			collect_backend(c), c->toc.from == TOC_FROM_KERNEL ? ", by the kernel's list of modules" : "",
			c->toc.slots_used, c->toc.slots_max);
	for (size_t i = 0; i < c->toc.warnings.n; i++) {
		_cleanup_free_ char *safe = clean_text(c->toc.warnings.v[i]);

		fprintf(out, "Beware: %s\n", safe);
	}
	if (image_has_pieces(&c->img))
		fprintf(out, "Saved %zu regions%s, %s, to %s.\n", c->toc.n_regions,
			c->img.snapshot ? " of the running machine" : " that firmware left", size.s, o->output);
	else
		fprintf(out, "Saved %zu regions, %s (%.2f %% of %s), to %s.\n", c->toc.n_regions, size.s,
			(double)c->toc.bytes * 100 / (double)c->ram, size_text(c->ram).s, o->output);
	if (copy->problem)
		fprintf(out, "Beware: %s\n", copy->problem);
	else if (o->qmp)
		fprintf(out, "The machine stood still for %.1f s, and is as it was.\n",
			(double)copy->stopped_ms / 1000);
	print_list(&c->toc.problems, "problem", "problems", out);
	print_list(&c->img.left_out, "thing left out, no part of the minidump",
		   "things left out, no part of the minidump", out);
	fprintf(out, "Look at it with: qcmdump info %s\n", o->output);
}

static void print_result_json(const struct collection *c, const struct guest_copy *copy, const struct options *o,
			      FILE *out)
{
	struct json_object *j = json_object_new_object();
	_cleanup_free_ char *format = image_format(&c->img);

	json_add_text(j, "output", o->output);
	json_add_text(j, "source", o->qmp ?: o->file);
	json_add_text(j, "source_kind", image_kind_name(&c->img));
	json_add_text(j, "source_format", format);
	json_add_text(j, "backend", collect_backend(c));
	if (!image_has_pieces(&c->img)) {
		json_add_u64(j, "slots_used", c->toc.slots_used);
		if (!image_has_registers(&c->img)) {
			json_add_u64(j, "table", c->toc.header);
			json_add_u64(j, "slots_max", c->toc.slots_max);
		}
	}
	json_add_u64(j, "regions", c->toc.n_regions);
	json_add_u64(j, "region_bytes", c->toc.bytes);
	if (c->ram)
		json_add_u64(j, "memory_bytes", c->ram);
	if (o->qmp) {
		json_add_u64(j, "stopped_ms", copy->stopped_ms);
		json_object_object_add(j, "as_it_was", json_object_new_boolean(!copy->problem));
	}
	json_object_object_add(j, "warnings", json_list(&c->toc.warnings));
	json_object_object_add(j, "problems", json_list(&c->toc.problems));
	json_add_u64(j, "problems_left_out", c->toc.problems.left_out);
	json_object_object_add(j, "left_out", json_list(&c->img.left_out));
	json_print(j, JSON_PRETTY, out);
	json_object_put(j);
}

static void print_dump(const struct rawdump *d, unsigned int number, FILE *out)
{
	const struct rawdump_header *h = &d->header;

	fprintf(out, "%4u  0x%010" PRIx64 "  %8u  %14" PRIu64 "  %14" PRIu64 "  %s%s\n", number, d->at, h->sections,
		h->dump_size, h->size_required, rawdump_state(d), d->wiped ? ", marked as copied" : "");
}

static void print_dump_json(const struct rawdump *d, unsigned int number, struct json_object *list)
{
	struct json_object *j = json_object_new_object();

	json_add_u64(j, "dump", number);
	json_add_u64(j, "offset", d->at);
	json_add_u64(j, "sections", d->header.sections);
	json_add_u64(j, "size", d->header.dump_size);
	json_add_u64(j, "size_required", d->header.size_required);
	json_add_text(j, "state", rawdump_state(d));
	json_object_object_add(j, "copied", json_object_new_boolean(d->wiped));
	json_object_array_add(list, j);
}

static int list_dumps(const struct options *o, FILE *out, struct derr *err)
{
	struct rawdump *dumps = xcalloc(RAWDUMPS_MAX, sizeof(*dumps));
	struct json_object *list = o->json ? json_object_new_array() : NULL;
	_cleanup_close_ int fd = -1;
	uint64_t size;
	int n;

	fd = n = dumpfile_open(o->file, &size, NULL, err);
	if (n >= 0 && !rawdump_detect(fd, size))
		n = derr_set(err, -EINVAL, "%s is no rawdump partition: it does not start with \"%s\".", o->file,
			     RAWDUMP_MAGIC);
	if (n >= 0)
		n = rawdump_list(fd, o->file, size, dumps, err);
	if (n >= 0 && !o->json)
		fprintf(out, "DUMP  %12s  SECTIONS  %14s  %14s  STATE\n", "OFFSET", "SIZE", "NEEDED");
	for (int i = 0; i < n; i++) {
		if (o->json)
			print_dump_json(&dumps[i], i + 1, list);
		else
			print_dump(&dumps[i], i + 1, out);
	}
	if (n >= 0 && o->json)
		json_print(list, JSON_PRETTY, out);
	json_object_put(list);
	free(dumps);
	return n < 0 ? n : 0;
}

/* Of a file, or of a guest, whose copy has to live as long as the collection. */
static int prepare(struct collection *c, struct guest_copy *copy, const struct options *o, struct derr *err)
{
	struct qmp q;
	int r;

	if (!o->qmp)
		return collect_prepare(c, o->file, &o->collect, err);
	r = qmp_open(&q, o->qmp, err);
	if (r == 0)
		r = guest_copy(&q, copy, err);
	qmp_close(&q);
	return r < 0 ? r : collect_guest(c, copy, o->qmp, &o->collect, err);
}

int cmd_collect(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	struct outfile file = { .fd = -1 };
	struct collection c = { .img = IMAGE_CLOSED };
	struct guest_copy copy = { .fd = -1 };
	int r;

	if (o->list)
		return list_dumps(o, out, err);
	/* Before the search, which may take a minute. */
	if (!o->force && !outfile_is_stdout(o->output) && access(o->output, F_OK) == 0)
		return derr_set(err, -EEXIST,
				"%s exists already. Replace it with --force, or give another name with -o.", o->output);
	r = prepare(&c, &copy, o, err);
	if (r == 0)
		r = outfile_open(&file, o->output, o->force, err);
	if (r == 0)
		r = o->zstd ? zstd_write(collect_write, &c, file.fd, err) : collect_write(&c, file.fd, err);
	if (r == 0)
		r = outfile_commit(&file, err);
	outfile_close(&file);
	if (r == 0 && o->json)
		print_result_json(&c, &copy, o, out);
	else if (r == 0)
		print_result(&c, &copy, o, out);
	collection_clear(&c);
	guest_copy_clear(&copy);
	return r;
}
