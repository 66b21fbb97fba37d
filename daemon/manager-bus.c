// SPDX-License-Identifier: GPL-2.0-only
/* org.qcmd1 on the system bus: see org.qcmd1(5). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/manager-private.h"
#include "lib/cleanup.h"
#include "lib/journal.h"

#define BUS_NAME      "org.qcmd1"
#define BUS_PATH      "/org/qcmd1"
#define BUS_INTERFACE "org.qcmd1.Manager"
#define LOG_PATH      "/org/freedesktop/LogControl1"
#define LOG_INTERFACE "org.freedesktop.LogControl1"
#define ERROR_POLICY  "org.qcmd1.Error.InvalidPolicy"
#define ERROR_BUSY    "org.qcmd1.Error.Busy"
#define BUS_ADDRESS   "unix:path=/run/dbus/system_bus_socket"
#define BUS_RETRY     1000000ULL /* us: after the bus has gone away */
#define BUS_WAIT      2000000ULL /* likewise: for our name on it, before READY */

/* The bus daemon says who it is; if it does not, it is nobody special. */
bool manager_bus_sender_is_root(sd_bus_message *message)
{
	sd_bus_creds *creds = NULL;
	bool root = false;
	uid_t uid;

	if (sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID, &creds) >= 0)
		root = sd_bus_creds_get_euid(creds, &uid) >= 0 && uid == 0;
	sd_bus_creds_unref(creds);
	return root;
}

/* Properties */

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", QCMD_VERSION);
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
		     void *userdata, sd_bus_error *error)
{
	struct status s;
	int r;

	manager_status(userdata, &s);
	r = sd_bus_message_append(reply, "s", status_state_to_string(s.state));
	status_done(&s);
	return r;
}

static int get_backend(sd_bus *bus, const char *path, const char *interface, const char *property,
		       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;

	return sd_bus_message_append(reply, "s", m->backend.name);
}

/* Slots come and go without our doing. */
static int get_slots(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
		     void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;

	if (module_connected(m->module))
		module_get_backend(m->module, &m->backend);
	return sd_bus_message_append(reply, "u",
				     !strcmp(property, "SlotsUsed") ? m->backend.slots_used : m->backend.slots_max);
}

static int get_module(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
		      void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;

	return sd_bus_message_append(reply, "b", module_connected(m->module));
}

