/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What task.bpf.c and the daemon share.
 */
#ifndef QCMD_BPF_TASK_H
#define QCMD_BPF_TASK_H

#include <linux/types.h>

#include "comm-glob.h"

#define TASK_PATTERNS_MAX 256
#define TASK_WATCHED_MAX  16384	       /* tasks and their parents */
#define TASK_RING_SIZE	  (256 * 1024) /* bytes */

enum task_event_kind {
	TASK_EVENT_ITER = 1, /* runs already: from the iterator */
	TASK_EVENT_NEW,	     /* forked */
	TASK_EVENT_RENAME,   /* comm is the new name */
	TASK_EVENT_EXEC,     /* a thread took over the pid of its group: old_pid is gone */
	TASK_EVENT_EXIT,
	TASK_EVENT_FREE, /* exited and reaped: nobody's parent any more */
};

/**
 * struct task_event - one record, from the ring buffer or the iterator
 * @start: task_struct.start_boottime
 * @parent_start: of the task that real_parent points to
 * @task: address of the task_struct
 * @stack: address of its stack
 * @kind: enum task_event_kind
 * @pid: thread id in the initial PID namespace
 * @tgid: process id
 * @parent_pid: thread id of real_parent
 * @parent_tgid: process id of real_parent
 * @old_pid: EXEC only: the thread id it had before
 * @flags: task_struct.flags
 * @exit_state: 0 while it runs
 * @comm: NUL-terminated
 */
struct task_event {
	__u64 start;
	__u64 parent_start;
	__u64 task;
	__u64 stack;
	__u32 kind;
	__u32 pid;
	__u32 tgid;
	__u32 parent_pid;
	__u32 parent_tgid;
	__u32 old_pid;
	__u32 flags;
	__u32 exit_state;
	char comm[GLOB_TEXT_SIZE];
};

#endif
