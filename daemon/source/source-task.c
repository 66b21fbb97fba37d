// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks. A BPF program tells of those that sections ask for as they come and go; the state of a task, which changes too
 * often to be told, is looked at from time to time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/journal.h"
#include "daemon/source/source.h"
#include "daemon/source/task-bpf.h"
#include "daemon/source/task-cgroup.h"
#include "daemon/source/task-want.h"

#define MSEC 1000ULL
/* After an exit: by then the children have been given to another parent, which nothing tells. */
#define REPARENT_DELAY	(50 * MSEC)
#define RESYNC_INTERVAL (250 * MSEC)  /* at most this often when events get lost */
#define RETRY_INTERVAL	(5000 * MSEC) /* when looking again has failed */
#define STATE_INTERVAL	(1000 * MSEC) /* how often states are looked at */
#define AGE_INTERVAL	(1000 * MSEC) /* at most this often because of ages */

struct source {
	struct source_host host;
	struct task_watcher *watcher;
	char *problem;
	char *cgroup_problem;
	struct task_selectors selectors;
	struct task_table tasks;
	sd_event_source *io;
	sd_event_source *timer;
	uint64_t due; /* of the timer, 0: not running */
	sd_event_source *state_timer;
	sd_event_source *age_timer;
	uint64_t age_due; /* of that, 0: not running */
	uint64_t last_resync;
	uint64_t last_age_look;
	uint64_t seen_lost;
	uint64_t seen_unwatched;
	uint64_t resyncs;
	struct region_key last_gone; /* a parent */
};

static uint64_t now_of(const struct source *s)
{
	uint64_t now;

	sd_event_now(s->host.event, CLOCK_MONOTONIC, &now);
	return now;
}

static void set_problem(struct source *s, char *text)
{
	free(s->problem);
	s->problem = text;
}

