/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Minidump: save pieces of kernel memory in a crash. The API for clients in the kernel.
 *
 * A region is registered once and is saved whenever the machine dies from then on, until it is
 * unregistered. Nothing runs at crash time: what counts is what the table says at the last instant.
 *
 *	struct qcom_minidump_region r = {
 *		.name = "KMYDRV", .addr = priv->log, .size = LOG_SIZE,
 *	};
 *	int id = qcom_minidump_register(&r, GFP_KERNEL);
 *
 *	if (id < 0)
 *		dev_warn(dev, "log is not in the minidump: %d\n", id);
 *	...
 *	if (id > 0)
 *		qcom_minidump_unregister(id);
 *
 * Context: qcom_minidump_update() and qcom_minidump_unregister() may be called from any context but NMI: with
 * interrupts off, in hard interrupts, with any lock held, inside the scheduler, as by a sched_switch tracepoint with
 * the lock of a run queue held. They neither sleep nor allocate or free memory. That holds on PREEMPT_RT, too.
 * qcom_minidump_register() may be called wherever kmalloc() with the same gfp may be. On PREEMPT_RT that is not
 * where interrupts or preemption are off or a raw lock is held, whatever the gfp.
 *
 * A region may be registered before any back end is there: it is pending and goes in when one is bound.
 */
#ifndef _LINUX_QCOM_MINIDUMP_H
#define _LINUX_QCOM_MINIDUMP_H

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/types.h>

/**
 * struct qcom_minidump_region - what to save. The caller's copy is not needed after the call.
 * @name: 1 to QCOM_MINIDUMP_NAME_MAX printable bytes without blanks; KVMCOREINFO, and what begins with KELF, are the
 *	module's own. The bound back end may take less (11 for
 *	SMEM). Equal names are told apart by sequence number
 * @addr: kernel virtual address: direct map, kernel or module image, per-CPU or vmalloc; NULL to give @paddr.
 *	A range that is not contiguous in physical memory takes one slot for each piece
 * @paddr: physical address, where @addr is NULL
 * @size: bytes, 1 or more. Rounded up to the alignment of the back end
 * @comment: why it is there, for listings; may be NULL, cut at QCOM_MINIDUMP_COMMENT_MAX bytes
 */
struct qcom_minidump_region {
	const char	*name;
	const void	*addr;
	phys_addr_t	paddr;
	size_t		size;
	const char	*comment;
};

#if IS_ENABLED(CONFIG_QCOM_MINIDUMP) || defined(QCOM_MINIDUMP_OUT_OF_TREE)

/**
 * qcom_minidump_register() - have a piece of memory saved in every crash from now on
 * @region: what; copied
 * @gfp: how to allocate the core's own record, for example GFP_KERNEL, GFP_ATOMIC
 *
 * Return: the id of the region, 1 or more, valid until it is unregistered; or
 * -EINVAL: no name, a bad name, size 0, or a range that wraps around;
 * -ENAMETOOLONG: the bound back end takes shorter names;
 * -EFAULT: not kernel memory, not mapped, or not RAM, as it is or rounded to the bound back end's alignment;
 * -ENOSPC: the table is full;
 * -ENOMEM.
 */
int qcom_minidump_register(const struct qcom_minidump_region *region, gfp_t gfp);

/**
 * qcom_minidump_update() - the memory has moved or changed its size
 * @id: from qcom_minidump_register()
 * @addr: new kernel virtual address
 * @size: new size in bytes
 *
 * One operation: the table has the old range or the new one at every instant. No memory is allocated. A new
 * range may have fewer physical pieces than the region had when registered, but not more.
 *
 * Two updates of one region at the same time, be it that one interrupts the other, make no sense: the second fails.
 *
 * Return: 0; -ENOENT: no such id; -E2BIG: more pieces than before; -EBUSY: it is being updated by somebody else;
 * -EFAULT: also where @addr is NULL; else as qcom_minidump_register().
 * On error the old range stays.
 */
int qcom_minidump_update(int id, const void *addr, size_t size);

/**
 * qcom_minidump_unregister() - take a region out
 * @id: from qcom_minidump_register()
 *
 * When it returns the memory is out of the table and may be freed. A back end that has to tell somebody ("rm") does
 * so a little later: a crash before that saves what lies there by then, be it somebody else's already. The region's
 * record is freed later, in process context.
 *
 * Return: 0, or -ENOENT: no such id.
 */
int qcom_minidump_unregister(int id);

#else

static inline int qcom_minidump_register(const struct qcom_minidump_region *region, gfp_t gfp)
{
	return -EOPNOTSUPP;
}

static inline int qcom_minidump_update(int id, const void *addr, size_t size)
{
	return -EOPNOTSUPP;
}

static inline int qcom_minidump_unregister(int id)
{
	return -EOPNOTSUPP;
}

#endif

#endif /* _LINUX_QCOM_MINIDUMP_H */
