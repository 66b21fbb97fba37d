/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest of the Gunyah hypervisor needs to have the resource manager save regions for it. Mainline has no driver
 * for Gunyah.
 */
#ifndef QCOM_MINIDUMP_GUNYAH_H
#define QCOM_MINIDUMP_GUNYAH_H

#include <linux/completion.h>
#include <linux/types.h>

struct device;

#define GUNYAH_RM_MESSAGE_SIZE	240
/* For room in the queue and the reply to a request. What can be asked twice is, so it takes this time twice. */
#define GUNYAH_RM_TIMEOUT_S	1

/* Error codes of the resource manager; the others have no meaning of their own here. */
#define GUNYAH_RM_ERROR_NOMEM		1
#define GUNYAH_RM_ERROR_NORESOURCE	2
#define GUNYAH_RM_ERROR_DENIED		3
#define GUNYAH_RM_ERROR_BUSY		5

/**
 * struct gunyah_rm - the way to the resource manager. One request at a time: who calls sees to it
 * @dev: for the log
 * @tx: capability id of the queue for requests
 * @rx: of that for replies
 * @ready: there is room again in the first, or something in the second
 * @seq: of the last request, as the next ones
 * @id: what was asked
 * @slot: where the slot in the reply goes, or NULL
 * @size: bytes of the request in @buf
 * @error: what the resource manager, or the hypervisor, said to the last request
 * @buf: for a message; what the hypervisor reads and writes
 */
struct gunyah_rm {
	struct device *dev;
	u64 tx;
	u64 rx;
	struct completion ready;
	u16 seq;
	u32 id;
	u16 *slot;
	size_t size;
	s32 error;
	u8 buf[GUNYAH_RM_MESSAGE_SIZE] __aligned(8);
};

/**
 * gunyah_rm_open() - find the resource manager that the device tree names
 * @rm: to be filled in
 * @dev: of the node "gunyah-hypervisor"; interrupts are requested for as long as it is bound
 *
 * Return: 0; -EPROBE_DEFER; -ENODEV after one line in the log, to which the driver core adds none.
 */
int gunyah_rm_open(struct gunyah_rm *rm, struct device *dev);

/*
 * The requests of the minidump service. They sleep, and return 0; -EBUSY: not now; -EREMOTEIO: refused, rm->error says
 * how. Or nobody knows what has become of the request: -ETIMEDOUT: no reply; -EIO: the hypervisor passes no messages,
 * rm->error says why; -EMSGSIZE: a reply in several messages, which none of these has; -EBADMSG: one that is too short.
 */

/* How many slots are free for this guest. */
int gunyah_rm_minidump_get_info(struct gunyah_rm *rm, u16 *slots);

/* Have a range saved under a name. After a lost reply it may be registered or not. */
int gunyah_rm_minidump_register_range(struct gunyah_rm *rm, u64 address, u64 size, const char *name, u16 *slot);

/* The range of a slot is not saved any more. Refused if it was not before: after a lost reply it was asked twice. */
int gunyah_rm_minidump_deregister_slot(struct gunyah_rm *rm, u16 slot);

/* The first slot with that name, @from on. Refused if there is none. */
int gunyah_rm_minidump_get_slot_number(struct gunyah_rm *rm, const char *name, u16 from, u16 *slot);

#endif
