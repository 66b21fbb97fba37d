/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of a stack and of the frame at hand, and the way from it to the one that called. */
#ifndef UNWIND_PRIVATE_H
#define UNWIND_PRIVATE_H

#include "dump/core/page.h"
#include "dump/stack/unwind.h"

/* The bytes of a task's stack that are in the dump. */
struct stack {
	const struct corefile *core;
	bool others; /* what runs is on another one, of an interrupt or an exception, that leads to this one */
	uint64_t base;
	uint64_t size;
	uint64_t words[TASK_STACK_MAX / sizeof(uint64_t)];
	bool there[TASK_STACK_MAX / DUMP_PAGE];
};

/* What is known of a frame: enough to find the one that called it. */
struct unwind_state {
	uint64_t ip, sp, bp;
	uint64_t regs; /* where on the stack struct pt_regs is; 0: nowhere */
	bool exact;
};

enum unwind_step { STEP_FRAME, STEP_END, STEP_LOST };

static inline bool in_stack(const struct stack *s, uint64_t sp)
{
	return sp % 8 == 0 && sp - s->base < s->size;
}

static inline bool stack_word(const struct stack *s, uint64_t addr, uint64_t *ret)
{
	uint64_t at = addr - s->base;

	if (!in_stack(s, addr))
		return s->others && addr % 8 == 0 && core_read_virt(s->core, addr, ret, sizeof(*ret)) == 0;
	if (!s->there[at / DUMP_PAGE])
		return false;
	*ret = s->words[at / sizeof(*ret)];
	return true;
}

/* Frames go up, so this comes to an end; from another stack they go anywhere, and come here. */
static inline bool stack_goes_on(const struct stack *s, uint64_t from, uint64_t to)
{
	return to > from || (s->others && !in_stack(s, from));
}

/* By the ORC tables. */
enum unwind_step unwind_step_x86_64(const struct unwinder *u, const struct stack *s, struct unwind_state *st);

#endif
