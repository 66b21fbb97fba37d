// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf-util.h"
#include "policy-util.h"
#include "qcmdd-log.h"
#include "task-bpf.h"
#include "task.skel.h"

#define DISPATCH_MAX 256 /* events in one turn of the loop */
#define ITER_BUFFER  (64 * sizeof(struct task_event))

struct task_watcher {
	struct task_bpf *skel;
	struct ring_buffer *ring;
	task_event_handler handler;
	void *userdata;
	bool discard;
	int budget;
	size_t n_patterns;
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

static int on_event(void *ctx, void *data, size_t size)
{
	struct task_watcher *w = ctx;

	if (!w->discard && size >= sizeof(struct task_event))
		w->handler(data, w->userdata);
	/* Stops libbpf, which else goes on for as long as events come. */
	return --w->budget > 0 ? 0 : -EAGAIN;
}

static int load(struct task_watcher *w, char **ret_reason)
{
	int err;

	w->skel = task_bpf__open_and_load();
	if (!w->skel) {
		err = -errno;
		*ret_reason = bpf_load_reason(err);
		return err;
	}
	err = task_bpf__attach(w->skel);
	if (err < 0) {
		*ret_reason = bpf_reason("the BPF program can't be attached", err);
		return err;
	}
	w->ring = ring_buffer__new(bpf_map__fd(w->skel->maps.ring), on_event, w, NULL);
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
	free(w);
	return NULL;
}

static int put_pattern(struct task_watcher *w, const char *pattern)
{
	struct glob g;
	__u32 i = w->n_patterns;

	glob_compile(pattern, &g);
	if (bpf_map_update_elem(bpf_map__fd(w->skel->maps.patterns), &i, &g, BPF_ANY) < 0)
		return -errno;
	w->n_patterns++;
	return 0;
}

static int forget_watched(struct task_watcher *w)
{
	int fd = bpf_map__fd(w->skel->maps.watched);
	__u32 key;

	while (bpf_map_get_next_key(fd, NULL, &key) == 0)
		if (bpf_map_delete_elem(fd, &key) < 0 && errno != ENOENT)
			return -errno;
	return 0;
}

int task_watcher_set_patterns(struct task_watcher *w, const char *const *patterns, size_t n)
{
	static const char *const everything[] = { "*" };
	int err = 0;

	if (n > TASK_PATTERNS_MAX) {
		log_notice("More than %d patterns in all [Task] sections: every task is looked at", TASK_PATTERNS_MAX);
		patterns = everything;
		n = 1;
	}
	/* The count goes down at once and up last, so that no half-written pattern is in use. */
	w->skel->bss->n_patterns = 0;
	w->n_patterns = 0;
	for (size_t i = 0; i < n && err >= 0; i++)
		err = put_pattern(w, patterns[i]);
	if (err < 0)
		return err;
	err = forget_watched(w);
	__atomic_store_n(&w->skel->bss->n_patterns, w->n_patterns, __ATOMIC_RELEASE);
	return err;
}

static int iterate_fd(struct task_watcher *w, int fd)
{
	_cleanup_(freep) char *buffer = malloc(ITER_BUFFER);
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
	_cleanup_(closep) int fd = -1;

	fd = bpf_iter_create(bpf_link__fd(w->skel->links.on_iter));
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

void task_watcher_discard(struct task_watcher *w)
{
	w->discard = true;
	consume(w, TASK_RING_SIZE / sizeof(struct task_event));
	w->discard = false;
}

void task_watcher_counters(const struct task_watcher *w, struct task_watcher_counters *ret)
{
	*ret = (struct task_watcher_counters){
		.sent = __atomic_load_n(&w->skel->bss->sent, __ATOMIC_RELAXED),
		.lost = __atomic_load_n(&w->skel->bss->lost, __ATOMIC_RELAXED),
		.unwatched = __atomic_load_n(&w->skel->bss->unwatched, __ATOMIC_RELAXED),
	};
}
