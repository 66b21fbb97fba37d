// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/core/member.h"
#include "dump/core/page.h"
#include "dump/stack/unwind-private.h"

static size_t read_stack(struct stack *s, const struct corefile *core, const struct task *t)
{
	size_t missing = 0;

	memset(s, 0, sizeof(*s));
	s->core = core;
	s->base = t->stack;
	s->size = t->stack_size;
	for (size_t i = 0; i < s->size / DUMP_PAGE; i++) {
		s->there[i] = core_read_virt(core, s->base + i * DUMP_PAGE,
					     s->words + i * DUMP_PAGE / sizeof(*s->words), DUMP_PAGE) == 0;
		missing += s->there[i] ? 0 : DUMP_PAGE;
	}
	return missing;
}

/* The kernel's code begins at _stext; whatever else VMCOREINFO names lies behind its end. */
static void find_text(struct unwinder *u)
{
	const struct kv_pair *p;

	u->text_end = UINT64_MAX;
	if (kv_symbol(&u->core->vmcoreinfo, "_stext", &u->text_start) < 0)
		u->text_start = UINT64_MAX;
	for (size_t pos = 0; (p = kv_next(&u->core->vmcoreinfo, "SYMBOL(", &pos));) {
		uint64_t addr = strtoull(p->value, NULL, 16);

		if (addr > u->text_start && addr < u->text_end)
			u->text_end = addr;
	}
}

void unwinder_init(struct unwinder *u, const struct corefile *core, const struct symbols *s, const struct orc *orc)
{
	*u = (struct unwinder){ .core = core, .symbols = s, .orc = orc };
	find_text(u);
	kv_number(&core->vmcoreinfo, "KERNELPACMASK", &u->pac_mask);
}

bool unwind_is_return_address(const struct unwinder *u, uint64_t addr)
{
	struct symbol_place place;

	if (u->symbols->n)
		return symbols_find(u->symbols, addr - 1, &place) && place.text;
	return addr > u->text_start && addr <= u->text_end;
}

/* Where nothing tells that it is one. The start of a function is where a pointer to it leads. */
static bool looks_like_return_address(const struct unwinder *u, uint64_t addr)
{
	struct symbol_place place;

	return unwind_is_return_address(u, addr) && !(symbols_find(u->symbols, addr, &place) && !place.offset);
}

/* What is left over twice in a row is told once. */
static void add_frame(struct unwound *w, uint64_t ip, bool exact, bool unsure)
{
	const struct frame *last = w->n ? &w->frames[w->n - 1] : NULL;

	if (w->n == UNWIND_FRAMES_MAX || (unsure && last && last->unsure && last->ip == ip))
		return;
	w->frames[w->n++] = (struct frame){ ip, exact, unsure };
	w->scanned |= unsure;
}

static uint64_t strip_pac(const struct unwinder *u, uint64_t addr)
{
	return addr >> 55 & 1 ? addr | u->pac_mask : addr;
}

/* An empty record is the last one, or that of an exception: the registers of what it interrupted are around it. */
static enum unwind_step empty_record(const struct unwinder *u, const struct stack *s, struct unwind_state *st)
{
	uint64_t type, regs = st->bp - ARM64_REGS_OF_RECORD, state, pc, fp, sp;

	if (!stack_word(s, st->bp + 16, &type) || type != ARM64_META_PT_REGS ||
	    !stack_word(s, regs + ARM64_PSTATE * 8, &state) || !(state & 0xf))
		return STEP_END;
	if (!stack_word(s, regs + ARM64_PC * 8, &pc) || !stack_word(s, regs + ARM64_FP * 8, &fp) ||
	    !stack_word(s, regs + ARM64_SP * 8, &sp) || !unwind_is_return_address(u, pc + 1) ||
	    !stack_goes_on(s, st->bp, fp))
		return STEP_LOST;
	*st = (struct unwind_state){ .ip = pc, .bp = fp, .sp = sp, .exact = true };
	return STEP_FRAME;
}

/* A frame record is the caller's frame pointer, and the address that the function returns to. */
static enum unwind_step frame_pointer_step(const struct unwinder *u, const struct stack *s, struct unwind_state *st)
{
	uint64_t next, lr;

