// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/ctl/ctl.h"
#include "lib/alloc.h"
#include "lib/options.h"
#include "lib/pager.h"
#include "lib/text.h"

struct options {
	const char *output; /* of snapshot, or a dump's report */
	bool force;
	const char *debugger;
	enum json_form json;
	bool no_pager;
	bool no_legend;
	bool verbose;		  /* of status */
	struct ctl_filter filter; /* of regions */
};

enum { STATUS, POLICIES, REGIONS, EXPLAIN, ENABLE, DISABLE, RELOAD, SNAPSHOT, DUMPS, DUMP, CHECK, CAT_CONFIG, HELP };

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
	if (json_get_int(o, "schema", 1) > 1)
		complain("qcmdd is newer than this qcmdctl: some things may not be shown");
	return o;
}

/* What the daemon says; if it says nothing, what can be found out without it. */
static struct json_object *describe_anyway(void)
{
	struct ctl_facts facts = { .error = NULL };
	struct json_object *o;

	machine_read(&facts.machine, "");
	o = ctl_ask(&facts);
	module_regions_free(facts.regions, facts.n_regions);
	return o;
}

static int show(const struct options *options, struct json_object *o,
		void (*print)(FILE *f, struct json_object *o, const struct style *style))
{
	struct style style = terminal_style(!options->no_legend);

	style.verbose = options->verbose;
	if (options->json != JSON_OFF) {
		json_print(o, options->json, stdout);
		return CTL_OK;
	}
	if (!options->no_pager)
		pager_open();
	print(stdout, o, &style);
	return CTL_OK;
}

static int status(const struct options *options, char *const *arguments, size_t n)
{
	_cleanup_(json_putp) struct json_object *o = describe_anyway();

	show(options, o, ctl_status_print);
	return ctl_status_exit(o);
}

static int list(const struct options *options, const char *key,
		void (*print)(FILE *f, struct json_object *describe, const struct style *style))
{
	_cleanup_(json_putp) struct json_object *o = describe(), *none = json_object_new_array();

	if (!o)
		return CTL_FAILURE;
	ctl_regions_filter(o, &options->filter);
	return show(options, options->json != JSON_OFF ? json_get_array(o, key) ?: none : o, print);
}

static int policies(const struct options *options, char *const *arguments, size_t n)
{
	return list(options, "policies", ctl_policies_print);
}

static int regions(const struct options *options, char *const *arguments, size_t n)
{
	return list(options, "regions", ctl_regions_print);
}

static bool is_refused_reload(const struct ctl_bus_error *error)
{
	return error->name && strcmp(error->name, "org.qcmd1.Error.InvalidPolicy") == 0;
}

enum reload_result {
	RELOAD_FAILED,
	RELOAD_REFUSED, /* the previous policies stay in use */
	RELOAD_DONE,
};

static int try_reload(const struct options *options, enum reload_result *ret)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	_cleanup_(json_putp) struct json_object *before = describe(), *after = NULL;
	struct style style = terminal_style(!options->no_legend);

	*ret = RELOAD_FAILED;
	if (!before)
		return CTL_FAILURE;
	if (ctl_bus_reload(&error) < 0) {
		if (!is_refused_reload(&error))
			return bus_failure(&error);
		*ret = RELOAD_REFUSED;
		/* The diagnostics, one a line */
		fprintf(stderr, "%s%s", error.message, ends_in(error.message, "\n") ? "" : "\n");
		return CTL_FAILURE;
	}

	*ret = RELOAD_DONE;
	after = describe();
	if (!after)
		return CTL_FAILURE;

	if (options->json != JSON_OFF)
		json_print(after, options->json, stdout);
	else
		ctl_changes_print(stdout, before, after, &style);
	return CTL_OK;
}

static void nothing_changed(void)
{
	complain("nothing was changed: the previous policies stay in use");
}

static int reload(const struct options *options, char *const *arguments, size_t n)
{
	enum reload_result result;
	int r = try_reload(options, &result);

	if (result == RELOAD_REFUSED)
		nothing_changed();
	return r;
}

static bool restore(const struct ctl_dropin *before, size_t n)
{
	bool restored = true;

	/* A policy that was named twice is what it was before the first time. */
	for (size_t i = n; i-- > 0;) {
		_cleanup_free_ char *failure = before[i].path ? ctl_dropin_restore(&before[i]) : NULL;

		if (failure)
			complain("%s", failure);
		restored &= !failure;
	}
	return restored;
}

