// SPDX-License-Identifier: GPL-2.0-only
/* What there is to tell, and who is told when it changes: the log, systemd, the bus. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "daemon/manager-private.h"
#include "lib/cleanup.h"
#include "lib/journal.h"

#define SEC		1000000ULL
#define STATUS_INTERVAL (1 * SEC)  /* systemd is told at most that often */
#define MACHINE_AGAIN	(60 * SEC) /* while something is wrong with the machine itself */
#define MACHINE_AGE	(10 * SEC) /* what of the machine nobody tells us of is looked at that often, at most */

/* Reading takes some thirty files, and there may be many passes a second. */
static void look_at_machine(struct manager *m)
{
	uint64_t now;

	sd_event_now(m->event, CLOCK_MONOTONIC, &now);
	if (m->machine_read && now - m->machine_read < MACHINE_AGE)
		return;
	machine_read(&m->machine, "");
	m->machine_read = now;
}

/* Whether the module is there is what its own answers say. */
static struct machine machine_of(const struct manager *m)
{
	struct machine machine = m->machine;

	machine.loaded = module_connected(m->module);
	machine.missing = machine.missing && !machine.loaded;
	snprintf(machine.backend, sizeof(machine.backend), "%s", m->backend.name);
	return machine;
}

static void judge(struct manager *m, struct status *ret)
{
	look_at_machine(m);
	*ret = (struct status){
		.machine = machine_of(m),
		.backend = m->backend,
		.port = module_port(m->module),
		.policies = m->policies,
		.reload = &m->reload,
		.waits_for = m->autoreload ? autoreload_waits_for(m->autoreload) : NULL,
		.bus_problem = m->bus_problem,
		.error = m->error,
	};
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++)
		ret->source_problems[i] = sources_problem(&m->sources, i);
	sources_stats(&m->sources, &ret->stats);
	ret->entries = reconcile_entries(m->reconcile, &ret->n_entries);
	status_judge(ret);
}

void manager_status(struct manager *m, struct status *ret)
{
	m->machine_read = 0;
	judge(m, ret);
}

int manager_status_fresh(struct manager *m, struct status *ret, struct module_region **ret_regions, size_t *ret_n)
{
	int r;

	*ret_regions = NULL;
	*ret_n = 0;
	if (module_connected(m->module)) {
		r = module_get_backend(m->module, &m->backend);
		if (r >= 0)
			r = module_list(m->module, ret_regions, ret_n);
		if (r < 0)
			return r;
	}
	manager_status(m, ret);
	return 0;
}

/* Whether they are others than before. */
static bool log_problems(struct manager *m, const struct status *s)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return false;
	for (size_t i = 0; i < s->n_problems; i++)
		fprintf(f, "%s\n", s->problems[i].message);
	if (fclose(f) != 0 || (m->told_problems && !strcmp(text, m->told_problems)))
		return false;
	for (size_t i = 0; i < s->n_problems; i++)
		log_warning("%s. To do: %s", s->problems[i].message, s->problems[i].hint);
	if (!s->n_problems)
		log_notice("All that the policies ask for is in the table");
	free(m->told_problems);
	m->told_problems = text;
	text = NULL;
	return true;
}

static char *status_text(const struct manager *m, const struct status *s)
{
	size_t active = 0;
	char *text;
	int r;

	for (size_t i = 0; i < s->n_entries; i++)
		active += entry_active(&s->entries[i]);
	if (s->n_problems)
		r = asprintf(&text, "%s: %s", status_state_to_string(s->state), s->problems[0].message);
	else
		r = asprintf(&text, "%zu regions in the table, %u of %u slots used, back end %s", active,
			     m->backend.slots_used, m->backend.slots_max, m->backend.name);
	return r < 0 ? NULL : text;
}

/* Each time costs systemd and the bus more than us. */
static void notify_status(struct manager *m, const struct status *s)
{
	_cleanup_free_ char *text = NULL;

	if (sd_event_source_get_enabled(m->status_late, NULL) > 0)
		return;
	text = status_text(m, s);
	if (!text || (m->told_status && !strcmp(text, m->told_status)))
		return;
	if (sd_notifyf(false, "STATUS=%s", text) > 0) {
		free(m->told_status);
		m->told_status = text;
		text = NULL;
	}
	manager_set_timer(m->status_late, STATUS_INTERVAL);
}

int manager_on_status_late(sd_event_source *timer, uint64_t due, void *userdata)
{
	struct manager *m = userdata;
	struct status s;

	judge(m, &s);
	notify_status(m, &s);
	status_done(&s);
	return 0;
}

/* A capture kernel that is loaded after we have started makes the machine right, and tells nobody. */
static void watch_machine(struct manager *m, const struct status *s)
{
	for (size_t i = 0; i < s->n_problems; i++)
		if (!strcmp(s->problems[i].id, "collector"))
			manager_set_timer(m->machine_again, MACHINE_AGAIN);
}

int manager_on_machine_again(sd_event_source *timer, uint64_t due, void *userdata)
{
	manager_tell(userdata);
	return 0;
}

void manager_tell(struct manager *m)
{
	bool state, backend, module, problems;
	struct status s;

	judge(m, &s);
	notify_status(m, &s);
	problems = log_problems(m, &s);
	watch_machine(m, &s);
	state = s.state != m->told_state;
	backend = strcmp(s.backend.name, m->told_backend);
	module = s.machine.loaded != m->told_module;
	m->told_state = s.state;
	m->told_module = s.machine.loaded;
	snprintf(m->told_backend, sizeof(m->told_backend), "%s", s.backend.name);
	status_done(&s);
	manager_bus_changed(m, state, backend, module, problems);
}
