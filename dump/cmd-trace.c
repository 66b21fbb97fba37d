// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "dump/commands.h"
#include "lib/outfile.h"
#include "lib/output.h"
#include "dump/trace/trace.h"
#include "dump/trace/tracedat.h"
#include "lib/usage.h"

static const char trace_help[] =
	"Usage: qcmdump trace [OPTION...] FILE\n"
	"\n"
	"Show the trace in a dump, its newest events last, in the lines of 'trace-cmd report'.\n"
	"\n"
	"      --array=NAME   only this trace array (\"top\" is that of /sys/kernel/tracing itself)\n"
	"      --cpu=N        only events of this CPU\n"
	"      --event=GLOB   only events of this name: 'sched_*', or with their system: 'sched:*'\n"
	"      --since=S      only from this time on, in seconds as they are shown\n"
	"      --last=MS      only the last milliseconds\n"
	"  -o, --output=FILE  instead, save it as a trace.dat, for trace-cmd and KernelShark: one array, and all\n"
	"                     CPUs or one\n"
	"  -f, --force        replace FILE if it exists\n"
	"      --json         print JSON\n"
	"      --no-pager     do not pipe the output into a pager\n"
	"  -h, --help         show this help\n"
	"      --version      show the version\n";

struct trace_args {
	const char *source;
	const char *output;
	const char *array;
	const char *event;
	long cpu; /* -1: all */
	uint64_t since;
	uint64_t last; /* 0: all */
	bool force;
	bool json;
	bool no_pager;
};

static int set_cpu(struct trace_args *a, const char *arg)
{
	uint64_t n;

	if (parse_size(arg, &n) < 0 || n > INT32_MAX)
		return usage_error("trace", "--cpu=%s: expected the number of a CPU.", arg);
	a->cpu = n;
	return 0;
}

/* A number of units of that many nanoseconds. */
static int set_time(uint64_t *to, const char *option, const char *arg, double unit)
{
	if (parse_decimal(arg, unit, to) < 0)
		return usage_error("trace", "%s=%s: expected a number, for example 12.5.", option, arg);
	return 0;
}

/* 0: go on; -1: done, all is well; else the exit status. */
static int parse_args(struct trace_args *a, int argc, char *argv[])
{
	enum { ARG_ARRAY = 256, ARG_CPU, ARG_EVENT, ARG_SINCE, ARG_LAST, ARG_JSON, ARG_NO_PAGER, ARG_VERSION };
	static const struct option options[] = { { "array", required_argument, NULL, ARG_ARRAY },
						 { "cpu", required_argument, NULL, ARG_CPU },
						 { "event", required_argument, NULL, ARG_EVENT },
						 { "since", required_argument, NULL, ARG_SINCE },
						 { "last", required_argument, NULL, ARG_LAST },
						 { "output", required_argument, NULL, 'o' },
						 { "force", no_argument, NULL, 'f' },
						 { "json", no_argument, NULL, ARG_JSON },
						 { "no-pager", no_argument, NULL, ARG_NO_PAGER },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, ARG_VERSION },
						 { 0 } };
	int c, r = 0;

	while (!r && (c = getopt_long(argc, argv, "o:fh", options, NULL)) != -1) {
		switch (c) {
		case ARG_ARRAY:
			a->array = optarg;
			break;
		case ARG_CPU:
			r = set_cpu(a, optarg);
			break;
		case ARG_EVENT:
			a->event = optarg;
			break;
		case ARG_SINCE:
			r = set_time(&a->since, "--since", optarg, 1e9);
			break;
		case ARG_LAST:
			r = set_time(&a->last, "--last", optarg, 1e6);
			break;
		case 'o':
			a->output = optarg;
			break;
		case 'f':
			a->force = true;
			break;
		case ARG_JSON:
			a->json = true;
			break;
		case ARG_NO_PAGER:
			a->no_pager = true;
			break;
		case 'h':
			fputs(trace_help, stdout);
			return -1;
		case ARG_VERSION:
			puts("qcmdump " QCMD_VERSION);
			return -1;
		default:
			return usage_error("trace", NULL);
		}
	}
	return r;
}

static int take_source(struct trace_args *a, int argc, char *argv[])
{
	if (optind == argc)
		return usage_error("trace", "Name the dump to look at.");
	if (optind + 1 < argc)
		return usage_error("trace", "One dump at a time: what is '%s'?", argv[optind + 1]);
	if (a->output && !a->output[0])
		return usage_error("trace", "The name of the output file is empty.");
	if (a->output && (a->event || a->since || a->last || a->json))
		return usage_error(
			"trace", "--output saves all events of the pages: leave --event, --since, --last and --json to "
				 "what reads the file.");
	a->source = argv[optind];
	return 0;
}

