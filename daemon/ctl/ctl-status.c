// SPDX-License-Identifier: GPL-2.0-only
/* The answer to what people want to know: if this machine crashed now, would there be a dump, and of what? */
#include <ctype.h>
#include <string.h>

#include "daemon/ctl/ctl.h"
#include "lib/alloc.h"
#include "lib/size.h"
#include "lib/strv.h"
#include "lib/text.h"
#include "uapi/linux/qcom_minidump_table.h"

struct tally {
	size_t active, pending, failed;
	size_t log_parts, log_parts_active;
	size_t running, tasks, stacks, traces, variables, maps, others; /* active ones */
	size_t slots;
	uint64_t bytes;
	bool registers;
	char **other_names; /* of the first of these */
};

#define OTHER_NAMES_MAX 3

static void tally_done(struct tally *t)
{
	strv_free(t->other_names);
}

/* The names under which qcmdd registers the pieces of the printk ring buffer: the log can be read with all of them. */
static const char *const log_names[] = { MINIDUMP_LOG_TEXT_NAME, MINIDUMP_LOG_DESCS_NAME, MINIDUMP_LOG_INFOS_NAME,
					 MINIDUMP_LOG_RING_NAME, MINIDUMP_LOG_PRB_NAME,	  NULL };

/* What is in every table, and tells nobody anything by itself. */
static const char *const frame_names[] = { MINIDUMP_ELF_HEADER_NAME, MINIDUMP_VMCOREINFO_NAME, MINIDUMP_NOTE_NAME,
					   MINIDUMP_LAYOUT_NAME, NULL };

