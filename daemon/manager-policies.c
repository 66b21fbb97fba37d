// SPDX-License-Identifier: GPL-2.0-only
/* Policies: read, judged by what machine this is, and made into what reconcile works on. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/manager-private.h"
#include "daemon/note.h"
#include "daemon/policy/config.h"
#include "lib/journal.h"
#include "lib/strv.h"
#include "qcmd_note.h"

#define SOURCES_RETRY_MIN 1000000ULL /* us, doubled each time, 64 times that at most */

/* Whether any policy has changed by that, or -ENOMEM. */
static int judge_policies(struct manager *m, struct policy_set *policies)
{
	const struct policy_facts facts = {
		.kernel = m->uts.release,
		.machine = m->uts.machine,
		.backend = m->backend.name,
		.virtualization = m->machine.virtualization,
	};

	return policy_set_judge(policies, &facts);
}

int manager_on_sources_retry(sd_event_source *event, uint64_t due, void *userdata)
{
	struct manager *m = userdata;

	sources_retry(&m->sources, m->policies);
	m->source_failures++;
	manager_watch_sources(m);
	m->recollect = true;
	manager_schedule(m);
	return 0;
}

/* What could not be started may be later, when there is memory or there are descriptors again. */
void manager_watch_sources(struct manager *m)
{
	uint64_t delay = SOURCES_RETRY_MIN << (m->source_failures < 6 ? m->source_failures : 6);

	if (!sources_failed(&m->sources)) {
		m->source_failures = 0;
		sd_event_source_set_enabled(m->sources_retry, SD_EVENT_OFF);
	} else if (sd_event_source_get_enabled(m->sources_retry, NULL) == 0) {
		manager_set_timer(m->sources_retry, delay);
	}
}

static void set_sources(struct manager *m, const struct policy_set *policies)
{
	sources_set(&m->sources, policies);
	manager_watch_sources(m);
}

/* Another back end, and other policies are in use. */
int manager_follow_backend(struct manager *m)
{
	int r = judge_policies(m, m->policies);

	if (r < 0)
		return r;
	snprintf(m->judged_backend, sizeof(m->judged_backend), "%s", m->backend.name);
	if (r > 0) {
		set_sources(m, m->policies);
		m->recollect = true;
	}
	return 0;
}

static int want_note(struct wants *wants)
{
	struct want want = { .key.kind = REGION_NOTE, .priority = INT_MAX };

	region_key_set_what(&want.key, MINIDUMP_NOTE_NAME);
	snprintf(want.name, sizeof(want.name), MINIDUMP_NOTE_NAME);
	snprintf(want.comment, sizeof(want.comment), "what a reader of the dump must know");
	return wants_add(wants, &want);
}

static int set_notes(struct manager *m, const struct policy_set *policies)
{
	_cleanup_free_ char *text = NULL;
	struct note note = { .name = MINIDUMP_NOTE_NAME, .type = QCMD_NOTE_KERNEL };
	int r = note_build(m->layout, policies, &text, &note.size);

	note.text = text;
	if (r >= 0)
		r = reconcile_set_note(m->reconcile, &note);
	for (int i = 0; i < _POLICY_SOURCE_MAX && r >= 0; i++) {
		const struct note *other = sources_note(&m->sources, i);

		r = other ? reconcile_set_note(m->reconcile, other) : 0;
	}
	return r;
}

/* What policies want becomes what reconcile works on. */
static int collect(struct manager *m, const struct policy_set *policies)
{
	_cleanup_(wants_done) struct wants wants = {};
	int r = sources_want(&m->sources, policies, &wants);

	if (r >= 0)
		r = want_note(&wants);
	if (r >= 0)
		r = set_notes(m, policies);
	wants_exclude(&wants, policies);
	return r < 0 ? r : reconcile_set_wants(m->reconcile, &wants);
}

int manager_recollect(struct manager *m)
{
	int r = collect(m, m->policies);

	/* What they look up while they run may have failed, too. */
	manager_watch_sources(m);
	m->recollect = r < 0;
	return r;
}

