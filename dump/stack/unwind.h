/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the stack of a task to the functions that were being called. On arm64 frame pointers chain the frames, on x86_64
 * the kernel's ORC tables tell where each one is. Without those, whatever on the stack looks like a return address is
 * listed as unsure. Everything stays within the bytes of this stack, but for the frames on that of an interrupt or an
 * exception, from the registers of a CPU to this one: no more than UNWIND_FRAMES_MAX.
 */
#ifndef UNWIND_H
#define UNWIND_H

#include "dump/core/cpuregs.h"
#include "dump/stack/orc.h"
#include "dump/core/tasks.h"

#define UNWIND_FRAMES_MAX 256

struct frame {
	uint64_t ip;
	bool exact; /* the instruction itself; else where a call will return to */
	bool unsure;
};

/* Where the first frame is from. */
enum unwind_start {
	UNWIND_SWITCH, /* saved when the task was switched out */
	UNWIND_REGISTERS,
	UNWIND_USER,  /* of its CPU, too: it ran in user space, and there are no frames */
	UNWIND_GUESS, /* nothing tells: the newest frame that the others follow from */
};

struct unwound {
	struct frame frames[UNWIND_FRAMES_MAX];
	size_t n;
	enum unwind_start start;
	bool complete;	/* up to the first function of the task */
	bool scanned;	/* there are unsure frames, as nothing tells how to unwind */
	size_t missing; /* bytes of the stack that are not in the dump */
};

struct unwinder {
	const struct corefile *core;
	const struct symbols *symbols;
	const struct orc *orc;
	uint64_t text_start, text_end; /* of the kernel, where there are no symbols */
	uint64_t pac_mask;	       /* bits of addresses that arm64 signs */
};

void unwinder_init(struct unwinder *u, const struct corefile *core, const struct symbols *s, const struct orc *orc);

/* A call returns behind itself: the byte before is in the function that called. */
bool unwind_is_return_address(const struct unwinder *u, uint64_t addr);

/* False: nothing of the stack is in the dump. */
bool unwind_task(const struct unwinder *u, const struct task *t, struct unwound *ret);

#endif