static bool is_one_of(const char *name, const char *const *names)
{
	for (; name && names && *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* Parents are there so that the dump can say whose child a task is; nobody asked for them. */
static bool is_parent(struct json_object *region)
{
	const char *comment = json_get_string(region, "comment");

	return comment && strncmp(comment, "parent of ", strlen("parent of ")) == 0;
}

/* What no policy asks for: drivers have registered it, or other programs. The first ones are called by their names. */
static void count_other(struct tally *t, const char *name)
{
	if (is_one_of(name, (const char *const *)t->other_names))
		return;
	if (strv_length(t->other_names) == OTHER_NAMES_MAX)
		t->others++;
	else if (strv_append(&t->other_names, name) < 0)
		out_of_memory();
}

static void count_active(struct tally *t, struct json_object *region)
{
	const char *kind = json_get_string(region, "kind"), *owner = json_get_string(region, "owner");
	const char *name = json_get_string(region, "name");

	t->active++;
	t->slots += json_get_size(region, "slots");
	t->bytes += json_get_size(region, "size");
	if (is_one_of(name, log_names))
		t->log_parts_active++;
	else if (equal(name, MINIDUMP_CPU_REGS_NAME))
		t->registers = true;
	else if (equal(kind, "task"))
		t->tasks += !is_parent(region);
	else if (equal(kind, "stack"))
		t->stacks++;
	else if (equal(kind, "current task"))
		t->running++;
	else if (equal(kind, "trace"))
		t->traces += name && strncmp(name, MINIDUMP_TRACE_CPU_NAME, strlen(MINIDUMP_TRACE_CPU_NAME)) == 0;
	else if (equal(kind, "symbol"))
		t->variables++;
	else if (equal(kind, "map"))
		t->maps++;
	else if (!is_one_of(name, frame_names) && (equal(owner, "kernel") || equal(owner, "other")))
		count_other(t, name ?: "?");
}

static struct tally count(struct json_object *describe)
{
	struct json_object *regions = json_get_array(describe, "regions");
	struct tally t = { 0 };

	for (size_t i = 0; i < json_array_length(regions); i++) {
		struct json_object *region = json_object_array_get_idx(regions, i);
		const char *state = json_get_string(region, "state");

		t.log_parts += is_one_of(json_get_string(region, "name"), log_names);
		if (equal(state, "active"))
			count_active(&t, region);
		else if (equal(json_get_string(region, "owner"), "module") && !json_get_string(region, "policy"))
			continue; /* nobody has asked for it */
		else if (equal(state, "pending"))
			t.pending++;
		else if (!equal(state, "dry-run") && !equal(state, "limited") && !equal(state, "excluded") &&
			 !equal(state, "absent"))
			t.failed++;
	}

	return t;
}

/* "dmesg, 12 tasks and 12 stacks", or NULL: nothing. */
static char *contents(const struct tally *t)
{
	_cleanup_(strv_freep) char **parts = NULL;
	const struct {
		size_t n;
		const char *one, *many;
	} kinds[] = {
		{ t->running, "running task", "running tasks" },
		{ t->tasks, "task", "tasks" },
		{ t->stacks, "stack", "stacks" },
		{ t->traces, "trace buffer", "trace buffers" },
		{ t->variables, "variable", "variables" },
		{ t->maps, "BPF map region", "BPF map regions" },
	};
	_cleanup_free_ char *more = ctl_things(t->others, "more region", "more regions");
	char *text = NULL;
	size_t n;

	if (t->log_parts > 0 && t->log_parts_active == t->log_parts && strv_append(&parts, "dmesg") < 0)
		out_of_memory();
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		_cleanup_free_ char *part = ctl_things(kinds[i].n, kinds[i].one, kinds[i].many);

		if (kinds[i].n > 0 && strv_append(&parts, part) < 0)
			out_of_memory();
	}
	for (char **name = t->other_names; name && *name; name++) {
		_cleanup_free_ char *printable = clean_text(*name);

		if (strv_append(&parts, printable) < 0)
			out_of_memory();
	}
	if (t->others > 0 && strv_append(&parts, more) < 0)
		out_of_memory();

	/* By themselves they say nothing. */
	if (t->registers && parts && strv_append(&parts, "registers") < 0)
		out_of_memory();

	n = strv_length(parts);
	for (size_t i = 0; i < n; i++) {
		char *longer = xprintf("%s%s%s", text ?: "", i == 0 ? "" : i == n - 1 ? " and " : ", ", parts[i]);

		free(text);
		text = longer;
	}
	return text;
}

/* " (1.2 MiB in 37 of 1024 slots, back end ram)" */
static char *where(struct json_object *backend, const struct tally *t)
{
	struct size_text size = size_text(json_get_int(backend, "bytes", t->bytes));
	_cleanup_free_ char *name = clean_text(json_get_string(backend, "name") ?: "unknown");
	int64_t used = json_get_int(backend, "slots_used", t->slots), max = json_get_int(backend, "slots_max", 0);

	if (max > 0)
		return xprintf(" (%s in %lld of %lld slots, back end %s)", size.s, (long long)used, (long long)max,
			       name);
	return xprintf(" (%s in %lld slots, back end %s)", size.s, (long long)used, name);
}

/* A message as part of a sentence of ours: no full stop, and a small letter unless the word is a name. */
static char *as_clause(const char *message)
{
	char *s = clean_text(message);
	size_t n = strlen(s);

	while (n > 0 && (s[n - 1] == '.' || s[n - 1] == '\n'))
		s[--n] = '\0';
	if (n > 1 && isupper((unsigned char)s[0]) && (islower((unsigned char)s[1]) || s[1] == ' '))
		s[0] = tolower((unsigned char)s[0]);
	return s;
}

#define LABEL_WIDTH 11 /* with what is behind it */

static void print_labelled(FILE *f, const char *label, const char *text, const struct style *style)
{
	_cleanup_free_ char *printable = clean_text(text);

	fprintf(f, "%9s: ", label);
	print_wrapped(f, printable, LABEL_WIDTH, LABEL_WIDTH, style);
}

/* The first one is in the first line already where there would be no dump at all. */
static void print_problems(FILE *f, struct json_object *describe, bool first_is_told, const struct style *style)
{
	struct json_object *problems = json_get_array(describe, "problems");

	for (size_t i = 0; i < json_array_length(problems); i++) {
		struct json_object *problem = json_object_array_get_idx(problems, i);
		const char *message = json_get_string(problem, "message"), *hint = json_get_string(problem, "hint");

		fputs(sgr(style, COLOUR_BOLD_YELLOW), f);
		if (message && !(i == 0 && first_is_told))
			print_labelled(f, i > 0 && first_is_told ? "Also" : "Problem", message, style);
		fputs(sgr(style, COLOUR_NORMAL), f);
		if (hint && *hint)
			print_labelled(f, "To do", hint, style);
	}
	if (json_array_length(problems) > 0)
		fputc('\n', f);
}

static void print_notes(FILE *f, struct json_object *describe, const struct style *style)
{
	struct json_object *notes = json_get_array(describe, "notes");

	for (size_t i = 0; i < json_array_length(notes); i++) {
		struct json_object *note = json_object_array_get_idx(notes, i);
		const char *message = json_get_string(note, "message"), *hint = json_get_string(note, "hint");

		if (message)
			print_labelled(f, "Note", message, style);
		if (hint)
			print_labelled(f, "To do", hint, style);
	}
	if (json_array_length(notes) > 0)
		fputc('\n', f);
}

/* One line, whoever they are. */
static void print_collectors(FILE *f, struct json_object *describe, const struct style *style)
{
	struct json_object *collectors = json_get_array(describe, "collectors");
	_cleanup_free_ char *line = NULL;

	/* An older daemon does not say. */
	if (!collectors || !json_get_object(describe, "backend"))
		return;
	for (size_t i = 0; i < json_array_length(collectors); i++) {
		const char *text = json_get_string(json_object_array_get_idx(collectors, i), "text");
		char *longer = xprintf("%s%s%s", line ?: "", line ? "; " : "", text ?: "?");

		free(line);
		line = longer;
	}
	print_labelled(f, "Collector", line ?: "nobody", style);
}

static void print_daemon(FILE *f, struct json_object *describe, const struct style *style)
{
	const char *version = json_get_string(describe, "version"), *state = json_get_string(describe, "state");
	_cleanup_free_ char *line = NULL;

	if (version)
		line = xprintf("qcmdd %s, state %s", version, state ?: "unknown");
	print_labelled(f, "Daemon", line ?: "does not answer", style);
}

static void print_module(FILE *f, struct json_object *describe, const struct style *style)
{
	struct json_object *module = json_get_object(describe, "module"),
			   *backend = json_get_object(describe, "backend");
	const char *version = json_get_string(module, "version");
	_cleanup_free_ char *line = NULL;

	if (!json_get_bool(module, "loaded", false))
		line = xprintf("qcom_minidump is not loaded");
	else if (backend)
		line = xprintf("qcom_minidump%s%s, back end %s (names up to %lld bytes, sizes in steps of %lld)",
			       version ? " " : "", version ?: "", json_get_string(backend, "name") ?: "unknown",
			       (long long)json_get_int(backend, "name_max", 0),
			       (long long)json_get_int(backend, "align", 1));
	else
		line = xprintf("qcom_minidump%s%s%s", version ? " " : "", version ?: "",
			       json_get_string(describe, "version") ? ", no back end" : "");
	print_labelled(f, "Module", line, style);
}

/* "4 of 9 regions in 11 slots: policy trace has MaxSlots=12" */
static char *use_of(struct json_object *policy)
{
	const char *limit = json_get_string(policy, "limit");
	_cleanup_free_ char *in = NULL, *own = NULL;
	int64_t slots = json_get_int(policy, "slots", -1), excludes = json_get_int(policy, "excludes", -1);

	if (json_get_bool(policy, "dry_run", false))
		return xprintf("dry run, %lld regions that are not registered",
			       (long long)json_get_int(policy, "wanted", 0));
	if (excludes >= 0)
		return xprintf("%lld of %lld regions; excludes %lld, of all policies",
			       (long long)json_get_int(policy, "registered", 0),
			       (long long)json_get_int(policy, "wanted", 0), (long long)excludes);
	if (json_get_int(policy, "wanted", 0) == 0)
		return xprintf("nothing of its own: what it asks for is not there, or another policy saves it");
	if (slots > 0)
		in = xprintf(" in %lld slot%s", (long long)slots, slots == 1 ? "" : "s");
	if (json_get_int(policy, "own", 0) > 0)
		own = xprintf(", %lld of them the module's own", (long long)json_get_int(policy, "own", 0));
	return xprintf("%lld of %lld regions%s%s%s%s", (long long)json_get_int(policy, "registered", 0),
		       (long long)json_get_int(policy, "wanted", 0), in ?: "", own ?: "", limit ? ": " : "",
		       limit ?: "");
}

static void print_policy(FILE *f, struct json_object *policy, const struct style *style)
{
	_cleanup_free_ char *name = clean_text(json_get_string(policy, "name") ?: "?"), *text = NULL, *printable = NULL;
	const char *state = json_get_string(policy, "state"), *why = json_get_string(policy, "reason");
	bool error = equal(state, "error");

	text = equal(state, "enabled") ? use_of(policy) :
					 xprintf("%s%s%s", state ?: "unknown", why ? ": " : "", why ?: "");
	printable = clean_text(text);
	fprintf(f, "%*s%s: %s", LABEL_WIDTH, "", name, error ? sgr(style, COLOUR_BOLD_RED) : "");
	print_wrapped(f, printable, LABEL_WIDTH + text_width(name) + 2, LABEL_WIDTH + 2, style);
	fputs(error ? sgr(style, COLOUR_NORMAL) : "", f);
}

/* Why each of them is, 'qcmdctl policies' says. */
static void print_disabled(FILE *f, struct json_object *policies, const struct style *style)
{
	_cleanup_free_ char *names = NULL;

	for (size_t i = 0; i < json_array_length(policies); i++) {
		struct json_object *policy = json_object_array_get_idx(policies, i);
		char *longer;

		if (!equal(json_get_string(policy, "state"), "disabled"))
			continue;
		longer = xprintf("%s%s%s", names ?: "disabled: ", names ? ", " : "",
				 json_get_string(policy, "name") ?: "?");
		free(names);
		names = longer;
	}
	if (names) {
		_cleanup_free_ char *printable = clean_text(names);

		fprintf(f, "%*s", LABEL_WIDTH, "");
		print_wrapped(f, printable, LABEL_WIDTH, LABEL_WIDTH + 2, style);
	}
}

static void print_policies(FILE *f, struct json_object *describe, const struct style *style)
{
	struct json_object *policies = json_get_array(describe, "policies");
	size_t enabled = 0, disabled = 0, broken = 0, n = json_array_length(policies);

	if (!policies)
		return;

	for (size_t i = 0; i < n; i++) {
		const char *state = json_get_string(json_object_array_get_idx(policies, i), "state");

		enabled += equal(state, "enabled");
		disabled += equal(state, "disabled");
		broken += equal(state, "error");
	}
	fprintf(f, "%9s: %zu enabled, %zu disabled, %s%zu in error%s\n", "Policies", enabled, disabled,
		broken > 0 ? sgr(style, COLOUR_BOLD_RED) : "", broken, broken > 0 ? sgr(style, COLOUR_NORMAL) : "");
	for (size_t i = 0; i < n; i++) {
		struct json_object *policy = json_object_array_get_idx(policies, i);

		if (!equal(json_get_string(policy, "state"), "disabled"))
			print_policy(f, policy, style);
	}
	print_disabled(f, policies, style);
}

static void print_events(FILE *f, struct json_object *describe, const struct style *style)
{
	struct json_object *events = json_get_object(describe, "events");
	_cleanup_free_ char *resyncs = ctl_things(json_get_size(events, "resyncs"), "resync", "resyncs");

	if (events && style->verbose)
		fprintf(f, "%9s: %lld received, %lld lost, %s\n", "Events",
			(long long)json_get_int(events, "received", 0), (long long)json_get_int(events, "lost", 0),
			resyncs);
}

static void print_reload(FILE *f, struct json_object *describe, const struct style *style)
{
	struct json_object *reload = json_get_object(describe, "reload"), *errors = json_get_array(reload, "errors");
	_cleanup_free_ char *when = clean_text(json_get_string(reload, "when") ?: "");
	bool ok = json_get_bool(reload, "ok", true);

	if (!*when)
		return;

	fprintf(f, "%9s: %s, %s%s%s\n", "Reload", when, ok ? "" : sgr(style, COLOUR_BOLD_RED),
		ok ? "fine" : "refused: the previous policies stay in use", ok ? "" : sgr(style, COLOUR_NORMAL));
	/* a single one is in the problem already */
	for (size_t i = 0; i < json_array_length(errors) && json_array_length(errors) > 1; i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(errors, i));
		_cleanup_free_ char *printable = clean_text(text ?: "?");

		fprintf(f, "%11s%s\n", "", printable);
	}
}

