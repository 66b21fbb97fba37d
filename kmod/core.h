/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside qcom_minidump.ko.
 *
 *	core.c		module, the one struct minidump, back ends coming and going
 *	region.c	life of a region: add, update, remove, events
 *	table.c		slots: the order of writes that keeps the table right at every instant
 *	elfhdr.c	the ELF header in slot 0
 *	memory.c	addresses to physical pieces; what is RAM
 *	object.c	kernel objects found by name, tasks
 *	stacks.c	stacks of tasks that exit
 *	modules.c	modules that go, with what is registered of them
 *	follow.c	what each CPU runs, followed at every context switch
 *	cpuregs.c	registers of the CPUs, saved by notifiers of a panic and of an oops
 *	netlink.c	the family: owners, what requests do
 *	netlink-request.c	what they say
 *	netlink-msg.c	what it sends
 */
#ifndef QCOM_MINIDUMP_CORE_H
#define QCOM_MINIDUMP_CORE_H

#include <linux/idr.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/qcom_minidump.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include <uapi/linux/qcom_minidump.h>
#include <linux/qcom_minidump_table.h>

#include "backend.h"

struct bpf_map;
struct elf64_phdr;
struct task_struct;
struct md_follow;
struct md_object;
struct md_owner;

/* A listing of a region must fit in one netlink message. */
#define MD_SEGMENTS_MAX	128

/* Why something was refused: constant text, for extended ACKs and listings. */
struct md_why {
	const char *text;
};

static inline int md_refuse(struct md_why *why, int err, const char *text)
{
	why->text = text;
	return err;
}

/**
 * struct md_place - where in memory a slot is, for what moves it at every context switch
 * @pa: where the table has its physical address
 * @header: what each of the two headers says of it
 */
struct md_place {
	__le64 *pa;
	struct elf64_phdr *header[2];
};

/**
 * struct md_segment - a physically contiguous piece of a region
 * @va: kernel virtual address, 0 where there is none
 * @pa: physical address
 * @size: bytes; in the table it is rounded up
 * @place: of a region that follows a CPU, while it is active
 * @slot: where it is, while the region is active
 * @seq: its sequence number, for as long as the region lives
 */
struct md_segment {
	u64 va;
	phys_addr_t pa;
	u64 size;
	struct md_place place;
	u32 slot;
	u32 seq;
};

enum md_kind {
	MD_KIND_BUILTIN,	/* ELF header, VMCOREINFO: of the core itself */
	MD_KIND_RANGE,
	MD_KIND_OBJECT,
	MD_KIND_TASK,
	MD_KIND_CURRENT,	/* the task that a CPU runs, whichever it is */
	MD_KIND_NOTE,
};

/**
 * struct md_name - all regions of one name
 * @node: in md.names
 * @users: regions, and names whose stem this is
 * @seqs: tells the regions apart by sequence number
 * @stem: of a name that looks like another one with a number, as KTASK_1 does: that name; else NULL
 * @number: of @stem->seqs, held for as long as this name lives, so that no slot of it is called like ours;
 *	negative: it is taken, and ours begin at 1
 * @name: itself
 */
struct md_name {
	struct hlist_node node;
	u32 users;
	struct ida seqs;
	struct md_name *stem;
	int number;
	char name[QCOM_MINIDUMP_NAME_MAX + 1];
};

/* By what its owner knows a region again; nobody else looks into it. */
struct md_tag {
	u8 size;		/* 0: it has none */
	u8 bytes[QCOM_MINIDUMP_TAG_MAX];
};

/* The task of a region; the references keep its structs from being reused. MD_KIND_CURRENT: none, but a CPU. */
struct md_task {
	struct task_struct *task;
	struct mm_struct *mm;	/* QCOM_MINIDUMP_TASK_MM */
	u32 cpu;
	u32 pid;
	u64 start_time;
	u32 part;		/* enum qcom_minidump_task_part */
};

