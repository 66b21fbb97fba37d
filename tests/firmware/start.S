/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the machine starts, cold or after a reset: CPU 0 at EL1 or EL2, no MMU, at address 0 in flash. */

/* 8 KiB for each CPU, by its number */
	.macro	own_stack
	mrs	x9, mpidr_el1
	and	x9, x9, #0xff
	ldr	x10, =stack_top
	sub	x10, x10, x9, lsl #13
	mov	sp, x10
	.endm

	.section .start, "ax"
	.globl _start
_start:
	own_stack
	bl	firmware_main
1:	wfi
	b	1b

/* long host_call(unsigned long number, const void *arguments): Arm semihosting, which QEMU answers */
	.text
	.globl host_call
host_call:
	hlt	#0xf000
	ret

/* void power_off(void): PSCI SYSTEM_OFF, by HVC at EL1, by SMC at EL2 */
	.globl power_off
power_off:
	mov	w0, #0x0008
	movk	w0, #0x8400, lsl #16
	mrs	x1, CurrentEL
	tbnz	x1, #3, 1f
	hvc	#0
1:	smc	#0
	b	power_off

/* void start_linux(unsigned long image, unsigned long dtb), as Documentation/arch/arm64/booting.rst says */
	.globl start_linux
start_linux:
	mov	x4, x0
	mov	x0, x1
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	dsb	sy
	ic	iallu
	dsb	sy
	isb
	br	x4

/* void start_cpu(uint64_t cpu): where QEMU starts another CPU, at EL2 */
	.globl start_cpu
start_cpu:
	own_stack
	b	hypervisor_cpu

/* void return_to_el1(uint64_t argument): the stack is free for the next exception */
	.globl return_to_el1
return_to_el1:
	own_stack
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	dsb	sy
	ic	iallu
	tlbi	vmalle1
	dsb	sy
	isb
	eret

/* void forward(uint64_t *x): an SMC with these registers, and its results in them */
	.globl forward
forward:
	stp	x19, x30, [sp, #-16]!
	mov	x19, x0
	ldp	x2, x3, [x19, #16]
	ldp	x0, x1, [x19]
	smc	#0
	stp	x0, x1, [x19]
	stp	x2, x3, [x19, #16]
	ldp	x19, x30, [sp], #16
	ret

	.macro	registers pair, one
	\pair	x0, x1, [sp, #0]
	\pair	x2, x3, [sp, #16]
	\pair	x4, x5, [sp, #32]
	\pair	x6, x7, [sp, #48]
	\pair	x8, x9, [sp, #64]
	\pair	x10, x11, [sp, #80]
	\pair	x12, x13, [sp, #96]
	\pair	x14, x15, [sp, #112]
	\pair	x16, x17, [sp, #128]
	\pair	x18, x19, [sp, #144]
	\pair	x20, x21, [sp, #160]
	\pair	x22, x23, [sp, #176]
	\pair	x24, x25, [sp, #192]
	\pair	x26, x27, [sp, #208]
	\pair	x28, x29, [sp, #224]
	\one	x30, [sp, #240]
	.endm

trap:
	sub	sp, sp, #256
	registers stp, str
	mov	x0, sp
	bl	hypervisor_trap
	registers ldp, ldr
	add	sp, sp, #256
	eret

/* Only a synchronous exception from EL1 in AArch64 is expected. */
	.balign	2048
	.globl vectors
vectors:
	.rept	8
	b	hypervisor_unexpected
	.balign	128
	.endr
	b	trap
	.balign	128
	.rept	7
	b	hypervisor_unexpected
	.balign	128
	.endr
