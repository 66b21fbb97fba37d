/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside qcom_minidump.ko.
 *
 *	core.c		module, the one struct qmd, back ends coming and going
 *	region.c	life of a region: add, update, remove
 *	name.c		their names
 *	event.c		notifications of what became of them
 *	client.c	the API for other drivers
 *	table.c		slots: the order of writes that keeps the table right at every instant
 *	elfhdr.c	the ELF header in slot 0
 *	memory.c	addresses to physical pieces; what is RAM
 *	object.c	kernel objects found by name
 *	task.c		tasks, and stacks of those that exit
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
struct qmd_follow;
struct qmd_object;

/* A listing of a region must fit in one netlink message. */
#define QMD_SEGMENTS_MAX	128

/* Why something was refused: constant text, for extended ACKs and listings. */
struct qmd_why {
	const char *text;
};

static inline int qmd_refuse(struct qmd_why *why, int err, const char *text)
{
	why->text = text;
	return err;
}

/**
 * struct qmd_place - where in memory a slot is, for what moves it at every context switch
 * @pa: where the table has its physical address
 * @header: what each of the two headers says of it
 */
struct qmd_place {
	__le64 *pa;
	struct elf64_phdr *header[2];
};

/**
 * struct qmd_segment - a physically contiguous piece of a region
 * @va: kernel virtual address, 0 where there is none
 * @pa: physical address
 * @size: bytes; in the table it is rounded up
 * @place: of a region that follows a CPU, while it is active
 * @slot: where it is, while the region is active
 * @seq: its sequence number, for as long as the region lives
 */
struct qmd_segment {
	u64 va;
	phys_addr_t pa;
	u64 size;
	struct qmd_place place;
	u32 slot;
	u32 seq;
};

struct qmd_region;
struct qmd_spec;

/**
 * struct qmd_kind - what is different about a kind of region: nobody else asks which one it is. What is NULL is nothing
 * @pieces: where it is: works out @max pieces at most, or only counts them if @segs is NULL. How many, or an error
 * @start: before it is added; may sleep
 * @watch: on its way in, under qmd.lock: from now on the region goes when what it is of does. An error: that is over
 * @unwatch: on its way out, under qmd.lock, and where it does not get in after @start
 * @put: gives back what it holds
 * @builtin: of the core itself, under a name that nobody else may have; no back end can do without it
 * @by_address: somebody gave its address, which may be in a module. It can be moved
 * @follows: context switches move its slots, if the back end can do that
 */
struct qmd_kind {
	int (*pieces)(const struct qmd_spec *spec, struct qmd_segment *segs, u32 max, struct qmd_why *why);
	int (*start)(struct qmd_region *r, struct qmd_why *why);
	int (*watch)(struct qmd_region *r, struct qmd_why *why);
	void (*unwatch)(struct qmd_region *r);
	void (*put)(struct qmd_region *r);
	bool builtin;
	bool by_address;
	bool follows;
};

extern const struct qmd_kind qmd_kind_builtin;	/* core.c: ELF header, VMCOREINFO */
extern const struct qmd_kind qmd_kind_range;	/* memory.c */
extern const struct qmd_kind qmd_kind_object;	/* object.c */
extern const struct qmd_kind qmd_kind_task;	/* task.c: what is held by reference */
extern const struct qmd_kind qmd_kind_stack;	/* task.c: what is not */
extern const struct qmd_kind qmd_kind_current;	/* follow.c: of the task that a CPU runs, whichever it is */
extern const struct qmd_kind qmd_kind_note;	/* netlink.c */

/**
 * struct qmd_name - all regions of one name
 * @node: in qmd.names
 * @users: regions, and names whose stem this is
 * @seqs: tells the regions apart by sequence number
 * @stem: of a name that looks like another one with a number, as KTASK_1 does: that name; else NULL
 * @number: of @stem->seqs, held for as long as this name lives, so that no slot of it is called like ours;
 *	negative: it is taken, and ours begin at 1
 * @name: itself
 */
struct qmd_name {
	struct hlist_node node;
	u32 users;
	struct ida seqs;
	struct qmd_name *stem;
	int number;
	char name[QCOM_MINIDUMP_NAME_MAX + 1];
};

/* By what its owner knows a region again; nobody else looks into it. */
struct qmd_tag {
	u8 size;		/* 0: it has none */
	u8 bytes[QCOM_MINIDUMP_TAG_MAX];
};

