// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks, by name. The parent of each one is wanted too: without it a dump can't say who started the task.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "minidump-netlink.h"
#include "policy-util.h"
#include "qcmdd-log.h"
#include "source.h"
#include "task-bpf.h"

#define BUCKETS 4096
#define MSEC	1000ULL
/* After an exit: by then the children have been given to another parent, which nothing tells. */
#define REPARENT_DELAY	(50 * MSEC)
#define RESYNC_INTERVAL (250 * MSEC)  /* at most this often when events get lost */
#define RETRY_INTERVAL	(5000 * MSEC) /* when looking again has failed */

struct task {
	struct task *next;
	struct task_event e;
	unsigned int generation; /* of the iteration that saw it last */
};

struct source {
	struct source_host host;
	struct task_watcher *watcher;
	char *problem;
	char **patterns;
	struct task *buckets[BUCKETS];
	size_t n_tasks;
	unsigned int generation;
	sd_event_source *io;
	sd_event_source *timer;
	uint64_t due; /* of the timer, 0: not running */
	uint64_t last_resync;
	uint64_t seen_lost;
	uint64_t seen_unwatched;
	uint64_t resyncs;
	struct region_key last_gone; /* a parent */
	bool changed;
};

static struct task **bucket(struct source *s, uint32_t pid)
{
	return &s->buckets[pid % BUCKETS];
}

static struct task *find_task(struct source *s, uint32_t pid)
{
	struct task *t = *bucket(s, pid);

	while (t && t->e.pid != pid)
		t = t->next;
	return t;
}

static void remove_task(struct source *s, uint32_t pid)
{
	for (struct task **t = bucket(s, pid); *t; t = &(*t)->next) {
		struct task *gone = *t;

		if (gone->e.pid != pid)
			continue;
		*t = gone->next;
		free(gone);
		s->n_tasks--;
		s->changed = true;
		return;
	}
}

static void put_task(struct source *s, const struct task_event *e)
{
	struct task *t = find_task(s, e->pid);

	if (!t) {
		t = calloc(1, sizeof(*t));
		if (!t) {
			log_oom();
			return;
		}
		t->next = *bucket(s, e->pid);
		*bucket(s, e->pid) = t;
		s->n_tasks++;
	} else if (t->e.task == e->task && t->e.start == e->start && t->e.parent_pid == e->parent_pid &&
		   t->e.parent_start == e->parent_start && !strcmp(t->e.comm, e->comm)) {
		t->generation = s->generation;
		return;
	}
	t->e = *e;
	t->generation = s->generation;
	s->changed = true;
}

static void remove_all(struct source *s)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (s->buckets[i])
			remove_task(s, s->buckets[i]->e.pid);
}

static bool comm_matches(char *const *patterns, const char *comm)
{
	for (; patterns && *patterns; patterns++)
		if (fnmatch(*patterns, comm, 0) == 0)
			return true;
	return false;
}

static void set_problem(struct source *s, char *text)
{
	free(s->problem);
	s->problem = text;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata);

static void schedule_resync(struct source *s, uint64_t delay)
{
	uint64_t now, due;
	int r;

	sd_event_now(s->host.event, CLOCK_MONOTONIC, &now);
	due = now + delay;
	if (s->due && s->due <= due)
		return;
	if (!s->timer)
		r = sd_event_add_time(s->host.event, &s->timer, CLOCK_MONOTONIC, due, 1 * MSEC, on_timer, s);
	else
		r = sd_event_source_set_time(s->timer, due);
	if (r >= 0)
		r = sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
	if (r < 0) {
		log_error("Can't set a timer: %s", strerror(-r));
		return;
	}
	sd_event_source_set_description(s->timer, "task-resync");
	s->due = due;
}

static void on_exited(struct source *s, const struct task_event *e, uint64_t delay)
{
	struct task *t = find_task(s, e->pid);

	if (t && t->e.task == e->task)
		remove_task(s, e->pid);
	for (size_t i = 0; i < BUCKETS; i++)
		for (t = s->buckets[i]; t; t = t->next)
			if (t->e.parent_pid == e->pid && t->e.parent_start == e->start) {
				schedule_resync(s, delay);
				return;
			}
}

static void on_event(const struct task_event *e, void *userdata)
{
	struct source *s = userdata;

	switch (e->kind) {
	case TASK_EVENT_EXEC:
		remove_task(s, e->old_pid);
		/* fall through */
	case TASK_EVENT_ITER:
	case TASK_EVENT_NEW:
	case TASK_EVENT_RENAME:
		if (comm_matches(s->patterns, e->comm))
			put_task(s, e);
		else
			remove_task(s, e->pid);
		break;
	case TASK_EVENT_EXIT:
		on_exited(s, e, REPARENT_DELAY);
		break;
	case TASK_EVENT_FREE:
		on_exited(s, e, 0);
		break;
	}
}

