// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "daemon/policy/config.h"
#include "daemon/manager.h"
#include "daemon/note.h"
#include "lib/journal.h"
#include "lib/strv.h"
#include "qcmd_note.h"

#define MSEC		1000ULL
#define RETRY_MIN	(100 * MSEC)
#define RETRY_MAX	(5000 * MSEC)
#define BARRIER_TIMEOUT (5000 * MSEC)
#define QUIET		(500 * MSEC) /* of files of policies: then what was begun is done */
#define FD_NAME		"minidump"

static void schedule(struct manager *m)
{
	sd_event_source_set_enabled(m->work, SD_EVENT_ONESHOT);
}

/* Sources */

static void on_source_changed(void *userdata)
{
	struct manager *m = userdata;

	m->recollect = true;
	schedule(m);
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

/* Another back end, and other policies are in use. */
static int follow_backend(struct manager *m)
{
	int r = judge_policies(m, m->policies);

	if (r < 0)
		return r;
	snprintf(m->judged_backend, sizeof(m->judged_backend), "%s", m->backend.name);
	if (r > 0) {
		sources_set(&m->sources, m->policies);
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
	return r < 0 ? r : reconcile_set_wants(m->reconcile, &wants);
}

/* Module */

static void lose_module(struct manager *m)
{
	module_disconnect(m->module);
	m->backend = (struct module_backend){};
	m->relist = false;
	reconcile_reset(m->reconcile);
}

static int connect_module(struct manager *m)
{
	int r;

	m->reconnect = false;
	r = module_connect(m->module);
	if (r < 0) {
		lose_module(m);
		m->reconnect = r != -ENOENT;
		return m->reconnect ? r : 0;
	}
	m->relist = true;
	reconcile_retry(m->reconcile, false);
	return 0;
}

static int relist(struct manager *m)
{
	struct module_region *regions;
	size_t n;
	int r;

	r = module_get_backend(m->module, &m->backend);
	if (r < 0)
		return r;
	r = module_list(m->module, &regions, &n);
	if (r < 0)
		return r;
	r = reconcile_adopt(m->reconcile, regions, n, module_port(m->module));
	module_regions_free(regions, n);
	if (r < 0)
		return r;
	m->relist = false;
	/* Regions that were taken over are told from stale ones by what is wanted. */
	m->recollect = true;
	return 0;
}

static uint32_t free_slots(const struct manager *m)
{
	return m->backend.slots_max - m->backend.slots_used;
}

static int recount(struct manager *m)
{
	int r = module_get_backend(m->module, &m->backend);

	if (r < 0)
		return r;
	m->recount = false;
	if (free_slots(m) > m->free_when_full)
		reconcile_retry(m->reconcile, true);
	return 0;
}

static void on_module_event(enum module_event event, const struct module_region *region, void *userdata)
{
	struct manager *m = userdata;

	switch (event) {
	case MODULE_EVENT_ADDED:
		log_info("The module has appeared");
		m->reconnect = true;
		break;
	case MODULE_EVENT_REMOVED:
		log_notice("The module is gone, and all regions with it");
		lose_module(m);
		break;
	case MODULE_EVENT_BACKEND:
		m->relist = true;
		reconcile_retry(m->reconcile, false);
		break;
	case MODULE_EVENT_REGION:
		if (!reconcile_news(m->reconcile, region, false))
			return;
		break;
	case MODULE_EVENT_REGION_GONE:
		reconcile_news(m->reconcile, region, true);
		m->recount = true;
		break;
	case MODULE_EVENT_OVERRUN:
		log_notice("Events of the module were lost: its regions are read anew");
		m->relist = true;
		break;
	}
	schedule(m);
}

static int on_module_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct manager *m = userdata;
	int r = module_dispatch(m->module, on_module_event, m);

	if (r < 0) {
		log_warning("Can't read the module's events: %s", strerror(-r));
		m->relist = true;
		schedule(m);
	}
	return 0;
}

/* Status */

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

static void tell(struct manager *m)
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

/* Work: whatever is not known is found out, then the module is made to have what is wanted. */

static bool has_full(const struct manager *m)
{
	size_t n;
	const struct entry *e = reconcile_entries(m->reconcile, &n);

	for (size_t i = 0; i < n; i++)
		if (e[i].error == -ENOSPC)
			return true;
	return false;
}

static int recollect(struct manager *m)
{
	int r = collect(m, m->policies);

	m->recollect = r < 0;
	return r;
}

static int run(struct manager *m)
{
	uint32_t free_before;
	int r = 0;

	if (m->reconnect)
		r = connect_module(m);
	if (r >= 0 && m->relist)
		r = relist(m);
	/* The module was unloaded and loaded again, and the events that say so were lost. */
	m->reconnect |= r == -ENOENT;
	if (r >= 0 && strcmp(m->backend.name, m->judged_backend))
		r = follow_backend(m);
	if (r >= 0 && m->recollect)
		r = recollect(m);
	if (r < 0 || !module_connected(m->module))
		return r;
	if (m->recount || has_full(m))
		r = recount(m);
	free_before = free_slots(m);
	if (r >= 0)
		r = reconcile_run(m->reconcile);
	/* Held now: only who looks again knows whether that was in time. */
	if (r >= 0 && reconcile_holds(m->reconcile)) {
		r = recollect(m);
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
	m->free_when_full = free_slots(m);
	if (free_slots(m) > free_before) {
		m->free_when_full = free_before;
		schedule(m);
	}
	return r;
}

static int on_retry(sd_event_source *s, uint64_t now, void *userdata)
{
	schedule(userdata);
	return 0;
}

static void retry_later(struct manager *m, int error)
{
	uint64_t delay = RETRY_MIN << (m->failures < 6 ? m->failures : 6), now;

	if (delay > RETRY_MAX)
		delay = RETRY_MAX;
	log_warning("Can't bring the table up to date, trying again in %llu ms: %s", delay / MSEC, strerror(-error));
	m->failures++;
	sd_event_now(m->event, CLOCK_MONOTONIC, &now);
	sd_event_source_disable_unref(m->retry);
	m->retry = NULL;
	sd_event_add_time(m->event, &m->retry, CLOCK_MONOTONIC, now + delay, 0, on_retry, m);
}

static int work(struct manager *m)
{
	int r = run(m);

	if (r < 0)
		retry_later(m, r);
	else
		m->failures = 0;
	tell(m);
	return r;
}

static int on_work(sd_event_source *s, void *userdata)
{
	struct manager *m = userdata;

	work(m);
	m->reconciled = true;
	manager_tell_ready(m);
	return 0;
}

void manager_tell_ready(struct manager *m)
{
	if (m->ready || !m->reconciled || m->bus_pending)
		return;
	sd_notify(false, "READY=1");
	m->ready = true;
}

/* Policies */

static void reload_info_set(struct reload_info *info, bool ok, const struct policy_diags *diags, const char *error)
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
		text = policy_diag_line(&diags->items[i]);
		if (!text || strv_append(&info->errors, text) < 0)
			return;
	}
}

