// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/report/html.h"
#include "dump/report/report.h"
#include "dump/report/timeline.h"
#include "lib/text.h"

/* In units of the picture, which is as wide as the page lets it be. */
#define WIDTH	     1100
#define LEFT	     70
#define RIGHT	     15
#define TOP	     30
#define LANE_HEIGHT  30
#define BOX_HEIGHT   20
#define TICK_HEIGHT  6
#define LETTER_WIDTH 7.0
#define AXIS_STEPS   8

struct picture {
	const struct report *r;
	const struct trace *trace;
	struct timeline t;
};

static double ms_before_end(const struct picture *p, uint64_t ts)
{
	return (double)(p->t.to - ts) / 1e6;
}

static double window_ms(const struct picture *p)
{
	return ms_before_end(p, p->t.from);
}

static double x_of(const struct picture *p, uint64_t ts)
{
	double ms = window_ms(p);

	return LEFT + (ms > 0 ? 1 - ms_before_end(p, ts) / ms : 1) * (WIDTH - LEFT - RIGHT);
}

/* 1, 2 or 5 times a power of ten */
static double axis_step(double ms)
{
	static const double factors[] = { 2, 2.5, 2 };
	double step = 1e-6;

	for (size_t i = 0; step * AXIS_STEPS < ms; i++)
		step *= factors[i % ARRAY_LEN(factors)];
	return step;
}

static void write_axis(const struct picture *p, size_t height)
{
	double ms = window_ms(p), step = axis_step(ms);

	for (int i = 0; i * step <= ms; i++) {
		double x = WIDTH - RIGHT - (ms > 0 ? i * step / ms * (WIDTH - LEFT - RIGHT) : 0);

		fprintf(p->r->out,
			"<line class=\"axis\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%zu\"/>"
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s%g</text>\n",
			x, TOP - 8, x, height, x, TOP - 13, i ? "-" : "", i * step);
	}
	fprintf(p->r->out, "<text x=\"4\" y=\"%d\">ms</text>\n", TOP - 13);
}

static void write_label(const struct picture *p, const char *comm, double x, double width, double y)
{
	_cleanup_free_ char *safe = escape_text(comm, strlen(comm), TEXT_ASCII);
	size_t room = width > 8 ? (size_t)((width - 8) / LETTER_WIDTH) : 0, len = strlen(safe);

	if (room < 2)
		return;
	fprintf(p->r->out, "<text class=\"label\" x=\"%.1f\" y=\"%.1f\">", x + 4, y + 14);
	html_text(p->r->out, safe, len < room ? len : room);
	fputs("</text>", p->r->out);
}

/* Neighbours among the PIDs get colours far apart from each other: 137 degrees are the golden angle. */
static void write_run(const struct picture *p, const struct timeline_run *run, double y)
{
	const char *comm = trace_comm(p->trace, run->pid);
	double x = x_of(p, run->from), width = x_of(p, run->to) - x;
	FILE *out = p->r->out;

	fputs("<g><title>", out);
	report_text(p->r, comm);
	fprintf(out, ", PID %" PRId32 ": from %.6f to %.6f ms before the end</title><rect class=\"%s\"", run->pid,
		ms_before_end(p, run->from), ms_before_end(p, run->to),
		!run->pid			  ? "idle" :
		report_is_crashed(p->r, run->pid) ? "run died" :
						    "run");
	if (run->pid)
		fprintf(out, " style=\"--h:%" PRIu32 "\"", (uint32_t)((uint64_t)(uint32_t)run->pid * 137 % 360));
	fprintf(out, " x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\"/>", x, y, width > 0.5 ? width : 0.5,
		BOX_HEIGHT);
	if (run->pid)
		write_label(p, comm, x, width, y);
	fputs("</g>\n", out);
}

static void write_lost(const struct picture *p, const struct timeline_event *e)
{
	if (e->lost > 0)
		fprintf(p->r->out, "%" PRId64 " events were lost before this. ", e->lost);
	else if (e->lost)
		fputs("Events were lost before this. ", p->r->out);
}

static void write_tick(const struct picture *p, const struct timeline_event *e, double y)
{
	double x = x_of(p, e->ts);

	fprintf(p->r->out, "<line class=\"event\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"><title>", x,
		y + BOX_HEIGHT, x, y + BOX_HEIGHT + TICK_HEIGHT);
	write_lost(p, e);
	report_text(p->r, e->name);
	fputs(": ", p->r->out);
	report_text(p->r, e->text);
	fputs("</title></line>\n", p->r->out);
}

static void write_lane(const struct picture *p, unsigned int cpu, double y)
{
	fprintf(p->r->out, "<text x=\"4\" y=\"%.1f\">CPU %u</text>\n", y + 14, cpu);
	for (size_t i = 0; i < p->t.n_runs; i++)
		if (p->t.runs[i].cpu == cpu)
			write_run(p, &p->t.runs[i], y);
	for (size_t i = 0; i < p->t.n_events; i++)
		if (p->t.events[i].cpu == cpu && !p->t.events[i].has_switch)
			write_tick(p, &p->t.events[i], y);
}

