// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/report/timeline.h"

/* The window holds the last 20 ms and the last 200 switches. */
#define WINDOW_NS	20000000
#define WINDOW_SWITCHES 200

/* What is known of a trace array after the first pass: times of its last switches and events are rings. */
struct span {
	uint64_t switches[WINDOW_SWITCHES];
	size_t n_switches;
	uint64_t events[TIMELINE_EVENTS_MAX];
	size_t n_events;
	uint64_t first;
	uint64_t last;
	uint64_t last_switch;
};

static void see(struct span *s, const struct trace_event *e)
{
	if (!s->n_events)
		s->first = e->ts;
	s->last = e->ts;
	s->events[s->n_events++ % TIMELINE_EVENTS_MAX] = e->ts;
	if (!e->has_switch)
		return;
	s->last_switch = e->ts;
	s->switches[s->n_switches++ % WINDOW_SWITCHES] = e->ts;
}

static uint64_t oldest_switch(const struct span *s)
{
	return s->switches[s->n_switches < WINDOW_SWITCHES ? 0 : s->n_switches % WINDOW_SWITCHES];
}

static void set_window(struct timeline *t, const struct span *s)
{
	uint64_t from = s->last - s->first > WINDOW_NS ? s->last - WINDOW_NS : s->first;

	if (oldest_switch(s) < from)
		from = oldest_switch(s);
	t->to = s->last;
	if (s->n_events > TIMELINE_EVENTS_MAX && s->events[s->n_events % TIMELINE_EVENTS_MAX] > from) {
		from = s->events[s->n_events % TIMELINE_EVENTS_MAX];
		t->shortened = true;
	}
	t->from = from;
}

/* Arrays may have different clocks, so the picture is of one: that with the last switch. Returns its events. */
static size_t choose_window(struct timeline *t, struct trace *trace)
{
	struct span *spans = xcalloc(trace_arrays(trace), sizeof(*spans));
	struct trace_event e;
	size_t n;

	while (trace_next(trace, &e))
		if (trace_array_in_ns(trace, e.array))
			see(&spans[e.array], &e);
	for (unsigned int i = 0; i < trace_arrays(trace); i++)
		if (spans[i].n_switches && (t->array < 0 || spans[i].last_switch > spans[t->array].last_switch))
			t->array = i;
	n = t->array < 0 ? 0 : spans[t->array].n_events;
	if (n)
		set_window(t, &spans[t->array]);
	free(spans);
	return n;
}

static void end_run(struct timeline *t, unsigned int cpu, uint64_t to)
{
	struct timeline_lane *lane = &t->lanes[cpu];
	uint64_t from = lane->since > t->from ? lane->since : t->from;

	if (lane->running && to > from) {
		t->runs = xgrow(t->runs, &t->runs_capacity, t->n_runs + 1, sizeof(*t->runs));
		t->runs[t->n_runs++] = (struct timeline_run){ cpu, lane->pid, from, to };
	}
	lane->running = false;
}

static void start_run(struct timeline_lane *lane, int32_t pid, uint64_t ts)
{
	lane->running = true;
	lane->pid = pid;
	lane->since = ts;
}

/* Each event tells who runs; what was lost may have been a switch. */
static void follow(struct timeline *t, const struct trace_event *e)
{
	struct timeline_lane *lane = &t->lanes[e->cpu];

	t->n_lanes += !lane->seen;
	lane->seen = true;
	if (e->lost)
		end_run(t, e->cpu, lane->last);
	if (e->has_switch) {
		end_run(t, e->cpu, e->ts);
		start_run(lane, e->next_pid, e->ts);
	} else if (!lane->running) {
		start_run(lane, e->pid, e->ts);
	}
	lane->last = e->ts;
}

static void keep(struct timeline *t, const struct trace_event *e)
{
	size_t len = strnlen(e->text, TIMELINE_TEXT_MAX);
	struct timeline_event *new;

	/* What was written to trace_marker has the end of its line. */
	len -= len && e->text[len - 1] == '\n';
	t->events = xgrow(t->events, &t->events_capacity, t->n_events + 1, sizeof(*t->events));
	new = &t->events[t->n_events++];
	*new = (struct timeline_event){
		.ts = e->ts, .cpu = e->cpu, .pid = e->pid, .lost = e->lost, .has_switch = e->has_switch
	};
	new->name = xstrndup(e->name, strnlen(e->name, TIMELINE_TEXT_MAX));
	new->text = xstrndup(e->text, len);
}

void timeline_read(struct timeline *t, struct trace *trace)
{
	struct trace_event e;
	size_t left;

	*t = (struct timeline){ .array = -1, .lanes = xcalloc(CPUS_MAX, sizeof(*t->lanes)) };
	left = choose_window(t, trace);
	trace_rewind(trace);
	while (left && trace_next(trace, &e)) {
		if (e.array != (unsigned int)t->array)
			continue;
		follow(t, &e);
		if (e.ts >= t->from && left <= TIMELINE_EVENTS_MAX)
			keep(t, &e);
		left--;
	}
	/* Who ran last ran on. */
	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++)
		end_run(t, cpu, t->to);
}

void timeline_clear(struct timeline *t)
{
	for (size_t i = 0; i < t->n_events; i++) {
		free(t->events[i].name);
		free(t->events[i].text);
	}
	free(t->events);
	free(t->runs);
	free(t->lanes);
	*t = (struct timeline){ 0 };
}
