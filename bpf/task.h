/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What task.bpf.c and the daemon share.
 */
#ifndef QCMD_BPF_TASK_H
#define QCMD_BPF_TASK_H

#include <linux/types.h>

#include "comm-glob.h"
#include "task-state.h"

#define TASK_FILTERS_MAX 256
#define TASK_PIDS_MAX	 16384
#define TASK_CGROUPS_MAX 4096	      /* that some pattern matches */
#define TASK_CGROUP_PATH 512	      /* bytes */
#define TASK_WATCHED_MAX 16384	      /* tasks and their parents */
#define TASK_RING_SIZE	 (256 * 1024) /* bytes */
#define TASK_USERS_MAX	 4	      /* ranges in one filter */

/**
 * struct task_filter - which tasks somebody asks about: all of this has to be true
 * @comm: its name
 * @cgroups: patterns one of which its cgroup or one above matches, a bit each; 0: any cgroup
 * @states: enum task_state; 0: any. Others are told of by the iterator alone
 * @pids: 0: any; else its thread or process id is in the map of them, with this number
 * @kernel_thread: enum task_filter_kind
 * @age: nanoseconds that it has been there; the iterator does not ask for that
 * @exec_counts: 1: once it has begun a program, its age does not matter; else 0
 * @users: its user is in one of these, which may be the same
 */
struct task_filter {
	struct glob comm;
	__u64 cgroups;
	__u32 states;
	__u32 pids;
	__u32 kernel_thread;
	__u32 exec_counts;
	__u64 age;
	struct task_users {
		__u32 first;
		__u32 last;
	} users[TASK_USERS_MAX];
};

enum task_filter_kind {
	TASK_FILTER_ANY,
	TASK_FILTER_KERNEL_THREAD,
	TASK_FILTER_USER,
};

struct task_filter_pid {
	__u32 pids; /* task_filter.pids */
	__u32 pid;
};

#define TASK_PF_KTHREAD	   0x00200000 /* the kernel's PF_KTHREAD */
#define TASK_PF_FORKNOEXEC 0x00000040 /* the kernel's PF_FORKNOEXEC: has not begun a program since its fork */

enum task_event_kind {
	TASK_EVENT_ITER = 1, /* runs already: from the iterator */
	TASK_EVENT_NEW,	     /* forked */
	TASK_EVENT_RENAME,   /* comm is the new name */
	TASK_EVENT_EXEC,     /* a thread took over the pid of its group: old_pid is gone */
	TASK_EVENT_MOVE,     /* is in another cgroup */
	TASK_EVENT_EXIT,
	TASK_EVENT_FREE,   /* exited and reaped: nobody's parent any more */
	TASK_EVENT_LOOK,   /* threads have moved to another cgroup: only the iterator can tell which */
	TASK_EVENT_CGROUP, /* struct cgroup_event: a new one */
	TASK_EVENT_YOUNG, /* there is one too young to count, and maybe more: not told again before all are looked at */
};

/**
 * struct task_event - one record, from the ring buffer or the iterator
 * @kind: enum task_event_kind
 * @pid: thread id in the initial PID namespace
 * @start: task_struct.start_boottime
 * @parent_start: of the task that real_parent points to
 * @task: address of the task_struct
 * @stack: address of its stack
 * @mm: address of its mm_struct, 0: it has none
 * @cgroups: patterns that its cgroup or one above matches
 * @switches: how often it has given up the CPU by itself
 * @tgid: process id
 * @parent_pid: thread id of real_parent
 * @parent_tgid: process id of real_parent
 * @old_pid: EXEC only: the thread id it had before
 * @flags: task_struct.flags
 * @state: enum task_state
 * @uid: of its user
 * @comm: NUL-terminated
 */
struct task_event {
	__u32 kind;
	__u32 pid;
	__u64 start;
	__u64 parent_start;
	__u64 task;
	__u64 stack;
	__u64 mm;
	__u64 cgroups;
	__u64 switches;
	__u32 tgid;
	__u32 parent_pid;
	__u32 parent_tgid;
	__u32 old_pid;
	__u32 flags;
	__u32 state;
	__u32 uid;
	__u32 unused;
	char comm[GLOB_TEXT_SIZE];
};

/* A new directory of the unified hierarchy. path is "" if it is too long. */
struct cgroup_event {
	__u32 kind;
	__u32 unused;
	__u64 id;
	char path[TASK_CGROUP_PATH];
};

#endif