static void write_svg(const struct picture *p)
{
	size_t height = TOP + p->t.n_lanes * LANE_HEIGHT;
	FILE *out = p->r->out;

	fprintf(out,
		"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Timeline\">\n"
		"<svg class=\"timeline\" role=\"img\" viewBox=\"0 0 %d %zu\" "
		"aria-label=\"Who ran on each CPU; the events below say the same\">\n",
		WIDTH, height);
	write_axis(p, height);
	for (unsigned int cpu = 0, n = 0; cpu < CPUS_MAX; cpu++)
		if (p->t.lanes[cpu].seen)
			write_lane(p, cpu, TOP + (double)n++ * LANE_HEIGHT);
	fputs("</svg>\n</div>\n", out);
}

static void write_event_row(const struct picture *p, const struct timeline_event *e)
{
	FILE *out = p->r->out;

	fprintf(out, "<tr><td class=\"n\">%.6f</td><td class=\"n\">%u</td><td>", ms_before_end(p, e->ts), e->cpu);
	report_text(p->r, trace_comm(p->trace, e->pid));
	fprintf(out, ", %" PRId32 "</td><td>", e->pid);
	report_text(p->r, e->name);
	fputs("</td><td>", out);
	write_lost(p, e);
	report_text(p->r, e->text);
	fputs("</td></tr>\n", out);
}

static void write_events(const struct picture *p)
{
	FILE *out = p->r->out;

	fprintf(out,
		"<details>\n<summary>The %zu events in it</summary>\n"
		"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Events\"><table>\n<thead><tr>"
		"<th scope=\"col\" class=\"n\">ms before the end</th><th scope=\"col\" class=\"n\">CPU</th>"
		"<th scope=\"col\">Task, PID</th><th scope=\"col\">Event</th><th scope=\"col\">What it says</th>"
		"</tr></thead>\n<tbody>\n",
		p->t.n_events);
	for (size_t i = 0; i < p->t.n_events; i++)
		write_event_row(p, &p->t.events[i]);
	fputs("</tbody></table></div>\n</details>\n", out);
}

/* Of the CPUs that the captured tasks were running on, those that the trace doesn't have. */
static void write_missing_cpus(const struct picture *p)
{
	const struct task_list *tasks = &p->r->tasks;

	for (size_t i = 0; i < tasks->n; i++) {
		uint32_t cpu = tasks->v[i].cpu;

		if (!tasks->v[i].on_cpu || !tasks->v[i].has_cpu)
			continue;
		if (cpu >= CPUS_MAX || !p->t.lanes[cpu].seen)
			fprintf(p->r->out, "<p class=\"note\">CPU %" PRId32 " has no events in this trace.</p>\n",
				tasks->v[i].cpu);
	}
}

static bool crashed_is_drawn(const struct picture *p)
{
	for (size_t i = 0; i < p->t.n_runs; i++)
		if (p->t.runs[i].pid && report_is_crashed(p->r, p->t.runs[i].pid))
			return true;
	return false;
}

static void write_remarks(const struct picture *p)
{
	FILE *out = p->r->out;

	fprintf(out, "<p class=\"note\">The last %.4g ms before the last event of the trace array ", window_ms(p));
	report_text(p->r, trace_array_name(p->trace, p->t.array));
	fputs(". Boxes are tasks, grey is idle, and where nothing is drawn the trace does not say who ran. Marks below "
	      "them are other events than switches.",
	      out);
	if (crashed_is_drawn(p))
		fputs(" The task that the kernel named has a red frame.", out);
	fputs("</p>\n", out);
	if (p->t.shortened)
		fprintf(out, "<p class=\"note\">Only its last %d events: <code>qcmdump trace</code> shows all.</p>\n",
			TIMELINE_EVENTS_MAX);
	write_missing_cpus(p);
}

static void write_problems(const struct report *r, const struct strlist *problems)
{
	for (size_t i = 0; i < problems->n; i++) {
		fputs("<p class=\"problem\">", r->out);
		report_text(r, problems->v[i]);
		fputs("</p>\n", r->out);
	}
}

static void draw(struct picture *p)
{
	if (p->t.array < 0) {
		fputs("<p>Who ran when is not in the trace: no array that counts nanoseconds has the event "
		      "<code>sched:sched_switch</code>. What it has is shown by <code>qcmdump trace</code>.</p>\n",
		      p->r->out);
		return;
	}
	write_svg(p);
	write_remarks(p);
	write_events(p);
}

void report_timeline(const struct report *r)
{
	struct trace *trace;
	struct derr err;
	int ret;

	ret = trace_open(&trace, r->core, &err);
	if (ret == -ENODATA) {
		fputs("<p>No trace is in the dump. A policy with an [Ftrace] section puts it there.</p>\n", r->out);
	} else if (ret < 0) {
		fputs("<p class=\"problem\">", r->out);
		report_text(r, err.text);
		fputs("</p>\n", r->out);
	} else {
		struct picture p = { .r = r, .trace = trace };

		timeline_read(&p.t, trace);
		draw(&p);
		write_problems(r, trace_problems(trace));
		timeline_clear(&p.t);
	}
	trace_close(trace);
}
