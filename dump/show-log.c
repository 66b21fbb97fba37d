// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/commands.h"
#include "lib/terminal.h"
#include "dump/log/lastwords.h"
#include "dump/log/log.h"
#include "lib/json.h"
#include "lib/text.h"

struct log_output {
	FILE *out;
	bool colour;
	struct last_words last_words; /* where there are colours */
};

/* By level, where the log tells it. */
static const char *colour_of(const struct prb_record *r)
{
	if (!r->has_level || r->level > PRB_LEVEL_WARNING)
		return "";
	return r->level == PRB_LEVEL_WARNING ? COLOUR_YELLOW : COLOUR_RED;
}

static void print_coloured(const struct log_output *o, const struct prb_record *r, const char *head, const char *line)
{
	const char *colour = colour_of(r), *bold = last_words_are(&o->last_words, r) ? COLOUR_BOLD : "";

	fprintf(o->out, COLOUR_DIM "%s" COLOUR_NORMAL " %s%s%s%s\n", head, colour, bold, line,
		*colour || *bold ? COLOUR_NORMAL : "");
}

/* The time as dmesg prints it, and in which thread on which CPU it was, if the kernel keeps that. */
static char *record_head(const struct prb_record *r)
{
	_cleanup_free_ char *time =
		xprintf("[%5" PRIu64 ".%06" PRIu64 "]", r->ts_nsec / 1000000000, r->ts_nsec / 1000 % 1000000);
	_cleanup_free_ char *comm = clean_text(r->comm);

	if (!r->has_context)
		return xstrndup(time, strlen(time));
	return xprintf("%s [C%" PRIu32 " T%" PRIu32 " %s]", time, r->cpu, r->pid, comm);
}

/* Every line of a record has its head. */
static void print_record(const struct log_output *o, const struct prb_record *r)
{
	const char *line = r->text, *end = r->text + r->text_len;
	_cleanup_free_ char *head = record_head(r);

	do {
		const char *eol = line < end ? memchr(line, '\n', end - line) : NULL;
		_cleanup_free_ char *text = escape_text(line, (eol ? eol : end) - line, terminal_text());

		if (o->colour)
			print_coloured(o, r, head, text);
		else
			fprintf(o->out, "%s %s\n", head, text);
		line = eol ? eol + 1 : end;
	} while (line < end);
}

static struct json_object *record_json(const struct prb_record *r)
{
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
	if (r->has_context) {
		json_add_u64(j, "cpu", r->cpu);
		json_add_u64(j, "pid", r->pid);
		json_add_text(j, "comm", r->comm);
	}
	json_object_object_add(j, "text", json_text(r->text, r->text_len));
	if (r->subsystem[0])
		json_add_text(j, "subsystem", r->subsystem);
	if (r->device[0])
		json_add_text(j, "device", r->device);
	return j;
}

static size_t print_records(const struct log *log, const struct log_filter *filter, bool json,
			    const struct log_output *o)
{
	size_t n = 0;

	for (size_t i = 0; i < log->n && !ferror(o->out); i++) {
		if (!log_filter_wants(filter, &log->v[i]))
			continue;
		if (json)
			json_array_item(record_json(&log->v[i]), o->out, n);
		else
			print_record(o, &log->v[i]);
		n++;
	}
	if (json)
		json_array_end(o->out, n);
	return n;
}

int show_log(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	struct log_output l = { .out = out, .colour = o->colour };
	struct log_filter filter = o->log;
	struct log log;
	int r;

	r = log_read(core, &log, err);
	if (r == 0)
		r = log_filter_prepare(&filter, &log, err);
	if (r == 0 && o->colour)
		last_words_of(&log, &l.last_words);
	if (r == 0 && !print_records(&log, &filter, o->json, &l) && log.n)
		fputs("No records: the options leave out all that are there.\n", stderr);
	if (r == 0 && log.skipped)
		fprintf(stderr,
			"Left out: %" PRIu64 " of the records, being written when the machine stopped, or damaged.\n",
			log.skipped);
	last_words_clear(&l.last_words);
	log_clear(&log);
	return r;
}
