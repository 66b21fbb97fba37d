// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the daemon of tasks that some policy asks for, and of their parents: that they were there, came,
 * changed their name or cgroup, went. Everything else is dropped here, so that a fork storm which no policy is about
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
struct kernfs_node {
	__u64 id;
} __attribute__((preserve_access_index));

struct cgroup_root {
	int hierarchy_id;
} __attribute__((preserve_access_index));

struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
	struct cgroup *ancestors[];
} __attribute__((preserve_access_index));

struct css_set {
	struct cgroup *dfl_cgrp;
} __attribute__((preserve_access_index));

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
} __attribute__((preserve_access_index));

struct signal_struct {
	int nr_threads;
} __attribute__((preserve_access_index));

struct task_struct {
	unsigned int __state;
	unsigned long nvcsw;
	struct css_set *cgroups;
	struct signal_struct *signal;
	const struct cred *real_cred;
	int pid;
	int tgid;
	unsigned int flags;
	int exit_state;
	__u64 start_boottime;
	void *stack;
	void *mm;
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
	__uint(max_entries, TASK_FILTERS_MAX);
	__type(key, __u32);
	__type(value, struct task_filter);
} filters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TASK_PIDS_MAX);
	__type(key, struct task_filter_pid);
	__type(value, __u8);
} pids SEC(".maps");

/* Id of a cgroup to the patterns that its path matches. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, TASK_CGROUPS_MAX);
	__type(key, __u64);
	__type(value, __u64);
} cgroups SEC(".maps");

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

__u32 n_filters; /* in use, set by the daemon */
__u32 n_cgroups; /* patterns, likewise */
__u64 lost;	 /* events that found the ring full */
__u64 unwatched; /* tasks that found the map full: nothing will tell when they go */
__u64 sent;
__u32 young_told; /* by an event; cleared by the daemon before it looks */

#define CGROUP_DEPTH_MAX 32 /* the kernel sets no limit, people never come near this */

struct cgroup_walk {
	__u64 ancestors; /* of the cgroup, itself the last: address of the pointers to them */
	__u64 patterns;
};

static long look_at_ancestor(__u32 i, void *data)
{
	struct cgroup_walk *w = data;
	struct cgroup *ancestor = NULL;
	__u64 id, *found;

	bpf_probe_read_kernel(&ancestor, sizeof(ancestor), (void *)(w->ancestors + i * sizeof(ancestor)));
	id = BPF_CORE_READ(ancestor, kn, id);
	found = bpf_map_lookup_elem(&cgroups, &id);
	w->patterns |= found ? *found : 0;
	return 0;
}

/* The patterns that the cgroup or one above matches. */
static __u64 cgroup_patterns(struct cgroup *cgroup)
{
	struct cgroup_walk w = { .ancestors = (__u64)cgroup + bpf_core_field_offset(cgroup->ancestors) };
	__u32 n = BPF_CORE_READ(cgroup, level) + 1;

	bpf_loop(n < CGROUP_DEPTH_MAX ? n : CGROUP_DEPTH_MAX, look_at_ancestor, &w, 0);
	return w.patterns;
}

static __u32 task_uid(struct task_struct *task)
{
	return BPF_CORE_READ(task, real_cred, uid).val;
}

static __u64 task_cgroups(struct task_struct *task)
{
	return n_cgroups ? cgroup_patterns(BPF_CORE_READ(task, cgroups, dfl_cgrp)) : 0;
}

/* What filters ask about. */
struct match {
	char comm[GLOB_TEXT_SIZE];
	__u64 cgroups;
	__u32 pid;
	__u32 tgid;
	__u32 flags;
	__u32 state; /* 0: not to be looked at */
	__u32 uid;
	__u64 age;
	__u64 result; /* MATCHES and MATCHES_LATER, together */
};

enum matches {
	MATCHES_NOT,
	MATCHES,
	MATCHES_LATER, /* if it lives */
};

static bool has_pid(const struct task_filter *f, const struct match *m)
{
	struct task_filter_pid thread = { f->pids, m->pid }, process = { f->pids, m->tgid };

	return !f->pids || bpf_map_lookup_elem(&pids, &thread) || bpf_map_lookup_elem(&pids, &process);
}

/* These two without a branch, as the verifier would follow each way of it through all that comes after. */
static __u64 has_user(const struct task_filter *f, const struct match *m)
{
	__u64 found = 0;

	for (__u32 i = 0; i < TASK_USERS_MAX; i++) {
		const struct task_users *u = &f->users[i];

		found |= ~((__u64)(__u32)(u->last - u->first) - (__u32)(m->uid - u->first)) >> 63;
	}
	return found;
}

