// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/log/log.h"
#include "dump/report/html.h"
#include "dump/report/report.h"

static void style(const struct report *r)
{
	fputs(report_css, r->out);
}

static void script(const struct report *r)
{
	fputs(report_js, r->out);
}

/* What stands for @NAME@ in the template. */
static const struct {
	const char *name;
	void (*write)(const struct report *r);
} parts[] = {
	{ "title", report_title },	 { "style", style },
	{ "heading", report_heading },	 { "died", report_died },
	{ "timeline", report_timeline }, { "log", report_log },
	{ "tasks", report_tasks },	 { "captured", report_captured },
	{ "footer", report_footer },	 { "script", script },
};

static bool write_part(const struct report *r, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (strlen(parts[i].name) != len || memcmp(parts[i].name, name, len))
			continue;
		parts[i].write(r);
		return true;
	}
	return false;
}

void report_text(const struct report *r, const char *s)
{
	html_text(r->out, s, strlen(s));
}

void report_write(const struct corefile *core, const struct backtrace *b, FILE *out)
{
	struct report r = { .core = core, .backtrace = b, .out = out };
	const char *p = report_html, *at;
	struct derr no_tasks, err;
	int no_log;

	no_log = log_read(core, &r.log, &err);
	cause_read(core, &r.cause);
	last_words_of(&r.log, &r.last_words);
	if (no_log)
		r.last_words.why_not = xstrndup(err.text, strlen(err.text));
	if (core_need_collected(core, &no_tasks) < 0 || tasks_read(core, &r.tasks, &no_tasks) < 0)
		r.no_tasks = xstrndup(no_tasks.text, strlen(no_tasks.text));
	while ((at = strchr(p, '@'))) {
		const char *end = strchr(at + 1, '@');

		fwrite(p, 1, at - p, out);
		p = end && write_part(&r, at + 1, end - at - 1) ? end + 1 : at + 1;
	}
	fputs(p, out);
	cause_clear(&r.cause);
	last_words_clear(&r.last_words);
	log_clear(&r.log);
	tasks_clear(&r.tasks);
	free(r.no_tasks);
}
