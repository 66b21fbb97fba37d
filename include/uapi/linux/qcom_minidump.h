/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Generic netlink family "qcom_minidump": what is in the minidump table.
 *
 * The same description in the kernel's own form is docs/netlink/qcom_minidump.yaml.
 *
 * Who may: the initial network namespace, CAP_NET_ADMIN for every command. What takes CAP_PERFMON or CAP_SYS_ADMIN:
 *  - to name an address (QCOM_MINIDUMP_REGION_A_ADDR, _PADDR), which is refused while the kernel is locked down for
 *    confidentiality;
 *  - to be told one: to all others the same attributes, those of segments, and tags that other sockets have given are
 *    left out. Notifications have none, whoever listens;
 *  - to follow a CPU, which only one socket can (QCOM_MINIDUMP_TASK_A_CPU);
 *  - slots and bytes without limit. All others together have what the module's parameters unprivileged_slots and
 *    unprivileged_bytes say, and each of them half of that; more is EDQUOT. Whatever the state of a region, it counts.
 * Either capability is needed by the sender and by who opened the socket, as netlink checks it.
 *
 * Memory that a request takes is that of the sender's memory cgroup.
 *
 * Whose: a region belongs to the socket that added it. Only that socket updates or removes it, and it
 * goes when the last descriptor of the socket closes.
 *
 * A region can have up to 128 segments: receive with buffers of 16 KiB or more.
 *
 * The stack of a task goes when the task begins to exit, so that no other one is ever taken for it. Its struct and its
 * struct mm_struct stay, held by reference.
 *
 * Every error but that of a sender without CAP_NET_ADMIN, who is refused before anything that he says is looked at,
 * carries an extended ACK whose text names the attribute and says what would be right.
 */
#ifndef _UAPI_LINUX_QCOM_MINIDUMP_H
#define _UAPI_LINUX_QCOM_MINIDUMP_H

#define QCOM_MINIDUMP_FAMILY_NAME	"qcom_minidump"
/* From the first release on numbers of commands and attributes keep their meaning; until then they may get another. */
#define QCOM_MINIDUMP_FAMILY_VERSION	1

/* Multicast group: the *_NTF messages below, to listeners with CAP_NET_ADMIN. */
#define QCOM_MINIDUMP_MCGRP_EVENTS	"events"

/*
 * Limits of the messages, in bytes without the terminating NUL. What a back end takes may be less
 * (QCOM_MINIDUMP_BACKEND_A_NAME_MAX).
 */
#define QCOM_MINIDUMP_NAME_MAX		31
#define QCOM_MINIDUMP_OBJECT_MAX	31
#define QCOM_MINIDUMP_COMMENT_MAX	127
#define QCOM_MINIDUMP_DATA_MAX		32768
#define QCOM_MINIDUMP_TAG_MAX		64

/**
 * enum qcom_minidump_cmd - commands and notifications
 * @QCOM_MINIDUMP_CMD_BACKEND_GET: do. Reply: the BACKEND attributes; without _A_NAME no back end is bound.
 * @QCOM_MINIDUMP_CMD_REGION_ADD: do. NAME (optional with OBJECT), COMMENT, TAG (optional) and exactly one of
 *	ADDR + SIZE, PADDR + SIZE, OBJECT, TASK, DATA. MAP (optional) with ADDR, HOLD (optional) with ADDR or PADDR.
 *	Reply: the region as in REGION_GET.
 * @QCOM_MINIDUMP_CMD_REGION_UPDATE: do. ID, and ADDR or PADDR or SIZE (what is left out stays), or DATA, or COMMENT.
 *	One operation: the region is in the table throughout, as it was or as it is to be. Or ID and ACTIVATE.
 *	Reply: the region.
 * @QCOM_MINIDUMP_CMD_REGION_DEL: do. ID. Reply: none but the ACK.
 * @QCOM_MINIDUMP_CMD_REGION_GET: do (ID) or dump. NLM_F_DUMP_INTR is set on a dump that saw a change.
 * @QCOM_MINIDUMP_CMD_BACKEND_NTF: a back end was bound or unbound. As in BACKEND_GET.
 * @QCOM_MINIDUMP_CMD_REGION_ADD_NTF: as in REGION_GET, without addresses and tag. Changes in quick succession come as
 *	one message with the last state.
 * @QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF: likewise
 * @QCOM_MINIDUMP_CMD_REGION_DEL_NTF: likewise, with the last state the region had
 */
