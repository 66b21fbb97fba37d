// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "output.h"
#include "prb.h"

struct log_output {
	FILE *out;
	size_t n;
};

/* As dmesg prints it; every line of a record has its time. */
static void print_record(void *arg, const struct prb_record *r)
{
	struct log_output *o = arg;
	const char *line = r->text, *end = r->text + r->text_len;

	o->n++;
	do {
		const char *eol = line < end ? memchr(line, '\n', end - line) : NULL;
		_cleanup_free_ char *text = escape_text(line, (eol ? eol : end) - line);

		fprintf(o->out, "[%5" PRIu64 ".%06" PRIu64 "] %s\n", r->ts_nsec / 1000000000,
			r->ts_nsec / 1000 % 1000000, text);
		line = eol ? eol + 1 : end;
	} while (line < end);
}

static void print_record_json(void *arg, const struct prb_record *r)
{
	struct log_output *o = arg;
	struct json_object *j = json_object_new_object();
	char caller[16];

	json_add_u64(j, "seq", r->seq);
	json_add_u64(j, "timestamp_ns", r->ts_nsec);
	if (r->has_level)
		json_add_u64(j, "level", r->level);
	if (r->has_facility)
		json_add_u64(j, "facility", r->facility);
	if (r->has_caller) {
		snprintf(caller, sizeof(caller), "%c%" PRIu32, r->caller & PRB_CALLER_CPU ? 'C' : 'T',
			 r->caller & ~PRB_CALLER_CPU);
		json_add_text(j, "caller", caller);
	}
	json_object_object_add(j, "text", json_text(r->text, r->text_len));
	if (r->subsystem[0])
		json_add_text(j, "subsystem", r->subsystem);
	if (r->device[0])
		json_add_text(j, "device", r->device);
	json_array_item(j, o->out, o->n++);
}

int show_log(const struct corefile *core, const struct show_options *o, FILE *out, struct derr *err)
{
	struct log_output l = { .out = out };
	uint64_t skipped;
	int r;

	r = prb_walk(core, o->json ? print_record_json : print_record, &l, &skipped, err);
	if (r < 0)
		return r;
	if (o->json)
		json_array_end(out, l.n);
	if (skipped)
		fprintf(stderr,
			"Left out: %" PRIu64 " of the records, being written when the machine stopped, or damaged.\n",
			skipped);
	return 0;
}
