// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the daemon of tasks whose comm some policy asks for, and of their parents: that they were there, came,
 * changed their name, went. Everything else is dropped here, so that a fork storm which no policy is about
 * costs no event.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "task.h"

/* Only what is used; where it lies is found in the running kernel's BTF. */
struct task_struct {
	int pid;
	int tgid;
	unsigned int flags;
	int exit_state;
	__u64 start_boottime;
	void *stack;
	struct task_struct *real_parent;
	char comm[GLOB_TEXT_SIZE];
} __attribute__((preserve_access_index));

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, TASK_RING_SIZE);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TASK_PATTERNS_MAX);
	__type(key, __u32);
	__type(value, struct glob);
} patterns SEC(".maps");

/*
 * Thread id to address of the task_struct. The address decides: the pid of a task that is being freed may
 * belong to a new task by now, and after an exec by a thread the start time is the same one as well.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TASK_WATCHED_MAX);
	__type(key, __u32);
	__type(value, __u64);
} watched SEC(".maps");

__u32 n_patterns; /* in use, set by the daemon */
__u64 lost;	  /* events that found the ring full */
__u64 unwatched;  /* tasks that found the map full: nothing will tell when they go */
__u64 sent;

struct match {
	char comm[GLOB_TEXT_SIZE];
	bool found;
};

static long match_one(__u32 i, void *data)
{
	struct match *m = data;
	const struct glob *g = bpf_map_lookup_elem(&patterns, &i);

	if (!g)
		return 1;
	m->found = glob_match(g, m->comm);
	return m->found;
}

static bool matches(const char *comm)
{
	struct match m = {};

	bpf_probe_read_kernel_str(m.comm, sizeof(m.comm), comm);
	bpf_loop(n_patterns, match_one, &m, 0);
	return m.found;
}

static void watch(struct task_struct *task)
{
	__u32 pid = task->pid;
	__u64 address = (__u64)task;

	/* The idle task of the boot CPU is the parent of init and kthreadd and never goes. */
	if (!pid)
		return;
	if (bpf_map_update_elem(&watched, &pid, &address, BPF_ANY))
		__sync_fetch_and_add(&unwatched, 1);
}

static bool is_watched(struct task_struct *task)
{
	__u32 pid = task->pid;
	__u64 *address = bpf_map_lookup_elem(&watched, &pid);

	return address && *address == (__u64)task;
}

static void fill(struct task_event *e, struct task_struct *task, const char *comm, __u32 kind)
{
	struct task_struct *parent = task->real_parent;

	e->start = task->start_boottime;
	e->parent_start = parent->start_boottime;
	e->task = (__u64)task;
	e->stack = (__u64)task->stack;
	e->kind = kind;
	e->pid = task->pid;
	e->tgid = task->tgid;
	e->parent_pid = parent->pid;
	e->parent_tgid = parent->tgid;
	e->old_pid = 0;
	e->flags = task->flags;
	e->exit_state = task->exit_state;
	__builtin_memset(e->comm, 0, sizeof(e->comm));
	bpf_probe_read_kernel_str(e->comm, sizeof(e->comm), comm);
}

static void send(struct task_struct *task, const char *comm, __u32 kind, __u32 old_pid)
{
	struct task_event *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);

	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	fill(e, task, comm, kind);
	e->old_pid = old_pid;
	__sync_fetch_and_add(&sent, 1);
	bpf_ringbuf_submit(e, 0);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_newtask, struct task_struct *task)
{
	if (!matches(task->comm))
		return 0;
	watch(task);
	watch(task->real_parent);
	send(task, task->comm, TASK_EVENT_NEW, 0);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *task, const char *comm)
{
	if (matches(comm)) {
		watch(task);
		watch(task->real_parent);
	} else if (!is_watched(task)) {
		return 0;
	}
	send(task, comm, TASK_EVENT_RENAME, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid)
{
	__u32 old = old_pid;
	bool known;

	/* The new name was told by rename. Only a thread that became its group's leader has more to say. */
	if (task->pid == old_pid)
		return 0;
	known = !bpf_map_delete_elem(&watched, &old);
	if (matches(task->comm)) {
		watch(task);
		watch(task->real_parent);
	} else if (!known) {
		return 0;
	}
	send(task, task->comm, TASK_EVENT_EXEC, old);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	if (is_watched(task))
		send(task, task->comm, TASK_EVENT_EXIT, 0);
	return 0;
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(on_free, struct task_struct *task)
{
	__u32 pid = task->pid;

	if (!is_watched(task))
		return 0;
	bpf_map_delete_elem(&watched, &pid);
	send(task, task->comm, TASK_EVENT_FREE, 0);
	return 0;
}

SEC("iter/task")
int on_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_event e;

	if (!task || task->exit_state || !matches(task->comm))
		return 0;
	watch(task);
	watch(task->real_parent);
	__builtin_memset(&e, 0, sizeof(e));
	fill(&e, task, task->comm, TASK_EVENT_ITER);
	/* No room: the kernel grows its buffer and calls again for the same task. */
	bpf_seq_write(ctx->meta->seq, &e, sizeof(e));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
