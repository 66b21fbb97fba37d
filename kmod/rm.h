/* SPDX-License-Identifier: GPL-2.0-only */
/* Back end "rm", see rm.c: its state, and what its files do for each other. */
#ifndef QCOM_MINIDUMP_RM_H
#define QCOM_MINIDUMP_RM_H

#include <linux/irq_work.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "backend.h"
#include "gunyah.h"
#include "toc.h"

/* As with SMEM: names that are good for one firmware are for the other. */
#define RM_NAME_MAX		11

/**
 * struct rm_range - what the manager has
 * @region: as in the table; @valid is not used
 * @slot: of the manager
 * @wanted: in the last snapshot, too
 */
struct rm_range {
	struct minidump_region region;
	u16 slot;
	bool wanted;
};

/**
 * struct rm - one resource manager
 * @dev: for the log
 * @manager: the way to it
 * @backend: for the core
 * @reboot: for kexec
 * @lock: the table and @changed. Interrupts are off
 * @toc: the table
 * @ss: its count
 * @changed: since the last snapshot
 * @kick: out of the core's locks
 * @work: the worker; everything below is its own
 * @wq: where it runs
 * @stopping: the worker is to end
 * @capacity: slots that the manager has for this guest
 * @n_want: slots in @want
 * @want: the snapshot. VALI: still to be registered
 * @behind: the snapshot has not got through yet
 * @n_ranges: in @ranges
 * @ranges: the manager's list
 * @unsure: what may have been registered: no reply came
 * @header: copies of the ELF header, that of the snapshot and that of the one before
 * @header_size: of one copy
 * @live: the one that the manager has
 * @silent: the log says that the manager doesn't answer
 */
struct rm {
	struct device *dev;
	struct gunyah_rm manager;
	struct qcom_minidump_backend backend;
	struct notifier_block reboot;

	raw_spinlock_t lock;
	struct qmd_toc toc;
	struct minidump_subsystem ss;
	bool changed;
	struct irq_work kick;

	struct delayed_work work;
	struct workqueue_struct *wq;
	bool stopping;
	u32 capacity;
	u32 n_want;
	struct minidump_region *want;
	bool behind;
	u32 n_ranges;
	struct rm_range *ranges;
	const struct minidump_region *unsure;
	void *header[2];
	size_t header_size;
	u8 live;
	bool silent;
};

/* rm-ranges.c */

struct rm_range *qmd_rm_find(struct rm *rm, const struct minidump_region *region);
/* -ENOSPC: the manager is full; -EREMOTEIO: it doesn't want it. After another error it may or may not have it. */
int qmd_rm_register(struct rm *rm, const struct minidump_region *region, u16 *slot);
void qmd_rm_range_add(struct rm *rm, const struct minidump_region *region, u16 slot);
/* Drops the old place of what is to be registered, before its new one comes; or else something that is gone. */
int qmd_rm_make_room(struct rm *rm, const struct minidump_region *region);
int qmd_rm_drop_unwanted(struct rm *rm);
/* At the end; what may have been registered, too. */
int qmd_rm_drop_all(struct rm *rm);

/* rm-worker.c */

void qmd_rm_work(struct work_struct *work);
void qmd_rm_kick(struct irq_work *kick);

#endif