/* The task of a region; the references keep its structs from being reused. qmd_kind_current: none, but a CPU. */
struct qmd_task {
	struct task_struct *task;
	struct mm_struct *mm;	/* QCOM_MINIDUMP_TASK_MM */
	u32 cpu;
	u32 pid;
	u64 start_time;
	u32 part;		/* enum qcom_minidump_task_part */
};

/**
 * struct qmd_region - a region
 * @id: from qmd.ids
 * @ref: qmd.ids holds one; a queued event holds one
 * @name: shared by all regions of that name
 * @comment: from who added it
 * @tag: likewise
 * @kind: which of the following say what it is
 * @size: bytes
 * @object: qmd_kind_object
 * @task: qmd_kind_task, _stack, _current
 * @follow: qmd_kind_current: of its CPU. Its lock protects @live and, while that is set, @segs
 * @live: context switches move the slots
 * @stack_node: qmd_kind_stack: in the hash of task.c
 * @map: qmd_kind_range: BPF map whose memory it is, held; else NULL
 * @n_held: of @segs, from the first one on, those whose pages have a reference
 * @hold: it holds its pages, and goes into the table when it is told to
 * @buf: qmd_kind_note: memory that goes with the region
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
 * @event_node: in qmd.events
 * @event: notification to send
 *
 * Everything that can change is protected by qmd.lock.
 */
struct qmd_region {
	u32 id;
	struct kref ref;
	struct qmd_name *name;
	char comment[QCOM_MINIDUMP_COMMENT_MAX + 1];
	struct qmd_tag tag;
	const struct qmd_kind *kind;
	u64 size;
	const struct qmd_object *object;
	struct qmd_task task;
	struct qmd_follow *follow;
	bool live;
	struct hlist_node stack_node;
	struct bpf_map *map;
	u32 n_held;
	bool hold;
	void *buf;
	struct qmd_owner *owner;
	u32 portid;
	struct list_head owner_node;
	u32 state;
	const char *error;
	u64 created;
	u64 moves;
	u32 n_segs;
	u32 max_segs;
	bool has_seqs;
	struct qmd_segment *segs;
	struct qmd_segment *spare;
	struct list_head event_node;
	u8 event;
};

/* A slot that is in use. */
struct qmd_slot {
	struct qmd_region *region;
	struct qmd_segment *seg;
	u64 offset;		/* in the file that concatenating all slots gives */
};

