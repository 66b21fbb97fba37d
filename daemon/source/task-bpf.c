// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/source/bpf-util.h"
#include "lib/journal.h"
#include "daemon/source/task-bpf.h"
#include "daemon/source/task-cgroup.h"
#include "bpf/task.skel.h"
#include "lib/strv.h"

#define DISPATCH_MAX 256 /* events in one turn of the loop */
#define ITER_BUFFER  (64 * sizeof(struct task_event))

struct task_watcher {
	struct task_bpf *skel;
	struct ring_buffer *ring;
	task_event_handler handler;
	void *userdata;
	bool discard;
	bool discarded_ahead;
	int budget;
	size_t n_filters;
	struct cgroup_patterns cgroups;
};

/* A bracket expression or an escape: what the matcher can't do becomes "anything from here on". */
void glob_compile(const char *pattern, struct glob *ret)
{
	size_t n = 0;

	*ret = (struct glob){};
	for (const char *p = pattern; *p; p++) {
		bool rest = *p == '[' || *p == '\\' || (n == GLOB_SIZE - 1 && p[1]);

		if (rest || *p == '*') {
			if (!n || !(ret->stars & 1U << (n - 1)))
				ret->stars |= 1U << n++;
		} else if (*p == '?') {
			ret->any |= 1U << n++;
		} else {
			ret->text[n++] = *p;
		}
		if (rest)
			break;
	}
	ret->end = 1U << n;
}

static int put_cgroup(uint64_t id, uint64_t bits, void *userdata)
{
	struct task_watcher *w = userdata;
	int fd = w->skel->maps.cgroups.map_fd;
	uint64_t known = 0;

	bpf_map_lookup_elem(fd, &id, &known);
	bits |= known;
	return bpf_map_update_elem(fd, &id, &bits, BPF_ANY) < 0 ? -errno : 0;
}

/* Whether it is one that is asked about. */
static bool on_cgroup(struct task_watcher *w, const struct cgroup_event *e)
{
	uint64_t bits = cgroup_patterns_match(&w->cgroups, e->path);

	if (e->path[0] && !bits)
		return false;
	/* A full map has cgroups that are gone, which a scan leaves out. */
	if (!e->path[0] || put_cgroup(e->id, bits, w) < 0)
		task_watcher_scan_cgroups(w);
	return true;
}

static int on_event(void *ctx, void *data, size_t size)
{
	struct task_watcher *w = ctx;
	const struct task_event *e = data;

	if (e->kind == TASK_EVENT_CGROUP ? on_cgroup(w, data) : !w->discard)
		w->handler(e, w->userdata);
	else if (e->kind == TASK_EVENT_RENAME || e->kind == TASK_EVENT_EXIT)
		w->discarded_ahead = true;
	/* Stops libbpf, which else goes on for as long as events come. */
	return --w->budget > 0 ? 0 : -EAGAIN;
}

static int load(struct task_watcher *w, char **ret_reason)
{
	int err;

	w->skel = task_bpf__open();
	err = w->skel ? task_bpf__load(w->skel) : -ENOMEM;
	if (err < 0) {
		*ret_reason = bpf_load_reason("", err);
		return err;
	}
	if (task_bpf__attach(w->skel) < 0) {
		err = -errno;
		*ret_reason = bpf_reason("the BPF program can't be attached", err);
		return err;
	}
	w->ring = ring_buffer__new(w->skel->maps.ring.map_fd, on_event, w, NULL);
	if (!w->ring) {
		err = -errno;
		*ret_reason = bpf_reason("the BPF ring buffer can't be read", err);
		return err;
	}
	return 0;
}

int task_watcher_new(task_event_handler handler, void *userdata, struct task_watcher **ret, char **ret_reason)
{
	struct task_watcher *w = calloc(1, sizeof(*w));
	int err;

	*ret_reason = NULL;
	if (!w)
		return -ENOMEM;
	bpf_log_quietly();
	w->handler = handler;
	w->userdata = userdata;
	err = load(w, ret_reason);
	if (err < 0) {
		task_watcher_free(w);
		return err;
	}
	*ret = w;
	return 0;
}