static void reload_info_set(struct reload_info *info, bool ok, const struct diags *diags, const char *error)
{
	info->done = true;
	info->ok = ok;
	clock_gettime(CLOCK_REALTIME, &info->when);
	info->errors = strv_free(info->errors);
	if (error && strv_append(&info->errors, error) < 0)
		log_oom();
	for (size_t i = 0; !ok && diags && i < diags->n; i++) {
		_cleanup_free_ char *text = NULL;

		if (!diags->items[i].error)
			continue;
		text = diag_line(&diags->items[i]);
		if (!text || strv_append(&info->errors, text) < 0)
			return;
	}
}

static void log_diags(const struct diags *diags)
{
	for (size_t i = 0; i < diags->n; i++) {
		const struct diag *diag = &diags->items[i];
		_cleanup_free_ char *text = diag_line(diag);

		if (text)
			log_config(diag->error ? LOG_ERR : LOG_WARNING, diag->path, diag->line, text);
		else
			log_oom();
	}
}

static int load_policies(struct manager *m, struct policy_set **ret, struct config *ret_config)
{
	_cleanup_free_ char *text = NULL;
	int r = policy_set_load(policy_dirs(), ret);

	if (r >= 0) {
		r = config_load(CONFIG_PATH, ret_config, &(*ret)->diags);
		if (r < 0)
			policy_set_free(*ret);
	}
	if (r >= 0) {
		log_diags(&(*ret)->diags);
		return 0;
	}
	log_error("Can't read the policies: %s", strerror(-r));
	if (asprintf(&text, "the policies can't be read: %s", strerror(-r)) < 0)
		text = NULL;
	reload_info_set(&m->reload, false, NULL, text);
	return r;
}

/* All or nothing: what could not be applied leaves the previous policies. */
static int apply_policies(struct manager *m, struct policy_set *policies)
{
	int r;

	r = judge_policies(m, policies);
	if (r < 0)
		return r;
	snprintf(m->judged_backend, sizeof(m->judged_backend), "%s", m->backend.name);
	set_sources(m, policies);
	r = collect(m, policies);
	if (r < 0) {
		set_sources(m, m->policies);
		m->recollect = true;
		return r;
	}
	policy_set_free(m->policies);
	m->policies = policies;
	m->recollect = false;
	reconcile_retry(m->reconcile, false);
	return 0;
}

static void on_files_changed(void *userdata)
{
	log_info("Files of policies have changed");
	manager_reload(userdata);
}

static void on_waiting(void *userdata)
{
	manager_tell(userdata);
}

static const struct autoreload_ops autoreload_ops = {
	.quiet = 500000, /* then what was begun is done */
	.patience = 10000000,
	.changed = on_files_changed,
	.waiting = on_waiting,
};

static void set_config(struct manager *m, const struct config *config)
{
	int r;

	/* Who has set another level over the bus keeps it until the file says something else. */
	if (config->log_level != m->config_log_level)
		log_set_max_level(log_level_to_string(config->log_level));
	m->config_log_level = config->log_level;
	if (!config->auto_reload)
		m->autoreload = autoreload_free(m->autoreload);
	if (!config->auto_reload || m->autoreload)
		return;
	r = autoreload_new(m->event, policy_dirs(), &autoreload_ops, m, &m->autoreload);
	if (r < 0)
		log_error("AutoReload=yes has no effect: %s", strerror(-r));
}

int manager_reload(struct manager *m)
{
	struct policy_set *policies;
	struct config config;
	int r;

	r = load_policies(m, &policies, &config);
	if (r < 0)
		return r;
	if (m->autoreload)
		autoreload_forget(m->autoreload);
	if (diags_errors(&policies->diags)) {
		reload_info_set(&m->reload, false, &policies->diags, NULL);
		log_error("The policies have errors: the previous ones stay in use");
		policy_set_free(policies);
		manager_tell(m);
		return -EBADMSG;
	}
	r = apply_policies(m, policies);
	if (r < 0) {
		reload_info_set(&m->reload, false, NULL, strerror(-r));
		policy_set_free(policies);
	} else {
		reload_info_set(&m->reload, true, NULL, NULL);
		set_config(m, &config);
		log_info("Policies reloaded");
	}
	manager_work(m);
	return r;
}

/* The first policies: errors disable the policy that has them, and nothing else. */
int manager_first_policies(struct manager *m)
{
	struct policy_set *policies;
	struct config config;

	if (load_policies(m, &policies, &config) < 0)
		return 0;
	set_config(m, &config);
	return apply_policies(m, policies);
}
