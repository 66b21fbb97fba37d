// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds the sub-buffers of a trace array. It is run by the daemon, in the daemon's own context, and takes no lock: the
 * ring may change meanwhile. So a walk counts only if it is whole: each list is closed and as long as the ring says.
 *
 * The array is found by a file of it that the daemon has open, so no address has to be known.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "ftrace.h"

#define PAGE_FLAGS 3UL /* of the pointers in the list of pages */

/* Only what is used; where it lies is found in the running kernel's BTF. */
struct inode {
	void *i_private;
} __attribute__((preserve_access_index));

struct file {
	struct inode *f_inode;
} __attribute__((preserve_access_index));

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} __attribute__((preserve_access_index));

struct files_struct {
	struct fdtable *fdt;
} __attribute__((preserve_access_index));

struct task_struct {
	struct files_struct *files;
} __attribute__((preserve_access_index));

struct list_head {
	struct list_head *next;
} __attribute__((preserve_access_index));

struct buffer_page {
	struct list_head list;
	void *page;
} __attribute__((preserve_access_index));

struct ring_buffer_per_cpu {
	int cpu;
	unsigned long nr_pages;
	struct list_head *pages;
	struct buffer_page *reader_page;
} __attribute__((preserve_access_index));

struct atomic {
	int counter;
};

struct trace_buffer {
	struct atomic resizing;
	struct ring_buffer_per_cpu **buffers;
	unsigned int subbuf_order;	/* from 6.8 on */
	unsigned long range_addr_start; /* from 6.10 on: the memory was reserved at boot */
} __attribute__((preserve_access_index));

struct array_buffer {
	struct trace_buffer *buffer;
} __attribute__((preserve_access_index));

struct trace_array {
	struct array_buffer array_buffer;
	struct array_buffer snapshot_buffer;
	bool allocated_snapshot;
} __attribute__((preserve_access_index));

/* As Linux 6.1 and 6.12 call it. */
struct trace_array___max {
	struct array_buffer max_buffer;
} __attribute__((preserve_access_index));

/* Not among the variables: their first values are a part of the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ftrace_found);
} found SEC(".maps");

__u32 n_pages;
__u32 n_cpus;
bool is_reserved;
__u32 page_size; /* set by the daemon */

struct cpu_walk {
	struct list_head *at;
	struct list_head *first;
	__u32 size;
	__u32 cpu;
	bool closed;
	bool full;
};

struct buffer_walk {
	struct trace_buffer *buffer;
	struct ring_buffer_per_cpu **cpu_buffers;
	__u32 size;
	__u32 state;
};

static struct ftrace_found *found_memory(void)
{
	__u32 first = 0;

	return bpf_map_lookup_elem(&found, &first);
}

static bool put_page(struct cpu_walk *w, struct buffer_page *page)
{
	struct ftrace_found *f = found_memory();
	__u64 address = (__u64)BPF_CORE_READ(page, page);
	__u32 i = n_pages;

	if (!f || i >= FTRACE_PAGES_MAX) {
		w->full = true;
		return false;
	}
	f->pages[i] = (struct ftrace_page){ address, w->size, w->cpu };
	n_pages = i + 1;
	return address;
}

static long walk_page(__u32 i, void *data)
{
	struct cpu_walk *w = data;
	struct list_head *at = w->at;
	__u64 next;

	if (!put_page(w, (void *)at - bpf_core_field_offset(((struct buffer_page *)0)->list)))
		return 1;
	next = (__u64)BPF_CORE_READ(at, next) & ~PAGE_FLAGS;
	w->at = (struct list_head *)next;
	w->closed = w->at == w->first;
	return w->closed || !next;
}

