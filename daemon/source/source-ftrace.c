// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trace arrays: the sub-buffers of their rings, wherever they are now. A walk that is whole says what there is. It is
 * repeated when something may have changed, and once a second, since not all that changes a ring can be heard of.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "daemon/source/ftrace-array.h"
#include "daemon/source/ftrace-files.h"
#include "daemon/source/ftrace-note.h"
#include "daemon/source/ftrace-want.h"
#include "daemon/source/ftrace-watch.h"
#include "qcmd_note.h"
#include "lib/cleanup.h"
#include "lib/journal.h"
#include "daemon/source/source.h"

#define MSEC	      1000ULL
#define LOOK_INTERVAL (1000 * MSEC) /* at least this often */
#define LOOK_PAUSE    (20 * MSEC)   /* at most this often */
#define NOTE_INTERVAL (5000 * MSEC) /* events that are turned on one by one are not heard of */

struct source {
	struct source_host host;
	struct ftrace_walker *walker;
	struct ftrace_array *arrays; /* the index of each stays: it is in the names of its regions */
	size_t n_arrays;
	char *problem;
	const char *tracefs_problem;
	int watch_fd;
	sd_event_source *watch;
	sd_event_source *timer;
	uint64_t last_look;
	uint64_t last_note;
	struct note note; /* no text: there is none */
};

static bool look(struct source *s)
{
	bool changed = false;

	sd_event_now(s->host.event, CLOCK_MONOTONIC, &s->last_look);
	for (size_t i = 0; i < s->n_arrays; i++)
		if (s->arrays[i].wanted)
			changed |= ftrace_array_look(&s->arrays[i], s->walker);
	return changed;
}

static int update_note(struct source *s)
{
	_cleanup_free_ struct trace_note_array *arrays = calloc(s->n_arrays + 1, sizeof(*arrays));
	char *note;
	size_t size;
	int r;

	if (!arrays)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_arrays; i++)
		arrays[i] = (struct trace_note_array){ s->arrays[i].instance, s->arrays[i].subbuf_size };
	r = trace_note_build(arrays, s->n_arrays, &note, &size);
	if (r < 0)
		return r;
	r = !s->note.text || size != s->note.size || memcmp(note, s->note.text, size);
	free((char *)s->note.text);
	s->note = (struct note){ MINIDUMP_TRACE_NOTE_NAME, QCMD_NOTE_TRACE, note, size };
	s->last_note = s->last_look;
	return r;
}

static const struct note *ftrace_note(const struct source *s)
{
	return s->note.text ? &s->note : NULL;
}

static void schedule(struct source *s, uint64_t due)
{
	sd_event_source_set_time(s->timer, due);
	sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
}

static bool all_sure(const struct source *s)
{
	for (size_t i = 0; i < s->n_arrays; i++)
		if (s->arrays[i].wanted && !s->arrays[i].sure)
			return false;
	return true;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	struct source *s = userdata;
	bool was_sure = all_sure(s), changed = look(s);

	if (s->last_look - s->last_note >= NOTE_INTERVAL && update_note(s) > 0)
		changed = true;
	/* What was held while a walk failed waits for the next one that does not. */
	if (changed || !was_sure)
		s->host.changed(s->host.userdata);
	schedule(s, s->last_look + (all_sure(s) ? LOOK_INTERVAL : LOOK_PAUSE));
	return 0;
}

static void watch_arrays(struct source *s)
{
	for (size_t i = 0; i < s->n_arrays && s->watch_fd >= 0; i++)
		if (s->arrays[i].wanted)
			trace_watch_add(s->watch_fd, s->arrays[i].instance, ftrace_walker_cpus(s->walker));
}

/* A program that reads or writes all the time must not keep the daemon busy. */
static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct source *s = userdata;

	trace_watch_drain(fd);
	watch_arrays(s);
	s->last_note = 0;
	schedule(s, s->last_look + LOOK_PAUSE);
	return 0;
}

static struct ftrace_array *find_array(struct source *s, const char *instance)
{
	for (size_t i = 0; i < s->n_arrays; i++)
		if (!strcmp(s->arrays[i].instance ?: "", instance ?: ""))
			return &s->arrays[i];
	return NULL;
}

static struct ftrace_array *add_array(struct source *s, const char *instance)
{
	struct ftrace_array *arrays = reallocarray(s->arrays, s->n_arrays + 1, sizeof(*arrays));
	char *copy = instance ? strdup(instance) : NULL;

	if (arrays)
		s->arrays = arrays;
	if (!arrays || (instance && !copy)) {
		free(copy);
		return NULL;
	}
	arrays += s->n_arrays++;
	*arrays = (struct ftrace_array){ .instance = copy };
	return arrays;
}

static void ftrace_retire(struct source *s)
{
	for (size_t i = 0; i < s->n_arrays; i++)
		ftrace_array_retire(&s->arrays[i]);
}

