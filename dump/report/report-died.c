// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "dump/report/html.h"
#include "dump/report/report.h"

static const char *release(const struct report *r)
{
	const char *s = kv_get(&r->core->vmcoreinfo, "OSRELEASE");

	return s ? s : "unknown";
}

void report_title(const struct report *r)
{
	report_text(r, r->cause.sentence);
	fputs(" (Linux ", r->out);
	report_text(r, release(r));
	fputc(')', r->out);
}

void report_heading(const struct report *r)
{
	const char *when = core_crash_time(r->core);
	const struct last_words *w = &r->last_words;
	const struct kv_pair *warning;

	fputs("<h1>", r->out);
	report_text(r, r->cause.sentence);
	fputs("</h1>\n<p class=\"facts\">Linux ", r->out);
	report_text(r, release(r));
	if (when)
		fprintf(r->out, ", on %s", time_text(strtoull(when, NULL, 10)).s);
	if (!w->why_not && w->records)
		fprintf(r->out, ", %" PRIu64 ".%06" PRIu64 " seconds after boot", w->last_ts / 1000000000,
			w->last_ts / 1000 % 1000000);
	fputs("</p>\n", r->out);
	for (size_t pos = 0; (warning = kv_next(&r->core->collect_note, "WARNING", &pos));) {
		fputs("<p class=\"note\">Beware: ", r->out);
		report_text(r, warning->value);
		fputs("</p>\n", r->out);
	}
}

static void write_frame(const struct report *r, const struct frame *f)
{
	_cleanup_free_ char *name = backtrace_name(r->backtrace, f);

	fprintf(r->out, "<li%s>%s", f->unsure ? " class=\"unsure\"" : "", f->unsure ? "? " : "  ");
	if (name)
		report_text(r, name);
	else
		fprintf(r->out, "<span class=\"addr\">0x%016" PRIx64 "</span>", f->ip);
	fputs("</li>\n", r->out);
}

void report_frames(const struct report *r, const struct task *t)
{
	struct unwound w;
	const char *remark;

	if (!unwind_task(&r->backtrace->unwinder, t, &w)) {
		fputs("<p class=\"note\">Its stack is not in the dump.</p>\n", r->out);
		return;
	}
	if (w.n)
		fputs("<ol class=\"stack\" tabindex=\"0\" aria-label=\"Stack, the newest function first\">\n", r->out);
	for (size_t i = 0; i < w.n; i++)
		write_frame(r, &w.frames[i]);
	if (w.n)
		fputs("</ol>\n", r->out);
	for (size_t i = 0; (remark = unwound_remark(&w, i)); i++) {
		fputs("<p class=\"note\">", r->out);
		report_text(r, remark);
		fputs("</p>\n", r->out);
	}
}

bool report_is_crashed(const struct report *r, int32_t pid)
{
	return r->last_words.has_pid && r->last_words.pid == pid;
}

static bool has_crashed(const struct report *r, const struct task *t)
{
	return report_is_crashed(r, t->pid);
}

static void write_cpu(const struct report *r, const struct task *t)
{
	bool crashed = has_crashed(r, t);

	fprintf(r->out, "<article class=\"cpu%s\">\n<h3>", crashed ? " crashed" : "");
	if (t->has_cpu)
		fprintf(r->out, "CPU %" PRId32 ": ", t->cpu);
	report_text(r, t->comm);
	fprintf(r->out, ", PID %" PRId32 "%s</h3>\n", t->pid, crashed ? "<span class=\"tag\">crashed here</span>" : "");
	report_frames(r, t);
	fputs("</article>\n", r->out);
}

/* The one that the kernel named comes first, then the others by CPU. */
static int cmp_running(const struct report *r, const struct task *a, const struct task *b)
{
	if (has_crashed(r, a) != has_crashed(r, b))
		return has_crashed(r, a) ? -1 : 1;
	return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

static size_t running_tasks(const struct report *r, const struct task **running)
{
	size_t n = 0;

	for (size_t i = 0; i < r->tasks.n; i++) {
		size_t at;

		if (!r->tasks.v[i].on_cpu)
			continue;
		for (at = n++; at && cmp_running(r, &r->tasks.v[i], running[at - 1]) < 0; at--)
			running[at] = running[at - 1];
		running[at] = &r->tasks.v[i];
	}
	return n;
}

static void write_names_from(const struct report *r)
{
	const char *source = backtrace_source(r->backtrace);

	fputs("<p class=\"note\">", r->out);
	if (r->backtrace->kallsyms_damaged)
		fputs(KALLSYMS_DAMAGED " ", r->out);
	if (source) {
		fputs("Names of functions from ", r->out);
		report_text(r, source);
		fputs(".</p>\n", r->out);
	} else {
		fputs("No names of functions were at hand: give --vmlinux or --kallsyms.</p>\n", r->out);
	}
}

void report_died(const struct report *r)
{
	const struct task **running = xcalloc(r->tasks.n, sizeof(*running));
	size_t n = running_tasks(r, running);

	if (r->core->log)
		fputs("<p>All that was kept of the crash is the end of the kernel's log: there was no memory to look "
		      "at.</p>\n",
		      r->out);
	else if (!n)
		fputs("<p>What the CPUs were running is not in the dump. A policy with a [Current] section puts it "
		      "there.</p>\n",
		      r->out);
	if (r->last_words.has_pid && (!n || !has_crashed(r, running[0])))
		fprintf(r->out,
			"<p>The kernel named PID %" PRId32 ", which was not running any more or is not in the "
			"dump.</p>\n",
			r->last_words.pid);
	fputs("<div class=\"cpus\">\n", r->out);
	for (size_t i = 0; i < n; i++)
		write_cpu(r, running[i]);
	fputs("</div>\n", r->out);
	if (n)
		write_names_from(r);
	free(running);
}
