// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "dump/commands.h"
#include "lib/outfile.h"
#include "lib/json.h"
#include "dump/trace/trace.h"
#include "dump/trace/tracedat.h"
#include "lib/text.h"

/* The number of the array that is asked for; -1: all. */
static int find_array(const struct trace *t, const struct options *o, int *ret, struct derr *err)
{
	_cleanup_free_ char *names = xstrndup("", 0);
	unsigned int n = 0;

	*ret = -1;
	for (unsigned int i = 0; i < trace_arrays(t); i++) {
		const char *name = trace_array_name(t, i);
		char *more;

		if (!name)
			continue;
		if (o->array && !strcmp(name, o->array)) {
			*ret = i;
			return 0;
		}
		n++;
		if (!o->array)
			*ret = i;
		more = xprintf("%s%s%s", names, n > 1 ? ", " : "", name);
		free(names);
		names = more;
	}
	if (o->array)
		return derr_set(err, -ENOENT, "There is no trace array %s in the dump. There are: %s", o->array, names);
	if (n > 1 && o->output)
		return derr_set(err, -EINVAL,
				"A trace.dat holds one trace array: choose it with --array. There are: %s", names);
	if (n > 1)
		*ret = -1;
	return 0;
}

static bool is_wanted(const struct options *o, int array, const struct trace_event *e)
{
	_cleanup_free_ char *full = NULL;

	if ((array >= 0 && e->array != (unsigned int)array) || (o->has_cpu && e->cpu != (unsigned int)o->cpu) ||
	    e->ts < o->since)
		return false;
	if (!o->event || !fnmatch(o->event, e->name, 0))
		return true;
	full = xprintf("%s:%s", e->system, e->name);
	return !fnmatch(o->event, full, 0);
}

static void print_event(const struct trace *t, const struct trace_event *e, bool with_array, FILE *out)
{
	_cleanup_free_ char *comm = clean_text(e->comm);
	_cleanup_free_ char *text = clean_text(e->text);
	uint64_t us = (e->ts + 500) / 1000;
	char name[64];

	if (e->lost < 0)
		fprintf(out, "CPU:%u [EVENTS DROPPED]\n", e->cpu);
	else if (e->lost)
		fprintf(out, "CPU:%u [%" PRId64 " EVENTS DROPPED]\n", e->cpu, e->lost);
	if (with_array)
		fprintf(out, "%8s: ", trace_array_name(t, e->array));
	fprintf(out, "%*s-%-5" PRId32 " [%03u] ", (int)(16 + strlen(comm) - text_width(comm)), comm, e->pid, e->cpu);
	if (trace_array_in_ns(t, e->array))
		fprintf(out, "%5" PRIu64 ".%06" PRIu64 ": ", us / 1000000, us % 1000000);
	else
		fprintf(out, "%12" PRIu64 ": ", e->ts);
	snprintf(name, sizeof(name), "%s:", e->name);
	fprintf(out, "%-21s %s\n", name, text);
}

static struct json_object *event_json(const struct trace *t, const struct trace_event *e)
{
	struct json_object *j = json_object_new_object();

	json_add_u64(j, trace_array_in_ns(t, e->array) ? "timestamp_ns" : "timestamp", e->ts);
	json_add_text(j, "array", trace_array_name(t, e->array));
	json_add_u64(j, "cpu", e->cpu);
	json_object_object_add(j, "pid", json_object_new_int(e->pid));
	json_add_text(j, "comm", e->comm);
	json_add_text(j, "system", e->system);
	json_add_text(j, "event", e->name);
	json_add_text(j, "text", e->text);
	if (e->lost)
		json_object_object_add(j, "lost_before", e->lost > 0 ? json_object_new_int64(e->lost) : NULL);
	return j;
}

static size_t print_events(struct trace *t, const struct options *o, int array, FILE *out)
{
	struct trace_event e;
	size_t n = 0;

	while (!ferror(out) && trace_next(t, &e)) {
		if (!is_wanted(o, array, &e))
			continue;
		if (o->json)
			json_array_item(event_json(t, &e), out, n);
		else
			print_event(t, &e, array < 0, out);
		n++;
	}
	if (o->json)
		json_array_end(out, n);
	return n;
}

static int save(const struct trace *t, const struct options *o, int array, FILE *out, struct derr *err)
{
	struct outfile f;
	int r;

	r = outfile_open(&f, o->output, o->force, err);
	if (r == 0)
		r = tracedat_write(t, array, o->has_cpu ? o->cpu : -1, f.fd, err);
	if (r == 0)
		r = outfile_commit(&f, err);
	outfile_close(&f);
	if (r == 0)
		fprintf(out, "Saved the trace array %s to %s. Read it with: trace-cmd report %s\n",
			trace_array_name(t, array), o->output, o->output);
	return r;
}

static int show(struct trace *t, struct options *o, FILE *out, struct derr *err)
{
	const struct strlist *problems = trace_problems(t);
	int array, r;

	r = find_array(t, o, &array, err);
	if (r < 0)
		return r;
	if (o->last && trace_last(t) > o->last && trace_last(t) - o->last > o->since)
		o->since = trace_last(t) - o->last;
	if (o->output)
		r = save(t, o, array, out, err);
	else if (!print_events(t, o, array, out))
		fprintf(stderr, "No events: %s.\n",
			trace_last(t) ? "the options leave out all that are there" : "the trace is empty");
	for (size_t i = 0; i < problems->n; i++) {
		_cleanup_free_ char *problem = clean_text(problems->v[i]);

		fprintf(stderr, "Problem: %s\n", problem);
	}
	return r;
}

int cmd_trace(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	struct options wanted = *o;
	struct trace *t = NULL;
	int r;

	r = core_need_collected(core, err);
	if (r == 0)
		r = trace_open(&t, core, err);
	if (r == 0)
		r = show(t, &wanted, out, err);
	trace_close(t);
	return r;
}