static void tell_change(struct source *s)
{
	if (s->changed)
		s->host.changed(s->host.userdata);
	s->changed = false;
}

static void sweep(struct source *s)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct task *t = s->buckets[i], *next; t; t = next) {
			next = t->next;
			if (t->generation != s->generation)
				remove_task(s, t->e.pid);
		}
}

/* Nothing that was known counts: what is there is what the iterator shows. */
static int resync(struct source *s)
{
	struct task_watcher_counters before, after;
	char *text = NULL;
	int r;

	s->due = 0;
	sd_event_now(s->host.event, CLOCK_MONOTONIC, &s->last_resync);
	s->resyncs++;
	task_watcher_counters(s->watcher, &before);
	/* What is older than the iteration can only mislead; what is newer comes after it. */
	task_watcher_discard(s->watcher);
	s->generation++;
	r = task_watcher_iterate(s->watcher);
	if (r < 0) {
		if (asprintf(&text, "the tasks can't be listed: %s", strerror(-r)) < 0)
			text = NULL;
		set_problem(s, text);
		schedule_resync(s, RETRY_INTERVAL);
		return r;
	}
	sweep(s);
	s->seen_lost = before.lost;
	task_watcher_counters(s->watcher, &after);
	if (after.unwatched != before.unwatched) {
		if (asprintf(&text, "more than %d tasks match: some are noticed late when they exit",
			     TASK_WATCHED_MAX) < 0)
			text = NULL;
		schedule_resync(s, RETRY_INTERVAL);
	}
	s->seen_unwatched = after.unwatched;
	set_problem(s, text);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	struct source *s = userdata;

	resync(s);
	tell_change(s);
	return 0;
}

static void check_lost(struct source *s)
{
	struct task_watcher_counters c;
	uint64_t now;

	task_watcher_counters(s->watcher, &c);
	if (c.lost == s->seen_lost && c.unwatched == s->seen_unwatched)
		return;
	sd_event_now(s->host.event, CLOCK_MONOTONIC, &now);
	schedule_resync(s, now - s->last_resync < RESYNC_INTERVAL ? RESYNC_INTERVAL : 0);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct source *s = userdata;
	int r;

	r = task_watcher_dispatch(s->watcher);
	if (r < 0) {
		log_warning("Can't read task events: %s", strerror(-r));
		schedule_resync(s, RESYNC_INTERVAL);
	}
	check_lost(s);
	tell_change(s);
	return 0;
}

static int watch(struct source *s)
{
	char *reason;
	int r;

	r = task_watcher_new(on_event, s, &s->watcher, &reason);
	if (r < 0) {
		set_problem(s, reason);
		return r;
	}
	r = sd_event_add_io(s->host.event, &s->io, task_watcher_fd(s->watcher), EPOLLIN, on_io, s);
	if (r < 0) {
		s->watcher = task_watcher_free(s->watcher);
		return r;
	}
	sd_event_source_set_description(s->io, "task-events");
	return 0;
}