/* What a drop-in says counts from the next reload on; without the daemon, from its next start on. */
static int use_dropins(const struct options *options, const struct ctl_dropin *before, size_t n)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	_cleanup_(json_putp) struct json_object *o = NULL;
	enum reload_result result;
	int r;

	if (ctl_bus_describe(&o, &error) < 0 && error.absent) {
		complain("qcmdd is not running: this counts when it is started");
		return CTL_OK;
	}
	r = try_reload(options, &result);
	if (result == RELOAD_REFUSED && restore(before, n))
		nothing_changed();
	else if (result != RELOAD_DONE)
		complain("this counts from the next reload or start of qcmdd on");
	return r;
}

static int set_enabled(const struct options *options, char *const *names, size_t n, bool enabled)
{
	struct ctl_dropin *before = xcalloc(n, sizeof(*before));
	size_t failed = 0;
	int status = CTL_FAILURE;

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *failure = ctl_set_enabled(names[i], enabled, &before[i]);

		if (failure) {
			complain("%s", failure);
			failed++;
		}
	}
	if (failed < n)
		status = use_dropins(options, before, n);
	for (size_t i = 0; i < n; i++)
		ctl_dropin_done(&before[i]);
	free(before);
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
	_cleanup_(json_putp) struct json_object *o = describe(), *found = NULL;

	if (!o)
		return CTL_FAILURE;
	found = ctl_explain_find(o, arguments[0]);
	if (json_array_length(found) == 0) {
		complain("there is no region '%s', and none of such a task; 'qcmdctl regions' lists them",
			 quote(arguments[0], strlen(arguments[0])).s);
		return CTL_FAILURE;
	}
	return show(options, found, ctl_explain_print);
}

static int snapshot(const struct options *options, char *const *arguments, size_t n)
{
	const char *collect[10] = { "qcmdump", "collect", "-o", options->output ?: "snapshot.elf" };
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	_cleanup_close_ int fd = -1;
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
	if (options->json != JSON_OFF)
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
	struct style style = terminal_style(!options->no_legend);

	if (!options->no_pager)
		pager_open();
	return ctl_cat_config(arguments, n, &style);
}

static int dumps(const struct options *options, char *const *arguments, size_t n)
{
	_cleanup_free_ char *failure = NULL;
	_cleanup_(json_putp) struct json_object *list = ctl_dumps_list(&failure);

	if (!list) {
		complain("%s", failure);
		return CTL_FAILURE;
	}
	return show(options, list, ctl_dumps_print);
}

static int dump(const struct options *options, char *const *arguments, size_t n)
{
	struct ctl_dump_options o = {
		.output = options->output,
		.debugger = options->debugger,
		.force = options->force,
		.json = options->json != JSON_OFF,
		.pager = !options->no_pager,
	};
	_cleanup_free_ char *failure = NULL;
	int r;

	r = ctl_dump(arguments[0], n > 1 ? arguments[1] : "latest", &o, &failure);
	if (failure)
		complain("%s", failure);
	return r;
}

static int check_dump(struct options *options, char *const *arguments, size_t n, struct derr *err)
{
	static const char *const names[] = { "info", "log", "tasks", "stack", "trace", "regions", "report", "debug" };
	size_t i = 0;

	while (i < ARRAY_LEN(names) && strcmp(names[i], arguments[0]) != 0)
		i++;
	if (i == ARRAY_LEN(names))
		return derr_set(err, -EINVAL,
				"'dump' takes info, log, tasks, stack, trace, regions, report or debug, not '%s'",
				quote(arguments[0], strlen(arguments[0])).s);
	if ((options->output || options->force) && strcmp(arguments[0], "report") != 0)
		return derr_set(err, -EINVAL, "--output= and --force are for 'snapshot' and 'dump report' only");
	if (options->debugger && strcmp(arguments[0], "debug") != 0)
		return derr_set(err, -EINVAL, "--debugger= is for 'dump debug' only");
	return 0;
}

static int check_cat_config(struct options *options, char *const *arguments, size_t n, struct derr *err)
{
	if (options->json == JSON_OFF)
		return 0;
	return derr_set(err, -EINVAL, "cat-config shows files as they are, it has no JSON form");
}

static int set_json(struct options *options, const char *mode, struct derr *err)
{
	static const char *const names[] = { "off", "short", "pretty" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(mode ?: "pretty", names[i]) == 0) {
			options->json = (enum json_form)i;
			return 0;
		}
	return -EINVAL;
}

static int set_state(struct options *options, const char *state, struct derr *err)
{
	options->filter.state = state;
	return ctl_is_region_state(state) ? 0 : -EINVAL;
}

static int set_debugger(struct options *options, const char *name, struct derr *err)
{
	options->debugger = name;
	return ctl_is_debugger(name) ? 0 : -EINVAL;
}