enum qcom_minidump_cmd {
	QCOM_MINIDUMP_CMD_UNSPEC,
	QCOM_MINIDUMP_CMD_BACKEND_GET,
	QCOM_MINIDUMP_CMD_REGION_ADD,
	QCOM_MINIDUMP_CMD_REGION_UPDATE,
	QCOM_MINIDUMP_CMD_REGION_DEL,
	QCOM_MINIDUMP_CMD_REGION_GET,
	QCOM_MINIDUMP_CMD_BACKEND_NTF,
	QCOM_MINIDUMP_CMD_REGION_ADD_NTF,
	QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF,
	QCOM_MINIDUMP_CMD_REGION_DEL_NTF,

	__QCOM_MINIDUMP_CMD_MAX,
	QCOM_MINIDUMP_CMD_MAX = __QCOM_MINIDUMP_CMD_MAX - 1
};

/**
 * enum qcom_minidump_backend_attr - the bound back end and the table
 * @QCOM_MINIDUMP_BACKEND_A_NAME: string. Name of the back end; absent: none is bound
 * @QCOM_MINIDUMP_BACKEND_A_SLOTS_MAX: u32. Slots of the table, those of the module itself included
 * @QCOM_MINIDUMP_BACKEND_A_SLOTS_USED: u32
 * @QCOM_MINIDUMP_BACKEND_A_NAME_MAX: u32. Longest name in bytes, without NUL
 * @QCOM_MINIDUMP_BACKEND_A_ALIGN: u32, bytes. In the table a piece of a region goes from one multiple of this to
 *	another: its address is rounded down, its end up. What is not RAM from end to end then is refused
 * @QCOM_MINIDUMP_BACKEND_A_REGIONS: u32. All regions, whatever their state
 * @QCOM_MINIDUMP_BACKEND_A_BYTES: u64. Sum of the sizes in the table
 * @QCOM_MINIDUMP_BACKEND_A_VERSION: string. Version of the module
 * @QCOM_MINIDUMP_BACKEND_A_PAD: padding
 */
enum qcom_minidump_backend_attr {
	QCOM_MINIDUMP_BACKEND_A_UNSPEC,
	QCOM_MINIDUMP_BACKEND_A_NAME,
	QCOM_MINIDUMP_BACKEND_A_SLOTS_MAX,
	QCOM_MINIDUMP_BACKEND_A_SLOTS_USED,
	QCOM_MINIDUMP_BACKEND_A_NAME_MAX,
	QCOM_MINIDUMP_BACKEND_A_ALIGN,
	QCOM_MINIDUMP_BACKEND_A_REGIONS,
	QCOM_MINIDUMP_BACKEND_A_BYTES,
	QCOM_MINIDUMP_BACKEND_A_VERSION,
	QCOM_MINIDUMP_BACKEND_A_PAD,

	__QCOM_MINIDUMP_BACKEND_A_MAX,
	QCOM_MINIDUMP_BACKEND_A_MAX = __QCOM_MINIDUMP_BACKEND_A_MAX - 1
};

