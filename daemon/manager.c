// SPDX-License-Identifier: GPL-2.0-only
/* Whatever is not known is found out, then the module is made to have what is wanted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "daemon/manager-private.h"
#include "daemon/note.h"
#include "daemon/source/ktypes.h"
#include "lib/cleanup.h"
#include "lib/journal.h"
#include "lib/strv.h"

#define MSEC	    1000ULL
#define RETRY_MIN   (100 * MSEC)
#define RETRY_MAX   (5000 * MSEC)
#define READY_RETRY (1000 * MSEC)

void manager_schedule(struct manager *m)
{
	sd_event_source_set_enabled(m->work, SD_EVENT_ONESHOT);
}

static bool has_full(const struct manager *m)
{
	size_t n;
	const struct entry *e = reconcile_entries(m->reconcile, &n);

	for (size_t i = 0; i < n; i++)
		if (e[i].error == -ENOSPC)
			return true;
	return false;
}

static int run(struct manager *m)
{
	uint32_t free_before;
	int r = 0;

	if (m->reconnect)
		r = manager_connect(m);
	if (r >= 0 && m->relist)
		r = manager_relist(m);
	/* The module was unloaded and loaded again, and the events that say so were lost. */
	m->reconnect |= r == -ENOENT;
	if (r >= 0 && strcmp(m->backend.name, m->judged_backend))
		r = manager_follow_backend(m);
	if (r >= 0 && m->recollect)
		r = manager_recollect(m);
	if (r < 0 || !module_connected(m->module))
		return r;
	if (m->recount || has_full(m))
		r = manager_recount(m);
	free_before = manager_free_slots(m);
	if (r >= 0)
		r = reconcile_run(m->reconcile);
	/* Held now: only who looks again knows whether that was in time. */
	if (r >= 0 && reconcile_holds(m->reconcile)) {
		r = manager_recollect(m);
		if (r >= 0)
			r = reconcile_run(m->reconcile);
	}
	if (r < 0) {
		m->relist = true;
		return r;
	}
	r = module_get_backend(m->module, &m->backend);
	if (r < 0 || !has_full(m))
		return r;
	/* What has become free by that may be enough for what there was no room for. */
	m->free_when_full = manager_free_slots(m);
	if (manager_free_slots(m) > free_before) {
		m->free_when_full = free_before;
		manager_schedule(m);
	}
	return r;
}

void manager_set_timer(sd_event_source *timer, uint64_t delay)
{
	int r = sd_event_source_set_time_relative(timer, delay);

	if (r >= 0)
		r = sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("Can't set a timer: %s", strerror(-r));
}

static int on_retry(sd_event_source *s, uint64_t now, void *userdata)
{
	manager_schedule(userdata);
	return 0;
}

static void retry_later(struct manager *m, int error)
{
	uint64_t delay = RETRY_MIN << (m->failures < 6 ? m->failures : 6);

	if (delay > RETRY_MAX)
		delay = RETRY_MAX;
	log_warning("Can't bring the table up to date, trying again in %llu ms: %s", delay / MSEC, strerror(-error));
	m->failures++;
	manager_set_timer(m->retry, delay);
}

int manager_work(struct manager *m)
{
	int r = run(m);

	m->error = r < 0 ? r : 0;
	if (r < 0)
		retry_later(m, r);
	else
		m->failures = 0;
	manager_tell(m);
	return r;
}

static int on_work(sd_event_source *s, void *userdata)
{
	struct manager *m = userdata;

	manager_work(m);
	m->reconciled = true;
	manager_tell_ready(m);
	return 0;
}

static int on_ready_retry(sd_event_source *s, uint64_t now, void *userdata)
{
	manager_tell_ready(userdata);
	return 0;
}

void manager_tell_ready(struct manager *m)
{
	int r;

	if (m->ready || !m->reconciled || m->bus_pending)
		return;
	r = sd_notify(false, "READY=1");
	m->ready = r >= 0;
	if (m->ready)
		return;
	/* Without that it would be starting for ever, and then be ended for it. */
	log_warning("Can't tell systemd that qcmdd is ready, trying again: %s", strerror(-r));
	manager_set_timer(m->ready_retry, READY_RETRY);
}

static void on_source_changed(void *userdata)
{
	struct manager *m = userdata;

	m->recollect = true;
	manager_schedule(m);
}