	if (!stack_word(s, st->bp, &next) || !stack_word(s, st->bp + 8, &lr))
		return STEP_LOST;
	if (!next && !lr)
		return empty_record(u, s, st);
	lr = strip_pac(u, lr);
	if (!unwind_is_return_address(u, lr) || (next && !stack_goes_on(s, st->bp, next)))
		return STEP_LOST;
	*st = (struct unwind_state){ .ip = lr, .bp = next, .sp = st->bp + 16 };
	return STEP_FRAME;
}

static enum unwind_step next_frame(const struct unwinder *u, const struct stack *s, struct unwind_state *st)
{
	return u->core->elf.machine == EM_X86_64 ? unwind_step_x86_64(u, s, st) : frame_pointer_step(u, s, st);
}

static bool can_unwind(const struct unwinder *u)
{
	return u->core->elf.machine == EM_AARCH64 || orc_is_there(u->orc);
}

/* A CPU that was stopped by this does nothing after it: these frames are none of an earlier call. */
static bool is_last_interrupt(const struct unwinder *u, const struct frame *f)
{
	struct symbol_place place;

	return symbols_find(u->symbols, f->ip - !f->exact, &place) && !strcmp(place.name, "asm_sysvec_reboot");
}

/* Adds the frames from st on, unsure ones if that is a guess; st is then where it got lost. */
static bool unwind_from(const struct unwinder *u, struct stack *s, struct unwind_state *st, struct unwound *w,
			bool guess)
{
	enum unwind_step step;

	do {
		struct unwind_state before = *st;

		if (in_stack(s, st->sp))
			s->others = false;
		step = next_frame(u, s, st);
		if (step == STEP_FRAME && st->exact && guess && is_last_interrupt(u, &w->frames[w->n - 1]))
			w->frames[w->n - 1].unsure = guess = false;
		if (step == STEP_FRAME)
			add_frame(w, st->ip, st->exact, guess);
		else if (step == STEP_LOST)
			*st = before;
	} while (step == STEP_FRAME && w->n < UNWIND_FRAMES_MAX);
	return step == STEP_END;
}

/* The word at addr as a frame of its own, if it can be one. */
static bool guess_state(const struct unwinder *u, const struct stack *s, uint64_t addr, struct unwind_state *st)
{
	uint64_t word, lr;

	if (!stack_word(s, addr, &word))
		return false;
	if (u->core->elf.machine == EM_X86_64) {
		*st = (struct unwind_state){ .ip = word, .sp = addr + 8 };
		return looks_like_return_address(u, word);
	}
	/* The record itself: its return address is the first frame. */
	if (!stack_word(s, addr + 8, &lr) || word <= addr || word - s->base >= s->size)
		return false;
	*st = (struct unwind_state){ .ip = strip_pac(u, lr), .bp = word, .sp = addr + 16 };
	return looks_like_return_address(u, st->ip);
}

/* Does the rest of the stack follow from this? A frame takes a word of it, at least. */
static bool leads_to_end(const struct unwinder *u, const struct stack *s, struct unwind_state st)
{
	enum unwind_step step = STEP_FRAME;

	for (size_t n = 0; step == STEP_FRAME && n < s->size / sizeof(*s->words); n++)
		step = next_frame(u, s, &st);
	return step == STEP_END;
}

/* What looks like a return address, from sp up to end. */
static void scan(const struct unwinder *u, const struct stack *s, uint64_t sp, uint64_t end, struct unwound *w)
{
	uint64_t word;

	for (uint64_t addr = sp; addr < end; addr += 8)
		if (stack_word(s, addr, &word) && looks_like_return_address(u, strip_pac(u, word)))
			add_frame(w, strip_pac(u, word), false, true);
}

/*
 * Nothing tells what the frame above sp is. The lowest one from which the rest follows is taken; list: what is passed
 * over could be frames, too.
 */
static void unwind_guess(const struct unwinder *u, struct stack *s, uint64_t sp, bool list, struct unwound *w)
{
	uint64_t end = s->base + s->size;
	struct unwind_state st;

	for (uint64_t addr = sp; can_unwind(u) && addr < end; addr += 8) {
		if (!guess_state(u, s, addr, &st) || !leads_to_end(u, s, st))
			continue;
		if (list)
			scan(u, s, sp, addr, w);
		add_frame(w, st.ip, false, true);
		w->complete = unwind_from(u, s, &st, w, true);
		return;
	}
	scan(u, s, sp, end, w);
}

