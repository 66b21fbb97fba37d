/* SPDX-License-Identifier: GPL-2.0-only */
/* The task_structs of a dump, as the layout in qcmdd's note describes them. */
#ifndef TASKS_H
#define TASKS_H

#include "dump/core/corefile.h"

/* Kernel stacks of x86_64 and arm64, where the dump does not say how large they are: with KASAN they are larger. */
#define TASK_STACK_SIZE (16 * KIB)
#define TASK_STACK_MAX	(64 * KIB)

/* Kernels have 16 so far. */
#define TASK_COMM_MAX 64

struct task {
	uint64_t addr; /* of its task_struct; 0: not known */
	uint64_t stack;
	uint64_t stack_size; /* whole pages, TASK_STACK_MAX at most */
	uint64_t start_ns;
	uint64_t parent; /* address */
	int32_t pid;
	int32_t tgid;
	int32_t ppid;
	int32_t cpu;
	uint32_t flags;
	uint32_t state;
	uint32_t exit_state;
	char comm[TASK_COMM_MAX + 1];
	bool on_cpu;
	bool has_ppid;
	bool has_cpu;
	bool has_switch; /* what was saved when it was switched out: */
	uint64_t switch_sp;
	uint64_t switch_fp; /* arm64; x86_64 keeps the others on the stack */
	uint64_t switch_pc;
};

struct task_list {
	struct task *v; /* by pid */
	size_t n;
	bool has_stack;
	bool has_start;
	size_t unreadable;
};

/* Every captured task, exited ones too. -ENODATA: the dump does not say how they are laid out. */
int tasks_read(const struct corefile *core, struct task_list *l, struct derr *err);
void tasks_clear(struct task_list *l);

/*
 * Which bytes of a task_struct are what tasks_read() takes: those are 1 in the mask, that of the name only with comm.
 * Where the dump doesn't say it, none is.
 */
void tasks_mark(const struct corefile *core, bool comm, uint8_t *mask, size_t size);

/* As ps shows it: the letter, and the word of /proc/PID/status. */
char task_state(const struct task *t, const char **word);
bool task_is_kernel_thread(const struct task *t);

/* Does this address lie in the stack of a task? */
const struct task *tasks_find_stack(const struct task_list *l, uint64_t vaddr);

#endif
