/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the machine starts, cold or after a reset: CPU 0 at EL1, no MMU, at address 0 in flash. */
	.section .start, "ax"
	.globl _start
_start:
	ldr	x9, =stack_top
	mov	sp, x9
	bl	firmware_main
1:	wfi
	b	1b

/* long host_call(unsigned long number, const void *arguments): Arm semihosting, which QEMU answers */
	.text
	.globl host_call
host_call:
	hlt	#0xf000
	ret

/* void power_off(void): PSCI SYSTEM_OFF */
	.globl power_off
power_off:
	mov	w0, #0x0008
	movk	w0, #0x8400, lsl #16
	hvc	#0
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