struct task_watcher *task_watcher_free(struct task_watcher *w)
{
	if (!w)
		return NULL;
	ring_buffer__free(w->ring);
	task_bpf__destroy(w->skel);
	cgroup_patterns_done(&w->cgroups);
	free(w);
	return NULL;
}

/* One pattern of a section, with all that the section says besides. */
static int put_filter(struct task_watcher *w, const char *comm, const struct task_filter *rest)
{
	struct task_filter f = *rest;
	__u32 i = w->n_filters;

	if (i == TASK_FILTERS_MAX)
		return -E2BIG;
	glob_compile(comm, &f.comm);
	if (bpf_map_update_elem(w->skel->maps.filters.map_fd, &i, &f, BPF_ANY) < 0)
		return -errno;
	w->n_filters++;
	return 0;
}

static int put_pids(struct task_watcher *w, const unsigned int *pids, __u32 number)
{
	struct task_filter_pid key = { .pids = number };
	__u8 value = 1;

	for (; pids && *pids; pids++) {
		key.pid = *pids;
		if (bpf_map_update_elem(w->skel->maps.pids.map_fd, &key, &value, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

/* More than the filter takes become all from the first to the last one. */
static void set_users(const struct policy_users *users, struct task_filter *f)
{
	struct task_users all = { 0, users->n ? 0 : UINT32_MAX };

	for (size_t i = 0; i < users->n; i++) {
		all.first = i && all.first < users->items[i].first ? all.first : users->items[i].first;
		all.last = i && all.last > users->items[i].last ? all.last : users->items[i].last;
	}
	for (size_t i = 0; i < TASK_USERS_MAX; i++)
		f->users[i] = users->n && users->n <= TASK_USERS_MAX ?
				      (struct task_users){ users->items[i % users->n].first,
							   users->items[i % users->n].last } :
				      all;
}

static int put_selector(struct task_watcher *w, const struct policy_task *t, __u32 number)
{
	static char *everything[] = { (char *)"*", NULL };
	struct task_filter f = {
		.cgroups = task_watcher_cgroups(w, t),
		.states = t->states,
		.pids = t->pids ? number : 0,
		.kernel_thread = t->kernel_thread == POLICY_YES ? TASK_FILTER_KERNEL_THREAD :
				 t->kernel_thread == POLICY_NO	? TASK_FILTER_USER :
								  TASK_FILTER_ANY,
		.age = policy_task_age(t, false) * UINT64_C(1000000000),
		.exec_counts = policy_task_age(t, true) == 0,
	};
	int r = put_pids(w, t->pids, number);

	set_users(&t->users, &f);
	/* Cgroups for which there was no bit are none that can be told from others. */
	if (t->cgroups && !f.cgroups)
		return 0;
	for (char **comm = t->comms ?: everything; *comm && r >= 0; comm++)
		r = put_filter(w, *comm, &f);
	return r;
}

static int put_selectors(struct task_watcher *w, const struct policy_task *const *selectors, size_t n)
{
	struct task_filter everything = {};
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		r = put_selector(w, selectors[i], i + 1);
	if (r != -E2BIG)
		return r;
	log_notice("More than %d patterns, or %d PIDs, in all [Task] sections: every task is looked at",
		   TASK_FILTERS_MAX, TASK_PIDS_MAX);
	w->n_filters = 0;
	set_users(&(struct policy_users){}, &everything);
	return put_filter(w, "*", &everything);
}

static int clear_map(int fd)
{
	__u64 key; /* as large as the largest one */

	while (bpf_map_get_next_key(fd, NULL, &key) == 0)
		if (bpf_map_delete_elem(fd, &key) < 0 && errno != ENOENT)
			return -errno;
	return 0;
}

static int collect_cgroups(struct task_watcher *w, const struct policy_task *const *selectors, size_t n)
{
	int r = 0;

	cgroup_patterns_done(&w->cgroups);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = cgroup_patterns_add(&w->cgroups, selectors[i]->cgroups);
	w->skel->bss->n_cgroups = strv_length(w->cgroups.globs);
	return r;
}

int task_watcher_set_selectors(struct task_watcher *w, const struct policy_task *const *selectors, size_t n)
{
	int cgroups, scan, r;

	/* The count goes down at once and up last, so that no half-written filter is in use. */
	w->skel->bss->n_filters = 0;
	w->n_filters = 0;
	cgroups = collect_cgroups(w, selectors, n);
	scan = task_watcher_scan_cgroups(w);
	r = clear_map(w->skel->maps.pids.map_fd);
	if (r >= 0)
		r = put_selectors(w, selectors, n);
	if (r >= 0)
		r = clear_map(w->skel->maps.watched.map_fd);
	__atomic_store_n(&w->skel->bss->n_filters, w->n_filters, __ATOMIC_RELEASE);
	return r < 0 ? r : cgroups < 0 ? cgroups : scan;
}

uint64_t task_watcher_cgroups(const struct task_watcher *w, const struct policy_task *selector)
{
	return cgroup_patterns_bits(&w->cgroups, selector->cgroups);
}

int task_watcher_scan_cgroups(struct task_watcher *w)
{
	int r = clear_map(w->skel->maps.cgroups.map_fd);

	return r < 0 ? r : cgroup_patterns_scan(&w->cgroups, put_cgroup, w);
}

static int iterate_fd(struct task_watcher *w, int fd)
{
	_cleanup_free_ char *buffer = malloc(ITER_BUFFER);
	size_t filled = 0;
	ssize_t n;

	if (!buffer)
		return -ENOMEM;
	for (;;) {
		struct task_event e;
		size_t used;

		n = read(fd, buffer + filled, ITER_BUFFER - filled);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return filled ? -EBADMSG : 0;
		filled += n;
		for (used = 0; used + sizeof(e) <= filled; used += sizeof(e)) {
			memcpy(&e, buffer + used, sizeof(e));
			w->handler(&e, w->userdata);
		}
		memmove(buffer, buffer + used, filled - used);
		filled -= used;
	}
}

int task_watcher_iterate(struct task_watcher *w)
{
	_cleanup_close_ int fd = -1;

	/* Who comes from here on may not be seen. */
	__atomic_store_n(&w->skel->bss->young_told, 0, __ATOMIC_RELEASE);
	fd = bpf_iter_create(w->skel->links.on_iter_fd);
	return fd < 0 ? -errno : iterate_fd(w, fd);
}

int task_watcher_fd(const struct task_watcher *w)
{
	return ring_buffer__epoll_fd(w->ring);
}

static int consume(struct task_watcher *w, int budget)
{
	int r;

	w->budget = budget;
	r = ring_buffer__consume(w->ring);
	return r == -EAGAIN ? 1 : r < 0 ? r : 0;
}

int task_watcher_dispatch(struct task_watcher *w)
{
	return consume(w, DISPATCH_MAX);
}

bool task_watcher_discard(struct task_watcher *w)
{
	w->discard = true;
	w->discarded_ahead = false;
	consume(w, TASK_RING_SIZE / sizeof(struct task_event));
	w->discard = false;
	return w->discarded_ahead;
}

void task_watcher_counters(const struct task_watcher *w, struct task_watcher_counters *ret)
{
	*ret = (struct task_watcher_counters){
		.sent = __atomic_load_n(&w->skel->bss->sent, __ATOMIC_RELAXED),
		.lost = __atomic_load_n(&w->skel->bss->lost, __ATOMIC_RELAXED),
		.unwatched = __atomic_load_n(&w->skel->bss->unwatched, __ATOMIC_RELAXED),
	};
}
