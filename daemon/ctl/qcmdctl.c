// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl/ctl.h"
#include "lib/policy-util.h"

struct options {
	const char *output; /* of snapshot, or a dump's report */
	bool force;
	const char *debugger;
	enum ctl_json json;
	bool pager;
	bool legend;
};

struct verb {
	const char *name;
	const char *arguments;
	const char *help;
	int min_arguments;
	int max_arguments; /* -1: any number */
	int (*run)(const struct options *options, char *const *arguments, size_t n);
};

static int help(const struct options *options, char *const *arguments, size_t n);

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	va_list ap;

	fputs("qcmdctl: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static bool is_refusal(const struct ctl_bus_error *error)
{
	return error->name &&
	       (strstr(error->name, ".AccessDenied") || strstr(error->name, ".InteractiveAuthorizationRequired"));
}

static int bus_failure(const struct ctl_bus_error *error)
{
	if (error->absent)
		complain("qcmdd is not running; 'qcmdctl status' says what to do");
	else if (is_refusal(error))
		complain("not allowed: only root may do this");
	else
		complain("can't talk to qcmdd: %s", error->message);
	return CTL_FAILURE;
}

/* The daemon's description, or NULL with a message on stderr. */
static struct json_object *describe(void)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	struct json_object *o = NULL;

	if (ctl_bus_describe(&o, &error) < 0) {
		bus_failure(&error);
		return NULL;
	}
	if (ctl_get_int(o, "schema", 1) > 1)
		complain("qcmdd is newer than this qcmdctl: some things may not be shown");
	return o;
}

/* What the daemon says; if it says nothing, what can be found out without it. */
static struct json_object *describe_anyway(void)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	struct ctl_facts facts = { .error = NULL };
	struct json_object *o = NULL;

	if (ctl_bus_describe(&o, &error) >= 0)
		return o;

	machine_read(&facts.machine, "");
	ctl_bus_facts(&facts);
	facts.error = error.absent ? NULL : error.message;
	return ctl_describe_offline(&facts);
}

static int status(const struct options *options, char *const *arguments, size_t n)
{
	_cleanup_(ctl_json_putp) struct json_object *o = describe_anyway();
	struct ctl_style style = ctl_style(options->legend);

	if (options->json != CTL_JSON_OFF) {
		ctl_json_print(o, options->json, stdout);
		return ctl_status_exit(o);
	}

	if (options->pager)
		ctl_pager_open();
	ctl_status_print(stdout, o, &style);
	return ctl_status_exit(o);
}

static int list(const struct options *options, const char *key,
		void (*print)(FILE *f, struct json_object *describe, const struct ctl_style *style))
{
	_cleanup_(ctl_json_putp) struct json_object *o = describe();
	struct ctl_style style = ctl_style(options->legend);

	if (!o)
		return CTL_FAILURE;

	if (options->json != CTL_JSON_OFF) {
		_cleanup_(ctl_json_putp) struct json_object *none = json_object_new_array();

		ctl_json_print(ctl_get_array(o, key) ?: none, options->json, stdout);
		return CTL_OK;
	}

	if (options->pager)
		ctl_pager_open();
	print(stdout, o, &style);
	return CTL_OK;
}

static int policies(const struct options *options, char *const *arguments, size_t n)
{
	return list(options, "policies", ctl_policies_print);
}

static int regions(const struct options *options, char *const *arguments, size_t n)
{
	return list(options, "regions", ctl_regions_print);
}

/* The error message of a refused reload has the diagnostics, one a line. */
static int reload_failure(const struct ctl_bus_error *error)
{
	size_t length;

	if (!error->name || strcmp(error->name, "org.qcmd1.Error.InvalidPolicy") != 0)
		return bus_failure(error);

	length = strlen(error->message);
	fprintf(stderr, "%s%s", error->message, length && error->message[length - 1] == '\n' ? "" : "\n");
	complain("nothing was changed: the policies of before stay in use");
	return CTL_FAILURE;
}

