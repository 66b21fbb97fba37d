/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of a stack and of the frame at hand, and the way from it to the one that called. */
#ifndef UNWIND_PRIVATE_H
#define UNWIND_PRIVATE_H

#include "dump/core/page.h"
#include "dump/stack/unwind.h"

/* The bytes of one stack that are in the dump. */
struct stack {
	uint64_t base;
	uint64_t words[TASK_STACK_SIZE / sizeof(uint64_t)];
	bool there[TASK_STACK_SIZE / DUMP_PAGE];
};

/* What is known of a frame: enough to find the one that called it. */
struct unwind_state {
	uint64_t ip, sp, bp;
	uint64_t regs; /* where on the stack struct pt_regs is; 0: nowhere */
	bool exact;
};

enum unwind_step { STEP_FRAME, STEP_END, STEP_LOST };

static inline bool stack_word(const struct stack *s, uint64_t addr, uint64_t *ret)
{
	uint64_t at = addr - s->base;

	if (addr % sizeof(*ret) || at >= TASK_STACK_SIZE || !s->there[at / DUMP_PAGE])
		return false;
	*ret = s->words[at / sizeof(*ret)];
	return true;
}

/* A call returns behind itself: the byte before is in the function that called. */
bool unwind_is_return_address(const struct unwinder *u, uint64_t addr);

/* By the ORC tables. */
enum unwind_step unwind_step_x86_64(const struct unwinder *u, const struct stack *s, struct unwind_state *st);

#endif
