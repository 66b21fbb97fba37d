/* SPDX-License-Identifier: GPL-2.0-only */
/* What a task does, as State= of a policy names it; one bit each. */
#ifndef QCMD_BPF_TASK_STATE_H
#define QCMD_BPF_TASK_STATE_H

#include <linux/types.h>

enum task_state {
	TASK_STATE_RUNNING = 1 << 0, /* on a CPU or waiting for one */
	TASK_STATE_SLEEPING = 1 << 1,
	TASK_STATE_UNINTERRUPTIBLE = 1 << 2,
	TASK_STATE_STOPPED = 1 << 3,
	TASK_STATE_TRACED = 1 << 4,
	TASK_STATE_PARKED = 1 << 5,
	TASK_STATE_IDLE = 1 << 6, /* sleeps like uninterruptible, and that is normal: kernel threads */
	TASK_STATE_EXITING = 1 << 7,
};

/* The kernel's bits, from its include/linux/sched.h. */
#define KERNEL_TASK_INTERRUPTIBLE   0x0001
#define KERNEL_TASK_UNINTERRUPTIBLE 0x0002
#define KERNEL_TASK_STOPPED	    0x0004
#define KERNEL_TASK_TRACED	    0x0008
#define KERNEL_TASK_PARKED	    0x0040
#define KERNEL_TASK_DEAD	    0x0080
#define KERNEL_TASK_NOLOAD	    0x0400
#define KERNEL_TASK_RTLOCK_WAIT	    0x1000
#define KERNEL_TASK_FROZEN	    0x8000

/* state, exit_state: of the task_struct. */
static inline __attribute__((always_inline)) __u32 task_state_of(__u32 state, __u32 exit_state)
{
	if (exit_state || state & KERNEL_TASK_DEAD)
		return TASK_STATE_EXITING;
	if (state & KERNEL_TASK_STOPPED)
		return TASK_STATE_STOPPED;
	if (state & KERNEL_TASK_TRACED)
		return TASK_STATE_TRACED;
	if (state & KERNEL_TASK_PARKED)
		return TASK_STATE_PARKED;
	if (state & KERNEL_TASK_UNINTERRUPTIBLE && state & KERNEL_TASK_NOLOAD)
		return TASK_STATE_IDLE;
	if (state & (KERNEL_TASK_UNINTERRUPTIBLE | KERNEL_TASK_RTLOCK_WAIT | KERNEL_TASK_FROZEN))
		return TASK_STATE_UNINTERRUPTIBLE;
	return state & KERNEL_TASK_INTERRUPTIBLE ? TASK_STATE_SLEEPING : TASK_STATE_RUNNING;
}

#endif