/**
 * struct md_region - a region
 * @id: from md.ids
 * @ref: md.ids holds one; a queued event holds one
 * @name: shared by all regions of that name
 * @comment: from who added it
 * @tag: likewise
 * @kind: which of the following say what it is
 * @size: bytes
 * @object: MD_KIND_OBJECT
 * @task: MD_KIND_TASK, MD_KIND_CURRENT
 * @follow: MD_KIND_CURRENT: of its CPU. Its lock protects @live and, while that is set, @segs
 * @live: context switches move the slots
 * @stack_node: MD_KIND_TASK, a stack: in the hash of stacks.c
 * @map: BPF map whose memory it is, held; else NULL
 * @n_held: of @segs, from the first one on, those whose pages have a reference
 * @hold: it holds its pages, and goes into the table when it is told to
 * @buf: MD_KIND_NOTE: memory that goes with the region
 * @owner: netlink socket, NULL for a client in the kernel and once it is removed
 * @portid: of @owner, for good
 * @owner_node: in owner->regions
 * @state: enum qcom_minidump_region_state
 * @error: why it is rejected
 * @created: CLOCK_BOOTTIME, ns
 * @moves: number of updates
 * @n_segs: pieces
 * @max_segs: room in @segs and in @spare
 * @has_seqs: the sequence numbers in @segs are its own
 * @segs: the pieces
 * @spare: where an update works the new ones out
 * @event_node: in md.events
 * @event: notification to send
 *
 * Everything that can change is protected by md.lock.
 */
struct md_region {
	u32 id;
	struct kref ref;
	struct md_name *name;
	char comment[QCOM_MINIDUMP_COMMENT_MAX + 1];
	struct md_tag tag;
	enum md_kind kind;
	u64 size;
	const struct md_object *object;
	struct md_task task;
	struct md_follow *follow;
	bool live;
	struct hlist_node stack_node;
	struct bpf_map *map;
	u32 n_held;
	bool hold;
	void *buf;
	struct md_owner *owner;
	u32 portid;
	struct list_head owner_node;
	u32 state;
	const char *error;
	u64 created;
	u64 moves;
	u32 n_segs;
	u32 max_segs;
	bool has_seqs;
	struct md_segment *segs;
	struct md_segment *spare;
	struct list_head event_node;
	u8 event;
};

/* A slot that is in use. */
struct md_slot {
	struct md_region *region;
	struct md_segment *seg;
	u64 offset;		/* in the file that concatenating all slots gives */
};

/* The ELF header region: two buffers of @size bytes, the one that is published and the spare one. */
struct md_elf {
	void *buf[2];
	size_t size;
	u32 strtab;		/* offset of the string table */
	u32 stride;		/* of one name in it */
	u8 live;
	u32 n_slots[2];		/* that each buffer describes */
	u32 stale_from;		/* slots that the last publication changed, so that the spare one lags: [from, to) */
	u32 stale_to;
};

/**
 * struct minidump - all of it; there is one table
 * @lock: regions, names, slots, the back end's slots, the event list. Any context but NMI
 * @bind_lock: one bind or unbind at a time; taken outside @lock
 * @ids: id to region
 * @names: hash of names
 * @n_regions: in @ids
 * @n_objects: struct md_region that exist; none may be left when the module goes
 * @backend: bound, or NULL
 * @limits: of the back end
 * @slots: limits.slots of them
 * @n_slots: how many are in use
 * @bytes: sum of the sizes in the table
 * @held: the CPU whose regions must not move now, see follow.c
 * @elf: slot 0
 * @header: region of slot 0
 * @vmcoreinfo: region of slot 1
 * @generation: counts changes, for dumps
 * @events: regions with a notification to send
 * @backend_event: the same for the back end
 * @event_irq_work: from any context to process context
 * @event_work: sends
 */
struct minidump {
	spinlock_t lock;
	struct mutex bind_lock;
	struct idr ids;
	struct hlist_head names[64];
	u32 n_regions;
	atomic_t n_objects;
	const struct minidump_backend *backend;
	struct minidump_limits limits;
	struct md_slot *slots;
	u32 n_slots;
	u64 bytes;
	struct md_follow *held;
	struct md_elf elf;
	struct md_region *header;
	struct md_region *vmcoreinfo;
	u32 generation;
	struct list_head events;
	bool backend_event;
	struct irq_work event_irq_work;
	struct work_struct event_work;
};

extern struct minidump md;

/* What a new region is to be. @kind says which of the others count. */
struct md_spec {
	const char *name;
	const char *comment;
	struct md_tag tag;
	enum md_kind kind;
	const void *addr;
	phys_addr_t paddr;
	u64 size;
	const struct md_object *object;
	struct md_task task;
	struct bpf_map *map;
	bool hold;
	void *buf;
	struct md_owner *owner;
};

