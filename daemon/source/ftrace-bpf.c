// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/source/bpf-util.h"
#include "daemon/source/ftrace-bpf.h"
#include "bpf/ftrace.skel.h"
#include "lib/cleanup.h"

struct ftrace_walker {
	struct ftrace_bpf *skel;
	const struct ftrace_found *found; /* NULL: none */
	unsigned int n_cpus;
};

static int load(struct ftrace_walker *w, char **ret_reason)
{
	void *found;
	int err;

	w->skel = ftrace_bpf__open();
	err = w->skel ? ftrace_bpf__load(w->skel) : -ENOMEM;
	if (err < 0) {
		*ret_reason = bpf_load_reason("", err);
		return err;
	}
	found = mmap(NULL, sizeof(*w->found), PROT_READ, MAP_SHARED, w->skel->maps.found.map_fd, 0);
	if (found == MAP_FAILED)
		return -errno;
	w->found = found;
	return 0;
}

int ftrace_walker_new(struct ftrace_walker **ret, char **ret_reason)
{
	struct ftrace_walker *w = calloc(1, sizeof(*w));
	int n_cpus, err;

	*ret_reason = NULL;
	if (!w)
		return -ENOMEM;
	err = load(w, ret_reason);
	if (err < 0) {
		ftrace_walker_free(w);
		return err;
	}
	n_cpus = libbpf_num_possible_cpus();
	w->n_cpus = n_cpus > 0 ? n_cpus : 1;
	w->skel->bss->page_size = sysconf(_SC_PAGESIZE);
	*ret = w;
	return 0;
}

struct ftrace_walker *ftrace_walker_free(struct ftrace_walker *w)
{
	if (!w)
		return NULL;
	if (w->found)
		munmap((void *)w->found, sizeof(*w->found));
	ftrace_bpf__destroy(w->skel);
	free(w);
	return NULL;
}

unsigned int ftrace_walker_cpus(const struct ftrace_walker *w)
{
	return w->n_cpus;
}

int ftrace_walker_walk(struct ftrace_walker *w, int fd, struct ftrace_view *ret)
{
	static const int errors[] = {
		[FTRACE_WALK_WHOLE] = 0,
		[FTRACE_WALK_NONE] = -ENOENT,
		[FTRACE_WALK_TORN] = -EAGAIN,
		[FTRACE_WALK_FULL] = -E2BIG,
	};
	struct ftrace_request request = { .fd = fd, .n_cpus = w->n_cpus };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &request, .ctx_size_in = sizeof(request));
	int err = bpf_prog_test_run_opts(w->skel->progs.walk.prog_fd, &opts);

	if (err < 0)
		return err;
	if (opts.retval >= ARRAY_LEN(errors))
		return -EIO;
	*ret = (struct ftrace_view){
		.pages = w->found->pages,
		.cpus = w->found->cpus,
		.n_pages = w->skel->bss->n_pages,
		.n_cpus = w->skel->bss->n_cpus,
		.is_reserved = w->skel->bss->is_reserved,
	};
	return errors[opts.retval];
}