static int reload(const struct options *options, char *const *arguments, size_t n)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	_cleanup_(ctl_json_putp) struct json_object *before = describe(), *after = NULL;
	struct ctl_style style = ctl_style(options->legend);

	if (!before)
		return CTL_FAILURE;
	if (ctl_bus_reload(&error) < 0)
		return reload_failure(&error);

	after = describe();
	if (!after)
		return CTL_FAILURE;

	if (options->json != CTL_JSON_OFF)
		ctl_json_print(after, options->json, stdout);
	else
		ctl_changes_print(stdout, before, after, &style);
	return CTL_OK;
}

/* What a drop-in says counts from the next reload on; without the daemon, from its next start on. */
static int set_enabled(const struct options *options, char *const *names, size_t n, bool enabled)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	_cleanup_(ctl_json_putp) struct json_object *o = NULL;
	size_t failed = 0;
	int status;

	for (size_t i = 0; i < n; i++) {
		_cleanup_(freep) char *failure = ctl_set_enabled(names[i], enabled);

		if (failure) {
			complain("%s", failure);
			failed++;
		}
	}
	if (failed == n)
		return CTL_FAILURE;
	if (ctl_bus_describe(&o, &error) < 0 && error.absent) {
		complain("qcmdd is not running: this counts when it is started");
		status = CTL_OK;
	} else {
		status = reload(options, NULL, 0);
	}
	return failed ? CTL_FAILURE : status;
}

static int enable(const struct options *options, char *const *arguments, size_t n)
{
	return set_enabled(options, arguments, n, true);
}

static int disable(const struct options *options, char *const *arguments, size_t n)
{
	return set_enabled(options, arguments, n, false);
}

static int explain(const struct options *options, char *const *arguments, size_t n)
{
	_cleanup_(ctl_json_putp) struct json_object *o = describe(), *found = NULL;
	struct ctl_style style = ctl_style(options->legend);

	if (!o)
		return CTL_FAILURE;
	found = ctl_explain_find(o, arguments[0]);
	if (ctl_array_length(found) == 0) {
		complain("there is no region '%s'; 'qcmdctl regions' lists them",
			 quote(arguments[0], strlen(arguments[0])).s);
		return CTL_FAILURE;
	}
	if (options->json != CTL_JSON_OFF) {
		ctl_json_print(found, options->json, stdout);
		return CTL_OK;
	}
	if (options->pager)
		ctl_pager_open();
	ctl_explain_print(stdout, found, &style);
	return CTL_OK;
}

static int snapshot(const struct options *options, char *const *arguments, size_t n)
{
	const char *collect[10] = { "qcmdump", "collect", "-o", options->output ?: "snapshot.elf" };
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	_cleanup_(closep) int fd = -1;
	size_t i = 4;
	bool changed;

	if (ctl_bus_snapshot(&fd, &changed, &error) < 0) {
		if (!is_refusal(&error))
			return bus_failure(&error);
		complain("not allowed: %s", error.message);
		return CTL_FAILURE;
	}
	if (changed)
		complain("the table changed while its memory was copied: some of it may be torn");
	if (options->force)
		collect[i++] = "--force";
	if (options->json != CTL_JSON_OFF)
		collect[i++] = "--json";
	collect[i] = "/proc/self/fd/3";
	return ctl_run_qcmdump(collect, fd);
}

static int check(const struct options *options, char *const *arguments, size_t n)
{
	return ctl_check(arguments, n, options->json);
}

static int cat_config(const struct options *options, char *const *arguments, size_t n)
{
	struct ctl_style style = ctl_style(options->legend);

	if (options->json != CTL_JSON_OFF) {
		complain("cat-config shows files as they are, it has no JSON form");
		return CTL_USAGE;
	}

	if (options->pager)
		ctl_pager_open();
	return ctl_cat_config(arguments, n, &style);
}

static int dumps(const struct options *options, char *const *arguments, size_t n)
{
	_cleanup_(freep) char *failure = NULL;
	_cleanup_(ctl_json_putp) struct json_object *list = ctl_dumps_list(&failure);
	struct ctl_style style = ctl_style(options->legend);

	if (!list) {
		complain("%s", failure);
		return CTL_FAILURE;
	}
	if (options->json != CTL_JSON_OFF) {
		ctl_json_print(list, options->json, stdout);
		return CTL_OK;
	}
	if (options->pager)
		ctl_pager_open();
	ctl_dumps_print(stdout, list, &style);
	return CTL_OK;
}

