// SPDX-License-Identifier: GPL-2.0-only
/* org.qcmd1.Manager: its properties and methods, see org.qcmd1(5). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/manager-private.h"
#include "lib/cleanup.h"

#define ERROR_POLICY "org.qcmd1.Error.InvalidPolicy"
#define ERROR_BUSY   "org.qcmd1.Error.Busy"

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

const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Backend", "s", get_backend, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("ModuleLoaded", "b", get_module, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("SlotsUsed", "u", get_slots, 0, 0),
	SD_BUS_PROPERTY("SlotsMax", "u", get_slots, 0, 0),
	SD_BUS_PROPERTY("Problems", "a(sss)", get_problems, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
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
