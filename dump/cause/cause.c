// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dump/cause/cause.h"
#include "dump/cause/rules.h"
#include "dump/cause/signature.h"
#include "dump/log/log.h"
#include "dump/stack/backtrace.h"
#include "lib/text.h"

/* Before what is no panic's */
#define NO_PANIC "The log has no panic; the last that it reports: "

static const char panic_start[] = "Kernel panic - not syncing: ";

/* One of the kernel's reports: the line that it begins with, and which rule that line is of. */
struct found {
	const struct rule *rule;
	struct captures captures;
	size_t line;
};

struct reports {
	struct found *v;
	size_t n;
	size_t capacity;
};

/*
 * Of the lines up to the one of the panic. The first lines of one report can fit several rules, the most telling one
 * comes first: "BUG: kernel NULL pointer dereference", then "Oops: 0002 [#1]", then the task.
 */
static void find_reports(const struct log_lines *l, size_t end, struct reports *all)
{
	bool in_head = false;

	for (size_t i = 0; i < end; i++) {
		const char *line = l->v[i];
		struct found found = { .line = i };

		/* The name of a process is in the first of these: it is no beginning of anything. */
		if (!strncmp(line, "CPU: ", 5) || !strncmp(line, "---[ end ", 9)) {
			in_head = false;
			continue;
		}
		found.rule = rule_of_line(line, &found.captures);
		if (!found.rule || (found.rule->role == RULE_FAULT && in_head))
			continue;
		in_head = found.rule->role == RULE_FAULT;
		all->v = xgrow(all->v, &all->capacity, all->n + 1, sizeof(*all->v));
		all->v[all->n++] = found;
	}
}

static size_t find_panic(const struct log_lines *l)
{
	for (size_t i = l->n; i > 0; i--)
		if (!strncmp(l->v[i - 1], panic_start, strlen(panic_start)))
			return i - 1;
	return l->n;
}

/* The last one of that kind; of any, where it is NULL: then what only does not go on does not count. */
static const struct found *last_report(const struct reports *all, const char *kind)
{
	for (size_t i = all->n; i > 0; i--) {
		const struct rule *rule = all->v[i - 1].rule;

		if (kind ? !strcmp(rule->kind, kind) : rule->role == RULE_FAULT)
			return &all->v[i - 1];
	}
	return NULL;
}

static void write_says(const char *says, const struct captures *c, FILE *out)
{
	for (; *says; says++) {
		unsigned int n = (unsigned int)(says[1] - '1');

		if (*says != '$' || n >= CAPTURES_MAX) {
			fputc(*says, out);
			continue;
		}
		fprintf(out, "%.*s", c->len[n], c->start[n] ?: "");
		says++;
	}
}

static void write_function(const struct named_function *f, FILE *out)
{
	fprintf(out, "%.*s", f->len, f->name);
	if (f->module_len)
		fprintf(out, " [%.*s]", f->module_len, f->module);
}

/* "in F [MODULE], called from G": what called itself was called from elsewhere first. */
static void write_place(const struct scene *s, size_t at)
{
	const struct kernel_report *r = s->report;
	size_t caller = at + 1;

	if (at >= r->n)
		return;
	fputs(" in ", s->out);
	write_function(&r->frames[at], s->out);
	while (caller < r->n && function_same(&r->frames[at], &r->frames[caller]))
		caller++;
	if (caller == r->n)
		return;
	fputs(", called from ", s->out);
	write_function(&r->frames[caller], s->out);
}

static void write_task(const struct scene *s)
{
	const struct kernel_report *r = s->report;

	if (!r->task_line)
		return;
	if (r->in_interrupt)
		fprintf(s->out, ", in an interrupt on CPU %" PRId32, r->cpu);
	else if (r->pid)
		fprintf(s->out, ", by %.*s (PID %" PRId32 ") on CPU %" PRId32, r->comm_len, r->comm, r->pid, r->cpu);
	else
		fprintf(s->out, ", on CPU %" PRId32, r->cpu);
	if (!r->pid)
		fputs(", which was idle", s->out);
	else if (r->in_interrupt)
		fprintf(s->out, " while %.*s (PID %" PRId32 ") ran there", r->comm_len, r->comm, r->pid);
}

static void note_evidence(const struct scene *s)
{
	const struct kernel_report *r = s->report;

	strlist_addf(s->evidence, "%s", s->lines->v[r->first]);
	if (r->task_line)
		strlist_addf(s->evidence, "%s", r->task_line);
	if (r->ip_line)
		strlist_addf(s->evidence, "%s", r->ip_line);
	if (s->panic < s->lines->n && s->panic != r->first)
		strlist_addf(s->evidence, "%s", s->lines->v[s->panic]);
}