/**
 * enum qcom_minidump_region_attr - a region
 * @QCOM_MINIDUMP_REGION_A_ID: u32, never 0. Given by the module, never reused while anything can hold it
 * @QCOM_MINIDUMP_REGION_A_NAME: string, 1 to QCOM_MINIDUMP_NAME_MAX printable bytes, no blanks. Regions with
 *	the same name are told apart by sequence number
 * @QCOM_MINIDUMP_REGION_A_ADDR: u64. Kernel virtual address
 * @QCOM_MINIDUMP_REGION_A_PADDR: u64. Physical address
 * @QCOM_MINIDUMP_REGION_A_SIZE: u64, bytes, not 0
 * @QCOM_MINIDUMP_REGION_A_OBJECT: string. A part of the kernel's log, which the module finds by itself:
 *	prb (the pointer to the printk ring), printk_ring (its control structure), printk_descs, printk_infos,
 *	printk_text
 * @QCOM_MINIDUMP_REGION_A_TASK: nest of enum qcom_minidump_task_attr
 * @QCOM_MINIDUMP_REGION_A_COMMENT: string. Why the region is there, in the words of who added it
 * @QCOM_MINIDUMP_REGION_A_STATE: u32, enum qcom_minidump_region_state. Reply only, as all that follow
 * @QCOM_MINIDUMP_REGION_A_ERROR: string. Why the state is REJECTED
 * @QCOM_MINIDUMP_REGION_A_OWNER: u32. Netlink port of the owner; 0: a client in the kernel, or the module itself, whose
 *	are KELF_HEADER and KVMCOREINFO, and of its own accord (parameter own) KLAYOUT and what has OBJECT or TASK
 * @QCOM_MINIDUMP_REGION_A_SEGMENT: nest of enum qcom_minidump_segment_attr, one for each slot
 * @QCOM_MINIDUMP_REGION_A_CREATED: u64, nanoseconds of CLOCK_BOOTTIME
 * @QCOM_MINIDUMP_REGION_A_MOVES: u64. How often it was updated
 * @QCOM_MINIDUMP_REGION_A_PAD: padding
 * @QCOM_MINIDUMP_REGION_A_MAP: u32, of a request. Descriptor of the BPF map whose memory ADDR + SIZE is: the map stays,
 *	with that memory, for as long as the region does
 * @QCOM_MINIDUMP_REGION_A_HOLD: flag, of a request. The pages become nobody else's for as long as the region lives: it
 *	takes a reference to each of them. They may be somebody else's already, so the region's state is HELD until
 *	ACTIVATE: who adds it looks meanwhile whether they are still what it takes them for. Only for what the page
 *	allocator gave away as pages: memory that was reserved at boot is given back without a look at references.
 * @QCOM_MINIDUMP_REGION_A_ACTIVATE: flag, of REGION_UPDATE. The region, which is HELD, goes into the table
 * @QCOM_MINIDUMP_REGION_A_TAG: binary, 1 to QCOM_MINIDUMP_TAG_MAX bytes. By what its owner knows it again: given, if at
 *	all, when the region is added, and in each reply to it from then on. Nobody looks into it, it need not be unique
 * @QCOM_MINIDUMP_REGION_A_DATA: binary, 1 to QCOM_MINIDUMP_DATA_MAX bytes, of a request. The module keeps a copy of
 *	them, which is the region, such as a note (include/qcmd_note.h)
 */
enum qcom_minidump_region_attr {
	QCOM_MINIDUMP_REGION_A_UNSPEC,
	QCOM_MINIDUMP_REGION_A_ID,
	QCOM_MINIDUMP_REGION_A_NAME,
	QCOM_MINIDUMP_REGION_A_ADDR,
	QCOM_MINIDUMP_REGION_A_PADDR,
	QCOM_MINIDUMP_REGION_A_SIZE,
	QCOM_MINIDUMP_REGION_A_OBJECT,
	QCOM_MINIDUMP_REGION_A_TASK,
	QCOM_MINIDUMP_REGION_A_COMMENT,
	QCOM_MINIDUMP_REGION_A_STATE,
	QCOM_MINIDUMP_REGION_A_ERROR,
	QCOM_MINIDUMP_REGION_A_OWNER,
	QCOM_MINIDUMP_REGION_A_SEGMENT,
	QCOM_MINIDUMP_REGION_A_CREATED,
	QCOM_MINIDUMP_REGION_A_MOVES,
	QCOM_MINIDUMP_REGION_A_PAD,
	QCOM_MINIDUMP_REGION_A_MAP,
	QCOM_MINIDUMP_REGION_A_HOLD,
	QCOM_MINIDUMP_REGION_A_ACTIVATE,
	QCOM_MINIDUMP_REGION_A_TAG,
	QCOM_MINIDUMP_REGION_A_DATA,

	__QCOM_MINIDUMP_REGION_A_MAX,
	QCOM_MINIDUMP_REGION_A_MAX = __QCOM_MINIDUMP_REGION_A_MAX - 1
};

