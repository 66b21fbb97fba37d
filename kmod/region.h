/* SPDX-License-Identifier: GPL-2.0-only */
/* What a region is, from the request on, and its life. */
#ifndef QCOM_MINIDUMP_REGION_H
#define QCOM_MINIDUMP_REGION_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <uapi/linux/qcom_minidump.h>

#include "memory.h"
#include "name.h"
#include "object.h"
#include "task.h"

struct bpf_map;
struct qmd_follow;
struct qmd_region;
struct sock;

/**
 * struct qmd_kind - what is different about a kind of region. All but @pieces may be NULL: there is nothing to do
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
extern const struct qmd_kind qmd_kind_data;	/* netlink-request.c: a copy of what the client sent */

/* By what its owner knows a region again; nobody else looks into it. */
struct qmd_tag {
	u8 size;		/* 0: it has none */
	u8 bytes[QCOM_MINIDUMP_TAG_MAX];
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
	struct sock *sk;
	u32 portid;
	bool unprivileged;
};

/**
 * struct qmd_region - a region
 * @rcu: whoever has found it by its id may look at it for as long as he reads under RCU
 * @id: from qmd.ids
 * @ref: one until the event of its removal was sent
 * @there: added, and not yet removed
 * @claimed: an update works out in @spare where it goes
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
 * @buf: qmd_kind_data: memory that goes with the region
 * @sk: netlink socket that owns it, held: port numbers are used again. NULL: it is a client's in the kernel
 * @portid: of @sk
 * @unprivileged: who added it lacked CAP_PERFMON: it counts as one of @sk's share
 * @share_node: in qmd.shares, if it is
 * @state: enum qcom_minidump_region_state
 * @error: why it is rejected
 * @created: CLOCK_BOOTTIME, ns
 * @moves: number of updates
 * @n_segs: pieces
 * @max_segs: room in @segs and in @spare
 * @n_seqs: in @segs and in @spare, from the first one on, those whose sequence numbers are its own
 * @segs: the pieces
 * @spare: where an update works the new ones out
 * @event_node: in qmd.events
 * @event: notification to send
 * @halves: @segs and @spare, which change places
 *
 * Everything that can change is protected by qmd.lock.
 */
struct qmd_region {
	struct rcu_head rcu;
	u32 id;
	struct kref ref;
	bool there;
	atomic_t claimed;
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
	struct sock *sk;
	u32 portid;
	bool unprivileged;
	struct list_head share_node;
	u32 state;
	const char *error;
	u64 created;
	u64 moves;
	u32 n_segs;
	u32 max_segs;
	u32 n_seqs;
	struct qmd_segment *segs;
	struct qmd_segment *spare;
	struct list_head event_node;
	u8 event;
	struct qmd_segment halves[];
};

struct qmd_region *qmd_region_new(struct qmd_spec *spec, gfp_t gfp, struct qmd_why *why);
int qmd_region_add(struct qmd_region *r, struct qmd_why *why);
void qmd_region_own(struct qmd_spec *spec);
struct qmd_region *qmd_region_find(u32 id);
struct qmd_region *qmd_region_next(u32 *id);
void qmd_region_retire(struct qmd_region *r);
void qmd_region_put(struct qmd_region *r);
int qmd_region_move(struct qmd_region *r, struct qmd_spec *to, struct qmd_why *why);
bool qmd_region_drop(struct qmd_region *(*find)(const void *of), const void *of);
void qmd_regions_reconsider(void);
void qmd_regions_retry_own(void);
/* with qmd.lock held; those that are given its flags may drop it on their way */
int qmd_region_add_locked(struct qmd_region *r, struct qmd_why *why);
bool qmd_region_in_table(const struct qmd_region *r);
void qmd_region_activate(struct qmd_region *r);
void qmd_region_reject(struct qmd_region *r, const char *error, unsigned long *flags);
struct qmd_region *qmd_region_if_there(const void *region);
int qmd_region_confirm(struct qmd_region *r, struct qmd_why *why);
void qmd_region_remove(struct qmd_region *r, unsigned long *flags);

#endif