/* What is wrong, and takes nothing from what is saved: the previous policies work, and so does what can't be asked. */
static bool is_harmless(const char *id, const char *state)
{
	static const char *const ids[] = { "reload", "config", "autoreload", "bus", "collector", NULL };

	return is_one_of(id, ids) || (equal(id, "no-daemon") && equal(state, "unknown"));
}

/* Whether something that was asked for is not saved. */
static bool has_gap(struct json_object *describe, const struct tally *t)
{
	struct json_object *problems = json_get_array(describe, "problems");
	const char *state = json_get_string(describe, "state");

	for (size_t i = 0; i < json_array_length(problems); i++)
		if (!is_harmless(json_get_string(json_object_array_get_idx(problems, i), "id"), state))
			return true;
	return t->failed > 0 || t->pending > 0;
}

static bool has_problem(struct json_object *describe, const char *id)
{
	struct json_object *problems = json_get_array(describe, "problems");

	for (size_t i = 0; i < json_array_length(problems); i++)
		if (equal(json_get_string(json_object_array_get_idx(problems, i), "id"), id))
			return true;
	return false;
}

/* What a dump would have, or NULL where there would be none. */
static char *saved(struct json_object *describe, const struct tally *t)
{
	if (!json_get_object(describe, "backend") || equal(json_get_string(describe, "state"), "failed"))
		return NULL;
	return contents(t);
}