/* The number of the array that is asked for; -1: all. */
static int find_array(const struct trace *t, const struct trace_args *a, int *ret, struct derr *err)
{
	_cleanup_free_ char *names = dump_strdup("", 0);
	unsigned int n = 0;

	*ret = -1;
	for (unsigned int i = 0; i < trace_arrays(t); i++) {
		const char *name = trace_array_name(t, i);
		char *more;

		if (!name)
			continue;
		if (a->array && !strcmp(name, a->array)) {
			*ret = i;
			return 0;
		}
		n++;
		if (!a->array)
			*ret = i;
		if (asprintf(&more, "%s%s%s", names, n > 1 ? ", " : "", name) < 0)
			continue;
		free(names);
		names = more;
	}
	if (a->array)
		return derr_set(err, -ENOENT, "There is no trace array %s in the dump. There are: %s", a->array, names);
	if (n > 1 && a->output)
		return derr_set(err, -EINVAL,
				"A trace.dat holds one trace array: choose it with --array. There are: %s", names);
	if (n > 1)
		*ret = -1;
	return 0;
}

static bool is_wanted(const struct trace_args *a, int array, const struct trace_event *e)
{
	_cleanup_free_ char *full = NULL;

	if ((array >= 0 && e->array != (unsigned int)array) || (a->cpu >= 0 && e->cpu != a->cpu) || e->ts < a->since)
		return false;
	if (!a->event || !fnmatch(a->event, e->name, 0))
		return true;
	return asprintf(&full, "%s:%s", e->system, e->name) > 0 && !fnmatch(a->event, full, 0);
}

static void print_event(const struct trace *t, const struct trace_event *e, bool with_array, FILE *out)
{
	_cleanup_free_ char *comm = escape_text(e->comm, strlen(e->comm));
	_cleanup_free_ char *text = escape_text(e->text, strlen(e->text));
	uint64_t us = (e->ts + 500) / 1000;
	char name[64];

	if (e->lost < 0)
		fprintf(out, "CPU:%u [EVENTS DROPPED]\n", e->cpu);
	else if (e->lost)
		fprintf(out, "CPU:%u [%" PRId64 " EVENTS DROPPED]\n", e->cpu, e->lost);
	if (with_array)
		fprintf(out, "%8s: ", trace_array_name(t, e->array));
	fprintf(out, "%16s-%-5" PRId32 " [%03u] ", comm, e->pid, e->cpu);
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

static size_t print_events(struct trace *t, const struct trace_args *a, int array, FILE *out)
{
	struct trace_event e;
	size_t n = 0;

	while (trace_next(t, &e)) {
		if (!is_wanted(a, array, &e))
			continue;
		if (a->json)
			json_array_item(event_json(t, &e), out, n);
		else
			print_event(t, &e, array < 0, out);
		n++;
	}
	if (a->json)
		json_array_end(out, n);
	return n;
}

static int save(const struct trace *t, const struct trace_args *a, int array, int source, struct derr *err)
{
	struct outfile f;
	int r;

	r = outfile_open(&f, a->output, a->force, source, err);
	if (r == 0)
		r = tracedat_write(t, array, a->cpu, f.fd, err);
	if (r == 0)
		r = outfile_commit(&f, err);
	outfile_close(&f);
	if (r == 0)
		printf("Saved the trace array %s to %s. Read it with: trace-cmd report %s\n",
		       trace_array_name(t, array), a->output, a->output);
	return r;
}

static int show(struct trace *t, struct trace_args *a, int source, struct derr *err)
{
	const struct strlist *problems = trace_problems(t);
	int array, r;

	r = find_array(t, a, &array, err);
	if (r < 0)
		return r;
	if (a->last && trace_last(t) > a->last && trace_last(t) - a->last > a->since)
		a->since = trace_last(t) - a->last;
	if (a->output)
		r = save(t, a, array, source, err);
	else if (!print_events(t, a, array, stdout))
		fprintf(stderr, "No events: %s.\n",
			trace_last(t) ? "the options leave out all that are there" : "the trace is empty");
	for (size_t i = 0; i < problems->n; i++)
		fprintf(stderr, "Problem: %s\n", problems->v[i]);
	return r;
}

int cmd_trace(int argc, char *argv[])
{
	struct trace_args a = { .cpu = -1 };
	struct trace *t = NULL;
	struct corefile core;
	struct derr err;
	int r;

	r = parse_args(&a, argc, argv);
	if (!r)
		r = take_source(&a, argc, argv);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	r = core_open(&core, a.source, &err);
	if (r == 0)
		r = core_need_collected(&core, &err);
	if (r == 0) {
		warn_cut_off(&core);
		r = trace_open(&t, &core, &err);
	}
	if (r == 0) {
		if (!a.no_pager && !a.json && !a.output)
			pager_start();
		r = show(t, &a, core.fd, &err);
	}
	if (r == 0 && (fflush(stdout) || ferror(stdout)))
		r = derr_set(&err, -EIO, "Cannot write the output: %s", strerror(errno));
	pager_wait();
	trace_close(t);
	core_close(&core);
	if (r < 0)
		fprintf(stderr, "qcmdump: %s\n", err.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