static const struct verb verbs[] = {
	[STATUS] = { "status", "", .summary = "Would a crash now give a dump, and of what?" },
	[POLICIES] = { "policies", "", .summary = "List the policies and what they registered" },
	[REGIONS] = { "regions", "", .summary = "List the memory regions that a dump would have" },
	[EXPLAIN] = { "explain", "WHAT", .summary = "Who wanted a region, or a task's, since when, where it is",
		      .min = 1, .max = 1 },
	[ENABLE] = { "enable", "POLICY...", .summary = "Use policies, now and from now on", .min = 1, .max = -1 },
	[DISABLE] = { "disable", "POLICY...", .summary = "Use policies no more", .min = 1, .max = -1 },
	[RELOAD] = { "reload", "", .summary = "Have the policy files read anew" },
	[SNAPSHOT] = { "snapshot", "", .summary = "Save the dump that a crash now would give" },
	[DUMPS] = { "dumps", "", .summary = "List the dumps of crashes that were collected" },
	[DUMP] = { "dump", "WHAT [ID]", .summary = "Show info, log, tasks, stack, trace, regions, report; or debug",
		   .min = 1, .max = 2, .check = check_dump },
	[CHECK] = { "check", "[FILE...]", .summary = "Check policy files, without the daemon", .min = 0, .max = -1 },
	[CAT_CONFIG] = { "cat-config", "[POLICY...]", .summary = "Show the policy files in the order of use", .min = 0,
			 .max = -1, .check = check_cat_config },
	[HELP] = { "help", "", .summary = "Show this help" },
};

static int (*const run[])(const struct options *options, char *const *arguments, size_t n) = {
	[STATUS] = status, [POLICIES] = policies, [REGIONS] = regions, [EXPLAIN] = explain,
	[ENABLE] = enable, [DISABLE] = disable,	  [RELOAD] = reload,   [SNAPSHOT] = snapshot,
	[DUMPS] = dumps,   [DUMP] = dump,	  [CHECK] = check,     [CAT_CONFIG] = cat_config,
};

#define AT(member) .at = offsetof(struct options, member)

static const struct opt options_table[] = {
	{ "json", 0, "MODE", "show JSON: short, pretty (as --json alone) or off", .set = set_json,
	  .expected = "short, pretty or off", .may_lack_argument = true },
	{ "no-pager", 0, NULL, "do not send output through a pager", AT(no_pager) },
	{ "no-legend", 0, NULL, "leave out headings and totals", AT(no_legend) },
	{ "output", 'o', "FILE", "with snapshot, dump report: where to save it", 1 << SNAPSHOT | 1 << DUMP,
	  AT(output) },
	{ "force", 'f', NULL, "with snapshot, dump report: replace FILE if it exists", 1 << SNAPSHOT | 1 << DUMP,
	  AT(force) },
	{ "verbose", 'v', NULL, "with status: how many events there were, too", 1 << STATUS, AT(verbose) },
	{ "state", 0, "STATE", "with regions: only those in that state", 1 << REGIONS, .set = set_state,
	  .expected = "active, pending, held, rejected, dry-run, limited, excluded, absent or failed" },
	{ "policy", 0, "POLICY", "with regions: only those of that policy", 1 << REGIONS, AT(filter.policy) },
	{ "kind", 0, "KIND", "with regions: only those of that kind, such as task or 'current task'", 1 << REGIONS,
	  AT(filter.kind) },
	{ "debugger", 0, "NAME", "with dump debug: drgn, crash or gdb (default: what is installed)", 1 << DUMP,
	  .set = set_debugger, .expected = "drgn, crash or gdb" },
};

static const struct program program = {
	.name = "qcmdctl",
	.usage = "[OPTION...] [COMMAND] ...",
	.about = "Show and change what a dump of this machine would have in it.",
	.more = "Without a command: status. Its exit status is 3 when a crash now would give no dump,\n"
		"or not all that the policies ask for. See qcmdctl(1) and qcmd.d(5).",
	.verbs = verbs,
	.n_verbs = ARRAY_LEN(verbs),
	.none = &verbs[STATUS],
	.options = options_table,
	.n_options = ARRAY_LEN(options_table),
};

int main(int argc, char **argv)
{
	struct options options = { .json = JSON_OFF };
	int verb = options_parse(&program, argc, argv, &options);
	int r = verb < 0 ? ~verb : run[verb](&options, argv + optind, argc - optind);
	int written = pager_close();

	if (written < 0 && r == CTL_OK) {
		complain("can't write the output: %s", strerror(-written));
		r = CTL_FAILURE;
	}
	return r;
}
