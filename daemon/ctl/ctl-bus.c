// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/ctl/ctl.h"
#include "lib/alloc.h"

#define NAME	  "org.qcmd1"
#define OBJECT	  "/org/qcmd1"
#define INTERFACE "org.qcmd1.Manager"
#define UNIT	  "qcmdd.service"

#define SYSTEMD_NAME	  "org.freedesktop.systemd1"
#define UNIT_INTERFACE	  SYSTEMD_NAME ".Unit"
#define SERVICE_INTERFACE SYSTEMD_NAME ".Service"

#define USEC_PER_SEC UINT64_C(1000000)
#define ASK_TIMEOUT  (5 * USEC_PER_SEC)	  /* one that is stopped, whoever it is, is no reason to wait for long */
#define DO_TIMEOUT   (150 * USEC_PER_SEC) /* somebody may be asked for a password */

static void bus_unrefp(sd_bus **bus)
{
	sd_bus_flush_close_unref(*bus);
}

static void message_unrefp(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

void ctl_bus_error_done(struct ctl_bus_error *error)
{
	free(error->name);
	free(error->message);
	*error = (struct ctl_bus_error){ .name = NULL };
}

static int fail(struct ctl_bus_error *error, const char *name, const char *message, int r)
{
	error->name = name ? xprintf("%s", name) : NULL;
	error->message = xprintf("%s", message ?: strerror(-r));
	error->absent = name && (strcmp(name, SD_BUS_ERROR_SERVICE_UNKNOWN) == 0 ||
				 strcmp(name, SD_BUS_ERROR_NAME_HAS_NO_OWNER) == 0);
	return r < 0 ? r : -EIO;
}

/* Asking must not start the daemon: that it does not run is what people want to know. */
static int call(const char *method, uint64_t timeout, sd_bus_message **ret, struct ctl_bus_error *error)
{
	_cleanup_(message_unrefp) sd_bus_message *m = NULL;
	_cleanup_(sd_bus_error_free) sd_bus_error bus_error = SD_BUS_ERROR_NULL;
	_cleanup_(bus_unrefp) sd_bus *bus = NULL;
	int r;

	r = sd_bus_open_system(&bus);
	if (r < 0) {
		_cleanup_free_ char *message = xprintf("the system bus can't be reached: %s", strerror(-r));

		return fail(error, NULL, message, r);
	}

	r = sd_bus_message_new_method_call(bus, &m, NAME, OBJECT, INTERFACE, method);
	if (r >= 0)
		r = sd_bus_message_set_auto_start(m, false);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(m, true);
	if (r >= 0)
		r = sd_bus_call(bus, m, timeout, &bus_error, ret);
	return r < 0 ? fail(error, bus_error.name, bus_error.message, r) : 0;
}

int ctl_bus_describe(struct json_object **ret, struct ctl_bus_error *error)
{
	_cleanup_(message_unrefp) sd_bus_message *reply = NULL;
	struct json_object *describe;
	const char *text;
	int r;

	r = call("Describe", ASK_TIMEOUT, &reply, error);
	if (r < 0)
		return r;

	r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return fail(error, NULL, "qcmdd gave no text", r);

	describe = json_tokener_parse(text);
	if (!json_object_is_type(describe, json_type_object)) {
		json_object_put(describe);
		return fail(error, NULL, "the answer is no JSON object: are qcmdd and qcmdctl of one version?",
			    -EBADMSG);
	}

	*ret = describe;
	return 0;
}

int ctl_bus_reload(struct ctl_bus_error *error)
{
	_cleanup_(message_unrefp) sd_bus_message *reply = NULL;

	return call("Reload", DO_TIMEOUT, &reply, error);
}

int ctl_bus_snapshot(int *ret_fd, bool *ret_changed, struct ctl_bus_error *error)
{
	_cleanup_(message_unrefp) sd_bus_message *reply = NULL;
	int r, fd, changed;

	r = call("Snapshot", DO_TIMEOUT, &reply, error);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "hb", &fd, &changed);
	if (r < 0)
		return fail(error, NULL, "qcmdd gave no snapshot", r);
	/* The message closes its own. */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return fail(error, NULL, NULL, -errno);
	*ret_fd = fd;
	*ret_changed = changed;
	return 0;
}

static enum ctl_unit unit_state(const char *load, const char *active)
{
	static const struct {
		const char *active;
		enum ctl_unit unit;
	} states[] = {
		{ "inactive", CTL_UNIT_INACTIVE },   { "deactivating", CTL_UNIT_INACTIVE },
		{ "activating", CTL_UNIT_STARTING }, { "failed", CTL_UNIT_FAILED },
		{ "active", CTL_UNIT_ACTIVE },	     { "reloading", CTL_UNIT_ACTIVE },
	};

	if (strcmp(load, "not-found") == 0)
		return CTL_UNIT_NOT_FOUND;
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(active, states[i].active) == 0)
			return states[i].unit;
	return CTL_UNIT_UNKNOWN;
}

/* The letter after the name, which may have any others in it. */
static bool is_stopped(uint32_t pid)
{
	_cleanup_free_ char *path = xprintf("/proc/%u/stat", pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[256] = "";
	const char *name_end;

	if (!pid || !f || !fgets(line, sizeof(line), f))
		return false;
	name_end = strrchr(line, ')');
	return name_end && (name_end[1] == ' ') && (name_end[2] == 'T' || name_end[2] == 't');
}

void ctl_bus_facts(struct ctl_facts *facts)
{
	_cleanup_free_ char *load = NULL, *active = NULL, *file = NULL;
	_cleanup_(message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(bus_unrefp) sd_bus *bus = NULL;
	uint32_t pid = 0;
	const char *path;

	facts->unit = CTL_UNIT_UNKNOWN;
	facts->bus = sd_bus_open_system(&bus) >= 0;
	if (!facts->bus)
		return;

	sd_bus_set_method_call_timeout(bus, ASK_TIMEOUT);
	if (sd_bus_call_method(bus, SYSTEMD_NAME, "/org/freedesktop/systemd1", SYSTEMD_NAME ".Manager", "LoadUnit",
			       NULL, &reply, "s", UNIT) < 0 ||
	    sd_bus_message_read(reply, "o", &path) < 0 ||
	    sd_bus_get_property_string(bus, SYSTEMD_NAME, path, UNIT_INTERFACE, "LoadState", NULL, &load) < 0 ||
	    sd_bus_get_property_string(bus, SYSTEMD_NAME, path, UNIT_INTERFACE, "ActiveState", NULL, &active) < 0)
		return;

	facts->unit = unit_state(load, active);
	if (sd_bus_get_property_string(bus, SYSTEMD_NAME, path, UNIT_INTERFACE, "UnitFileState", NULL, &file) >= 0)
		facts->unit_enabled = strncmp(file, "enabled", strlen("enabled")) == 0;
	if (sd_bus_get_property_trivial(bus, SYSTEMD_NAME, path, SERVICE_INTERFACE, "MainPID", NULL, 'u', &pid) >= 0)
		facts->stopped = is_stopped(pid);
}
