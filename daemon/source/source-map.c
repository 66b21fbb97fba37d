// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF maps. The module keeps a map for as long as a region of it is there, so that it survives what made it. What is
 * pinned where can change without notice, so that pins are looked at again every other second.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/source/cpulist.h"
#include "daemon/source/bpf-maps.h"
#include "daemon/source/source.h"
#include "daemon/source/symbol.h"
#include "lib/cleanup.h"
#include "uapi/linux/qcom_minidump_table.h"

#define LOOK_INTERVAL	   2000000 /* µs */
#define PERCPU_ENTRIES_MAX 64

/* A map that a policy names. */
struct item {
	char *what; /* Pin= or Id= */
	int fd;	    /* -1: there is none */
	uint32_t id;
	struct map_memory memory;
	struct symbol_place place; /* of a per-CPU array: of the pointers to its entries; or why there is none */
};

struct source {
	struct source_host host;
	struct maps *maps;
	struct item *items;
	size_t n_items;
	sd_event_source *timer;
};

__attribute__((format(printf, 3, 4))) static void fail(struct item *item, int error, const char *format, ...)
{
	va_list ap;

	item->place = (struct symbol_place){ .error = error };
	va_start(ap, format);
	vsnprintf(item->place.problem, sizeof(item->place.problem), format, ap);
	va_end(ap);
}

static void items_free(struct item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(items[i].what);
		closep(&items[i].fd);
	}
	free(items);
}

/* A program can be pinned as well. */
static bool is_map(int fd)
{
	char path[64], target[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, target, sizeof(target) - 1) > 0 && !strcmp(target, "anon_inode:bpf-map");
}

static int open_pin(struct item *item)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	int fd = bpf_obj_get_opts(item->what, &opts);

	if (fd < 0 && errno == ENOENT)
		fail(item, -ENOENT, "nothing is pinned there");
	else if (fd < 0 && (errno == EACCES || errno == EPERM))
		fail(item, -EACCES, "qcmdd may not read it: chgrp qcmd the pin and chmod g+r it, and g+x its folders");
	else if (fd < 0)
		fail(item, -errno, "it can't be opened: %s", strerror(errno));
	return fd;
}

static int open_id(struct item *item)
{
	int fd = bpf_map_get_fd_by_id(strtoul(item->what, NULL, 10));

	if (fd < 0 && errno == ENOENT)
		fail(item, -ENOENT, "there is no map with that id");
	else if (fd < 0)
		fail(item, -errno, "Id= takes CAP_SYS_ADMIN, which qcmdd does not have: pin the map, and write Pin=");
	return fd;
}

/* Takes fd over. */
static void look_at(struct source *s, struct item *item, int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	char *reason = NULL;
	int err;

	closep(&item->fd);
	item->fd = fd;
	item->id = 0;
	if (!is_map(fd) || bpf_obj_get_info_by_fd(fd, &info, &size) < 0) {
		fail(item, -EINVAL, "it is no BPF map");
		return;
	}
	item->id = info.id;
	err = maps_find(s->maps, info.id, &item->memory, &reason);
	item->place = (struct symbol_place){ .address = item->memory.address, .size = item->memory.size };
	/* An element is changed by writing a spare one, of which there is one for each CPU. */
	if (item->memory.type == BPF_MAP_TYPE_HASH)
		item->place.size += (uint64_t)item->memory.elem_size * libbpf_num_possible_cpus();
	if (err < 0)
		fail(item, err, "%s", reason ?: "the map is gone");
	else if (!item->memory.address)
		fail(item, -EOPNOTSUPP,
		     "of maps, only arrays, per-CPU arrays, ring buffers and preallocated hashes can be "
		     "saved");
	free(reason);
}

/* True: something is different now. */
static bool look_again(struct source *s, struct item *item)
{
	struct symbol_place before = item->place;
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int fd = *item->what == '/' ? open_pin(item) : open_id(item);

	if (fd >= 0 && item->id && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.id == item->id) {
		close(fd);
		return false;
	}
	if (fd >= 0)
		look_at(s, item, fd);
	else if (item->fd >= 0)
		/* What was there is still ours. */
		item->place = before;
	return item->place.address != before.address || strcmp(item->place.problem, before.problem);
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	struct source *s = userdata;
	bool changed = false;

	for (size_t i = 0; i < s->n_items; i++)
		changed |= look_again(s, &s->items[i]);
	if (changed)
		s->host.changed(s->host.userdata);
	/* From now on, and not from when this was due: what a stall has missed is not caught up with. */
	sd_event_source_set_time_relative(source, LOOK_INTERVAL);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static struct item *find_item(struct item *items, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(items[i].what, what))
			return &items[i];
	return NULL;
}

