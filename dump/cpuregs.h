/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of a CPU, as NT_PRSTATUS notes and exception frames have them. */
#ifndef CPUREGS_H
#define CPUREGS_H

#include "corefile.h"

/* struct pt_regs of x86_64, by index of its 64-bit fields */
enum { X86_R13 = 2, X86_BP = 4, X86_R10 = 7, X86_DX = 12, X86_DI = 14, X86_IP = 16, X86_CS = 17, X86_SP = 19 };
#define X86_REGS 21

/* struct user_pt_regs of arm64 */
enum { ARM64_FP = 29, ARM64_LR = 30, ARM64_SP = 31, ARM64_PC = 32, ARM64_PSTATE = 33 };
#define ARM64_REGS 34

#define CPU_REGS_MAX ARM64_REGS

struct cpu_regs {
	int32_t pid;
	uint64_t v[CPU_REGS_MAX];
};

/* Bytes of such a note, and where it has what; 0: not known for this machine. */
#define PRSTATUS_PID  32
#define PRSTATUS_REGS 112
size_t prstatus_size(uint16_t machine);

/* The registers that the dump has for the CPU that ran this task. */
bool cpu_regs_find(const struct corefile *core, int32_t pid, struct cpu_regs *ret);

#endif
