// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a guest to Gunyah's resource manager: hypercalls, message queues, requests and replies.
 */
#include <linux/arm-smccc.h>
#include <linux/bitfield.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/of.h>
#include <linux/of_irq.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "gunyah.h"

#define GUNYAH_CALL(fn) \
	ARM_SMCCC_CALL_VAL(ARM_SMCCC_FAST_CALL, ARM_SMCCC_SMC_64, ARM_SMCCC_OWNER_VENDOR_HYP, fn)
#define GUNYAH_HYP_IDENTIFY	GUNYAH_CALL(0x8000)
#define GUNYAH_MSGQ_SEND	GUNYAH_CALL(0x801b)
#define GUNYAH_MSGQ_RECV	GUNYAH_CALL(0x801c)

#define GUNYAH_API_VERSION	GENMASK_ULL(13, 0)
#define GUNYAH_API_BIG_ENDIAN	BIT_ULL(14)

#define GUNYAH_OK		0
#define GUNYAH_RETRY		-2
#define GUNYAH_MSGQ_EMPTY	60
#define GUNYAH_MSGQ_FULL	61

/* Let the receiver know at once. */
#define GUNYAH_MSGQ_PUSH	BIT(0)

/* How long an interrupt that got lost is waited for. */
#define GUNYAH_POLL		(HZ / 10)

struct gunyah_rm_header {
	u8 api;
	u8 type;
	__le16 seq;
	__le32 id;
} __packed;

/* Version 1, with a header of two words. */
#define GUNYAH_RM_API		0x21
#define GUNYAH_RM_TYPE		GENMASK(1, 0)
#define GUNYAH_RM_FRAGMENTS	GENMASK(7, 2)
#define GUNYAH_RM_REQUEST	1
#define GUNYAH_RM_REPLY		2

#define GUNYAH_RM_GET_INFO		0x56000040
#define GUNYAH_RM_REGISTER_RANGE	0x56000041
#define GUNYAH_RM_DEREGISTER_SLOT	0x56000042
#define GUNYAH_RM_GET_SLOT_NUMBER	0x56000043

/* A slot, or a number of slots */
struct gunyah_rm_slot {
	__le16 slot;
	__le16 reserved;
} __packed;

struct gunyah_rm_reply {
	struct gunyah_rm_header header;
	__le32 error;
	struct gunyah_rm_slot payload[];
} __packed;

struct gunyah_rm_register {
	__le64 address;
	__le64 size;
	u8 name_size;
	u8 name_offset;		/* from the start of the message */
	__le16 reserved;
} __packed;

struct gunyah_rm_get_slot {
	u8 name_size;
	u8 reserved[3];
	__le16 from;
	__le16 reserved2;
} __packed;

static int gunyah_check(struct device *dev)
{
	static const uuid_t gunyah = UUID_INIT(0xc1d58fcd, 0xa453, 0x5fdb, 0x92, 0x65, 0xce, 0x36, 0x67, 0x3d, 0x5f,
					       0x14);
	struct arm_smccc_res res;
	__le32 uuid[4];

	arm_smccc_1_1_hvc(ARM_SMCCC_VENDOR_HYP_CALL_UID_FUNC_ID, &res);
	uuid[0] = cpu_to_le32(res.a0);
	uuid[1] = cpu_to_le32(res.a1);
	uuid[2] = cpu_to_le32(res.a2);
	uuid[3] = cpu_to_le32(res.a3);
	if (memcmp(uuid, &gunyah, sizeof(uuid))) {
		dev_err(dev, "the device tree names a Gunyah hypervisor, but none answers\n");
		return -ENODEV;
	}
	arm_smccc_1_1_hvc(GUNYAH_HYP_IDENTIFY, &res);
	if (FIELD_GET(GUNYAH_API_VERSION, res.a0) != 1 || res.a0 & GUNYAH_API_BIG_ENDIAN) {
		dev_err(dev, "the hypervisor's API is %#lx; this driver knows version 1, little-endian\n", res.a0);
		return -ENODEV;
	}
	return 0;
}