static void print_dotted(FILE *f, const char *colour, const char *line, const struct style *style)
{
	fprintf(f, "%s%s%s ", sgr(style, colour), style->utf8 ? "●" : "*", sgr(style, COLOUR_NORMAL));
	print_wrapped(f, line, 2, 2, style);
}

static void print_verdict(FILE *f, struct json_object *describe, const struct tally *t, const char *what,
			  const struct style *style)
{
	struct json_object *problems = json_get_array(describe, "problems"), *first = NULL;
	bool well = equal(json_get_string(describe, "state"), "ok"), nobody = has_problem(describe, "collector");
	const char *verb = nobody ? "leave" : "give", *that = nobody ? " that nobody collects" : "";
	_cleanup_free_ char *reason = NULL, *place = NULL, *line = NULL;

	if (what) {
		place = where(json_get_object(describe, "backend"), t);
		line = xprintf("A crash now would %s %s%s: %s%s.", verb,
			       well || !has_gap(describe, t) ? "a dump" : "an incomplete dump", that, what, place);
		print_dotted(f, well ? COLOUR_BOLD_GREEN : COLOUR_BOLD_YELLOW, line, style);
		return;
	}

	if (json_array_length(problems) > 0) {
		first = json_object_array_get_idx(problems, 0);
		reason = as_clause(json_get_string(first, "message") ?: "unknown reason");
	}
	/* Where the module has said what it has, nothing of that is any use. */
	if (equal(json_get_string(describe, "state"), "unknown") && !json_get_array(describe, "regions")) {
		line = xprintf("Can't tell whether a crash now would give a dump: %s.", reason ?: "nobody knows");
		print_dotted(f, COLOUR_BOLD_YELLOW, line, style);
	} else if (equal(json_get_string(describe, "state"), "degraded") && !json_get_array(describe, "regions")) {
		line = xprintf("A crash now would %s an incomplete dump%s: %s.", verb, that,
			       reason ?: "nobody knows more");
		print_dotted(f, COLOUR_BOLD_YELLOW, line, style);
	} else {
		line = xprintf("A crash now would NOT give a dump: %s.",
			       reason ?: "no policy asks for anything, see qcmd.d(5)");
		print_dotted(f, COLOUR_BOLD_RED, line, style);
	}
}

int ctl_status_exit(struct json_object *describe)
{
	_cleanup_(tally_done) struct tally t = count(describe);
	_cleanup_free_ char *what = saved(describe, &t);

	return what && equal(json_get_string(describe, "state"), "ok") ? CTL_OK : CTL_DEGRADED;
}

void ctl_status_print(FILE *f, struct json_object *describe, const struct style *style)
{
	_cleanup_(tally_done) struct tally t = count(describe);
	_cleanup_free_ char *what = saved(describe, &t);

	print_verdict(f, describe, &t, what, style);
	fputc('\n', f);
	print_problems(f, describe, !what, style);
	print_notes(f, describe, style);

	print_collectors(f, describe, style);
	print_daemon(f, describe, style);
	print_module(f, describe, style);
	print_policies(f, describe, style);
	if (json_get_array(describe, "regions"))
		fprintf(f, "%9s: %zu active, %zu pending, %zu failed\n", "Regions", t.active, t.pending, t.failed);
	print_events(f, describe, style);
	print_reload(f, describe, style);
}