/* From the stack of an interrupt or exception to that of the task, which says whose it is. */
static bool leads_to_stack(const struct unwinder *u, struct stack *s, struct unwind_state st)
{
	enum unwind_step step = STEP_FRAME;

	s->others = can_unwind(u);
	for (size_t n = 0; s->others && step == STEP_FRAME && n < UNWIND_FRAMES_MAX; n++) {
		if (in_stack(s, st.sp))
			return true;
		step = next_frame(u, s, &st);
	}
	s->others = false;
	return false;
}

/* Of its CPU. Those of idle tasks have one number: the stack tells whose they are. */
static bool regs_state(const struct unwinder *u, struct stack *s, int32_t pid, struct unwind_state *st, bool *user)
{
	struct cpu_regs regs;

	for (size_t pos = 0; cpu_regs_next(u->core, pid, &pos, &regs);) {
		if (u->core->elf.machine == EM_X86_64)
			*st = (struct unwind_state){ .ip = regs.v[X86_IP], .sp = regs.v[X86_SP], .bp = regs.v[X86_BP] };
		else
			*st = (struct unwind_state){ .ip = regs.v[ARM64_PC],
						     .sp = regs.v[ARM64_SP],
						     .bp = regs.v[ARM64_FP] };
		st->exact = true;
		*user = regs.user;
		if (regs.user || in_stack(s, st->sp) || leads_to_stack(u, s, *st))
			return true;
	}
	return false;
}

/* A stack has nothing but words of 64 bits. */
static bool find_in_frame(const struct unwinder *u, const char *name, uint64_t frame, struct member *ret)
{
	return member_find(&u->core->kernel_note, name, sizeof(uint64_t), ret) && ret->bits == 64 &&
	       member_end(ret) <= frame;
}

/* What __switch_to() keeps of a task that does not run. */
static bool switch_state(const struct unwinder *u, const struct stack *s, const struct task *t, struct unwind_state *st)
{
	struct member bp, ip;
	uint64_t frame;

	if (t->on_cpu || !t->has_switch)
		return false;
	if (u->core->elf.machine == EM_AARCH64) {
		*st = (struct unwind_state){ .ip = strip_pac(u, t->switch_pc), .sp = t->switch_sp, .bp = t->switch_fp };
		return in_stack(s, st->sp) && unwind_is_return_address(u, st->ip);
	}
	if (kv_size(&u->core->kernel_note, "inactive_task_frame", &frame) < 0 || frame > DUMP_PAGE ||
	    !find_in_frame(u, "inactive_task_frame.bp", frame, &bp) ||
	    !find_in_frame(u, "inactive_task_frame.ret_addr", frame, &ip))
		return false;
	*st = (struct unwind_state){ .sp = t->switch_sp + frame };
	return in_stack(s, t->switch_sp) && stack_word(s, t->switch_sp + bp.bit / 8, &st->bp) &&
	       stack_word(s, t->switch_sp + ip.bit / 8, &st->ip) && unwind_is_return_address(u, st->ip);
}

bool unwind_task(const struct unwinder *u, const struct task *t, struct unwound *ret)
{
	bool user = false;
	struct stack s;
	struct unwind_state st;

	*ret = (struct unwound){ .start = UNWIND_GUESS };
	if (t->stack % DUMP_PAGE || t->stack > UINT64_MAX - t->stack_size)
		return false;
	ret->missing = read_stack(&s, u->core, t);
	if (ret->missing == s.size)
		return false;
	if (switch_state(u, &s, t, &st)) {
		ret->start = UNWIND_SWITCH;
	} else if (t->on_cpu && regs_state(u, &s, t->pid, &st, &user)) {
		ret->start = user ? UNWIND_USER : UNWIND_REGISTERS;
		ret->complete = user;
	} else {
		unwind_guess(u, &s, t->stack, !can_unwind(u), ret);
		return true;
	}
	if (user)
		return true;
	add_frame(ret, st.ip, st.exact, false);
	ret->complete = can_unwind(u) && unwind_from(u, &s, &st, ret, false);
	/* A guess is of this stack alone. */
	s.others = false;
	if (!ret->complete)
		unwind_guess(u, &s, st.sp, true, ret);
	return true;
}