static irqreturn_t gunyah_irq(int irq, void *done)
{
	complete(done);
	return IRQ_HANDLED;
}

static int gunyah_request_irq(struct gunyah_rm *rm, struct device_node *np, int index, const char *name)
{
	int irq = of_irq_get(np, index);

	if (irq <= 0)
		return irq ?: -EINVAL;
	return devm_request_irq(rm->dev, irq, gunyah_irq, 0, name, &rm->ready);
}

int gunyah_rm_open(struct gunyah_rm *rm, struct device *dev)
{
	struct device_node *np;
	int ret;

	rm->dev = dev;
	init_completion(&rm->ready);
	ret = gunyah_check(dev);
	if (ret)
		return ret;

	np = of_get_compatible_child(dev->of_node, "gunyah-resource-manager");
	ret = np ? 0 : -ENODEV;
	if (!ret)
		ret = of_property_read_u64_index(np, "reg", 0, &rm->tx);
	if (!ret)
		ret = of_property_read_u64_index(np, "reg", 1, &rm->rx);
	if (!ret)
		ret = gunyah_request_irq(rm, np, 0, "gunyah-rm-tx");
	if (!ret)
		ret = gunyah_request_irq(rm, np, 1, "gunyah-rm-rx");
	of_node_put(np);
	if (!ret || ret == -EPROBE_DEFER)
		return ret;
	dev_err(dev, "the device tree's node of the resource manager can't be used (%pe)\n", ERR_PTR(ret));
	return -ENODEV;
}

/* The request that is in the buffer. -EAGAIN: there is no room in the queue. */
static int gunyah_rm_send(struct gunyah_rm *rm)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(GUNYAH_MSGQ_SEND, rm->tx, rm->size, (unsigned long)rm->buf, GUNYAH_MSGQ_PUSH, 0, &res);
	rm->error = res.a0;
	if (rm->error == GUNYAH_MSGQ_FULL || rm->error == GUNYAH_RETRY)
		return -EAGAIN;
	return rm->error == GUNYAH_OK ? 0 : -EIO;
}

/* Notifications, replies to what was given up, and the rest of those: -EAGAIN. */
static int gunyah_rm_take_reply(struct gunyah_rm *rm, size_t size)
{
	const struct gunyah_rm_reply *reply = (void *)rm->buf;
	const struct gunyah_rm_header *header = &reply->header;

	if (size < sizeof(*reply) || header->api != GUNYAH_RM_API ||
	    FIELD_GET(GUNYAH_RM_TYPE, header->type) != GUNYAH_RM_REPLY ||
	    le16_to_cpu(header->seq) != rm->seq || le32_to_cpu(header->id) != rm->id)
		return -EAGAIN;

	rm->error = le32_to_cpu(reply->error);
	if (rm->error)
		return rm->error == GUNYAH_RM_ERROR_BUSY ? -EBUSY : -EREMOTEIO;
	if (FIELD_GET(GUNYAH_RM_FRAGMENTS, header->type))
		return -EMSGSIZE;
	if (!rm->slot)
		return 0;
	if (size - sizeof(*reply) < sizeof(reply->payload[0]))
		return -EBADMSG;
	*rm->slot = le16_to_cpu(reply->payload[0].slot);
	return 0;
}

/* The reply. -EAGAIN: it is not there yet. */
static int gunyah_rm_receive(struct gunyah_rm *rm)
{
	struct arm_smccc_res res;
	int ret;

	do {
		arm_smccc_1_1_hvc(GUNYAH_MSGQ_RECV, rm->rx, (unsigned long)rm->buf, sizeof(rm->buf), 0, &res);
		rm->error = res.a0;
		if (rm->error == GUNYAH_MSGQ_EMPTY || rm->error == GUNYAH_RETRY)
			return -EAGAIN;
		if (rm->error != GUNYAH_OK || res.a1 > sizeof(rm->buf))
			return -EIO;
		ret = gunyah_rm_take_reply(rm, res.a1);
	} while (ret == -EAGAIN);
	return ret;
}