static bool set_timer(struct source *s, sd_event_source **timer, const char *name, uint64_t due, uint64_t accuracy,
		      sd_event_time_handler_t handler)
{
	int r = *timer ? sd_event_source_set_time(*timer, due) :
			 sd_event_add_time(s->host.event, timer, CLOCK_MONOTONIC, due, accuracy, handler, s);

	if (r >= 0)
		r = sd_event_source_set_enabled(*timer, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("Can't set a timer: %s", strerror(-r));
	else
		sd_event_source_set_description(*timer, name);
	return r >= 0;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata);

static void schedule_resync(struct source *s, uint64_t delay)
{
	uint64_t due = now_of(s) + delay;

	if ((!s->due || s->due > due) && set_timer(s, &s->timer, "task-resync", due, 1 * MSEC, on_timer))
		s->due = due;
}

/* Now, unless that is what others make happen all the time. */
static void schedule_resync_soon(struct source *s)
{
	schedule_resync(s, now_of(s) - s->last_resync < RESYNC_INTERVAL ? RESYNC_INTERVAL : 0);
}

static int on_age_timer(sd_event_source *source, uint64_t now, void *userdata);

/* Some are too young to count; what is known of them may be that there are such, and nothing else. */
static void wait_for_age(struct source *s, uint64_t due)
{
	if (due < s->last_age_look + AGE_INTERVAL)
		due = s->last_age_look + AGE_INTERVAL;
	if (s->age_due && s->age_due <= due)
		return;
	if (set_timer(s, &s->age_timer, "task-age", due, 100 * MSEC, on_age_timer))
		s->age_due = due;
}

static void put_task(struct source *s, const struct task_event *e)
{
	const struct task *t;

	task_table_put(&s->tasks, e, &s->selectors, now_of(s));
	t = task_table_find(&s->tasks, e->pid);
	if (t && e->kind != TASK_EVENT_ITER && task_selectors_due(&s->selectors, t, now_of(s)) != UINT64_MAX)
		wait_for_age(s, task_selectors_due(&s->selectors, t, now_of(s)));
}

static void on_exited(struct source *s, const struct task_event *e, uint64_t delay)
{
	struct task *t = task_table_find(&s->tasks, e->pid);

	if (t && t->e.task == e->task)
		task_table_remove(&s->tasks, e->pid);
	if (task_table_has_child(&s->tasks, e->pid, e->start))
		schedule_resync(s, delay);
}

static void on_event(const struct task_event *e, void *userdata)
{
	struct source *s = userdata;

	switch (e->kind) {
	case TASK_EVENT_EXEC:
		task_table_remove(&s->tasks, e->old_pid);
		/* fall through */
	case TASK_EVENT_ITER:
	case TASK_EVENT_NEW:
	case TASK_EVENT_RENAME:
	case TASK_EVENT_MOVE:
		if (task_selectors_may_match(&s->selectors, e))
			put_task(s, e);
		else
			task_table_remove(&s->tasks, e->pid);
		break;
	case TASK_EVENT_EXIT:
		on_exited(s, e, REPARENT_DELAY);
		break;
	case TASK_EVENT_FREE:
		on_exited(s, e, 0);
		break;
	case TASK_EVENT_CGROUP:
		/* Tasks may be in it already, and nothing has been told of them. */
		schedule_resync_soon(s);
		break;
	case TASK_EVENT_LOOK:
		schedule_resync(s, RESYNC_INTERVAL);
		break;
	case TASK_EVENT_YOUNG:
		wait_for_age(s, now_of(s) + task_selectors_least_age(&s->selectors));
		break;
	}
}

static void tell_change(struct source *s)
{
	if (s->tasks.changed)
		s->host.changed(s->host.userdata);
	s->tasks.changed = false;
}

/* Now that all are known. */
static void wait_for_next(struct source *s)
{
	uint64_t due = task_table_due(&s->tasks, &s->selectors, now_of(s));

	if (due != UINT64_MAX)
		wait_for_age(s, due);
}

/* Nothing that was known counts: what is there is what the iterator shows. */
static int look(struct source *s)
{
	struct task_watcher_counters before, after;
	char *text = NULL;
	int r;

	task_watcher_counters(s->watcher, &before);
	/* What is older than the iteration can only mislead, as long as that sees it; what is newer comes after it. */
	if (task_watcher_discard(s->watcher))
		schedule_resync(s, RESYNC_INTERVAL);
	task_table_begin(&s->tasks);
	r = task_watcher_iterate(s->watcher);
	if (r < 0) {
		if (asprintf(&text, "the tasks can't be listed: %s", strerror(-r)) < 0)
			text = NULL;
		set_problem(s, text);
		schedule_resync(s, RETRY_INTERVAL);
		return r;
	}
	task_table_sweep(&s->tasks);
	task_watcher_counters(s->watcher, &after);
	if (after.unwatched != before.unwatched) {
		if (asprintf(&text, "more than %d tasks match: some are noticed late when they exit",
			     TASK_WATCHED_MAX) < 0)
			text = NULL;
		schedule_resync(s, RETRY_INTERVAL);
	}
	s->seen_unwatched = after.unwatched;
	set_problem(s, text);
	wait_for_next(s);
	return 0;
}

static void resync(struct source *s)
{
	struct task_watcher_counters before;

	s->due = 0;
	s->last_resync = now_of(s);
	s->resyncs++;
	task_watcher_counters(s->watcher, &before);
	/* What got lost may have been a new cgroup. */
	if (before.lost != s->seen_lost)
		task_watcher_scan_cgroups(s->watcher);
	if (look(s) >= 0)
		s->seen_lost = before.lost;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	struct source *s = userdata;

	resync(s);
	tell_change(s);
	return 0;
}

/* However many come and go meanwhile, this is all that they cost. */
static int on_age_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	struct source *s = userdata;

	s->age_due = 0;
	s->last_age_look = now_of(s);
	look(s);
	tell_change(s);
	return 0;
}

static void set_state_timer(struct source *s);

static int on_state_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	struct source *s = userdata;

	look(s);
	tell_change(s);
	set_state_timer(s);
	return 0;
}

/* It runs while some section asks for a state. */
static void set_state_timer(struct source *s)
{
	if (s->selectors.by_state)
		set_timer(s, &s->state_timer, "task-states", now_of(s) + STATE_INTERVAL, 100 * MSEC, on_state_timer);
	else
		s->state_timer = sd_event_source_disable_unref(s->state_timer);
}