/* The rings are found without tracefs. What readers need to know of them is not, nor can any be made. */
static const char *tracefs_problem(const struct source *s)
{
	char path[PATH_MAX];

	if (!trace_is_mounted())
		return "there is no tracefs on " TRACEFS
		       ", so that no trace array can be made, and readers of the dump lack "
		       "the formats of events. Where the kernel has it: systemctl restart qcmdd";
	for (size_t i = 0; i < s->n_arrays; i++)
		if (s->arrays[i].wanted && access(trace_path(path, s->arrays[i].instance, "trace_clock"), R_OK) < 0 &&
		    errno == EACCES)
			return "qcmdd may not read " TRACEFS
			       ", so that readers of the dump lack the formats of events: "
			       "systemctl restart qcmdd, unless somebody has chosen another gid= for it";
	return NULL;
}

static int ftrace_reload(struct source *s, const struct policy_set *policies)
{
	struct section_cursor c = {};

	s->tracefs_problem = tracefs_problem(s);
	if (!s->walker)
		return 0;
	for (size_t i = 0; i < s->n_arrays; i++)
		s->arrays[i].wanted = false;
	while (section_next(policies, POLICY_SOURCE_FTRACE, &c)) {
		const struct policy_ftrace *f = &c.section->ftrace;
		struct ftrace_array *a = find_array(s, f->instance) ?: add_array(s, f->instance);

		if (!a)
			return -ENOMEM;
		/* The first of several sections about one instance sets it up. */
		if (!a->wanted && f->instance && !c.policy->dry_run)
			ftrace_array_set_up(a, f);
		a->wanted = true;
	}
	for (size_t i = 0; i < s->n_arrays; i++)
		if (!s->arrays[i].wanted)
			ftrace_array_retire(&s->arrays[i]);
	/* Those that are wanted are others now. */
	s->tracefs_problem = tracefs_problem(s);
	watch_arrays(s);
	look(s);
	return update_note(s);
}

static void ftrace_stop(struct source *s)
{
	sd_event_source_disable_unref(s->watch);
	sd_event_source_disable_unref(s->timer);
	closep(&s->watch_fd);
	for (size_t i = 0; i < s->n_arrays; i++)
		ftrace_array_done(&s->arrays[i]);
	free(s->arrays);
	free(s->problem);
	free((char *)s->note.text);
	ftrace_walker_free(s->walker);
}

static int start_watching(struct source *s)
{
	int r = sd_event_add_time(s->host.event, &s->timer, CLOCK_MONOTONIC, 0, 1 * MSEC, on_timer, s);

	if (r < 0)
		return r;
	s->watch_fd = trace_watch_open();
	return s->watch_fd < 0 ? s->watch_fd :
				 sd_event_add_io(s->host.event, &s->watch, s->watch_fd, EPOLLIN, on_watch, s);
}

static int ftrace_start(struct source *s, const struct policy_set *policies)
{
	int r;

	s->watch_fd = -1;
	r = ftrace_walker_new(&s->walker, &s->problem);
	if (r < 0) {
		log_error("Trace arrays can't be found: %s", s->problem ?: strerror(-r));
		return ftrace_reload(s, policies);
	}
	r = start_watching(s);
	return r < 0 ? r : ftrace_reload(s, policies);
}

static int ftrace_want(struct source *s, const struct policy_set *policies, struct wants *wants)
{
	struct section_cursor c = {};
	int r = 0;

	if (!s->walker)
		return 0;
	/* Who asks holds pages by now: whether they are in the ring still is what this walk tells. */
	look(s);
	schedule(s, s->last_look + (all_sure(s) ? LOOK_INTERVAL : LOOK_PAUSE));
	while (r >= 0 && section_next(policies, POLICY_SOURCE_FTRACE, &c)) {
		struct ftrace_array *a = find_array(s, c.section->ftrace.instance);
		struct want want = want_of(REGION_TRACE, c.policy, c.section);

		if (!a)
			continue;
		r = ftrace_want_note(wants, c.policy, c.section);
		if (r >= 0)
			r = ftrace_want_array(wants, &want, a, a - s->arrays);
	}
	return r;
}

static const char *ftrace_problem(const struct source *s)
{
	/* Where there is none, nothing else can be expected to work. */
	if (s->tracefs_problem || s->problem)
		return s->tracefs_problem ?: s->problem;
	for (size_t i = 0; i < s->n_arrays; i++)
		if (s->arrays[i].problem || s->arrays[i].error_text)
			return s->arrays[i].problem ?: s->arrays[i].error_text;
	return NULL;
}

const struct source_vtable source_ftrace = {
	.id = "trace",
	.fault = "Not all of [Ftrace] is followed",
	.size = sizeof(struct source),
	.start = ftrace_start,
	.stop = ftrace_stop,
	.retire = ftrace_retire,
	.reload = ftrace_reload,
	.want = ftrace_want,
	.note = ftrace_note,
	.problem = ftrace_problem,
};
