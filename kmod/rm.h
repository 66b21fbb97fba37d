/* SPDX-License-Identifier: GPL-2.0-only */
/* Back end "rm", see rm.c: its state, and what its files do for each other. */
#ifndef QCOM_MINIDUMP_RM_H
#define QCOM_MINIDUMP_RM_H

#include <linux/irq_work.h>
#include <linux/workqueue.h>

#include "backend.h"
#include "gunyah.h"
#include "toc.h"

/* As with SMEM: names that are good for one firmware are for the other. */
#define RM_NAME_MAX		11

/**
 * struct rm_range - what the manager has
 * @region: as in the table
 * @slot: of the manager
 * @wanted: in the snapshot, too
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
 * @backend: for the core; its priv is @toc
 * @reboot: for kexec
 * @toc: the array alone, under the core's lock
 * @kick: out of the core's lock
 * @work: the worker; everything below is its own
 * @wq: where it runs
 * @stopping: the worker is to end
 * @capacity: slots that the manager has for this guest
 * @n_want: slots in @want
 * @want: the snapshot
 * @behind: the snapshot has not got through yet
 * @n_ranges: in @ranges
 * @ranges: the manager's list
 * @unsure: what may have been registered: no reply came
 * @headers: two copies of the ELF header
 * @header_size: of one copy
 * @live: the one that the manager has
 * @next: that of the snapshot
 * @silent: the log says that the manager doesn't answer
 */
struct rm {
	struct device *dev;
	struct gunyah_rm manager;
	struct qcom_minidump_backend backend;
	struct notifier_block reboot;
	struct qmd_toc toc;
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
	void *headers[2];
	size_t header_size;
	u8 live;
	u8 next;
	bool silent;
};

/* rm-list.c */

void qmd_rm_work(struct work_struct *work);
/* At the end, when the worker has ended: the manager has nothing any more, unless it doesn't answer. */
int qmd_rm_drop_all(struct rm *rm);

#endif