static int add_items(struct source *s, char *const *whats, struct item **items, size_t *n)
{
	for (; whats && *whats; whats++) {
		struct item *grown, *old = find_item(s->items, s->n_items, *whats);

		if (find_item(*items, *n, *whats))
			continue;
		grown = reallocarray(*items, *n + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*items = grown;
		grown[*n] = old ? *old : (struct item){ .fd = -1 };
		grown[*n].what = strdup(*whats);
		grown[*n].fd = old ? fcntl(old->fd, F_DUPFD_CLOEXEC, 3) : -1;
		if (!grown[(*n)++].what)
			return -ENOMEM;
	}
	return 0;
}

static int map_reload(struct source *s, const struct policy_set *policies)
{
	struct section_cursor c = {};
	struct item *items = NULL;
	size_t n = 0;
	int r = 0;

	while (r >= 0 && section_next(policies, POLICY_SOURCE_MAP, &c)) {
		r = add_items(s, c.section->map.pins, &items, &n);
		if (r >= 0)
			r = add_items(s, c.section->map.ids, &items, &n);
	}
	if (r < 0) {
		items_free(items, n);
		return r;
	}
	items_free(s->items, s->n_items);
	s->items = items;
	s->n_items = n;
	for (size_t i = 0; i < n; i++)
		look_again(s, &items[i]);
	return 0;
}

static void map_stop(struct source *s)
{
	sd_event_source_disable_unref(s->timer);
	items_free(s->items, s->n_items);
	maps_free(s->maps);
}

static int map_start(struct source *s, const struct policy_set *policies)
{
	int r = maps_new(&s->maps);

	if (r >= 0)
		r = map_reload(s, policies);
	return r < 0 ? r :
		       sd_event_add_time_relative(s->host.event, &s->timer, CLOCK_MONOTONIC, LOOK_INTERVAL, 0, on_timer,
						  s);
}

/* What it is says nothing that is known only while the map can be found. */
static int add(struct wants *wants, const struct want *base, const struct item *item, const struct symbol_place *place,
	       const char *part)
{
	const char *slash = strrchr(item->what, '/');
	struct want want = *base;

	snprintf(want.name, sizeof(want.name), slash ? MINIDUMP_SYMBOL_NAME "%.14s" : MINIDUMP_MAP_NAME "%.11s",
		 slash ? slash + 1 : item->what);
	for (char *p = want.name; *p; p++)
		if (*p <= ' ' || *p > '~')
			*p = '_';
	snprintf(want.comment, sizeof(want.comment), "map %s%s", item->what, part);
	region_key_set_what(&want.key, "%s%s", item->what, part);
	want.address = place->address;
	want.size = place->size;
	want.error = place->error;
	want.optional = place->error == -ENOENT;
	memcpy(want.problem, place->problem, sizeof(want.problem));
	want.map_fd = item->fd;
	want.order = wants->n;
	return wants_add(wants, &want);
}

static int want_percpu(struct source *s, struct wants *wants, const struct want *base, const struct item *item)
{
	_cleanup_free_ char *possible = cpulist_read(CPULIST_POSSIBLE);
	const char *at = possible ?: "0";
	int first, last, r = 0;

	while (cpulist_next(&at, &first, &last))
		for (int cpu = first; cpu <= last; cpu++)
			for (uint32_t i = 0; i < item->memory.max_entries && r >= 0; i++) {
				struct symbol_place place;
				char part[64];

				snprintf(part, sizeof(part), ": entry %u of CPU %d", i, cpu);
				symbol_percpu_at(s->host.symbols, item->place.address + i * sizeof(uint64_t), cpu,
						 item->memory.elem_size, &place);
				r = add(wants, base, item, &place, part);
			}
	return r;
}

static int want_item(struct source *s, struct wants *wants, const struct want *base, const struct item *item)
{
	struct symbol_place place = {};

	if (item->place.error || item->memory.type != BPF_MAP_TYPE_PERCPU_ARRAY)
		return add(wants, base, item, &item->place, "");
	if (item->memory.max_entries <= PERCPU_ENTRIES_MAX)
		return want_percpu(s, wants, base, item);
	place.error = -E2BIG;
	snprintf(place.problem, sizeof(place.problem), "a per-CPU array with more than %d entries", PERCPU_ENTRIES_MAX);
	return add(wants, base, item, &place, "");
}

static int want_all(struct source *s, struct wants *wants, const struct want *base, char *const *whats)
{
	int r = 0;

	for (; whats && *whats && r >= 0; whats++) {
		const struct item *item = find_item(s->items, s->n_items, *whats);

		/* After a reload that had no memory for it. */
		if (item)
			r = want_item(s, wants, base, item);
	}
	return r;
}

static int map_want(struct source *s, const struct policy_set *policies, struct wants *wants)
{
	struct section_cursor c = {};
	int r = 0;

	while (r >= 0 && section_next(policies, POLICY_SOURCE_MAP, &c)) {
		struct want base = want_of(REGION_MAP, c.policy, c.section);

		r = want_all(s, wants, &base, c.section->map.pins);
		if (r >= 0)
			r = want_all(s, wants, &base, c.section->map.ids);
	}
	return r;
}

const struct source_vtable source_map = {
	.id = "map",
	.fault = "BPF maps can't be found",
	.size = sizeof(struct source),
	.start = map_start,
	.stop = map_stop,
	.reload = map_reload,
	.want = map_want,
};
