// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection to the system bus. It is made when the bus is there, which may be later than we are, and again when
 * it comes back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/manager-private.h"
#include "lib/journal.h"

#define BUS_NAME      "org.qcmd1"
#define BUS_PATH      "/org/qcmd1"
#define BUS_INTERFACE "org.qcmd1.Manager"
#define LOG_PATH      "/org/freedesktop/LogControl1"
#define LOG_INTERFACE "org.freedesktop.LogControl1"
#define BUS_ADDRESS   "unix:path=/run/dbus/system_bus_socket"
#define SEC	      1000000ULL /* us */
#define BUS_WAIT      (2 * SEC)	 /* for our name on it, before READY */
#define RETRY_MIN     (1 * SEC)	 /* after the bus has gone away, or could not be opened; doubled each time in a row */
#define RETRY_MAX     (60 * SEC)
#define NAME_TRIES    3 /* so that one that ends while we start is not taken for another one */

/* What the bus answers to who wants a name that somebody else has. */
#define DBUS_REQUEST_NAME_REPLY_EXISTS 3

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

static void set_problem(struct manager *m, char *text)
{
	free(m->bus_problem);
	m->bus_problem = text;
}

static void retry_bus(struct manager *m)
{
	uint64_t delay = RETRY_MIN << (m->bus_failures < 6 ? m->bus_failures : 6);

	m->bus_failures++;
	manager_set_timer(m->bus_retry, delay < RETRY_MAX ? delay : RETRY_MAX);
}

/* Who has not looked at anything yet has nothing else to tell. */
static void tell(struct manager *m)
{
	if (m->reconciled)
		manager_tell(m);
}

/* What is saved in a crash does not depend on it, but nobody can ask. */
static void bus_failed(struct manager *m, const char *what, const char *why)
{
	char *text;

	if (asprintf(&text, "%s: %s", what, why) < 0)
		text = NULL;
	set_problem(m, text);
	retry_bus(m);
	tell(m);
}

static void start_bus(struct manager *m)
{
	int r = open_bus(m);

	if (r < 0)
		bus_failed(m, "the system bus can't be opened", strerror(-r));
}

int manager_on_bus_retry(sd_event_source *s, uint64_t now, void *userdata)
{
	start_bus(userdata);
	return 0;
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;

	log_notice("The system bus has gone away, waiting for it");
	stop_waiting(m);
	retry_bus(m);
	return 0;
}

static int name_is_taken(struct manager *m)
{
	if (++m->name_refusals < NAME_TRIES) {
		bus_failed(m, "the bus name " BUS_NAME " can't be had", "another qcmdd has it");
		return 0;
	}
	log_error("Another qcmdd has the bus name " BUS_NAME ": one is enough, so this one ends");
	return sd_event_exit(m->event, -EEXIST);
}

static int on_name(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *e = sd_bus_message_get_error(message);
	struct manager *m = userdata;
	uint32_t answer = 0;

	if (!e && sd_bus_message_read(message, "u", &answer) >= 0 && answer == DBUS_REQUEST_NAME_REPLY_EXISTS) {
		stop_waiting(m);
		return name_is_taken(m);
	}
	if (e) {
		bus_failed(m, "the bus name " BUS_NAME " can't be had", e->message);
	} else {
		m->bus_failures = m->name_refusals = 0;
		set_problem(m, NULL);
		tell(m);
	}
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
		r = sd_bus_add_object_vtable(m->bus, NULL, LOG_PATH, LOG_INTERFACE, manager_log_vtable, m);
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

void manager_bus_start(struct manager *m)
{
	start_bus(m);
	if (!m->bus_problem)
		wait_for_name(m);
}

void manager_bus_stop(struct manager *m)
{
	sd_event_source_set_enabled(m->bus_retry, SD_EVENT_OFF);
	m->bus_late = sd_event_source_disable_unref(m->bus_late);
	m->bus = sd_bus_flush_close_unref(m->bus);
}

void manager_bus_changed(struct manager *m, bool state, bool backend, bool module, bool problems)
{
	const char *names[5] = {};
	size_t n = 0;

	if (state)
		names[n++] = "State";
	if (backend)
		names[n++] = "Backend";
	if (module)
		names[n++] = "ModuleLoaded";
	if (problems)
		names[n++] = "Problems";
	if (n && m->bus && sd_bus_is_ready(m->bus) > 0)
		sd_bus_emit_properties_changed_strv(m->bus, BUS_PATH, BUS_INTERFACE, (char **)names);
}