static void log_diags(const struct policy_diags *diags)
{
	for (size_t i = 0; i < diags->n; i++) {
		const struct policy_diag *diag = &diags->items[i];
		_cleanup_free_ char *text = policy_diag_line(diag);

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

/* All or nothing: what could not be applied leaves the policies of before. */
static int apply_policies(struct manager *m, struct policy_set *policies)
{
	int r;

	r = judge_policies(m, policies);
	if (r < 0)
		return r;
	snprintf(m->judged_backend, sizeof(m->judged_backend), "%s", m->backend.name);
	sources_set(&m->sources, policies);
	r = collect(m, policies);
	if (r < 0) {
		sources_set(&m->sources, m->policies);
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

static void set_config(struct manager *m, const struct config *config)
{
	int r;

	if (!config->auto_reload)
		m->autoreload = autoreload_free(m->autoreload);
	if (!config->auto_reload || m->autoreload)
		return;
	r = autoreload_new(m->event, policy_dirs(), QUIET, on_files_changed, m, &m->autoreload);
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
	if (policy_diags_errors(&policies->diags)) {
		reload_info_set(&m->reload, false, &policies->diags, NULL);
		log_error("The policies have errors: those of before stay in use");
		policy_set_free(policies);
		tell(m);
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
	work(m);
	return r;
}

/* The first policies: errors disable the policy that has them, and nothing else. */
static int first_policies(struct manager *m)
{
	struct policy_set *policies;
	struct config config;

	if (load_policies(m, &policies, &config) < 0)
		return 0;
	set_config(m, &config);
	return apply_policies(m, policies);
}

/* Life */

int manager_new(struct manager **ret)
{
	struct manager *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->told_state = _STATUS_STATE_MAX;
	uname(&m->uts);
	machine_read(&m->machine, "");
	m->policies = calloc(1, sizeof(*m->policies));
	r = m->policies ? sd_event_default(&m->event) : -ENOMEM;
	m->sources.host = (struct source_host){ .event = m->event, .changed = on_source_changed, .userdata = m };
	if (r >= 0)
		r = reconcile_new(&reconcile_ops, m, &m->reconcile);
	if (r >= 0)
		r = sd_event_add_defer(m->event, &m->work, on_work, m);
	if (r >= 0)
		r = sd_event_source_set_enabled(m->work, SD_EVENT_OFF);
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
	sd_event_source_disable_unref(m->module_io);
	reconcile_free(m->reconcile);
	module_free(m->module);
	policy_set_free(m->policies);
	strv_free(m->reload.errors);
	free(m->layout);
	free(m->told_problems);
	sd_event_unref(m->event);
	free(m);
	return NULL;
}

static bool is_generic_netlink(int fd)
{
	int domain = -1, protocol = -1;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_NETLINK &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 && protocol == NETLINK_GENERIC;
}

/* The socket that systemd kept for us, or -1. What else it kept is from another time and goes. */
static int take_stored_fd(bool *ret_only)
{
	_cleanup_(strv_freep) char **names = NULL;
	int n = sd_listen_fds_with_names(true, &names), found = -1;

	*ret_only = true;
	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (found < 0 && !strcmp(names[i], FD_NAME) && is_generic_netlink(fd)) {
			found = fd;
			continue;
		}
		log_notice("Dropping stored descriptor '%s', which is not known", names[i]);
		close(fd);
		sd_notifyf(false, "FDSTOREREMOVE=1\nFDNAME=%s", names[i]);
		*ret_only = false;
	}
	return found;
}

/* Before there is any region: what the socket owns outlives us from here on. */
static void store_fd(const struct manager *m)
{
	int fd = module_request_fd(m->module), r;

	r = sd_pid_notify_with_fds(0, false, "FDSTORE=1\nFDNAME=" FD_NAME "\nFDPOLL=0", &fd, 1);
	if (r > 0)
		r = sd_notify_barrier(false, BARRIER_TIMEOUT);
	if (r < 0)
		log_warning("Can't leave the socket with systemd, a restart will lose the regions: %s", strerror(-r));
}

static int start_module(struct manager *m)
{
	bool only;
	int fd = take_stored_fd(&only), r;

	r = module_new(fd, &m->module);
	if (r < 0) {
		log_error("Can't open a netlink socket: %s", strerror(-r));
		return r;
	}
	if (fd >= 0)
		log_info("Going on with the regions of before the restart");
	if (fd < 0 || !only)
		store_fd(m);
	m->reconnect = true;
	r = sd_event_add_io(m->event, &m->module_io, module_events_fd(m->module), EPOLLIN, on_module_io, m);
	if (r >= 0)
		sd_event_source_set_description(m->module_io, "module-events");
	return r;
}

int manager_start(struct manager *m)
{
	int r;

	r = sd_event_set_watchdog(m->event, true);
	if (r < 0)
		log_warning("Can't set up the watchdog: %s", strerror(-r));
	r = start_module(m);
	if (r < 0)
		return r;
	r = note_layout(&m->layout);
	if (r < 0)
		log_warning("The kernel has no type information (CONFIG_DEBUG_INFO_BTF): "
			    "readers of a dump will need the kernel's debug symbols");
	r = first_policies(m);
	if (r < 0)
		return r;
	r = manager_bus_start(m);
	if (r < 0)
		return r;
	schedule(m);
	return 0;
}

void manager_finish(struct manager *m)
{
	int r;

	sd_notify(false, m->release ? "STOPPING=1\nSTATUS=Taking the regions out of the table" : "STOPPING=1");
	if (!m->release)
		return;
	r = m->module && module_connected(m->module) ? reconcile_release(m->reconcile) : 0;
	if (r < 0)
		log_warning("The regions go with the last copy of the socket: %s", strerror(-r));
	if (sd_notify(false, "FDSTOREREMOVE=1\nFDNAME=" FD_NAME) > 0)
		sd_notify_barrier(false, BARRIER_TIMEOUT);
}
