/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The minidump table as it lies in memory: what boot firmware, a hypervisor or a capture kernel walks
 * after a crash. All fields little-endian, natural alignment.
 *
 * Source of the layout: the global table of contents ("G-ToC") that Qualcomm's boot firmware keeps in SMEM
 * item 602, as read by drivers/remoteproc/qcom_common.c and as written by the minidump driver that was
 * posted to the kernel's lists from 2023 on.
 *
 *	G-ToC ── subsystem[10] ── regions_baseptr ──▶ region[region_count]
 */
#ifndef _UAPI_LINUX_QCOM_MINIDUMP_TABLE_H
#define _UAPI_LINUX_QCOM_MINIDUMP_TABLE_H

#include <linux/types.h>

#define MINIDUMP_MAX_SUBSYSTEMS		10
/* Index of Linux among the subsystems ("APSS": application processor subsystem). */
#define MINIDUMP_SUBSYSTEM_APSS		0

/* Size of a name in the table, with its NUL. Boot firmware keeps 4 of the 16 bytes to itself. */
#define MINIDUMP_REGION_NAME_SIZE	16

/* Values are four letters, the first in the most significant byte. */
#define MINIDUMP_REGION_VALID		0x56414c49	/* VALI */
#define MINIDUMP_REGION_INVALID		0x494e5641	/* INVA */
#define MINIDUMP_SS_ENCR_REQ		0x00594553	/* \0YES */
#define MINIDUMP_SS_ENCR_NOTREQ		0x00004e52	/* \0\0NR */
#define MINIDUMP_SS_ENCR_NONE		0x4e4f4e45	/* NONE */
#define MINIDUMP_SS_ENCR_DONE		0x444f4e45	/* DONE */
#define MINIDUMP_SS_ENCR_START		0x53545254	/* STRT */
#define MINIDUMP_SS_ENABLED		0x454e424c	/* ENBL */
#define MINIDUMP_SS_DISABLED		0x4453424c	/* DSBL */

#define MINIDUMP_TOC_REVISION		1

/**
 * struct minidump_region - one slot
 * @name: padded with NULs
 * @seq_num: tells slots of the same name apart
 * @valid: MINIDUMP_REGION_VALID or anything else; written last
 * @address: physical
 * @size: bytes
 */
struct minidump_region {
	char	name[MINIDUMP_REGION_NAME_SIZE];
	__le32	seq_num;
	__le32	valid;
	__le64	address;
	__le64	size;
};

/**
 * struct minidump_subsystem - the table of one subsystem
 * @status: 1 when the subsystem has set it up
 * @enabled: MINIDUMP_SS_ENABLED or _DISABLED
 * @encryption_status: MINIDUMP_SS_ENCR_NONE, _START, _DONE
 * @encryption_required: MINIDUMP_SS_ENCR_REQ, _NOTREQ
 * @region_count: slots to look at
 * @pad: 0
 * @regions_baseptr: physical address of struct minidump_region[]
 */
struct minidump_subsystem {
	__le32	status;
	__le32	enabled;
	__le32	encryption_status;
	__le32	encryption_required;
	__le32	region_count;
	__le32	pad;
	__le64	regions_baseptr;
};

/**
 * struct minidump_global_toc - where everything starts
 * @status: not 0 when firmware has initialised it
 * @revision: MINIDUMP_TOC_REVISION
 * @enabled: not 0, or MINIDUMP_SS_ENABLED
 * @pad: 0
 * @subsystems: by index
 */
struct minidump_global_toc {
	__le32	status;
	__le32	revision;
	__le32	enabled;
	__le32	pad;
	struct minidump_subsystem subsystems[MINIDUMP_MAX_SUBSYSTEMS];
};

/*
 * Behind registers ("mmio" back end): the same table, but of the G-ToC only what concerns Linux, in 32-bit
 * registers at these offsets; the region array is in RAM. The first three are the firmware's, or the host's;
 * the others are all 0 when Linux has no table. What is not named is reserved.
 */
#define MINIDUMP_REG_STATUS			0x00
#define MINIDUMP_REG_REVISION			0x04
#define MINIDUMP_REG_ENABLED			0x08
#define MINIDUMP_REG_SS_STATUS			0x20
#define MINIDUMP_REG_SS_ENABLED			0x24
#define MINIDUMP_REG_SS_ENCRYPTION_STATUS	0x28
#define MINIDUMP_REG_SS_ENCRYPTION_REQUIRED	0x2c
#define MINIDUMP_REG_SS_REGION_COUNT		0x30
#define MINIDUMP_REG_SS_REGIONS_BASE_LOW	0x34
#define MINIDUMP_REG_SS_REGIONS_BASE_HIGH	0x38
#define MINIDUMP_REGS_SIZE			0x3c

