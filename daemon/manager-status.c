// SPDX-License-Identifier: GPL-2.0-only
/* What there is to tell, and who is told when it changes: the log, systemd, the bus. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "daemon/manager-private.h"
#include "lib/cleanup.h"
#include "lib/journal.h"

/* Whether the module is there is what its own answers say. */
static void look_at_machine(const struct manager *m, struct machine *ret)
{
	machine_read(ret, "");
	ret->loaded = module_connected(m->module);
	ret->missing = ret->missing && !ret->loaded;
	snprintf(ret->backend, sizeof(ret->backend), "%s", m->backend.name);
}

void manager_status(struct manager *m, struct status *ret)
{
	*ret = (struct status){
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
	look_at_machine(m, &ret->machine);
	ret->entries = reconcile_entries(m->reconcile, &ret->n_entries);
	status_judge(ret);
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

static void log_problems(struct manager *m, const struct status *s)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return;
	for (size_t i = 0; i < s->n_problems; i++)
		fprintf(f, "%s\n", s->problems[i].message);
	if (fclose(f) != 0 || (m->told_problems && !strcmp(text, m->told_problems)))
		return;
	for (size_t i = 0; i < s->n_problems; i++)
		log_warning("%s. To do: %s", s->problems[i].message, s->problems[i].hint);
	if (!s->n_problems)
		log_notice("All that the policies ask for is in the table");
	free(m->told_problems);
	m->told_problems = text;
	text = NULL;
}

static void notify_status(struct manager *m, const struct status *s)
{
	size_t active = 0;

	for (size_t i = 0; i < s->n_entries; i++)
		active += entry_active(&s->entries[i]);
	if (s->n_problems)
		sd_notifyf(false, "STATUS=%s: %s", status_state_to_string(s->state), s->problems[0].message);
	else
		sd_notifyf(false, "STATUS=%zu regions in the table, %u of %u slots used, back end %s", active,
			   m->backend.slots_used, m->backend.slots_max, m->backend.name);
}

void manager_tell(struct manager *m)
{
	bool state, backend, module;
	struct status s;

	manager_status(m, &s);
	notify_status(m, &s);
	log_problems(m, &s);
	state = s.state != m->told_state;
	backend = strcmp(s.backend.name, m->told_backend);
	module = s.machine.loaded != m->told_module;
	m->told_state = s.state;
	m->told_module = s.machine.loaded;
	snprintf(m->told_backend, sizeof(m->told_backend), "%s", s.backend.name);
	status_done(&s);
	manager_bus_changed(m, state, backend, module);
}
