// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trace arrays: the sub-buffers of their rings, wherever they are now. A walk that is whole says what there is. It is
 * repeated when something may have changed, and once a second, since not all that changes a ring can be heard of.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/source/ftrace-bpf.h"
#include "daemon/source/ftrace-files.h"
#include "daemon/source/ftrace-note.h"
#include "daemon/source/ftrace-watch.h"
#include "qcmd_note.h"
#include "lib/journal.h"
#include "daemon/source/source.h"

#define MSEC	      1000ULL
#define LOOK_INTERVAL (1000 * MSEC) /* at least this often */
#define LOOK_PAUSE    (20 * MSEC)   /* at most this often */
#define LOOK_TRIES    3		    /* while the ring changes */
#define NOTE_INTERVAL (5000 * MSEC) /* events that are turned on one by one are not heard of */

/* Sub-buffers of one CPU that lie one after the other. */
struct run {
	uint64_t address;
	uint64_t size;
	uint32_t cpu;
	uint32_t n;
};

struct array {
	char *instance; /* NULL: the top-level one */
	char *settings; /* as they were set up; NULL: never */
	bool created;	/* by us */
	bool wanted;
	bool sure;     /* the last walk was whole */
	int error;     /* of it; 0 or negative errno */
	char *problem; /* what could not be set up */
	char *error_text;
	struct run *runs;
	size_t n_runs;
	struct ftrace_cpu *cpus;
	size_t n_cpus;
	uint32_t subbuf_size;
};

struct source {
	struct source_host host;
	struct ftrace_walker *walker;
	struct array *arrays; /* the index of each stays: it is in the names of its regions */
	size_t n_arrays;
	char *problem;
	int watch_fd;
	sd_event_source *watch;
	sd_event_source *timer;
	uint64_t last_look;
	uint64_t last_note;
	struct note note; /* no text: there is none */
};

static const char *array_name(const struct array *a)
{
	return a->instance ?: "of the top level";
}

static void set_problem(struct array *a, char *text)
{
	if (text && (!a->problem || strcmp(a->problem, text) != 0))
		log_warning("%s", text);
	free(a->problem);
	a->problem = text;
}

__attribute__((format(printf, 2, 3))) static void set_up_fails(struct array *a, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) >= 0)
		set_problem(a, text);
	va_end(ap);
}

static void set_error(struct array *a, int error)
{
	int r = 0;

	if (error == a->error)
		return;
	a->error = error;
	free(a->error_text);
	a->error_text = NULL;
	if (error == -ENOENT)
		r = asprintf(&a->error_text, "trace array %s: it is not there (any more)", array_name(a));
	else if (error == -E2BIG)
		r = asprintf(&a->error_text, "trace array %s: it has more than %d sub-buffers: make it smaller",
			     array_name(a), FTRACE_PAGES_MAX);
	else if (error < 0)
		r = asprintf(&a->error_text, "trace array %s can't be looked at: %s", array_name(a), strerror(-error));
	if (r < 0)
		a->error_text = NULL;
}

/* Walks */

static int compare_pages(const void *a, const void *b)
{
	const struct ftrace_page *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

static size_t join_pages(const struct ftrace_page *pages, size_t n, struct run *runs)
{
	size_t n_runs = 0;

	for (size_t i = 0; i < n; i++) {
		struct run *last = n_runs ? &runs[n_runs - 1] : NULL;

		if (last && last->cpu == pages[i].cpu && last->address + last->size == pages[i].address) {
			last->size += pages[i].size;
			last->n++;
		} else {
			runs[n_runs++] = (struct run){ pages[i].address, pages[i].size, pages[i].cpu, 1 };
		}
	}
	return n_runs;
}

static void forget_pages(struct array *a)
{
	free(a->runs);
	free(a->cpus);
	a->runs = NULL;
	a->cpus = NULL;
	a->n_runs = a->n_cpus = 0;
}

static void *copy_of(const void *from, size_t size)
{
	void *to = malloc(size + 1);

	return to ? memcpy(to, from, size) : NULL;
}

/* 1: something is different; 0; -ENOMEM: it is as before */
static int take_view(struct array *a, const struct ftrace_view *v)
{
	_cleanup_free_ struct ftrace_page *pages = copy_of(v->pages, v->n_pages * sizeof(*pages));
	_cleanup_free_ struct ftrace_cpu *cpus = copy_of(v->cpus, v->n_cpus * sizeof(*cpus));
	_cleanup_free_ struct run *runs = calloc(v->n_pages + 1, sizeof(*runs));
	size_t n_runs;

	if (!pages || !cpus || !runs)
		return -ENOMEM;
	qsort(pages, v->n_pages, sizeof(*pages), compare_pages);
	n_runs = join_pages(pages, v->n_pages, runs);
	if (n_runs == a->n_runs && v->n_cpus == a->n_cpus && !memcmp(runs, a->runs, n_runs * sizeof(*runs)) &&
	    !memcmp(cpus, a->cpus, v->n_cpus * sizeof(*cpus)))
		return 0;
	if (n_runs != a->n_runs)
		log_info("Trace array %s: %zu sub-buffers of %u KiB in %zu pieces, of %zu CPUs", array_name(a),
			 v->n_pages, v->n_pages ? v->pages[0].size / 1024 : 0, n_runs, v->n_cpus);
	forget_pages(a);
	a->runs = runs;
	a->cpus = cpus;
	a->n_runs = n_runs;
	a->n_cpus = v->n_cpus;
	a->subbuf_size = v->n_pages ? v->pages[0].size : 0;
	runs = NULL;
	cpus = NULL;
	return 1;
}

static int open_array(const struct array *a, struct stat *st)
{
	char path[PATH_MAX];
	int fd = open(trace_path(path, a->instance, "tracing_on"), O_PATH | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, st) < 0)
		closep(&fd);
	return fd;
}

