// SPDX-License-Identifier: GPL-2.0-only
/* A walk that is whole says what there is; one that was not leaves what was known. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/source/ftrace-array.h"
#include "daemon/source/ftrace-files.h"
#include "lib/cleanup.h"
#include "lib/journal.h"

#define LOOK_TRIES 3 /* while the ring changes */

const char *ftrace_array_name(const struct ftrace_array *a)
{
	return a->instance ?: "of the top level";
}

static void set_problem(struct ftrace_array *a, char *text)
{
	if (text && (!a->problem || strcmp(a->problem, text) != 0))
		log_warning("%s", text);
	free(a->problem);
	a->problem = text;
}

__attribute__((format(printf, 2, 3))) static void set_up_fails(struct ftrace_array *a, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) >= 0)
		set_problem(a, text);
	va_end(ap);
}

static void set_error(struct ftrace_array *a, int error)
{
	int r = 0;

	if (error == a->error)
		return;
	a->error = error;
	free(a->error_text);
	a->error_text = NULL;
	if (error == -ENOENT)
		r = asprintf(&a->error_text, "trace array %s: it is not there (any more)", ftrace_array_name(a));
	else if (error == -E2BIG)
		r = asprintf(&a->error_text, "trace array %s: it has more than %d sub-buffers: make it smaller",
			     ftrace_array_name(a), FTRACE_PAGES_MAX);
	else if (error < 0)
		r = asprintf(&a->error_text, "trace array %s can't be looked at: %s", ftrace_array_name(a),
			     strerror(-error));
	if (r < 0)
		a->error_text = NULL;
}

static int compare_pages(const void *a, const void *b)
{
	const struct ftrace_page *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

static size_t join_pages(const struct ftrace_page *pages, size_t n, struct ftrace_run *runs)
{
	size_t n_runs = 0;

	for (size_t i = 0; i < n; i++) {
		struct ftrace_run *last = n_runs ? &runs[n_runs - 1] : NULL;

		if (last && last->cpu == pages[i].cpu && last->address + last->size == pages[i].address) {
			last->size += pages[i].size;
			last->n++;
		} else {
			runs[n_runs++] = (struct ftrace_run){ pages[i].address, pages[i].size, pages[i].cpu, 1 };
		}
	}
	return n_runs;
}

static void forget_pages(struct ftrace_array *a)
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
static int take_view(struct ftrace_array *a, const struct ftrace_view *v)
{
	_cleanup_free_ struct ftrace_page *pages = copy_of(v->pages, v->n_pages * sizeof(*pages));
	_cleanup_free_ struct ftrace_cpu *cpus = copy_of(v->cpus, v->n_cpus * sizeof(*cpus));
	_cleanup_free_ struct ftrace_run *runs = calloc(v->n_pages + 1, sizeof(*runs));
	size_t n_runs;

	if (!pages || !cpus || !runs)
		return -ENOMEM;
	qsort(pages, v->n_pages, sizeof(*pages), compare_pages);
	n_runs = join_pages(pages, v->n_pages, runs);
	if (n_runs == a->n_runs && v->n_cpus == a->n_cpus && !memcmp(runs, a->runs, n_runs * sizeof(*runs)) &&
	    !memcmp(cpus, a->cpus, v->n_cpus * sizeof(*cpus)))
		return 0;
	if (n_runs != a->n_runs)
		log_info("Trace array %s: %zu sub-buffers of %u KiB in %zu pieces, of %zu CPUs", ftrace_array_name(a),
			 v->n_pages, v->n_pages ? v->pages[0].size / 1024 : 0, n_runs, v->n_cpus);
	forget_pages(a);
	a->runs = runs;
	a->cpus = cpus;
	a->n_runs = n_runs;
	a->is_reserved = v->is_reserved;
	a->n_cpus = v->n_cpus;
	a->subbuf_size = v->n_pages ? v->pages[0].size : 0;
	runs = NULL;
	cpus = NULL;
	return 1;
}

static int open_array(const struct ftrace_array *a, struct stat *st)
{
	char path[PATH_MAX];
	int fd = open(trace_path(path, a->instance, "tracing_on"), O_PATH | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, st) < 0)
		closep(&fd);
	return fd;
}

/* A walk counts if the array was there all the time. */
static int walk_once(struct ftrace_array *a, struct ftrace_walker *walker, struct ftrace_view *v)
{
	_cleanup_close_ int fd = -1, again = -1;
	struct stat before, after;
	int r;

	fd = open_array(a, &before);
	if (fd < 0)
		return -errno;
	r = ftrace_walker_walk(walker, fd, v);
	again = open_array(a, &after);
	if (again < 0 || before.st_ino != after.st_ino)
		return -EAGAIN;
	return r;
}

bool ftrace_array_look(struct ftrace_array *a, struct ftrace_walker *walker)
{
	struct ftrace_view v = {};
	int r = -EAGAIN;

	for (int i = 0; i < LOOK_TRIES && r == -EAGAIN; i++)
		r = walk_once(a, walker, &v);
	if (r == -EAGAIN) {
		a->sure = false;
		return false;
	}
	a->sure = true;
	set_error(a, r);
	if (r >= 0)
		return take_view(a, &v) != 0;
	r = a->n_runs > 0;
	forget_pages(a);
	return r;
}

void ftrace_array_set_up(struct ftrace_array *a, const struct policy_ftrace *f)
{
	char *settings = trace_settings(f), *problem = NULL;
	int r;

	r = trace_create(f->instance);
	if (r < 0) {
		set_up_fails(a, "trace array %s can't be made: %s%s", f->instance, strerror(-r),
			     r == -EACCES ? ": systemctl restart qcmdd" : "");
	} else if (r > 0 || (a->settings && settings && strcmp(a->settings, settings) != 0)) {
		trace_set_up(f, &problem);
		set_problem(a, problem);
		log_info("Trace array %s: %s", f->instance, r > 0 ? "made" : "set up anew");
	}
	a->created |= r > 0;
	free(a->settings);
	a->settings = settings;
}

void ftrace_array_retire(struct ftrace_array *a)
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

void ftrace_array_done(struct ftrace_array *a)
{
	free(a->instance);
	free(a->settings);
	free(a->problem);
	free(a->error_text);
	forget_pages(a);
}
