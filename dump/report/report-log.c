// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/report/html.h"
#include "dump/report/report.h"

static const char *class_of(const struct prb_record *rec)
{
	if (!rec->has_level || rec->level > PRB_LEVEL_WARNING)
		return "";
	return rec->level == PRB_LEVEL_WARNING ? "warn" : "err";
}

static void write_record(const struct report *r, const struct prb_record *rec)
{
	const char *line = rec->text, *end = rec->text + rec->text_len;

	fprintf(r->out, "<li class=\"%s%s\"", class_of(rec), last_words_are(&r->last_words, rec) ? " cause" : "");
	if (rec->has_level)
		fprintf(r->out, " data-level=\"%u\"", rec->level);
	fprintf(r->out, "><time>%5" PRIu64 ".%06" PRIu64 "</time><span>", rec->ts_nsec / 1000000000,
		rec->ts_nsec / 1000 % 1000000);
	while (line < end) {
		const char *eol = memchr(line, '\n', end - line);

		html_text(r->out, line, (eol ? eol : end) - line);
		if (eol)
			fputc('\n', r->out);
		line = eol ? eol + 1 : end;
	}
	fputs("</span></li>\n", r->out);
}

void report_log(const struct report *r)
{
	if (r->last_words.why_not) {
		fputs("<p class=\"problem\">", r->out);
		report_text(r, r->last_words.why_not);
		fputs("</p>\n", r->out);
		return;
	}
	if (r->log.n)
		fputs("<ol class=\"log\" tabindex=\"0\" aria-label=\"Kernel log\">\n", r->out);
	for (size_t i = 0; i < r->log.n; i++)
		write_record(r, &r->log.v[i]);
	fputs(r->log.n ? "</ol>\n" : "<p>It is empty.</p>\n", r->out);
	if (r->log.skipped)
		fprintf(r->out,
			"<p class=\"note\">Left out: %" PRIu64
			" of the records, being written when the machine stopped, or "
			"damaged.</p>\n",
			r->log.skipped);
}
