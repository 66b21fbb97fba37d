// SPDX-License-Identifier: GPL-2.0-only
#include "dump/stack/unwind-private.h"

static bool orc_base(const struct stack *s, const struct unwind_state *st, const struct orc_entry *e, uint64_t *sp)
{
	static const uint8_t index[] = {
		[ORC_AX] = X86_AX, [ORC_DX] = X86_DX, [ORC_DI] = X86_DI, [ORC_R10] = X86_R10, [ORC_R13] = X86_R13
	};

	switch (e->sp_reg) {
	case ORC_SP:
		*sp = st->sp + e->sp_offset;
		return true;
	case ORC_BP:
		*sp = st->bp + e->sp_offset;
		return true;
	case ORC_SP_INDIRECT:
		if (!stack_word(s, st->sp, sp))
			return false;
		*sp += e->sp_offset;
		return true;
	case ORC_BP_INDIRECT:
		return stack_word(s, st->bp + e->sp_offset, sp);
	case ORC_AX:
	case ORC_DX:
	case ORC_DI:
	case ORC_R10:
	case ORC_R13:
		return st->regs && stack_word(s, st->regs + index[e->sp_reg] * 8, sp);
	default:
		return false;
	}
}

static bool orc_bp(const struct stack *s, struct unwind_state *st, const struct orc_entry *e, uint64_t sp)
{
	switch (e->bp_reg) {
	case ORC_UNDEFINED:
		if (st->regs)
			stack_word(s, st->regs + X86_BP * 8, &st->bp);
		return true;
	case ORC_PREV_SP:
		return stack_word(s, sp + e->bp_offset, &st->bp);
	case ORC_BP:
		return stack_word(s, st->bp + e->bp_offset, &st->bp);
	default:
		return false;
	}
}

/* An exception: the registers of what it interrupted are at regs, all of them or from the instruction pointer on. */
static enum unwind_step orc_exception(const struct stack *s, struct unwind_state *st, uint64_t regs, bool all)
{
	uint64_t cs;

	if (!stack_word(s, regs + X86_CS * 8, &cs))
		return STEP_LOST;
	if (cs & 3)
		return STEP_END; /* it came from user space */
	if (!stack_word(s, regs + X86_IP * 8, &st->ip) || !stack_word(s, regs + X86_SP * 8, &st->sp))
		return STEP_LOST;
	st->regs = all ? regs : 0;
	st->exact = true;
	return STEP_FRAME;
}

enum unwind_step unwind_step_x86_64(const struct unwinder *u, const struct stack *s, struct unwind_state *st)
{
	uint64_t sp, old = st->sp;
	struct orc_range range;
	const struct orc_entry *e = &range.entry;
	enum unwind_step step;

	if (!orc_find(u->orc, st->exact ? st->ip : st->ip - 1, &range))
		return STEP_LOST;
	if (e->type == ORC_END_OF_STACK)
		return STEP_END;
	if (!orc_base(s, st, e, &sp))
		return STEP_LOST;
	switch (e->type) {
	case ORC_CALL:
		if (!orc_bp(s, st, e, sp) || !stack_word(s, sp - 8, &st->ip))
			return STEP_LOST;
		st->sp = sp;
		st->regs = 0;
		st->exact = false;
		break;
	case ORC_REGS:
	case ORC_REGS_PARTIAL:
		step = orc_exception(s, st, e->type == ORC_REGS ? sp : sp - X86_IP * 8, e->type == ORC_REGS);
		if (step != STEP_FRAME)
			return step;
		if (!orc_bp(s, st, e, sp))
			return STEP_LOST;
		break;
	default:
		return STEP_LOST;
	}
	return stack_goes_on(s, old, st->sp) && unwind_is_return_address(u, st->ip + st->exact) ? STEP_FRAME :
												  STEP_LOST;
}