/* The ELF header region: two buffers of @size bytes, the one that is published and the spare one. */
struct qmd_elf {
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
 * struct qmd - all of it; there is one table
 * @lock: regions, names, slots, the back end's slots, the event list. Any context but NMI
 * @bind_lock: one bind or unbind at a time; taken outside @lock
 * @ids: id to region
 * @names: hash of names
 * @n_regions: in @ids
 * @n_objects: struct qmd_region that exist; none may be left when the module goes
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
struct qmd {
	spinlock_t lock;
	struct mutex bind_lock;
	struct idr ids;
	struct hlist_head names[64];
	u32 n_regions;
	atomic_t n_objects;
	const struct qcom_minidump_backend *backend;
	struct qcom_minidump_limits limits;
	struct qmd_slot *slots;
	u32 n_slots;
	u64 bytes;
	struct qmd_follow *held;
	struct qmd_elf elf;
	struct qmd_region *header;
	struct qmd_region *vmcoreinfo;
	u32 generation;
	struct list_head events;
	bool backend_event;
	struct irq_work event_irq_work;
	struct work_struct event_work;
};

extern struct qmd qmd;

/*
 * A socket that has added regions. Port numbers are used again, so the socket itself is held: it is the
 * owner until it is dead.
 */
struct qmd_owner {
	struct list_head node;
	struct list_head regions;	/* under qmd.lock */
	struct sock *sk;
	u32 portid;
};

/* What a new region is to be. @kind says which of the others count. */
struct qmd_spec {
	const char *name;
	const char *comment;
	struct qmd_tag tag;
	const struct qmd_kind *kind;
	const void *addr;
	phys_addr_t paddr;
	u64 size;
	const struct qmd_object *object;
	struct qmd_task task;
	struct bpf_map *map;
	bool hold;
	void *buf;
	struct qmd_owner *owner;
};

/**
 * struct qmd_object - what a name stands for
 * @name: as in QCOM_MINIDUMP_REGION_A_OBJECT
 * @region: name of the region where the client gives none
 * @part: for @range
 * @range: one virtual range
 * @segments: instead, where it is in several places
 */
struct qmd_object {
	const char *name;
	const char *region;
	int part;
	int (*range)(int part, const void **addr, u64 *size);
	int (*segments)(struct qmd_segment *segs, u32 max, struct qmd_why *why);
};

/* core.c */
struct tracepoint *qmd_tracepoint_find(const char *name);

/* name.c */
int qmd_name_check(const char *name, bool builtin, struct qmd_why *why);
struct qmd_name *qmd_name_get(const char *name, gfp_t gfp);
void qmd_name_put(struct qmd_name *name);

/* region.c */
struct qmd_region *qmd_region_new(struct qmd_spec *spec, gfp_t gfp, struct qmd_why *why);
int qmd_region_add(struct qmd_region *r, gfp_t gfp, struct qmd_why *why);
void qmd_region_put(struct qmd_region *r);
struct qmd_region *qmd_region_get(u32 id);
bool qmd_region_drop(struct qmd_region *(*find)(const void *of), const void *of);
void qmd_regions_set_active(bool active);
/* with qmd.lock held */
int qmd_region_add_locked(struct qmd_region *r, gfp_t gfp, struct qmd_why *why);
bool qmd_region_in_table(const struct qmd_region *r);
int qmd_region_move(struct qmd_region *r, const struct qmd_spec *to, struct qmd_why *why);
void qmd_region_activate(struct qmd_region *r);
struct qmd_region *qmd_region_if_there(const void *region);
int qmd_region_confirm(struct qmd_region *r, struct qmd_why *why);
void qmd_region_remove(struct qmd_region *r);

/* event.c */
void qmd_event(struct qmd_region *r, u8 cmd);	/* under qmd.lock */
void qmd_events_init(void);
void qmd_events_exit(void);

/* table.c, all under qmd.lock */
u32 qmd_slots_free(void);
u64 qmd_slot_size(const struct qmd_segment *seg);
void qmd_table_insert(struct qmd_region *r);
void qmd_table_remove(struct qmd_region *r);
bool qmd_table_replace(struct qmd_region *r, struct qmd_segment *segs, u32 n);

/* elfhdr.c */
int qmd_elf_alloc(struct qmd_elf *elf, const struct qcom_minidump_limits *limits);
void qmd_elf_free(struct qmd_elf *elf);
void qmd_elf_publish(u32 from, u32 to);	/* under qmd.lock */
/* under qmd.lock */
struct elf64_phdr *qmd_elf_phdr(u32 buffer, u32 slot);
void qmd_elf_hide(u32 slot);

/* follow.c */
int __init qmd_follow_init(void);
void qmd_follow_exit(void);
/* the rest under qmd.lock; without effect on a region that follows nobody */
void qmd_follow_lock(const struct qmd_region *r) __acquires(follow);
void qmd_follow_unlock(const struct qmd_region *r) __releases(follow);
void qmd_follow_hold(const struct qmd_region *r) __acquires(follow);
void qmd_follow_release(const struct qmd_region *r) __releases(follow);
void qmd_follow_park(void);

/* task.c */
int qmd_task_get(struct qmd_task *t, struct qmd_why *why);
void qmd_task_put(struct qmd_task *t);
int qmd_task_range(const struct qmd_task *t, const void **addr, u64 *size, struct qmd_why *why);
int qmd_stacks_init(void);
void qmd_stacks_exit(void);

/* memory.c */
int qmd_segments_of_virt(const void *addr, u64 size, struct qmd_segment *segs, u32 max, struct qmd_why *why);
int qmd_pieces_of_range(const struct qmd_spec *spec, struct qmd_segment *segs, u32 max, struct qmd_why *why);
phys_addr_t qmd_virt_to_phys(const void *addr);
bool qmd_is_ram(u64 start, u64 end);
int qmd_pages_hold(const struct qmd_segment *seg, struct qmd_why *why);
void qmd_pages_release(const struct qmd_segment *seg);
int qmd_ram_init(void);
void qmd_ram_exit(void);

/* object.c */
const struct qmd_object *qmd_object_find(const char *name);
int qmd_vmcoreinfo_spec(struct qmd_spec *spec);

/* cpuregs.c */
int qmd_cpu_regs_init(void);
void qmd_cpu_regs_exit(void);
int qmd_cpu_regs_range(int part, const void **addr, u64 *size);

/* modules.c */
int qmd_modules_init(void);
void qmd_modules_exit(void);
/* Whether a module that is in that memory has gone; under qmd_owners_lock */
int qmd_module_check(const void *addr, u64 size, struct qmd_why *why);

/* netlink.c */
int qmd_netlink_init(void);
void qmd_netlink_exit(void);
void qmd_netlink_mute(void);
void qmd_netlink_notify(const struct qmd_region *r, u8 cmd);

#endif
