// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/source/bpf-util.h"
#include "bpf/map.skel.h"
#include "daemon/source/bpf-maps.h"
#include "lib/cleanup.h"

struct maps {
	struct map_bpf *skel;
};

int maps_new(struct maps **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct maps *maps_free(struct maps *m)
{
	if (!m)
		return NULL;
	map_bpf__destroy(m->skel);
	free(m);
	return NULL;
}

static int load(struct maps *m, char **ret_reason)
{
	int err;

	if (m->skel)
		return 0;
	bpf_log_quietly();
	m->skel = map_bpf__open();
	err = m->skel ? map_bpf__load(m->skel) : -ENOMEM;
	if (err < 0) {
		*ret_reason = bpf_load_reason("", err);
	} else if (map_bpf__attach(m->skel) < 0) {
		err = -errno;
		*ret_reason = bpf_reason("the maps can't be iterated", err);
	}
	if (err < 0)
		m->skel = (map_bpf__destroy(m->skel), NULL);
	return err;
}

static int find(int fd, uint32_t id, struct map_memory *ret)
{
	ssize_t n;

	/* The kernel never gives a part of what the program wrote for one map. */
	while ((n = read(fd, ret, sizeof(*ret))) == sizeof(*ret))
		if (ret->id == id)
			return 0;
	return n < 0 ? -errno : -ENOENT;
}

int maps_find(struct maps *m, uint32_t id, struct map_memory *ret, char **ret_reason)
{
	_cleanup_close_ int fd = -1;
	int err;

	*ret_reason = NULL;
	err = load(m, ret_reason);
	if (err < 0)
		return err;
	fd = bpf_iter_create(m->skel->links.on_map_fd);
	err = fd < 0 ? -errno : find(fd, id, ret);
	if (err < 0 && err != -ENOENT)
		*ret_reason = bpf_reason("the maps can't be listed", err);
	return err;
}
