/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of a CPU, as NT_PRSTATUS notes and exception frames have them. */
#ifndef CPUREGS_H
#define CPUREGS_H

#include "dump/core/corefile.h"

/* What Linux can be built for. */
#define CPUS_MAX 8192

/* struct pt_regs of x86_64, by index of its 64-bit fields */
enum {
	X86_R13 = 2,
	X86_BP = 4,
	X86_R10 = 7,
	X86_AX = 10,
	X86_DX = 12,
	X86_DI = 14,
	X86_IP = 16,
	X86_CS = 17,
	X86_SP = 19,
};
#define X86_REGS 21

/* struct user_pt_regs of arm64 */
enum { ARM64_FP = 29, ARM64_LR = 30, ARM64_SP = 31, ARM64_PC = 32, ARM64_PSTATE = 33 };
#define ARM64_REGS 34

/* Of arm64 from 6.13 on: behind an empty record, what it is instead, and where it is in struct pt_regs. */
#define ARM64_META_PT_REGS   2
#define ARM64_REGS_OF_RECORD 296

#define CPU_REGS_MAX ARM64_REGS

struct cpu_regs {
	int32_t pid;
	bool user; /* it ran in user space */
	uint64_t v[CPU_REGS_MAX];
};

/* Bytes of such a note, and where it has the pid; 0: not known for this machine. */
#define PRSTATUS_PID 32
size_t prstatus_size(uint16_t machine);

/* False: it is too short, or has no registers. */
bool prstatus_read(uint16_t machine, const char *desc, size_t size, struct cpu_regs *ret);

/* Puts them where prstatus_read() found them. */
void prstatus_write(uint16_t machine, char *desc, const struct cpu_regs *regs);

/* The next registers that the dump has for a CPU that ran this task: the idle tasks of all CPUs have PID 0. */
bool cpu_regs_next(const struct corefile *core, int32_t pid, size_t *pos, struct cpu_regs *ret);

/* Where the registers of a CPU are from, the first word of REGISTERS() in the note. */
#define CPU_REGS_SOURCE	     "source"
#define CPU_REGS_HYPERVISOR  "hypervisor"
#define CPU_REGS_OOPS	     "oops"
#define CPU_REGS_PANIC	     "panic"
#define CPU_REGS_CRASH_NOTES "crash_notes"
#define CPU_REGS_FROM_MAX    40

struct cpu_regs_from {
	uint32_t cpu;
	const char *from;
	const char *words; /* the same for people */
	uint64_t time_ns;  /* since boot; 0: not known */
};

bool cpu_regs_from_next(const struct corefile *core, size_t *pos, struct cpu_regs_from *ret);

/* All of that in a line, to be freed. */
char *cpu_regs_text(const struct corefile *core);

#endif