static int append_problems(sd_bus_message *reply, const struct status *s)
{
	int r = sd_bus_message_open_container(reply, 'a', "(sss)");

	for (size_t i = 0; i < s->n_problems && r >= 0; i++)
		r = sd_bus_message_append(reply, "(sss)", s->problems[i].id, s->problems[i].message,
					  s->problems[i].hint);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_problems(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct status s;
	int r;

	manager_status(userdata, &s);
	r = append_problems(reply, &s);
	status_done(&s);
	return r;
}

/* Methods */

static int append_policies(sd_bus_message *reply, const struct status *s, const struct row *rows, size_t n)
{
	int r = sd_bus_message_open_container(reply, 'a', "(sssssiuu)");

	for (size_t i = 0; i < s->policies->n_policies && r >= 0; i++) {
		const struct policy *p = &s->policies->policies[i];
		struct policy_use use = status_use(s, p);

		r = sd_bus_message_append(reply, "(sssssiuu)", p->name, p->path, p->description ?: "",
					  policy_state_to_string(p->state), p->reason ?: "", p->priority, use.wanted,
					  use.active);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_row(sd_bus_message *reply, const struct row *row, uint32_t port)
{
	const struct entry *e = row->entry;

	return sd_bus_message_append(reply, "(ussssssstu)", row->region ? row->region->id : 0, row_name(row),
				     row_state(row), row_reason(row), row_owner(row, port),
				     e && e->wanted && e->want.policy ? e->want.policy->name : "", row_comment(row),
				     row_kind(row), row->region ? row->region->size : 0,
				     row->region ? (uint32_t)row->region->n_segments : 0);
}

static int append_rows(sd_bus_message *reply, const struct status *s, const struct row *rows, size_t n)
{
	int r = sd_bus_message_open_container(reply, 'a', "(ussssssstu)");

	for (size_t i = 0; i < n && r >= 0; i++)
		r = append_row(reply, &rows[i], s->port);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int send_reply(sd_bus_message *message,
		      int (*append_all)(sd_bus_message *reply, const struct status *s, const struct row *rows,
					size_t n),
		      const struct status *s, const struct row *rows, size_t n)
{
	sd_bus_message *reply = NULL;
	int r;

	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = append_all(reply, s, rows, n);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int on_list_policies(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct status s;
	int r;

	manager_status(userdata, &s);
	r = send_reply(message, append_policies, &s, NULL, 0);
	status_done(&s);
	return r;
}

int manager_bus_busy(sd_bus_error *error, int r)
{
	return sd_bus_error_setf(error, ERROR_BUSY, "The regions can't be listed now, try again: %s", strerror(-r));
}

static int on_list_regions(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_free_ struct row *rows = NULL;
	struct module_region *regions;
	size_t n, n_rows;
	struct status s;
	int r;

	r = manager_status_fresh(userdata, &s, &regions, &n);
	if (r < 0)
		return manager_bus_busy(error, r);
	r = status_rows(&s, regions, n, &rows, &n_rows);
	if (r >= 0)
		r = send_reply(message, append_rows, &s, rows, n_rows);
	status_done(&s);
	module_regions_free(regions, n);
	return r;
}

static int on_describe(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct module_region *regions;
	struct status s;
	json_object *o;
	size_t n;
	int r;

	r = manager_status_fresh(userdata, &s, &regions, &n);
	if (r < 0)
		return manager_bus_busy(error, r);
	o = status_describe(&s, regions, n, manager_bus_sender_is_root(message));
	r = o ? sd_bus_reply_method_return(message, "s", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN)) :
		-ENOMEM;
	json_object_put(o);
	status_done(&s);
	module_regions_free(regions, n);
	return r;
}

/* One diagnostic a line. */
static int invalid_policy(const struct manager *m, sd_bus_error *error)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	for (char **e = m->reload.errors; e && *e; e++)
		fprintf(f, "%s%s", e == m->reload.errors ? "" : "\n", *e);
	if (fclose(f) != 0)
		return -ENOMEM;
	return sd_bus_error_set(error, ERROR_POLICY, text);
}

static int on_reload(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;
	int r;

	if (!manager_bus_sender_is_root(message))
		return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "Only root may reload the policies");
	r = manager_reload(m);
	if (r == -EBADMSG)
		return invalid_policy(m, error);
	if (r < 0)
		return sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, "The policies can't be reloaded: %s",
					 strerror(-r));
	return sd_bus_reply_method_return(message, NULL);
}

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Backend", "s", get_backend, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("ModuleLoaded", "b", get_module, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("SlotsUsed", "u", get_slots, 0, 0),
	SD_BUS_PROPERTY("SlotsMax", "u", get_slots, 0, 0),
	SD_BUS_PROPERTY("Problems", "a(sss)", get_problems, 0, 0),
	SD_BUS_METHOD_WITH_ARGS("ListPolicies", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sssssiuu)", policies),
				on_list_policies, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListRegions", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ussssssstu)", regions), on_list_regions,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), on_describe,
				SD_BUS_VTABLE_UNPRIVILEGED),
	/* The handlers ask who it is: the bus library's own check is for CAP_SYS_ADMIN. */
	SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_reload, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Snapshot", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", image, "b", changed),
				manager_bus_snapshot, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

/* LogControl1 */

static int get_log_level(sd_bus *bus, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", log_level_to_string(log_max_level()));
}

static int set_log_level(sd_bus *bus, const char *path, const char *interface, const char *property,
			 sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	const char *level;
	int r = sd_bus_message_read(value, "s", &level);

	if (r < 0)
		return r;
	return log_set_max_level(level) < 0 ?
		       sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Log level '%s' is not known", level) :
		       0;
}

static int get_log_target(sd_bus *bus, const char *path, const char *interface, const char *property,
			  sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", log_target());
}

static int set_log_target(sd_bus *bus, const char *path, const char *interface, const char *property,
			  sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	const char *target;
	int r = sd_bus_message_read(value, "s", &target);

	if (r < 0)
		return r;
	return log_set_target(target) < 0 ? sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
							      "Log target '%s' is not known: "
							      "journal or console",
							      target) :
					    0;
}

static int get_log_identifier(sd_bus *bus, const char *path, const char *interface, const char *property,
			      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", "qcmdd");
}