/* Most that are forked begin another program at once, or end before long. */
static __u64 is_young(const struct task_filter *f, const struct match *m)
{
	__u64 forked = m->flags / TASK_PF_FORKNOEXEC & 1;

	return (m->age - f->age) >> 63 & (forked | (f->exec_counts ^ 1));
}

static long match_one(__u32 i, void *data)
{
	struct match *m = data;
	const struct task_filter *f = bpf_map_lookup_elem(&filters, &i);

	if (!f)
		return 1;
	if (f->kernel_thread && (f->kernel_thread == TASK_FILTER_KERNEL_THREAD) != !!(m->flags & TASK_PF_KTHREAD))
		return 0;
	if ((f->states && !(f->states & m->state)) || (f->cgroups && !(f->cgroups & m->cgroups)) || !has_pid(f, m))
		return 0;
	if (!glob_match(&f->comm, m->comm) || !has_user(f, m))
		return 0;
	m->result |= MATCHES << is_young(f, m);
	return m->result & MATCHES;
}

#define ANY_AGE (1ULL << 62)

static __u64 match(struct task_struct *task, const char *comm, __u32 state, __u64 age)
{
	struct match m = { .pid = task->pid, .tgid = task->tgid, .flags = task->flags, .state = state, .age = age };

	m.cgroups = task_cgroups(task);
	m.uid = task_uid(task);
	bpf_probe_read_kernel_str(m.comm, sizeof(m.comm), comm);
	bpf_loop(n_filters, match_one, &m, 0);
	return m.result;
}

static __u64 match_now(struct task_struct *task, const char *comm)
{
	return match(task, comm, 0, bpf_ktime_get_boot_ns() - task->start_boottime);
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
	e->mm = (__u64)task->mm;
	e->kind = kind;
	e->pid = task->pid;
	e->tgid = task->tgid;
	e->parent_pid = parent->pid;
	e->parent_tgid = parent->tgid;
	e->old_pid = 0;
	e->flags = task->flags;
	e->state = task_state_of(task->__state, task->exit_state);
	e->switches = task->nvcsw;
	e->cgroups = task_cgroups(task);
	e->uid = task_uid(task);
	e->unused = 0;
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

/* Whether the task is to be told of now. Of those that are too young nobody hears but that there are such. */
static bool is_told(struct task_struct *task, const char *comm, __u64 matches, bool known)
{
	if (matches & MATCHES) {
		watch(task);
		watch(task->real_parent);
		return true;
	}
	if (matches && !known && !young_told) {
		young_told = 1;
		send(task, comm, TASK_EVENT_YOUNG, 0);
	}
	return known;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_newtask, struct task_struct *task)
{
	if (is_told(task, task->comm, match_now(task, task->comm), false))
		send(task, task->comm, TASK_EVENT_NEW, 0);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *task, const char *comm)
{
	__u64 matches = match_now(task, comm);

	if (is_told(task, comm, matches, is_watched(task)))
		send(task, comm, TASK_EVENT_RENAME, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid)
{
	__u32 old = old_pid;
	__u64 matches;

	/* The new name was told by rename. Only a thread that became its group's leader has more to say. */
	if (task->pid == old_pid)
		return 0;
	matches = match_now(task, task->comm);
	if (is_told(task, task->comm, matches, !bpf_map_delete_elem(&watched, &old)))
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

/* Told for the leader alone where a whole process moves. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_attach, struct cgroup *cgroup, const char *path, struct task_struct *task, bool threadgroup)
{
	__u64 matches;

	if (!n_cgroups || cgroup->root->hierarchy_id)
		return 0;
	if (threadgroup && task->signal->nr_threads > 1) {
		send(task, task->comm, TASK_EVENT_LOOK, 0);
		return 0;
	}
	matches = match_now(task, task->comm);
	if (is_told(task, task->comm, matches, is_watched(task)))
		send(task, task->comm, TASK_EVENT_MOVE, 0);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_mkdir, struct cgroup *cgroup, const char *path)
{
	struct cgroup_event *e;

	if (!n_cgroups || cgroup->root->hierarchy_id)
		return 0;
	e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	e->kind = TASK_EVENT_CGROUP;
	e->unused = 0;
	e->id = cgroup->kn->id;
	if (bpf_probe_read_kernel_str(e->path, sizeof(e->path), path) >= (long)sizeof(e->path))
		e->path[0] = '\0';
	__sync_fetch_and_add(&sent, 1);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("iter/task")
int on_iter(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_event e;

	if (!task || task->exit_state ||
	    !(match(task, task->comm, task_state_of(task->__state, task->exit_state), ANY_AGE) & MATCHES))
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
