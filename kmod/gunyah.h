/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest of the Gunyah hypervisor needs to call the resource manager: two message queues, and requests and
 * replies in them. Mainline has no driver for it.
 */
#ifndef QCOM_MINIDUMP_GUNYAH_H
#define QCOM_MINIDUMP_GUNYAH_H

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/types.h>

struct device;

#define GUNYAH_RM_MESSAGE_SIZE	240
/* Bytes of a message before the payload of a request. */
#define GUNYAH_RM_HEADER_SIZE	8
/* For the reply to a request, or for room in the queue. */
#define GUNYAH_RM_TIMEOUT_S	1

/* Error codes of the resource manager; the others have no meaning of their own here. */
#define GUNYAH_RM_OK			0
#define GUNYAH_RM_ERROR_NOMEM		1
#define GUNYAH_RM_ERROR_NORESOURCE	2
#define GUNYAH_RM_ERROR_DENIED		3
#define GUNYAH_RM_ERROR_BUSY		5

/**
 * struct gunyah_rm - the way to the resource manager. One request at a time: who calls sees to it
 * @dev: for the log
 * @tx: capability id of the queue for requests
 * @rx: of that for replies
 * @tx_ready: there is room again in the first
 * @rx_ready: there is something in the second
 * @seq: of the last request
 * @error: what the resource manager, or the hypervisor, said to the last request
 * @buf: for a message; what the hypervisor reads and writes
 */
struct gunyah_rm {
	struct device *dev;
	u64 tx;
	u64 rx;
	struct completion tx_ready;
	struct completion rx_ready;
	u16 seq;
	s32 error;
	u8 buf[GUNYAH_RM_MESSAGE_SIZE] __aligned(8);
};

/**
 * struct gunyah_rm_call - a request
 * @id: message id
 * @repeatable: to ask twice does no harm. Without a reply it is sent a second time
 * @req_size: bytes in @req, without the message's header
 * @resp_size: bytes that a good reply must have, without header and error code
 * @req: what is asked
 * @resp: the reply
 */
struct gunyah_rm_call {
	u32 id;
	bool repeatable;
	size_t req_size;
	size_t resp_size;
	const void *req;
	void *resp;
};

/**
 * gunyah_rm_open() - find the resource manager that the device tree names
 * @rm: to be filled in
 * @dev: of the node "gunyah-hypervisor"; interrupts are requested for as long as it is bound
 *
 * Return: 0; -EPROBE_DEFER; -ENODEV after one line in the log, to which the driver core adds none.
 */
int gunyah_rm_open(struct gunyah_rm *rm, struct device *dev);

/**
 * gunyah_rm_call() - send a request and wait for the reply
 * @rm: the way
 * @call: the request
 *
 * Return: 0; -EBUSY: not now; -EREMOTEIO: refused, @rm->error says how. Or nobody knows what has become of the request:
 * -ETIMEDOUT: no reply; -EIO: the hypervisor doesn't pass messages, @rm->error says why; -EMSGSIZE: a reply in several
 * messages, which none of the requests here has; -EBADMSG: a reply that is too short.
 */
int gunyah_rm_call(struct gunyah_rm *rm, const struct gunyah_rm_call *call);

#endif