static const sd_bus_vtable log_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_log_level, set_log_level, 0, 0),
	SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get_log_target, set_log_target, 0, 0),
	SD_BUS_PROPERTY("SyslogIdentifier", "s", get_log_identifier, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};

/* Connection. It is made when the bus is there, which may be later than we are, and again when it comes back. */

static int open_bus(struct manager *m);

static void stop_waiting(struct manager *m)
{
	m->bus_pending = false;
	m->bus_late = sd_event_source_disable_unref(m->bus_late);
	manager_tell_ready(m);
}

static int on_bus_late(sd_event_source *s, uint64_t now, void *userdata)
{
	stop_waiting(userdata);
	return 0;
}

/* The bus may come later than we do, or never: nobody waits for that. */
static void wait_for_name(struct manager *m)
{
	m->bus_pending =
		sd_event_add_time_relative(m->event, &m->bus_late, CLOCK_MONOTONIC, BUS_WAIT, 0, on_bus_late, m) >= 0;
}

static int on_bus_retry(sd_event_source *s, uint64_t now, void *userdata)
{
	struct manager *m = userdata;

	m->bus_retry = sd_event_source_disable_unref(m->bus_retry);
	if (open_bus(m) < 0)
		log_warning("Can't open the system bus");
	return 0;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;

	log_notice("The system bus has gone away, waiting for it");
	stop_waiting(m);
	return sd_event_add_time_relative(m->event, &m->bus_retry, CLOCK_MONOTONIC, BUS_RETRY, 0, on_bus_retry, m);
}

static int on_name(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *e = sd_bus_message_get_error(message);
	struct manager *m = userdata;

	if (e)
		log_error("Can't have the bus name %s: %s", BUS_NAME, e->message);
	stop_waiting(m);
	return 0;
}

static int setup_bus(struct manager *m)
{
	const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
	int r = sd_bus_set_address(m->bus, address ?: BUS_ADDRESS);

	if (r >= 0)
		r = sd_bus_set_bus_client(m->bus, true);
	if (r >= 0)
		r = sd_bus_set_trusted(m->bus, false);
	if (r >= 0)
		r = sd_bus_set_watch_bind(m->bus, true);
	if (r >= 0)
		r = sd_bus_add_object_vtable(m->bus, NULL, BUS_PATH, BUS_INTERFACE, manager_vtable, m);
	if (r >= 0)
		r = sd_bus_add_object_vtable(m->bus, NULL, LOG_PATH, LOG_INTERFACE, log_vtable, m);
	if (r >= 0)
		r = sd_bus_start(m->bus);
	if (r >= 0)
		r = sd_bus_attach_event(m->bus, m->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		r = sd_bus_match_signal_async(m->bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
					      "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, m);
	if (r >= 0)
		r = sd_bus_request_name_async(m->bus, NULL, BUS_NAME, 0, on_name, m);
	return r;
}

static int open_bus(struct manager *m)
{
	int r;

	manager_bus_stop(m);
	r = sd_bus_new(&m->bus);
	if (r >= 0)
		r = setup_bus(m);
	if (r < 0)
		manager_bus_stop(m);
	return r;
}

int manager_bus_start(struct manager *m)
{
	int r = open_bus(m);

	/* What is saved in a crash does not depend on it. */
	if (r < 0)
		log_warning("Can't open the system bus, qcmdctl won't work: %s", strerror(-r));
	else
		wait_for_name(m);
	return r == -ENOMEM ? r : 0;
}

void manager_bus_stop(struct manager *m)
{
	m->bus_retry = sd_event_source_disable_unref(m->bus_retry);
	m->bus_late = sd_event_source_disable_unref(m->bus_late);
	m->bus = sd_bus_flush_close_unref(m->bus);
}

void manager_bus_changed(struct manager *m, bool state, bool backend, bool module)
{
	const char *names[4] = {};
	size_t n = 0;

	if (state)
		names[n++] = "State";
	if (backend)
		names[n++] = "Backend";
	if (module)
		names[n++] = "ModuleLoaded";
	if (n && m->bus && sd_bus_is_ready(m->bus) > 0)
		sd_bus_emit_properties_changed_strv(m->bus, BUS_PATH, BUS_INTERFACE, (char **)names);
}