static void on_region_gone(const struct region_key *key, void *userdata)
{
	struct manager *m = userdata;

	sources_gone(&m->sources, key);
	on_source_changed(m);
}

static int on_apply(const struct module_request *requests, struct module_result *results, size_t n, void *userdata)
{
	struct manager *m = userdata;

	return module_apply(m->module, requests, results, n);
}

static const struct reconcile_ops reconcile_ops = {
	.apply = on_apply,
	.gone = on_region_gone,
};

/* All there are, off: when one is needed there may be no memory or no descriptor for it. */
static int add_events(struct manager *m)
{
	const struct {
		sd_event_source **timer;
		sd_event_time_handler_t handler;
	} timers[] = {
		{ &m->retry, on_retry },
		{ &m->ready_retry, on_ready_retry },
		{ &m->sources_retry, manager_on_sources_retry },
		{ &m->bus_retry, manager_on_bus_retry },
		{ &m->status_late, manager_on_status_late },
		{ &m->machine_again, manager_on_machine_again },
	};
	int r = sd_event_add_defer(m->event, &m->work, on_work, m);

	if (r >= 0)
		r = sd_event_source_set_enabled(m->work, SD_EVENT_OFF);
	for (size_t i = 0; i < ARRAY_LEN(timers) && r >= 0; i++) {
		r = sd_event_add_time(m->event, timers[i].timer, CLOCK_MONOTONIC, 0, 0, timers[i].handler, m);
		if (r >= 0)
			r = sd_event_source_set_enabled(*timers[i].timer, SD_EVENT_OFF);
	}
	return r;
}

int manager_new(sd_event *event, struct manager **ret)
{
	struct manager *m = calloc(1, sizeof(*m));
	struct source_host host = { .event = event, .changed = on_source_changed, .userdata = m };
	int r;

	if (!m)
		return -ENOMEM;
	m->told_state = _STATUS_STATE_MAX;
	m->config_log_level = LOG_INFO;
	uname(&m->uts);
	machine_read(&m->machine, "");
	m->event = sd_event_ref(event);
	m->policies = calloc(1, sizeof(*m->policies));
	r = sources_init(&m->sources, &host);
	if (r >= 0)
		r = m->policies ? reconcile_new(&reconcile_ops, m, &m->reconcile) : -ENOMEM;
	if (r >= 0)
		r = add_events(m);
	if (r < 0) {
		manager_free(m);
		return r;
	}
	sd_event_source_set_description(m->work, "work");
	*ret = m;
	return 0;
}

struct manager *manager_free(struct manager *m)
{
	if (!m)
		return NULL;
	manager_bus_stop(m);
	autoreload_free(m->autoreload);
	sources_done(&m->sources);
	sd_event_source_disable_unref(m->work);
	sd_event_source_disable_unref(m->retry);
	sd_event_source_disable_unref(m->ready_retry);
	sd_event_source_disable_unref(m->sources_retry);
	sd_event_source_disable_unref(m->bus_retry);
	sd_event_source_disable_unref(m->status_late);
	sd_event_source_disable_unref(m->machine_again);
	sd_event_source_disable_unref(m->module_io);
	reconcile_free(m->reconcile);
	module_free(m->module);
	policy_set_free(m->policies);
	strv_free(m->reload.errors);
	free(m->layout);
	free(m->told_problems);
	free(m->told_status);
	free(m->bus_problem);
	sd_event_unref(m->event);
	free(m);
	return NULL;
}

int manager_start(struct manager *m)
{
	int r;

	r = sd_event_set_watchdog(m->event, true);
	if (r < 0)
		log_warning("Can't set up the watchdog: %s", strerror(-r));
	r = manager_start_module(m);
	if (r < 0)
		return r;
	r = note_layout(&m->layout);
	if (r < 0)
		log_warning("The kernel has no type information (CONFIG_DEBUG_INFO_BTF): "
			    "readers of a dump will need the kernel's debug symbols");
	r = manager_first_policies(m);
	ktypes_rest();
	if (r < 0)
		return r;
	manager_bus_start(m);
	manager_schedule(m);
	return 0;
}

void manager_finish(struct manager *m, bool release)
{
	int r;

	sd_notify(false, release ? "STOPPING=1\nSTATUS=Taking the regions out of the table" : "STOPPING=1");
	if (!release)
		return;
	r = manager_release(m);
	if (r < 0)
		log_warning("The regions go with the last copy of the socket: %s", strerror(-r));
}
