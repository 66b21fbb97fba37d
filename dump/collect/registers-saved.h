/* SPDX-License-Identifier: GPL-2.0-only */
/* The registers that the kernel itself saved when it panicked, or at an oops. */
#ifndef REGISTERS_SAVED_H
#define REGISTERS_SAVED_H

#include "dump/collect/running.h"
#include "dump/core/cpuregs.h"

/* The region in which the kernel itself saved some. */
struct saved_registers {
	char *buf;
	uint32_t cpus, entry_size;
};

/* The note of one CPU. Readers count them, so one of which nothing is known has zeros. */
struct cpu_note {
	char from[CPU_REGS_FROM_MAX]; /* as in REGISTERS(); "": there are no registers */
	const char *desc;
	size_t size;
	int32_t pid;
	bool stopped; /* by another CPU */
};

/* s->buf is to be freed. */
void saved_registers_read(struct saved_registers *s, struct collection *c);
/* After an oops that did not end in a panic the CPU went on, and what it ran then has other registers. */
bool saved_registers_find(struct collection *c, const struct saved_registers *s, const struct running *running,
			  uint32_t cpu, struct cpu_note *ret);

#endif
