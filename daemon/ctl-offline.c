// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <string.h>

#include "ctl.h"
#include "policy-util.h"

/* Back ends are modules of their own, named qcom_minidump_*. */
static bool have_backend_module(const char *sys_module)
{
	struct dirent *entry;
	bool found = false;
	DIR *d = opendir(sys_module);

	while (d && !found && (entry = readdir(d)))
		found = strncmp(entry->d_name, "qcom_minidump_", strlen("qcom_minidump_")) == 0;
	if (d)
		closedir(d);
	return found;
}

void ctl_facts_of_kernel(struct ctl_facts *facts, const char *sys_module)
{
	_cleanup_(freep) char *module = ctl_printf("%s/qcom_minidump", sys_module);
	_cleanup_(freep) char *version = ctl_printf("%s/version", module);
	_cleanup_(fclosep) FILE *f = NULL;
	char line[64];

	facts->module = access(module, F_OK) == 0;
	facts->backend_module = have_backend_module(sys_module);

	f = fopen(version, "re");
	if (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		facts->module_version = ctl_printf("%s", line);
	}
}

void ctl_facts_done(struct ctl_facts *facts)
{
	free(facts->module_version);
	facts->module_version = NULL;
}

static void set(struct json_object *o, const char *key, struct json_object *value)
{
	if (json_object_object_add(o, key, value) < 0)
		ctl_out_of_memory();
}

static void add_problem(struct json_object *problems, const char *id, const char *message, const char *hint)
{
	struct json_object *problem = json_object_new_object();

	set(problem, "id", json_object_new_string(id));
	set(problem, "message", json_object_new_string(message));
	set(problem, "hint", json_object_new_string(hint));
	if (json_object_array_add(problems, problem) < 0)
		ctl_out_of_memory();
}

static void add_daemon_problem(struct json_object *problems, const struct ctl_facts *facts)
{
	static const char id[] = "no-daemon";

	if (!facts->bus) {
		_cleanup_(freep) char *message =
			ctl_printf("qcmdd can't be asked: %s.", facts->error ?: "there is no system bus");

		add_problem(problems, id, message, "systemctl start dbus.socket");
		return;
	}

	switch (facts->unit) {
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
		_cleanup_(freep) char *message =
			ctl_printf("qcmdd runs but does not answer (%s).", facts->error ?: "it has no name on the bus");

		add_problem(problems, id, message, "journalctl -b -u qcmdd says why; then: systemctl restart qcmdd");
		return;
	}
	case CTL_UNIT_UNKNOWN:
		add_problem(problems, id, "qcmdd is not running.", "Start it: systemctl enable --now qcmdd");
	}
}

struct json_object *ctl_describe_offline(const struct ctl_facts *facts)
{
	struct json_object *describe = json_object_new_object(), *problems = json_object_new_array();
	struct json_object *module = json_object_new_object();

	if (!describe || !problems || !module)
		ctl_out_of_memory();

	add_daemon_problem(problems, facts);
	if (!facts->module)
		add_problem(problems, "no-module", "The kernel module qcom_minidump is not loaded.",
			    "modprobe qcom_minidump_ram");
	else if (!facts->backend_module)
		add_problem(problems, "no-backend", "No back end is loaded, so there is no table to save regions in.",
			    "modprobe qcom_minidump_ram");

	set(module, "loaded", json_object_new_boolean(facts->module));
	if (facts->module_version)
		set(module, "version", json_object_new_string(facts->module_version));

	set(describe, "schema", json_object_new_int(1));
	set(describe, "version", NULL);
	set(describe, "state", json_object_new_string("failed"));
	set(describe, "problems", problems);
	set(describe, "module", module);
	set(describe, "backend", NULL);
	return describe;
}