static __u32 walk_cpu(struct ring_buffer_per_cpu *c, __u32 size, __u32 cpu)
{
	unsigned long nr_pages = BPF_CORE_READ(c, nr_pages);
	struct cpu_walk w = { .size = size, .cpu = cpu };
	struct ftrace_found *f = found_memory();
	__u32 before, i = n_cpus;

	if (!f || i >= FTRACE_CPUS_MAX || nr_pages > FTRACE_PAGES_MAX)
		return FTRACE_WALK_FULL;
	f->cpus[i] = (struct ftrace_cpu){ (__u64)c, bpf_core_type_size(struct ring_buffer_per_cpu), cpu };
	n_cpus = i + 1;

	w.first = w.at = BPF_CORE_READ(c, pages);
	before = n_pages;
	bpf_loop(nr_pages, walk_page, &w, 0);
	if (w.full)
		return FTRACE_WALK_FULL;
	if (!w.closed || n_pages - before != nr_pages || BPF_CORE_READ(c, nr_pages) != nr_pages)
		return FTRACE_WALK_TORN;
	/* The page that readers have is in no list. */
	if (!put_page(&w, BPF_CORE_READ(c, reader_page)))
		return w.full ? FTRACE_WALK_FULL : FTRACE_WALK_TORN;
	return FTRACE_WALK_WHOLE;
}

static long walk_one_cpu(__u32 i, void *data)
{
	struct buffer_walk *w = data;
	struct ring_buffer_per_cpu *c;

	/* None: a CPU that was never online. */
	if (bpf_probe_read_kernel(&c, sizeof(c), &w->cpu_buffers[i])) {
		w->state = FTRACE_WALK_TORN;
		return 1;
	}
	if (!c)
		return 0;
	if ((__u32)BPF_CORE_READ(c, cpu) != i)
		w->state = FTRACE_WALK_TORN;
	else
		w->state = walk_cpu(c, w->size, i);
	return w->state != FTRACE_WALK_WHOLE;
}

static __u32 walk_buffer(struct trace_buffer *b, __u32 n)
{
	struct buffer_walk w = { .buffer = b, .size = page_size };

	if (!b)
		return FTRACE_WALK_TORN;
	w.cpu_buffers = BPF_CORE_READ(b, buffers);
	if (bpf_core_field_exists(b->subbuf_order))
		w.size <<= BPF_CORE_READ(b, subbuf_order) & 15;
	bpf_loop(n, walk_one_cpu, &w, 0);
	if (w.state == FTRACE_WALK_WHOLE && BPF_CORE_READ(b, resizing.counter))
		return FTRACE_WALK_TORN;
	return w.state;
}

/* None: this kernel has no snapshots, or none of this array. */
static struct trace_buffer *snapshot_of(struct trace_array *array)
{
	struct trace_array___max *older = (void *)array;

	if (!bpf_core_field_exists(array->allocated_snapshot) || !BPF_CORE_READ(array, allocated_snapshot))
		return NULL;
	return bpf_core_field_exists(older->max_buffer) ? BPF_CORE_READ(older, max_buffer.buffer) :
							  BPF_CORE_READ(array, snapshot_buffer.buffer);
}

static struct trace_array *array_of(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file;

	if (fd >= BPF_CORE_READ(table, max_fds) || bpf_probe_read_kernel(&file, sizeof(file), &files[fd]) || !file)
		return NULL;
	return BPF_CORE_READ(file, f_inode, i_private);
}

SEC("syscall")
int walk(struct ftrace_request *request)
{
	struct trace_array *array = array_of(request->fd);
	struct trace_buffer *buffer;
	__u32 state;

	n_pages = n_cpus = 0;
	if (!array)
		return FTRACE_WALK_NONE;
	buffer = BPF_CORE_READ(array, array_buffer.buffer);
	is_reserved = bpf_core_field_exists(buffer->range_addr_start) && BPF_CORE_READ(buffer, range_addr_start);
	state = walk_buffer(buffer, request->n_cpus);
	/* The two change places when a snapshot is taken. */
	buffer = snapshot_of(array);
	if (state == FTRACE_WALK_WHOLE && buffer)
		state = walk_buffer(buffer, request->n_cpus);
	return state;
}

char LICENSE[] SEC("license") = "GPL";
