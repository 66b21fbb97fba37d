// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/core/cpuregs.h"
#include "dump/report/html.h"
#include "dump/report/report.h"

static void task_row(const struct report *r, const struct task *t)
{
	const char *word;

	task_state(t, &word);
	fprintf(r->out, "<tr><td class=\"n\">%" PRId32 "</td><td class=\"n\">", t->pid);
	if (t->has_ppid)
		fprintf(r->out, "%" PRId32, t->ppid);
	else
		fputc('?', r->out);
	fputs("</td><td class=\"n\">", r->out);
	if (t->has_cpu)
		fprintf(r->out, "%" PRId32 "%s", t->cpu, t->on_cpu ? "*" : "");
	else
		fputc('?', r->out);
	fprintf(r->out, "</td><td>%s</td><td>", word);
	if (rangemap_covers(&r->core->virt, t->stack, 1)) {
		fputs("<details><summary>", r->out);
		report_text(r, t->comm);
		fputs("</summary>\n", r->out);
		report_frames(r, t);
		fputs("</details>", r->out);
	} else {
		report_text(r, t->comm);
	}
	fputs("</td></tr>\n", r->out);
}

void report_tasks(const struct report *r)
{
	if (r->no_tasks) {
		fputs("<p class=\"problem\">", r->out);
		report_text(r, r->no_tasks);
		fputs("</p>\n", r->out);
		return;
	}
	fputs("<div class=\"scroll\"><table>\n<caption>", r->out);
	fprintf(r->out, "The %zu tasks in the dump. * was running there. Those that open have their stack in the dump.",
		r->tasks.n);
	fputs("</caption>\n<thead><tr><th scope=\"col\" class=\"n\">PID</th><th scope=\"col\" class=\"n\">Parent</th>"
	      "<th scope=\"col\" class=\"n\">CPU</th><th scope=\"col\">State</th><th scope=\"col\">Name</th></tr>"
	      "</thead>\n"
	      "<tbody>\n",
	      r->out);
	for (size_t i = 0; i < r->tasks.n; i++)
		task_row(r, &r->tasks.v[i]);
	fputs("</tbody></table></div>\n", r->out);
}

static void fact(const struct report *r, const char *label, const char *value)
{
	fprintf(r->out, "<dt>%s</dt><dd>", label);
	report_text(r, value ? value : "unknown");
	fputs("</dd>\n", r->out);
}

static void list_item(const struct report *r, const struct kv_pair *p)
{
	const char *arg;
	size_t len;

	fputs("<li>", r->out);
	if (kv_argument(p->key, &arg, &len)) {
		html_text(r->out, arg, len);
		fputs(" (", r->out);
		report_text(r, p->value);
		fputs(")</li>", r->out);
	} else {
		report_text(r, p->value);
		fputs("</li>", r->out);
	}
}

static void fact_list(const struct report *r, const char *label, const struct kv *kv, const char *prefix,
		      const char *class)
{
	const struct kv_pair *p;
	size_t pos = 0;

	p = kv_next(kv, prefix, &pos);
	if (!p) {
		fact(r, label, "none");
		return;
	}
	fprintf(r->out, "<dt>%s</dt><dd class=\"%s\"><ul class=\"plain\">", label, class);
	for (; p; p = kv_next(kv, prefix, &pos))
		list_item(r, p);
	fputs("</ul></dd>\n", r->out);
}

static int cmp_name(const void *a, const void *b)
{
	const struct region *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* One row for all regions of a name. */
static void region_rows(const struct report *r, const struct region **regions, size_t n)
{
	for (size_t i = 0, next; i < n; i = next) {
		uint64_t bytes = 0;

		for (next = i; next < n && !strcmp(regions[i]->name, regions[next]->name); next++)
			if (__builtin_add_overflow(bytes, regions[next]->size, &bytes))
				bytes = UINT64_MAX;
		fputs("<tr><td><code>", r->out);
		report_text(r, regions[i]->name);
		fprintf(r->out, "</code></td><td class=\"n\">%zu</td><td class=\"n\">%s</td></tr>\n", next - i,
			size_text(bytes).s);
	}
}

static void region_table(const struct report *r)
{
	size_t n = r->core->n_regions;
	const struct region **regions;

	if (!n) {
		fputs("<p>The dump has no list of regions: qcmdump collect did not make it.</p>\n", r->out);
		return;
	}
	regions = xcalloc(n, sizeof(*regions));
	for (size_t i = 0; i < n; i++)
		regions[i] = &r->core->regions[i];
	qsort(regions, n, sizeof(*regions), cmp_name);
	fputs("<div class=\"scroll\"><table>\n<caption>What is in the dump, by name</caption>\n<thead><tr>"
	      "<th scope=\"col\">"
	      "Name</th><th scope=\"col\" class=\"n\">Pieces</th><th scope=\"col\" class=\"n\">Size</th></tr></thead>\n"
	      "<tbody>\n",
	      r->out);
	region_rows(r, regions, n);
	fputs("</tbody></table></div>\n", r->out);
	free(regions);
}

void report_captured(const struct report *r)
{
	const struct corefile *core = r->core;
	_cleanup_free_ char *registers = cpu_regs_text(core);

	fputs("<dl>\n", r->out);
	fact(r, "Architecture", kv_get(&core->kernel_note, "ARCH"));
	fact(r, "Build ID", kv_get(&core->vmcoreinfo, "BUILD-ID"));
	fact(r, "Collected from", kv_get(&core->collect_note, "SOURCE"));
	fact(r, "Back end", kv_get(&core->collect_note, "BACKEND"));
	fact(r, "Registers", registers);
	if (core->elf.missing)
		fact(r, "Cut off, bytes missing", size_text(core->elf.missing).s);
	fact_list(r, "Policies", &core->kernel_note, "POLICY(", "");
	fact_list(r, "Problems", &core->collect_note, "PROBLEM", "problem");
	fact_list(r, "Left out", &core->collect_note, "LEFT_OUT", "");
	fputs("</dl>\n", r->out);
	region_table(r);
	fputs("<p class=\"note\">All other memory of the machine was not captured.</p>\n", r->out);
}

void report_footer(const struct report *r)
{
	fputs("<p>Made by qcmdump " QCMD_VERSION " from ", r->out);
	report_text(r, r->core->path);
	fputs(". It is complete in itself and loads nothing.</p>", r->out);
}