/* A walk counts if the array was there all the time. */
static int walk_once(struct source *s, struct array *a, struct ftrace_view *v)
{
	_cleanup_close_ int fd = -1, again = -1;
	struct stat before, after;
	int r;

	fd = open_array(a, &before);
	if (fd < 0)
		return -errno;
	r = ftrace_walker_walk(s->walker, fd, v);
	again = open_array(a, &after);
	if (again < 0 || before.st_ino != after.st_ino)
		return -EAGAIN;
	return r;
}

/* 1: something is different. */
static int look_at(struct source *s, struct array *a)
{
	struct ftrace_view v = {};
	int r = -EAGAIN;

	for (int i = 0; i < LOOK_TRIES && r == -EAGAIN; i++)
		r = walk_once(s, a, &v);
	if (r == -EAGAIN) {
		a->sure = false;
		return 0;
	}
	a->sure = true;
	set_error(a, r);
	if (r >= 0)
		return take_view(a, &v) != 0;
	r = a->n_runs > 0;
	forget_pages(a);
	return r;
}

static bool look(struct source *s)
{
	bool changed = false;

	sd_event_now(s->host.event, CLOCK_MONOTONIC, &s->last_look);
	for (size_t i = 0; i < s->n_arrays; i++)
		if (s->arrays[i].wanted)
			changed |= look_at(s, &s->arrays[i]);
	return changed;
}

/* The note */

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

/* Events */

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

/* Arrays */

static struct array *find_array(struct source *s, const char *instance)
{
	for (size_t i = 0; i < s->n_arrays; i++)
		if (!strcmp(s->arrays[i].instance ?: "", instance ?: ""))
			return &s->arrays[i];
	return NULL;
}

static struct array *add_array(struct source *s, const char *instance)
{
	struct array *arrays = reallocarray(s->arrays, s->n_arrays + 1, sizeof(*arrays));
	char *copy = instance ? strdup(instance) : NULL;

	if (arrays)
		s->arrays = arrays;
	if (!arrays || (instance && !copy)) {
		free(copy);
		return NULL;
	}
	arrays += s->n_arrays++;
	*arrays = (struct array){ .instance = copy };
	return arrays;
}

/* An instance that is there is followed as it is: somebody has made it so. Only another policy changes it. */
static void set_up(struct array *a, const struct policy_ftrace *f)
{
	char *settings = trace_settings(f), *problem = NULL;
	int r;

	r = trace_create(f->instance);
	if (r < 0) {
		set_up_fails(a, "trace array %s can't be made: %s", f->instance, strerror(-r));
	} else if (r > 0 || (a->settings && settings && strcmp(a->settings, settings) != 0)) {
		trace_set_up(f, &problem);
		set_problem(a, problem);
		log_info("Trace array %s: %s", f->instance, r > 0 ? "made" : "set up anew");
	}
	a->created |= r > 0;
	free(a->settings);
	a->settings = settings;
}

/* What was made for a policy goes with it; with the instance go its events. */
static void retire(struct array *a)
{
	int r = a->created ? trace_remove(a->instance) : 0;

	if (r < 0)
		log_warning("Trace array %s can't be removed: %s", a->instance, strerror(-r));
	a->created = a->wanted = false;
	free(a->settings);
	a->settings = NULL;
	set_problem(a, NULL);
	set_error(a, 0);
	forget_pages(a);
}