static int collect_patterns(const struct policy_set *policies, char ***ret)
{
	const struct policy_section *section;
	const struct policy *policy;
	struct section_cursor c = {};
	int r;

	while ((section = section_next(policies, POLICY_SOURCE_TASK, &c, &policy))) {
		for (char **p = section->task.comms; p && *p; p++) {
			char **known = *ret;

			while (known && *known && strcmp(*known, *p))
				known++;
			if (known && *known)
				continue;
			r = strv_append(ret, *p);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int task_reload(struct source *s, const struct policy_set *policies)
{
	_cleanup_(strv_freep) char **patterns = NULL;
	int r;

	r = collect_patterns(policies, &patterns);
	if (r < 0)
		return r;
	strv_free(s->patterns);
	s->patterns = patterns;
	patterns = NULL;
	if (!s->watcher && watch(s) < 0) {
		log_error("Can't watch tasks: %s", s->problem ?: "out of memory");
		return 0;
	}
	r = task_watcher_set_patterns(s->watcher, (const char *const *)s->patterns, strv_length(s->patterns));
	if (r < 0)
		return r;
	resync(s);
	s->changed = false;
	return 0;
}

static void task_stop(struct source *s)
{
	sd_event_source_disable_unref(s->io);
	sd_event_source_disable_unref(s->timer);
	task_watcher_free(s->watcher);
	remove_all(s);
	strv_free(s->patterns);
	free(s->problem);
	free(s);
}

static int task_start(const struct source_host *host, const struct policy_set *policies, struct source **ret)
{
	struct source *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->host = *host;
	r = task_reload(s, policies);
	if (r < 0) {
		task_stop(s);
		return r;
	}
	*ret = s;
	return 0;
}

/* A parent that is exiting keeps its children for as long as that takes, which can be for ever. */
static void parent_gone(struct source *s, const struct region_key *key)
{
	bool again = !region_key_compare(key, &s->last_gone);

	s->last_gone = *key;
	schedule_resync(s, again ? RETRY_INTERVAL : REPARENT_DELAY);
}

static void task_gone(struct source *s, const struct region_key *key)
{
	struct task *t;

	if (!s->watcher || (key->kind != REGION_TASK && key->kind != REGION_STACK))
		return;
	t = find_task(s, key->pid);
	if (t && t->e.start == key->start)
		remove_task(s, key->pid);
	else
		parent_gone(s, key);
	s->changed = false;
}

static int compare_age(const void *a, const void *b)
{
	const struct task *const *x = a, *const *y = b;
	const struct task_event *e = &(*x)->e, *f = &(*y)->e;

	return e->start != f->start ? (e->start > f->start) - (e->start < f->start) :
				      (e->pid > f->pid) - (e->pid < f->pid);
}

static void describe_task(struct want *want, const char *what, const struct task_event *e)
{
	char comm[GLOB_TEXT_SIZE];

	md_copy_text(comm, sizeof(comm), e->comm, sizeof(e->comm));
	snprintf(want->comment, sizeof(want->comment), "%s%s (%u)", what, comm, e->pid);
}

static int want_part(struct wants *wants, const struct want *base, enum region_kind kind, const struct task_event *e)
{
	struct want want = *base;

	want.key = (struct region_key){ .kind = kind, .pid = e->pid, .start = e->start };
	want.rank = WANT_RANK_TASK;
	want.address = kind == REGION_STACK ? e->stack : e->task;
	snprintf(want.name, sizeof(want.name), kind == REGION_STACK ? "KSTACK" : "KTASK");
	describe_task(&want, "", e);
	return wants_add(wants, &want);
}

static int want_parent(struct wants *wants, const struct want *base, const struct task_event *e)
{
	struct want want = *base;

	/* The boot CPU's idle task is no task that can be named. */
	if (!e->parent_pid)
		return 0;
	want.key = (struct region_key){ .kind = REGION_TASK, .pid = e->parent_pid, .start = e->parent_start };
	want.rank = WANT_RANK_PARENT;
	snprintf(want.name, sizeof(want.name), "KTASK");
	describe_task(&want, "parent of ", e);
	return wants_add(wants, &want);
}

static int want_task(struct wants *wants, const struct want *base, const struct task_event *e)
{
	unsigned int parts = base->section->task.parts;
	int r = 0;

	if (parts & POLICY_TASK_STRUCT) {
		r = want_part(wants, base, REGION_TASK, e);
		if (r >= 0)
			r = want_parent(wants, base, e);
	}
	if (r >= 0 && parts & POLICY_TASK_STACK)
		r = want_part(wants, base, REGION_STACK, e);
	return r;
}

static int want_section(struct source *s, struct task *const *tasks, const struct policy *policy,
			const struct policy_section *section, struct wants *wants)
{
	struct want base = { .policy = policy, .section = section, .priority = policy->priority };
	unsigned int n = 0;
	int r;

	for (size_t i = 0; i < s->n_tasks && n < section->task.max_tasks; i++) {
		if (!comm_matches(section->task.comms, tasks[i]->e.comm))
			continue;
		base.order = tasks[i]->e.start;
		r = want_task(wants, &base, &tasks[i]->e);
		if (r < 0)
			return r;
		n++;
	}
	return 0;
}

static int task_want(struct source *s, const struct policy_set *policies, struct wants *wants)
{
	_cleanup_(freep) struct task **tasks = calloc(s->n_tasks + 1, sizeof(*tasks));
	const struct policy_section *section;
	const struct policy *policy;
	struct section_cursor c = {};
	size_t n = 0;
	int r;

	if (!tasks)
		return -ENOMEM;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct task *t = s->buckets[i]; t; t = t->next)
			tasks[n++] = t;
	qsort(tasks, n, sizeof(*tasks), compare_age);
	while ((section = section_next(policies, POLICY_SOURCE_TASK, &c, &policy))) {
		r = want_section(s, tasks, policy, section, wants);
		if (r < 0)
			return r;
	}
	return 0;
}

static const char *task_problem(const struct source *s)
{
	return s->problem;
}

static void task_stats(const struct source *s, struct source_stats *ret)
{
	struct task_watcher_counters c = {};

	if (s->watcher)
		task_watcher_counters(s->watcher, &c);
	*ret = (struct source_stats){ .received = c.sent, .lost = c.lost + c.unwatched, .resyncs = s->resyncs };
}

const struct source_vtable source_task = {
	.kind = POLICY_SOURCE_TASK,
	.start = task_start,
	.stop = task_stop,
	.reload = task_reload,
	.gone = task_gone,
	.want = task_want,
	.problem = task_problem,
	.stats = task_stats,
};