static int dump(const struct options *options, char *const *arguments, size_t n)
{
	static const char *const names[] = { "info",	"log",	  "tasks", "stack", "trace",
					     "regions", "report", "debug", NULL };
	struct ctl_dump_options o = {
		.output = options->output,
		.debugger = options->debugger,
		.force = options->force,
		.json = options->json != CTL_JSON_OFF,
		.pager = options->pager,
	};
	_cleanup_(freep) char *failure = NULL;
	size_t i;
	int r;

	for (i = 0; names[i] && strcmp(names[i], arguments[0]) != 0; i++)
		;
	if (!names[i]) {
		complain("'dump' takes info, log, tasks, stack, trace, regions, report or debug, not '%s'",
			 quote(arguments[0], strlen(arguments[0])).s);
		return CTL_USAGE;
	}
	r = ctl_dump(arguments[0], n > 1 ? arguments[1] : "latest", &o, &failure);
	if (failure)
		complain("%s", failure);
	return r;
}

static const struct verb verbs[] = {
	{ "status", "", "Would a crash now give a dump, and of what?", 0, 0, status },
	{ "policies", "", "List the policies and what they registered", 0, 0, policies },
	{ "regions", "", "List the memory regions that a dump would have", 0, 0, regions },
	{ "explain", "REGION", "Who wanted a region, since when, where it is", 1, 1, explain },
	{ "enable", "POLICY...", "Use policies, now and from now on", 1, -1, enable },
	{ "disable", "POLICY...", "Use policies no more", 1, -1, disable },
	{ "reload", "", "Have the policy files read anew", 0, 0, reload },
	{ "snapshot", "", "Save the dump that a crash now would give", 0, 0, snapshot },
	{ "dumps", "", "List the dumps of crashes that were collected", 0, 0, dumps },
	{ "dump", "WHAT [ID]", "Show info, log, tasks, stack, trace, regions, report; or debug", 1, 2, dump },
	{ "check", "[FILE...]", "Check policy files, without the daemon", 0, -1, check },
	{ "cat-config", "[POLICY...]", "Show the policy files in the order of use", 0, -1, cat_config },
	{ "help", "", "Show this help", 0, 0, help },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int help(const struct options *options, char *const *arguments, size_t n)
{
	printf("qcmdctl [OPTION...] [COMMAND] ...\n\n"
	       "Show and change what a dump of this machine would have in it.\n\nCommands:\n");
	for (size_t i = 0; i < N_VERBS; i++) {
		int width = printf("  %s %s", verbs[i].name, verbs[i].arguments);

		printf("%*s%s\n", width < 26 ? 26 - width : 1, "", verbs[i].help);
	}
	printf("\nOptions:\n"
	       "  -h --help               Show this help\n"
	       "     --version            Show the version\n"
	       "     --json=MODE          Show JSON: short, pretty (as --json alone) or off\n"
	       "     --no-pager           Do not send output through a pager\n"
	       "     --no-legend          Leave out headings and totals\n"
	       "  -o --output=FILE        With snapshot, dump report: where to save it\n"
	       "  -f --force              With snapshot, dump report: replace FILE if it exists\n"
	       "     --debugger=NAME      With dump debug: drgn, crash or gdb (default: what is installed)\n"
	       "\nWithout a command: status. Its exit status is 3 when a crash now would give no dump,\n"
	       "or not all that the policies ask for. See qcmdctl(1) and qcmd.d(5).\n");
	return CTL_OK;
}

static int parse_json(const char *mode, enum ctl_json *ret)
{
	static const char *const names[] = { "off", "short", "pretty" };

	if (!mode)
		mode = "pretty";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(mode, names[i]) == 0) {
			*ret = (enum ctl_json)i;
			return CTL_OK;
		}

	complain("--json= takes short, pretty or off, not '%s'", quote(mode, strlen(mode)).s);
	return CTL_USAGE;
}