static void ftrace_retire(struct source *s)
{
	for (size_t i = 0; i < s->n_arrays; i++)
		retire(&s->arrays[i]);
}

static int ftrace_reload(struct source *s, const struct policy_set *policies)
{
	struct section_cursor c = {};

	if (!s->walker)
		return 0;
	for (size_t i = 0; i < s->n_arrays; i++)
		s->arrays[i].wanted = false;
	while (section_next(policies, POLICY_SOURCE_FTRACE, &c)) {
		const struct policy_ftrace *f = &c.section->ftrace;
		struct array *a = find_array(s, f->instance) ?: add_array(s, f->instance);

		if (!a)
			return -ENOMEM;
		/* The first of several sections about one instance sets it up. */
		if (!a->wanted && f->instance && !c.policy->dry_run)
			set_up(a, f);
		a->wanted = true;
	}
	for (size_t i = 0; i < s->n_arrays; i++)
		if (!s->arrays[i].wanted)
			retire(&s->arrays[i]);
	watch_arrays(s);
	look(s);
	return update_note(s);
}

static void ftrace_stop(struct source *s)
{
	sd_event_source_disable_unref(s->watch);
	sd_event_source_disable_unref(s->timer);
	closep(&s->watch_fd);
	for (size_t i = 0; i < s->n_arrays; i++) {
		free(s->arrays[i].instance);
		free(s->arrays[i].settings);
		free(s->arrays[i].problem);
		free(s->arrays[i].error_text);
		forget_pages(&s->arrays[i]);
	}
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
		return 0;
	}
	r = start_watching(s);
	return r < 0 ? r : ftrace_reload(s, policies);
}

/* What is wanted */

static int want_note(struct wants *wants, const struct policy *policy, const struct policy_section *section)
{
	struct want want = want_of(REGION_NOTE, policy, section);

	want.rank = WANT_RANK_TRACE;
	region_key_set_what(&want.key, MINIDUMP_TRACE_NOTE_NAME);
	snprintf(want.name, sizeof(want.name), MINIDUMP_TRACE_NOTE_NAME);
	snprintf(want.comment, sizeof(want.comment), "what it takes to decode trace arrays");
	return wants_add(wants, &want);
}

static int want_cpu(struct wants *wants, struct want want, const struct array *a, size_t i,
		    const struct ftrace_cpu *cpu)
{
	want.key.kind = REGION_TRACE_CPU;
	want.key.address = cpu->address;
	want.key.size = cpu->size;
	want.unsure = !a->sure;
	snprintf(want.name, sizeof(want.name), MINIDUMP_TRACE_CPU_NAME "%zuC%u", i, cpu->cpu);
	snprintf(want.comment, sizeof(want.comment), "trace array %.63s, CPU %u: its ring", array_name(a), cpu->cpu);
	return wants_add(wants, &want);
}

static int want_run(struct wants *wants, struct want want, const struct array *a, size_t i, const struct run *run)
{
	want.key.kind = REGION_TRACE;
	want.key.address = run->address;
	want.key.size = run->size;
	want.unsure = !a->sure;
	want.order = run->cpu + 1;
	snprintf(want.name, sizeof(want.name), MINIDUMP_TRACE_NAME "%zuC%u", i, run->cpu);
	snprintf(want.comment, sizeof(want.comment), "trace array %.63s, CPU %u: %u x %u KiB of events", array_name(a),
		 run->cpu, run->n, a->subbuf_size / 1024);
	return wants_add(wants, &want);
}

static int want_array(struct wants *wants, const struct want *want, const struct array *a, size_t i)
{
	int r = 0;

	for (size_t j = 0; j < a->n_cpus && r >= 0; j++)
		r = want_cpu(wants, *want, a, i, &a->cpus[j]);
	for (size_t j = 0; j < a->n_runs && r >= 0; j++)
		r = want_run(wants, *want, a, i, &a->runs[j]);
	return r;
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
		struct array *a = find_array(s, c.section->ftrace.instance);
		struct want want = want_of(REGION_TRACE, c.policy, c.section);

		if (!a)
			continue;
		r = want_note(wants, c.policy, c.section);
		if (r >= 0)
			r = want_array(wants, &want, a, a - s->arrays);
	}
	return r;
}

static const char *ftrace_problem(const struct source *s)
{
	for (size_t i = 0; i < s->n_arrays; i++)
		if (s->arrays[i].problem || s->arrays[i].error_text)
			return s->arrays[i].problem ?: s->arrays[i].error_text;
	return s->problem;
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
