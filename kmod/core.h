/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside qcom_minidump.ko. What each file has for the others is in the header of its name.
 *
 *	core.c		module, the one struct qmd, back ends coming and going
 *	region.c	life of a region: add, update, remove
 *	name.c		their names
 *	event.c		notifications of what became of them
 *	client.c	the API for other drivers
 *	table.c		slots: the order of writes that keeps the table right at every instant
 *	elfhdr.c	the ELF header in slot 0
 *	power.c		the kernel ends or sleeps
 *	memory.c	addresses to physical pieces; what is RAM
 *	object.c	the printk ring and VMCOREINFO: what is found without anybody's help
 *	layout.c	how tasks are laid out, for readers of a dump
 *	task.c		tasks, and stacks of those that exit
 *	modules.c	modules that go, with what is registered of them
 *	follow.c	what each CPU runs, followed at every context switch
 *	netlink.c	the family: what requests do
 *	netlink-request.c	what they say
 *	netlink-owner.c	sockets that own regions
 *	netlink-msg.c	what it sends
 */
#ifndef QCOM_MINIDUMP_CORE_H
#define QCOM_MINIDUMP_CORE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "backend.h"
#include "elfhdr.h"

struct qmd_follow;
struct qmd_region;
struct qmd_slot;

/**
 * struct qmd - all of it; there is one table
 * @lock: regions, slots, the back end's slots, the event list. Any context but NMI, also on PREEMPT_RT. Held for a
 *	bounded time: nothing is allocated, freed or resolved under it
 * @bind_lock: one bind or unbind at a time; taken outside @lock
 * @ids: id to region, from before it is added until after it was removed
 * @next_id: the one to try next
 * @n_regions: that are there
 * @shares: those of them that count as one of the shares of who lacks CAP_PERFMON; may be read under RCU
 * @n_objects: struct qmd_region that exist; none may be left when the module goes
 * @backend: bound, or NULL
 * @limits: of the back end
 * @slots: limits.slots of them
 * @n_slots: how many are in use
 * @own_short: how many were free when there was no room for what is the module's own; U32_MAX: nothing of it waits
 * @bytes: sum of the sizes in the table
 * @elf: slot 0
 * @header: region of slot 0
 * @vmcoreinfo: region of slot 1
 * @generation: counts changes, for dumps
 * @events: regions with a notification to send
 * @backend_event: the same for the back end
 */
struct qmd {
	raw_spinlock_t lock;
	struct mutex bind_lock;
	struct xarray ids;
	u32 next_id;
	u32 n_regions;
	struct list_head shares;
	atomic_t n_objects;
	const struct qcom_minidump_backend *backend;
	struct qcom_minidump_limits limits;
	struct qmd_slot *slots;
	u32 n_slots;
	u32 own_short;
	u64 bytes;
	struct qmd_elf elf;
	struct qmd_region *header;
	struct qmd_region *vmcoreinfo;
	u32 generation;
	struct list_head events;
	bool backend_event;
};

extern struct qmd qmd;

struct tracepoint *qmd_tracepoint_find(const char *name);

#endif