/**
 * enum qcom_minidump_task_attr - memory of a task
 * @QCOM_MINIDUMP_TASK_A_PID: u32. Thread id: of a request in the sender's PID namespace, of a reply or notification in
 *	the initial one
 * @QCOM_MINIDUMP_TASK_A_START_TIME: u64. task_struct.start_boottime: nanoseconds of CLOCK_BOOTTIME when it
 *	started. With the pid it names one task and no later one
 * @QCOM_MINIDUMP_TASK_A_PART: u32, enum qcom_minidump_task_part
 * @QCOM_MINIDUMP_TASK_A_CPU: u32, instead of PID and START_TIME: the task that this CPU runs. The region moves at every
 *	context switch. One region for each CPU and part
 * @QCOM_MINIDUMP_TASK_A_PAD: padding
 */
enum qcom_minidump_task_attr {
	QCOM_MINIDUMP_TASK_A_UNSPEC,
	QCOM_MINIDUMP_TASK_A_PID,
	QCOM_MINIDUMP_TASK_A_START_TIME,
	QCOM_MINIDUMP_TASK_A_PART,
	QCOM_MINIDUMP_TASK_A_CPU,
	QCOM_MINIDUMP_TASK_A_PAD,

	__QCOM_MINIDUMP_TASK_A_MAX,
	QCOM_MINIDUMP_TASK_A_MAX = __QCOM_MINIDUMP_TASK_A_MAX - 1
};

/**
 * enum qcom_minidump_task_part - which memory: the one enumeration of the parts of a task
 * @QCOM_MINIDUMP_TASK_STRUCT: its struct task_struct
 * @QCOM_MINIDUMP_TASK_STACK: its kernel stack
 * @QCOM_MINIDUMP_TASK_MM: the struct mm_struct that it has when the region is added: how much memory the process uses,
 *	and where. Not with CPU
 */
enum qcom_minidump_task_part {
	QCOM_MINIDUMP_TASK_STRUCT = 1,
	QCOM_MINIDUMP_TASK_STACK,
	QCOM_MINIDUMP_TASK_MM,
};

/**
 * enum qcom_minidump_region_state - whether a crash now would save the region
 * @QCOM_MINIDUMP_REGION_PENDING: no back end is bound; goes in when one is
 * @QCOM_MINIDUMP_REGION_ACTIVE: it is in the table
 * @QCOM_MINIDUMP_REGION_REJECTED: the back end can't take it, see ERROR
 * @QCOM_MINIDUMP_REGION_HELD: it was added with HOLD, and ACTIVATE has not come yet
 */
enum qcom_minidump_region_state {
	QCOM_MINIDUMP_REGION_PENDING = 1,
	QCOM_MINIDUMP_REGION_ACTIVE,
	QCOM_MINIDUMP_REGION_REJECTED,
	QCOM_MINIDUMP_REGION_HELD,
};

/**
 * enum qcom_minidump_segment_attr - a physically contiguous piece of a region: one slot of the table
 * @QCOM_MINIDUMP_SEGMENT_A_SLOT: u32. Index in the table; changes when other regions go. Absent while pending
 * @QCOM_MINIDUMP_SEGMENT_A_SEQ: u32. Sequence number among the slots of the same name. Absent while pending
 * @QCOM_MINIDUMP_SEGMENT_A_ADDR: u64. Kernel virtual address; 0 where there is none. As in the table, as the two that
 *	follow: see QCOM_MINIDUMP_BACKEND_A_ALIGN
 * @QCOM_MINIDUMP_SEGMENT_A_PADDR: u64. Physical address
 * @QCOM_MINIDUMP_SEGMENT_A_SIZE: u64. Bytes
 * @QCOM_MINIDUMP_SEGMENT_A_PAD: padding
 */
enum qcom_minidump_segment_attr {
	QCOM_MINIDUMP_SEGMENT_A_UNSPEC,
	QCOM_MINIDUMP_SEGMENT_A_SLOT,
	QCOM_MINIDUMP_SEGMENT_A_SEQ,
	QCOM_MINIDUMP_SEGMENT_A_ADDR,
	QCOM_MINIDUMP_SEGMENT_A_PADDR,
	QCOM_MINIDUMP_SEGMENT_A_SIZE,
	QCOM_MINIDUMP_SEGMENT_A_PAD,

	__QCOM_MINIDUMP_SEGMENT_A_MAX,
	QCOM_MINIDUMP_SEGMENT_A_MAX = __QCOM_MINIDUMP_SEGMENT_A_MAX - 1
};

#endif /* _UAPI_LINUX_QCOM_MINIDUMP_H */