/* Until it is done, or the time is over. An interrupt says when to try again. */
static int gunyah_rm_try(struct gunyah_rm *rm, int (*step)(struct gunyah_rm *rm), unsigned long deadline)
{
	int ret;

	for (;;) {
		reinit_completion(&rm->ready);
		ret = step(rm);
		if (ret != -EAGAIN)
			return ret;
		if (time_after_eq(jiffies, deadline))
			return -ETIMEDOUT;
		wait_for_completion_timeout(&rm->ready, GUNYAH_POLL);
	}
}

static int gunyah_rm_call_once(struct gunyah_rm *rm, const void *req, size_t req_size, const char *name)
{
	unsigned long deadline = jiffies + GUNYAH_RM_TIMEOUT_S * HZ;
	size_t name_size = name ? strlen(name) : 0;
	struct gunyah_rm_header header = {
		.api = GUNYAH_RM_API,
		.type = GUNYAH_RM_REQUEST,
		.seq = cpu_to_le16(++rm->seq),
		.id = cpu_to_le32(rm->id),
	};

	rm->size = sizeof(header) + req_size + name_size;
	if (WARN_ON(rm->size > sizeof(rm->buf)))
		return -EMSGSIZE;
	memcpy(rm->buf, &header, sizeof(header));
	memcpy(rm->buf + sizeof(header), req, req_size);
	memcpy(rm->buf + sizeof(header) + req_size, name, name_size);
	return gunyah_rm_try(rm, gunyah_rm_send, deadline) ?: gunyah_rm_try(rm, gunyah_rm_receive, deadline);
}

/* @name follows the request if there is one; @slot, if there is one, is in the reply. */
static int gunyah_rm_call(struct gunyah_rm *rm, u32 id, const void *req, size_t size, const char *name, u16 *slot)
{
	int ret;

	rm->id = id;
	rm->slot = slot;
	ret = gunyah_rm_call_once(rm, req, size, name);
	/* To ask the others twice does no harm. */
	if (ret == -ETIMEDOUT && id != GUNYAH_RM_REGISTER_RANGE)
		ret = gunyah_rm_call_once(rm, req, size, name);
	return ret;
}

int gunyah_rm_minidump_get_info(struct gunyah_rm *rm, u16 *slots)
{
	const __le32 req = 0;

	return gunyah_rm_call(rm, GUNYAH_RM_GET_INFO, &req, sizeof(req), NULL, slots);
}

int gunyah_rm_minidump_register_range(struct gunyah_rm *rm, u64 address, u64 size, const char *name, u16 *slot)
{
	const struct gunyah_rm_register req = {
		.address = cpu_to_le64(address),
		.size = cpu_to_le64(size),
		.name_size = strlen(name),
		.name_offset = sizeof(struct gunyah_rm_header) + sizeof(req),
	};

	return gunyah_rm_call(rm, GUNYAH_RM_REGISTER_RANGE, &req, sizeof(req), name, slot);
}

int gunyah_rm_minidump_deregister_slot(struct gunyah_rm *rm, u16 slot)
{
	const struct gunyah_rm_slot req = { .slot = cpu_to_le16(slot) };

	return gunyah_rm_call(rm, GUNYAH_RM_DEREGISTER_SLOT, &req, sizeof(req), NULL, NULL);
}

int gunyah_rm_minidump_get_slot_number(struct gunyah_rm *rm, const char *name, u16 from, u16 *slot)
{
	const struct gunyah_rm_get_slot req = { .name_size = strlen(name), .from = cpu_to_le16(from) };

	return gunyah_rm_call(rm, GUNYAH_RM_GET_SLOT_NUMBER, &req, sizeof(req), name, slot);
}