static void check_lost(struct source *s)
{
	struct task_watcher_counters c;

	task_watcher_counters(s->watcher, &c);
	if (c.lost == s->seen_lost && c.unwatched == s->seen_unwatched)
		return;
	schedule_resync_soon(s);
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

/* Without cgroups the rest is followed, and status says what is missing. */
static void set_cgroup_problem(struct source *s, int error)
{
	free(s->cgroup_problem);
	s->cgroup_problem = NULL;
	if (error == -EOPNOTSUPP)
		s->cgroup_problem = strdup("Cgroup= needs the unified hierarchy of cgroups, version 2");
	else if (error &&
		 asprintf(&s->cgroup_problem,
			  "more than %d different Cgroup= in all policies, or %d cgroups that they match: some are not "
			  "followed",
			  CGROUP_PATTERNS_MAX, TASK_CGROUPS_MAX) < 0)
		s->cgroup_problem = NULL;
}

static int set_selectors(struct source *s)
{
	_cleanup_free_ const struct policy_task **tasks = calloc(s->selectors.n + 1, sizeof(*tasks));
	int r;

	if (!tasks)
		return -ENOMEM;
	for (size_t i = 0; i < s->selectors.n; i++)
		tasks[i] = &s->selectors.items[i].section->task;
	r = task_watcher_set_selectors(s->watcher, tasks, s->selectors.n);
	if (r < 0 && r != -EOPNOTSUPP && r != -E2BIG)
		return r;
	set_cgroup_problem(s, r);
	for (size_t i = 0; i < s->selectors.n; i++)
		s->selectors.items[i].cgroups = task_watcher_cgroups(s->watcher, tasks[i]);
	return 0;
}

static int task_reload(struct source *s, const struct policy_set *policies)
{
	int r;

	r = task_selectors_set(&s->selectors, policies);
	if (r < 0)
		return r;
	if (!s->watcher && watch(s) < 0) {
		log_error("Can't watch tasks: %s", s->problem ?: "out of memory");
		return 0;
	}
	r = set_selectors(s);
	if (r < 0)
		return r;
	resync(s);
	/* Who was told of a moment ago, when there were no filters, may have its name by then. */
	schedule_resync(s, RESYNC_INTERVAL);
	task_table_rematch(&s->tasks, &s->selectors, now_of(s));
	s->tasks.changed = false;
	set_state_timer(s);
	return 0;
}

static void task_stop(struct source *s)
{
	sd_event_source_disable_unref(s->io);
	sd_event_source_disable_unref(s->timer);
	sd_event_source_disable_unref(s->state_timer);
	sd_event_source_disable_unref(s->age_timer);
	task_watcher_free(s->watcher);
	task_table_clear(&s->tasks);
	task_selectors_done(&s->selectors);
	free(s->cgroup_problem);
	free(s->problem);
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

	if (!s->watcher || !region_kind_is_task(key->kind))
		return;
	t = task_table_find(&s->tasks, key->pid);
	if (t && t->e.start == key->start)
		task_table_remove(&s->tasks, key->pid);
	else
		parent_gone(s, key);
	s->tasks.changed = false;
}

static int task_want(struct source *s, const struct policy_set *policies, struct wants *wants)
{
	return task_wants_add(&s->tasks, &s->selectors, now_of(s), wants);
}

static const char *task_problem(const struct source *s)
{
	return s->problem ?: s->cgroup_problem;
}

static void task_stats(const struct source *s, struct source_stats *ret)
{
	struct task_watcher_counters c = {};

	if (s->watcher)
		task_watcher_counters(s->watcher, &c);
	*ret = (struct source_stats){ .received = c.sent, .lost = c.lost + c.unwatched, .resyncs = s->resyncs };
}

const struct source_vtable source_task = {
	.id = "bpf",
	.fault = "Tasks can't be watched",
	.size = sizeof(struct source),
	.start = task_reload,
	.stop = task_stop,
	.reload = task_reload,
	.gone = task_gone,
	.want = task_want,
	.problem = task_problem,
	.stats = task_stats,
};
