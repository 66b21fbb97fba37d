// SPDX-License-Identifier: GPL-2.0-only

#include "daemon/ctl/ctl.h"
#include "lib/alloc.h"
#include "lib/text.h"

static void set(struct json_object *o, const char *key, struct json_object *value)
{
	if (json_object_object_add(o, key, value) < 0)
		out_of_memory();
}

static void add_problem(struct json_object *problems, const char *id, const char *message, const char *hint)
{
	struct json_object *problem = json_object_new_object();

	set(problem, "id", json_object_new_string(id));
	set(problem, "message", json_object_new_string(message));
	set(problem, "hint", json_object_new_string(hint));
	if (json_object_array_add(problems, problem) < 0)
		out_of_memory();
}

/* r: what machine_problem() or machine_note() returned */
static void add_if_any(struct json_object *array, int r, struct problem *found)
{
	if (r < 0)
		out_of_memory();
	if (r == 0)
		return;
	add_problem(array, found->id, found->message, found->hint);
	problem_done(found);
}

/* Somebody has the daemon's name, whatever systemd knows of that. */
static bool is_silent(const struct ctl_facts *facts)
{
	return facts->unit == CTL_UNIT_UNKNOWN && facts->error;
}

/* It may run, and what it has registered may be in the table. */
static bool may_be_well(const struct ctl_facts *facts)
{
	return !facts->bus || is_silent(facts) || facts->unit == CTL_UNIT_ACTIVE || facts->unit == CTL_UNIT_STARTING;
}

static void add_daemon_problem(struct json_object *problems, const struct ctl_facts *facts)
{
	static const char id[] = "no-daemon";

	if (!facts->bus) {
		_cleanup_free_ char *message =
			xprintf("qcmdd can't be asked: %s.", facts->error ?: "there is no system bus");

		add_problem(problems, id, message, "systemctl start dbus.socket");
		return;
	}

	switch (is_silent(facts) ? CTL_UNIT_ACTIVE : facts->unit) {
	case CTL_UNIT_NOT_FOUND:
		add_problem(problems, id, "qcmdd is not installed: there is no qcmdd.service.",
			    "Install it, then: systemctl enable --now qcmdd");
		return;
	case CTL_UNIT_INACTIVE:
		add_problem(problems, id, "qcmdd is not running.",
			    facts->unit_enabled ? "systemctl start qcmdd" : "systemctl enable --now qcmdd");
		return;
	case CTL_UNIT_FAILED:
		add_problem(problems, id, "qcmdd has failed.",
			    "journalctl -b -u qcmdd says why; then: systemctl restart qcmdd");
		return;
	case CTL_UNIT_STARTING:
		add_problem(problems, id, "qcmdd is still starting.", "Ask again in a few seconds.");
		return;
	case CTL_UNIT_ACTIVE: {
		_cleanup_free_ char *message = xprintf("qcmdd runs but does not answer (%s).",
						       facts->stopped ? "it is stopped, as by the signal SIGSTOP" :
						       facts->error   ?:
									"it has no name on the bus");

		add_problem(problems, id, message,
			    facts->stopped ? "systemctl kill -s CONT qcmdd" :
					     "journalctl -b -u qcmdd says why; then: systemctl restart qcmdd");
		return;
	}
	case CTL_UNIT_UNKNOWN:
		add_problem(problems, id, "qcmdd is not running.", "Start it: systemctl enable --now qcmdd");
	}
}

static void add_notes(struct json_object *notes, const struct machine *machine)
{
	struct problem found;

	add_if_any(notes, machine_note(machine, &found), &found);
	add_if_any(notes, machine_collect_note(machine, &found), &found);
	add_if_any(notes, machine_keep_note(machine, &found), &found);
	add_if_any(notes, machine_panic_note(machine, &found), &found);
}

static struct json_object *describe_collectors(const struct machine *machine)
{
	struct collector collectors[MACHINE_COLLECTORS_MAX];
	size_t n = machine_collectors(machine, collectors);
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();

		json_add_text(o, "id", collectors[i].id);
		json_add_text(o, "text", collectors[i].text);
		if (json_object_array_add(array, o) < 0)
			out_of_memory();
	}
	return array;
}

/* What the module does not have, nobody can make up for. */
static const char *add_problems(struct json_object *problems, const struct ctl_facts *facts)
{
	const char *state = "failed";
	struct problem found;

	add_if_any(problems, machine_problem(&facts->machine, &found), &found);
	/* What is known already makes no doubt of it. */
	if (json_object_array_length(problems) == 0) {
		if (may_be_well(facts))
			state = "unknown";
		else if ((facts->listed && facts->backend.name[0]) || facts->machine.own)
			state = "degraded";
	}
	add_daemon_problem(problems, facts);
	add_if_any(problems, machine_collector_problem(&facts->machine, &found), &found);
	return state;
}

struct json_object *ctl_describe_offline(const struct ctl_facts *facts)
{
	struct json_object *describe = json_object_new_object(), *problems = json_object_new_array();
	struct json_object *module = json_object_new_object(), *notes = json_object_new_array();

	if (!describe || !problems || !module || !notes)
		out_of_memory();

	set(describe, "schema", json_object_new_int(1));
	set(describe, "version", NULL);
	set(describe, "state", json_object_new_string(add_problems(problems, facts)));
	add_notes(notes, &facts->machine);
	set(describe, "problems", problems);
	set(describe, "notes", notes);
	set(describe, "collectors", describe_collectors(&facts->machine));

	set(module, "loaded", json_object_new_boolean(facts->machine.loaded));
	if (facts->machine.version[0])
		set(module, "version", json_object_new_string(facts->machine.version));
	set(describe, "module", module);
	set(describe, "backend", NULL);
	if (facts->listed)
		ctl_module_describe(facts, describe);
	return describe;
}

/* We may know more of it: the daemon doesn't see which modules there are, or whether any can be loaded. */
static void correct(struct json_object *problem, const struct machine *machine)
{
	const char *id = json_get_string(problem, "id");
	_cleanup_free_ char *hint = id ? machine_other_hint(machine, id) : NULL;
	struct problem found;

	if (equal(id, "no-module") && machine_problem(machine, &found) > 0) {
		if (equal(id, found.id)) {
			set(problem, "message", json_object_new_string(found.message));
			set(problem, "hint", json_object_new_string(found.hint));
		}
		problem_done(&found);
	}
	if (hint)
		set(problem, "hint", json_object_new_string(hint));
}

static void correct_all(struct json_object *array, const struct machine *machine)
{
	for (size_t i = 0; i < json_array_length(array); i++)
		correct(json_object_array_get_idx(array, i), machine);
}

struct json_object *ctl_ask(struct ctl_facts *facts)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	struct json_object *o = NULL;

	if (ctl_bus_describe(&o, &error) < 0) {
		ctl_bus_facts(facts);
		if (!facts->listed)
			ctl_module_facts(facts);
		facts->error = error.absent ? NULL : error.message;
		o = ctl_describe_offline(facts);
		facts->error = NULL;
	}
	correct_all(json_get_array(o, "problems"), &facts->machine);
	correct_all(json_get_array(o, "notes"), &facts->machine);
	return o;
}