/*
 * Plain RAM ("ram" back end): no firmware says where the G-ToC is, so it lies behind this header, which
 * starts a page and can be found by looking at every page of a memory image.
 */
#define MINIDUMP_RAM_MAGIC		"QCOM-MINIDUMP-1"	/* 16 bytes with its NUL */
#define MINIDUMP_RAM_MAGIC_SIZE		16

/**
 * struct minidump_ram_header - what to look for in a memory image
 * @magic: MINIDUMP_RAM_MAGIC. Written last and wiped first
 * @self: physical address of this header: tells a live table from a copy of it
 * @toc: physical address of the struct minidump_global_toc
 * @header_size: of this structure, in bytes
 * @slots_max: capacity of the APSS region array
 * @page_size: of the kernel that wrote it, in bytes
 * @crc32: CRC-32 (IEEE 802.3, as in zlib's crc32()) of all the bytes before this field
 */
struct minidump_ram_header {
	char	magic[MINIDUMP_RAM_MAGIC_SIZE];
	__le64	self;
	__le64	toc;
	__le32	header_size;
	__le32	slots_max;
	__le32	page_size;
	__le32	crc32;
};

/*
 * Registers of CPUs, as a panic or an oops found them: a region of the module's own memory, which its notifiers fill
 * when they do get to run. Nothing depends on it, and after a hang or a reset it is empty.
 *
 * It is a struct minidump_cpu_regs_header, then for each CPU in the order of their numbers a struct minidump_cpu_regs
 * of @entry_size bytes. To write one: from = MINIDUMP_CPU_REGS_NONE, barrier, the rest, barrier, from. So one that is
 * half written is empty. A CPU writes its own alone; the CPU that panics copies those of others, which have stopped.
 */
#define MINIDUMP_CPU_REGS_REVISION	1

/**
 * enum minidump_cpu_regs_from - where the registers of a CPU are from
 * @MINIDUMP_CPU_REGS_NONE: there are none
 * @MINIDUMP_CPU_REGS_OOPS: an oops, where it happened. The machine went on: they say something of this CPU only while
 *	it still runs the task with this pid
 * @MINIDUMP_CPU_REGS_FATAL_OOPS: an oops, where it happened; a panic came of it
 * @MINIDUMP_CPU_REGS_PANIC: a panic, in panic() itself: what it calls runs over the rest of the stack. Of the registers
 *	only those that unwinding takes, the others are 0
 * @MINIDUMP_CPU_REGS_CRASH_NOTES: the kernel's own crash_notes, where the CPU was stopped by the panic of another
 */
enum minidump_cpu_regs_from {
	MINIDUMP_CPU_REGS_NONE,
	MINIDUMP_CPU_REGS_OOPS,
	MINIDUMP_CPU_REGS_FATAL_OOPS,
	MINIDUMP_CPU_REGS_PANIC,
	MINIDUMP_CPU_REGS_CRASH_NOTES,
};

/**
 * struct minidump_cpu_regs_header - what follows it
 * @revision: MINIDUMP_CPU_REGS_REVISION
 * @cpus: number of entries
 * @entry_size: bytes of an entry
 * @pad: 0
 */
struct minidump_cpu_regs_header {
	__le32	revision;
	__le32	cpus;
	__le32	entry_size;
	__le32	pad;
};

/**
 * struct minidump_cpu_regs - registers of a CPU
 * @from: enum minidump_cpu_regs_from
 * @pad: 0
 * @time: nanoseconds of CLOCK_BOOTTIME when they were saved
 * @note: an ELF note as the kernel's crash_notes have it: "CORE", NT_PRSTATUS, with the pid of what the CPU ran
 */
struct minidump_cpu_regs {
	__le32	from;
	__le32	pad;
	__le64	time;
	__u8	note[];
};