static void write_sentence(struct scene *s, const struct rule *rule, struct cause *c)
{
	size_t at = rule_place_of(rule, s->report);

	note_evidence(s);
	write_says(rule->says, &s->captures, s->out);
	if (rule->place != PLACE_NONE)
		write_place(s, at);
	if (rule->more)
		rule->more(s);
	if (rule->place != PLACE_NONE || (rule->role == RULE_FAULT && !rule->more))
		write_task(s);
	fputc('.', s->out);
	c->kind = rule->kind ?: "fault";
	c->signature = signature_of(c->kind, s->report, at);
}

/* What the log says, before which report's line the sentence is of. */
static void conclude(const struct log_lines *l, struct cause *c, FILE *out)
{
	struct kernel_report report;
	struct scene s = {
		.lines = l, .panic = find_panic(l), .report = &report, .evidence = &c->evidence, .out = out
	};
	const struct rule *rule = NULL;
	const struct found *found = NULL;
	struct reports all = { 0 };

	find_reports(l, s.panic, &all);
	if (s.panic < l->n) {
		report.first = s.panic;
		rule = rule_of_panic(l->v[s.panic] + strlen(panic_start), &s.captures);
		if (rule->role == RULE_FOLLOWS)
			found = last_report(&all, rule->kind);
	} else if (all.n) {
		found = &all.v[all.n - 1];
		fputs(NO_PANIC, out);
	}
	if (found) {
		rule = found->rule;
		s.captures = found->captures;
		report.first = found->line;
	}
	if (rule) {
		report_parse(l, report.first, &report);
		write_sentence(&s, rule, c);
	}
	free(all.v);
}

void cause_of_log(const struct log *log, struct cause *c)
{
	_cleanup_free_ char *text = NULL;
	struct log_lines l;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		out_of_memory();
	*c = (struct cause){ .kind = "unknown" };
	log_lines_of(log, &l);
	conclude(&l, c, out);
	if (fclose(out))
		out_of_memory();
	c->sentence = escape_text(text, size, TEXT_PRINTABLE);
	log_lines_clear(&l);
}

/* Where the log says nothing. */
static void write_cpus(const struct corefile *core, FILE *out)
{
	struct task_list tasks = { 0 };
	struct backtrace b;
	struct derr err;
	bool known = backtrace_open(&b, core, NULL, NULL, &err) == 0;

	tasks_read(core, &tasks, &err);
	for (size_t i = 0; i < tasks.n; i++) {
		const struct task *t = &tasks.v[i];
		_cleanup_free_ char *name = NULL;
		struct unwound w;

		if (!t->on_cpu || !t->has_cpu)
			continue;
		if (!t->pid) {
			fprintf(out, " CPU %" PRId32 " was idle.", t->cpu);
			continue;
		}
		fprintf(out, " CPU %" PRId32 " ran %s (PID %" PRId32 ")", t->cpu, t->comm, t->pid);
		if (known && unwind_task(&b.unwinder, t, &w) && w.n && !w.frames[0].unsure)
			name = backtrace_name(&b, &w.frames[0]);
		if (name)
			fprintf(out, " in %s", name);
		fputc('.', out);
	}
	tasks_clear(&tasks);
	backtrace_close(&b);
}

static char *without_a_word(const struct corefile *core, bool has_log)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		out_of_memory();
	fputs(has_log ? "Not known why: the log ends without a word about it." : "Not known why: there is no log.",
	      out);
	write_cpus(core, out);
	if (fclose(out))
		out_of_memory();
	return escape_text(text, size, TEXT_PRINTABLE);
}

void cause_read(const struct corefile *core, struct cause *c)
{
	const char *source = kv_get(&core->collect_note, "SOURCE_KIND");
	struct derr err;
	struct log log;
	bool has_log = log_read(core, &log, &err) == 0;

	cause_of_log(&log, c);
	if (source && !strcmp(source, "snapshot")) {
		cause_clear(c);
		*c = (struct cause){ .kind = "none", .sentence = xprintf("No crash: the machine ran.") };
	} else if (kv_get(&core->collect_note, "DIED") &&
		   (!*c->sentence || !strncmp(c->sentence, NO_PANIC, strlen(NO_PANIC)))) {
		char *last = c->sentence;

		c->sentence =
			xprintf("The machine went down without a word%s%s",
				*last ? "; the last that it reported: " : ".", *last ? last + strlen(NO_PANIC) : "");
		free(last);
	} else if (!*c->sentence) {
		free(c->sentence);
		c->sentence = without_a_word(core, has_log);
	}
	log_clear(&log);
}

void cause_clear(struct cause *c)
{
	free(c->sentence);
	free(c->signature);
	strlist_clear(&c->evidence);
}