/* Returns CTL_OK with *ret set; -1: done; CTL_USAGE. */
static int parse_options(int argc, char **argv, struct options *ret)
{
	enum { VERSION = 256, JSON, NO_PAGER, NO_LEGEND, DEBUGGER };
	static const struct option long_options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, VERSION },
		{ "json", optional_argument, NULL, JSON },
		{ "no-pager", no_argument, NULL, NO_PAGER },
		{ "no-legend", no_argument, NULL, NO_LEGEND },
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ "debugger", required_argument, NULL, DEBUGGER },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "ho:f", long_options, NULL)) >= 0)
		switch (c) {
		case 'h':
			help(ret, NULL, 0);
			return -1;
		case VERSION:
			printf("qcmdctl %s\n", QCMD_VERSION);
			return -1;
		case JSON:
			if (parse_json(optarg, &ret->json) != CTL_OK)
				return CTL_USAGE;
			break;
		case NO_PAGER:
			ret->pager = false;
			break;
		case NO_LEGEND:
			ret->legend = false;
			break;
		case 'o':
			ret->output = optarg;
			break;
		case 'f':
			ret->force = true;
			break;
		case DEBUGGER:
			ret->debugger = optarg;
			break;
		default:
			/* getopt has said what is wrong */
			fputs("Try 'qcmdctl --help'.\n", stderr);
			return CTL_USAGE;
		}

	if (ret->debugger && !ctl_is_debugger(ret->debugger)) {
		complain("--debugger= takes drgn, crash or gdb, not '%s'",
			 quote(ret->debugger, strlen(ret->debugger)).s);
		return CTL_USAGE;
	}
	return CTL_OK;
}

static const struct verb *find_verb(const char *name)
{
	const char *names[N_VERBS + 1] = { NULL }, *meant;

	for (size_t i = 0; i < N_VERBS; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
		names[i] = verbs[i].name;
	}

	meant = did_you_mean(name, names);
	complain("unknown command '%s'%s%s%s", quote(name, strlen(name)).s, meant ? ", did you mean '" : "",
		 meant ?: "", meant ? "'?" : "; 'qcmdctl --help' lists them");
	return NULL;
}

/* Options that few commands have: NULL, or what is wrong. */
static const char *misplaced(const struct options *options, const struct verb *verb, const char *argument)
{
	bool report = verb->run == dump && strcmp(argument, "report") == 0;
	bool debug = verb->run == dump && strcmp(argument, "debug") == 0;

	if ((options->output || options->force) && verb->run != snapshot && !report)
		return "--output= and --force are for 'snapshot' and 'dump report' only";
	return options->debugger && !debug ? "--debugger= is for 'dump debug' only" : NULL;
}

int main(int argc, char **argv)
{
	struct options options = { .json = CTL_JSON_OFF, .pager = true, .legend = true };
	const struct verb *verb = &verbs[0];
	const char *wrong;
	int r, n;

	r = parse_options(argc, argv, &options);
	if (r != CTL_OK)
		return r < 0 ? CTL_OK : r;

	if (optind < argc)
		verb = find_verb(argv[optind++]);
	if (!verb)
		return CTL_USAGE;

	n = argc - optind;
	if (n < verb->min_arguments) {
		complain("'%s' needs an argument: %s", verb->name, verb->arguments);
		return CTL_USAGE;
	}
	if (verb->max_arguments >= 0 && n > verb->max_arguments) {
		const char *extra = argv[optind + verb->max_arguments];

		complain("'%s' takes no argument '%s'", verb->name, quote(extra, strlen(extra)).s);
		return CTL_USAGE;
	}

	wrong = misplaced(&options, verb, n > 0 ? argv[optind] : "");
	if (wrong) {
		complain("%s", wrong);
		return CTL_USAGE;
	}

	r = verb->run(&options, argv + optind, n);
	if (fflush(stdout) == EOF && r == CTL_OK && errno != EPIPE) {
		complain("can't write the output: %m");
		r = CTL_FAILURE;
	}
	ctl_pager_close();
	return r;
}