/*
 * The first slot is the ELF header of the dump, which the module keeps: concatenated with the regions in
 * the order of the slots it is an ELF core. It is ET_CORE with e_phoff 64; program header 0 is the PT_NOTE
 * that covers slot 1 (the kernel's VMCOREINFO note); program header k (k >= 1) is the PT_LOAD of slot
 * k + 1, with its virtual and its physical address. While that slot moves in place it is PT_NULL, or, of what a
 * CPU runs, has the virtual address 0 and the physical one of another slot. Section headers:
 * 0 null, 1 STR_TBL, 2 VMCOREINFO, then slot k at 1 + k; sh_addr is the virtual address, or 0 of what follows a
 * CPU, where the program header alone says it.
 *
 * A section is called NAME, or NAME_SEQ where the slot's sequence number is not 0; sh_entsize is that number.
 * STR_TBL holds its own name, then these in the order of the slots. Behind each is one NUL, and up to the next
 * one bytes of 0x01; behind the last one at least three NULs: Qualcomm's ramdump parser takes the end to be where
 * a NUL at p is followed by NULs at p + 2 and p + 3. No two are the same, but for a region that was being moved,
 * which may be there twice.
 */

/*
 * Names of regions: what each of them is called, here and nowhere else. Any other one is a driver's or a policy's.
 *
 * The module's own. Host tools take whatever begins with the first one for the ELF header.
 */
#define MINIDUMP_ELF_PREFIX		"KELF"
#define MINIDUMP_ELF_HEADER_NAME	"KELF_HEADER"
#define MINIDUMP_VMCOREINFO_NAME	"KVMCOREINFO"	/* the kernel's vmcoreinfo_note */
#define MINIDUMP_LAYOUT_NAME		"KLAYOUT"	/* a note as qcmdd's, of what the module knows */

/* Notes of qcmdd, include/qcmd_note.h */
#define MINIDUMP_NOTE_NAME		"KQCMD_NOTE"
#define MINIDUMP_TRACE_NOTE_NAME	"KQCMD_TRACE"

/*
 * The printk ring. Qualcomm's ramdump parser looks for the text, the descriptors and the infos by these names:
 * struct printk_ringbuffer.text_data_ring.data, .desc_ring.descs, .desc_ring.infos, itself, and the pointer prb.
 */
#define MINIDUMP_LOG_TEXT_NAME		"KLOGBUF"
#define MINIDUMP_LOG_DESCS_NAME		"LOG_DESC"
#define MINIDUMP_LOG_INFOS_NAME		"LOG_INFO"
#define MINIDUMP_LOG_RING_NAME		"LOG_RING"
#define MINIDUMP_LOG_PRB_NAME		"LOG_PRB"

/* Other objects that the module finds by itself, QCOM_MINIDUMP_REGION_A_OBJECT */
#define MINIDUMP_UTS_NAME		"KUTSNAME"	/* init_uts_ns */
#define MINIDUMP_CPU_REGS_NAME		"KCPUREGS"	/* struct minidump_cpu_regs_header and what follows it */
#define MINIDUMP_NODE_STATES_NAME	"KNODESTATES"	/* node_states */
#define MINIDUMP_MEM_SECTION_NAME	"KMEMSECTION"	/* the pointer mem_section */
#define MINIDUMP_MEM_ROOTS_NAME		"KMEMROOTS"	/* the pointers in mem_section[] */
#define MINIDUMP_MEM_SECTIONS_NAME	"KMEMSECTS"	/* struct mem_section[] of each of them */

/* Parts of tasks, enum qcom_minidump_task_part; those of what a CPU runs have the same names. */
#define MINIDUMP_TASK_NAME		"KTASK"		/* QCOM_MINIDUMP_TASK_STRUCT */
#define MINIDUMP_STACK_NAME		"KSTACK"	/* QCOM_MINIDUMP_TASK_STACK */
#define MINIDUMP_MM_NAME		"KMM"		/* QCOM_MINIDUMP_TASK_MM */

/* Of CPU c of trace array i, with iCc behind it: sub-buffers (KFT0C3), and struct ring_buffer_per_cpu */
#define MINIDUMP_TRACE_NAME		"KFT"
#define MINIDUMP_TRACE_CPU_NAME		"KFR"

/* Variables that host tools ask for: linux_banner, which must not have its own name there, and __cpu_present_mask */
#define MINIDUMP_BANNER_NAME		"KBANNER"
#define MINIDUMP_PRESENT_NAME		"KPRESENT"

/* Of policies, with as much of the name as fits behind it: a variable or a pinned BPF map, and any other map */
#define MINIDUMP_SYMBOL_NAME		"K"
#define MINIDUMP_MAP_NAME		"Kmap"

#endif /* _UAPI_LINUX_QCOM_MINIDUMP_TABLE_H */