/* core.c */
struct tracepoint *md_tracepoint_find(const char *name);

/* region.c */
struct md_region *md_region_new(const struct md_spec *spec, gfp_t gfp, struct md_why *why);
int md_region_add(struct md_region *r, gfp_t gfp, struct md_why *why);
void md_region_put(struct md_region *r);
void md_regions_set_active(bool active);
/* with md.lock held */
int md_region_add_locked(struct md_region *r, gfp_t gfp, struct md_why *why);
bool md_region_in_table(const struct md_region *r);
int md_region_move(struct md_region *r, const struct md_spec *to, struct md_why *why);
void md_region_activate(struct md_region *r);
bool md_region_is_there(const struct md_region *r);
int md_region_confirm(struct md_region *r, struct md_why *why);
void md_region_remove(struct md_region *r);
void md_event(struct md_region *r, u8 cmd);
/* events */
void md_events_init(void);
void md_events_exit(void);

/* table.c, all under md.lock */
u32 md_slots_free(void);
u64 md_slot_size(const struct md_segment *seg);
void md_table_insert(struct md_region *r);
void md_table_remove(struct md_region *r);
bool md_table_replace(struct md_region *r, struct md_segment *segs, u32 n);

/* elfhdr.c */
int md_elf_alloc(struct md_elf *elf, const struct minidump_limits *limits);
void md_elf_free(struct md_elf *elf);
void md_elf_publish(u32 from, u32 to);	/* under md.lock */
/* under md.lock */
struct elf64_phdr *md_elf_phdr(u32 buffer, u32 slot);
void md_elf_hide(u32 slot);

/* follow.c */
int __init md_follow_init(void);
void md_follow_exit(void);
int md_follow_segments(const struct md_task *t, struct md_segment *segs, u32 max, struct md_why *why);
int md_follow_start(struct md_region *r, struct md_why *why);
bool md_follow_is_over(const struct md_region *r);
/* the rest under md.lock; without effect on a region that follows nobody, md_follow_stop() excepted */
void md_follow_stop(struct md_region *r);
void md_follow_lock(const struct md_region *r) __acquires(follow);
void md_follow_unlock(const struct md_region *r) __releases(follow);
void md_follow_hold(const struct md_region *r) __acquires(follow);
void md_follow_release(const struct md_region *r) __releases(follow);
void md_follow_park(void);

/* stacks.c */
int md_stacks_init(void);
void md_stacks_exit(void);
void md_stack_watch(struct md_region *r);
void md_stack_unwatch(struct md_region *r);
bool md_stack_is_over(const struct md_region *r);

/* memory.c */
int md_segments_of_virt(const void *addr, u64 size, struct md_segment *segs, u32 max, struct md_why *why);
int md_segments_of_phys(phys_addr_t pa, u64 size, struct md_segment *seg, struct md_why *why);
phys_addr_t md_virt_to_phys(const void *addr);
bool md_is_ram(u64 start, u64 end);
int md_pages_hold(const struct md_segment *seg, struct md_why *why);
void md_pages_release(const struct md_segment *seg);
int md_ram_init(void);
void md_ram_exit(void);

/* object.c */
const struct md_object *md_object_find(const char *name);
const char *md_object_name(const struct md_object *object);
const char *md_object_region_name(const struct md_object *object);
int md_object_segments(const struct md_object *object, struct md_segment *segs, u32 max, struct md_why *why);
int md_task_get(struct md_task *t, struct md_why *why);
void md_task_put(struct md_task *t);
int md_task_range(const struct md_task *t, const void **addr, u64 *size, struct md_why *why);
int md_vmcoreinfo_spec(struct md_spec *spec);

/* cpuregs.c */
int md_cpu_regs_init(void);
void md_cpu_regs_exit(void);
int md_cpu_regs_range(int part, const void **addr, u64 *size);

/* modules.c */
int md_modules_init(void);
void md_modules_exit(void);
/* Whether a module that is in that memory has gone; under md_owners_lock */
int md_module_check(const void *addr, u64 size, struct md_why *why);

/* netlink.c */
int md_netlink_init(void);
void md_netlink_exit(void);
void md_netlink_mute(void);
void md_netlink_notify_region(struct md_region *r, u8 cmd);
void md_netlink_notify_backend(void);

#endif
