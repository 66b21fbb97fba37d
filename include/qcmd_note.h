/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The QCMD note: what a reader of the dump must know and the kernel's VMCOREINFO does not say.
 *
 * In guest memory it is the region MINIDUMP_NOTE_NAME, which qcmdd gives to the module as QCOM_MINIDUMP_REGION_A_DATA:
 * an ELF note (Elf64_Nhdr, name "QCMD", type QCMD_NOTE_KERNEL) whose descriptor is text. qcmdump copies it into the
 * dump's PT_NOTE and adds one of its own (type QCMD_NOTE_COLLECT).
 *
 * The text has VMCOREINFO's grammar: one KEY=VALUE a line, so that one parser reads both. Keys:
 *
 *	QCMD_NOTE=1			version, first line
 *	CREATOR=qcmdd 0.1		who wrote it
 *	ARCH=x86_64			uname -m
 *	SIZE(task_struct)=9792		bytes, decimal
 *	SIZE(union thread_union)=16384	of a task's stack
 *	BITS(task_struct.pid)=19712:32s	a member: offset and width in bits, little-endian bit order; s: a number that
 *					may be negative. An array without a size has width 0
 *	BITS(printk_info.level)=157:3
 *	POLICY(minimal)=/usr/lib/qcmd.d/minimal.conf
 *
 * VMCOREINFO is the kernel's own, but for a line that a kernel adds when it dies for kdump, CRASHTIME=SECONDS: qcmdump
 * adds it, by the kernel's clock, if it could make crash_notes of the registers in the dump (SYNTHETIC= below).
 *
 * Keys in the note of qcmdump:
 *
 *	QCMD_COLLECT=1
 *	CREATOR=qcmdump 0.1
 *	SOURCE=vmcore.elf		what it was collected from
 *	SOURCE_KIND=vmcore		raw, vmcore, keep, blobs, rawdump, assembled, snapshot
 *					or pstore
 *	SOURCE_BYTES=1073741824		memory in it
 *	BACKEND=ram			firmware: pieces that boot firmware saved, there was no table
 *	TABLE=0x5270000			physical address
 *	TABLE_FROM=kernel		search: the best one there was; kernel: which leads to this one; option: the
 *					user named it. Unless it was a search, nothing looked for others
 *	SLOTS=53/1024			used/all
 *	COLLECTED=1763800000		seconds since the epoch
 *	REGISTERS(0)=panic 9884019000	NT_PRSTATUS number 0 has registers, those of CPU 0. source: the kernel's own
 *					note for kdump; hypervisor: QEMU's, with the pid; panic, oops, crash_notes: of
 *					the region MINIDUMP_CPU_REGS_NAME, and when they were saved
 *	MEMORY=0x0 1073741824		where the machine had memory: physical address, bytes; absent: not known
 *	PAGE_TABLES=synthetic		made by qcmdump from what was captured, or none
 *	SYNTHETIC=text			once for each other thing that was made so
 *	REGION(3)=KQCMD_NOTE 0 0xffff88800531e000 0x531e000 764
 *					slot: name, sequence number, virtual and physical address, bytes
 *	WARNING=text			once for each other table in the source, and for what contradicts this one
 *	PROBLEM=text			once for each thing that could not be saved
 *	LEFT_OUT=text			once for each thing that is no part of the minidump
 *
 * qcmdump convert adds for programs that take the absence of memory for an error:
 *
 *	CONVERTED=crash			the program
 *	GAP=0x1000 4096			memory that was not captured and reads as zeros: physical address, bytes
 *
 * qcmdump redact leaves out lines of all these notes that may hold anything, and adds
 *
 *	REDACTED=text			once for each kind of thing that was taken out
 *
 * Where trace arrays are saved there is another one, the region MINIDUMP_TRACE_NOTE_NAME, type QCMD_NOTE_TRACE: what
 * it takes to decode them. The regions KFTiCc (KFT0C3) are sub-buffers of CPU c of array i, in any order: the time
 * stamp in their headers tells it; KFRiCc are their struct ring_buffer_per_cpu. Its text:
 *
 *	QCMD_TRACE=1			version, first line
 *	ARRAY(0)=qcmd			name of the trace array; empty: the top-level one
 *	CLOCK(0)=local			its trace_clock
 *	SUBBUF_SIZE(0)=65536		bytes of a sub-buffer, decimal
 *	PAGE_SIZE=4096
 *	LONG_SIZE=8
 *	FILE(events/sched/sched_switch/format)=642
 *					then that many bytes, the contents of the file in tracefs, and a line break
 *
 * If that is more than fits, the whole text is compressed: the eight bytes QCMD_NOTE_ZLIB, then a zlib stream.
 *
 * What the stacks and registers in a dump need of the kernel's own tables is in the note QCMD_NOTE_NAMES, compressed in
 * that way: the names of its functions, and on x86_64 its ORC entries, by which a stack is unwound. qcmdump collect
 * takes them from where it finds the whole tables. Its text:
 *
 *	QCMD_NAMES=1			version, first line
 *	SOURCE=text			where that was
 *	FUNCTION(ffffffff81100100)=256 schedule
 *					from this address on: bytes, name, and of a module the name of that
 *	ORC(ffffffff81100150)=12 call sp 16 prev_sp -16
 *					code from this address on has this entry: bytes, type, register and offset of
 *					the stack pointer of the caller, the same of the frame pointer
 *	ORC_UNKNOWN=hash		there are none: the kernel's format is one that came later
 *	LEFT_OUT=3			lines that were more than QCMD_NOTE_NAMES_MAX bytes have room for, and
 *					addresses that were too many to look up
 *
 * Types: nothing, end (of the stack), call, regs and regs_partial (an exception: struct pt_regs, whole or from the
 * instruction pointer on). Registers: undefined, prev_sp, ax, dx, di, bp, sp, r10, r13, bp_indirect, sp_indirect.
 *
 * A dump of pstore's has the kernel log as text, and no memory at all. The note QCMD_NOTE_LOG is that text as pstore
 * keeps it: a line "Panic#1 Part1" before each part of it, then lines "<6>[   12.345678] text". SOURCE_KIND is pstore,
 * and CRASHTIME in the note of qcmdump is what VMCOREINFO has in other dumps: seconds since the epoch.
 *
 * Of a kernel that went down without a word, and left the end of its log in its keep, it is the same: SOURCE_KIND is
 * keep, CRASHTIME when it was last seen alive, and the note of qcmdump has a line more, DIED=1.
 *
 * What a kernel that panicked has kept for the next one (include/qcmd_keep.h) is an ELF core there, as of that
 * machine's memory, with the note QCMD_NOTE_KEEP:
 *
 *	QCMD_KEEP=1			version, first line
 *	CRASHTIME=1763800000		seconds since the epoch
 *	NUMBER(running)=0		CPUs that had not stopped when it was filled
 *	NUMBER(damaged)=0		pieces that are not as they were written, and not in it
 *
 * Note types avoid those that crash and gdb give a meaning of their own (1 to 6, 0x700 and others).
 */
#ifndef QCMD_NOTE_H
#define QCMD_NOTE_H

#include <linux/qcom_minidump_table.h>

#define QCMD_NOTE_NAME	  "QCMD"
#define QCMD_NOTE_MAX	  32748 /* bytes of text; with Elf64_Nhdr and name it is a QCOM_MINIDUMP_DATA_MAX */
#define QCMD_NOTE_KERNEL  0x51434d01
#define QCMD_NOTE_COLLECT 0x51434d02
#define QCMD_NOTE_TRACE	  0x51434d03
#define QCMD_NOTE_LOG	  0x51434d04
#define QCMD_NOTE_NAMES	  0x51434d05
#define QCMD_NOTE_KEEP	  0x51434d06

#define QCMD_NOTE_MEMORY_MAX 64		   /* lines of MEMORY= */
#define QCMD_NOTE_NAMES_MAX  (1024 * 1024) /* bytes of text, uncompressed */
#define QCMD_NOTE_ZLIB	     "QCMDZLIB"

#endif
