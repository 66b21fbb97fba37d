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

/**
 * struct gunyah_rm_call - a request
 * @id: message id
 * @repeatable: to ask twice does no harm: without a reply it is sent a second time
 * @req: what is asked
 * @req_size: bytes of it
 * @name: what follows it, or NULL
 * @slot: the reply, NULL if there is nothing but an error code
 */
struct gunyah_rm_call {
	u32 id;
	bool repeatable;
	const void *req;
	size_t req_size;
	const char *name;
	u16 *slot;
};

static bool gunyah_is_there(void)
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
	return !memcmp(uuid, &gunyah, sizeof(uuid));
}

static int gunyah_check(struct device *dev)
{
	struct arm_smccc_res res;

	if (!gunyah_is_there()) {
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

static int gunyah_request_irq(struct device *dev, struct device_node *np, int index, const char *name,
			      struct completion *done)
{
	int irq = of_irq_get(np, index);

	init_completion(done);
	if (irq <= 0)
		return irq ?: -EINVAL;
	return devm_request_irq(dev, irq, gunyah_irq, 0, name, done);
}

int gunyah_rm_open(struct gunyah_rm *rm, struct device *dev)
{
	struct device_node *np;
	int ret;

	rm->dev = dev;
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
		ret = gunyah_request_irq(dev, np, 0, "gunyah-rm-tx", &rm->tx_ready);
	if (!ret)
		ret = gunyah_request_irq(dev, np, 1, "gunyah-rm-rx", &rm->rx_ready);
	of_node_put(np);
	if (!ret || ret == -EPROBE_DEFER)
		return ret;
	dev_err(dev, "the device tree's node of the resource manager can't be used (%pe)\n", ERR_PTR(ret));
	return -ENODEV;
}

static bool gunyah_wait(struct completion *done, unsigned long deadline)
{
	if (time_after_eq(jiffies, deadline))
		return false;
	wait_for_completion_timeout(done, GUNYAH_POLL);
	return true;
}

static int gunyah_rm_send(struct gunyah_rm *rm, size_t size, unsigned long deadline)
{
	struct arm_smccc_res res;

	do {
		reinit_completion(&rm->tx_ready);
		arm_smccc_1_1_hvc(GUNYAH_MSGQ_SEND, rm->tx, size, (unsigned long)rm->buf, GUNYAH_MSGQ_PUSH, 0, &res);
		rm->error = res.a0;
		if (rm->error == GUNYAH_OK)
			return 0;
		if (rm->error != GUNYAH_MSGQ_FULL && rm->error != GUNYAH_RETRY)
			return -EIO;
	} while (gunyah_wait(&rm->tx_ready, deadline));
	return -ETIMEDOUT;
}

/* The size of the next message, 0 if there is none. */
static int gunyah_rm_receive(struct gunyah_rm *rm)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_hvc(GUNYAH_MSGQ_RECV, rm->rx, (unsigned long)rm->buf, sizeof(rm->buf), 0, &res);
	rm->error = res.a0;
	if (rm->error == GUNYAH_MSGQ_EMPTY || rm->error == GUNYAH_RETRY)
		return 0;
	if (rm->error != GUNYAH_OK || res.a1 > sizeof(rm->buf))
		return -EIO;
	return res.a1;
}

/* Notifications, replies to what was given up, and the rest of those: -EAGAIN. */
static int gunyah_rm_take_reply(struct gunyah_rm *rm, const struct gunyah_rm_call *call, size_t size)
{
	const struct gunyah_rm_reply *reply = (void *)rm->buf;
	const struct gunyah_rm_header *header = &reply->header;

	if (size < sizeof(*reply) || header->api != GUNYAH_RM_API ||
	    FIELD_GET(GUNYAH_RM_TYPE, header->type) != GUNYAH_RM_REPLY ||
	    le16_to_cpu(header->seq) != rm->seq || le32_to_cpu(header->id) != call->id)
		return -EAGAIN;

	rm->error = le32_to_cpu(reply->error);
	if (rm->error)
		return rm->error == GUNYAH_RM_ERROR_BUSY ? -EBUSY : -EREMOTEIO;
	if (FIELD_GET(GUNYAH_RM_FRAGMENTS, header->type))
		return -EMSGSIZE;
	if (!call->slot)
		return 0;
	if (size - sizeof(*reply) < sizeof(reply->payload[0]))
		return -EBADMSG;
	*call->slot = le16_to_cpu(reply->payload[0].slot);
	return 0;
}

static int gunyah_rm_wait_reply(struct gunyah_rm *rm, const struct gunyah_rm_call *call, unsigned long deadline)
{
	int ret;

	do {
		reinit_completion(&rm->rx_ready);
		while ((ret = gunyah_rm_receive(rm)) > 0) {
			ret = gunyah_rm_take_reply(rm, call, ret);
			if (ret != -EAGAIN)
				return ret;
		}
		if (ret)
			return ret;
	} while (gunyah_wait(&rm->rx_ready, deadline));
	return -ETIMEDOUT;
}

static int gunyah_rm_call_once(struct gunyah_rm *rm, const struct gunyah_rm_call *call)
{
	unsigned long deadline = jiffies + GUNYAH_RM_TIMEOUT_S * HZ;
	size_t name_size = call->name ? strlen(call->name) : 0;
	struct gunyah_rm_header header = {
		.api = GUNYAH_RM_API,
		.type = GUNYAH_RM_REQUEST,
		.seq = cpu_to_le16(++rm->seq),
		.id = cpu_to_le32(call->id),
	};
	size_t size = sizeof(header) + call->req_size + name_size;

	if (WARN_ON(size > sizeof(rm->buf)))
		return -EMSGSIZE;
	memcpy(rm->buf, &header, sizeof(header));
	memcpy(rm->buf + sizeof(header), call->req, call->req_size);
	memcpy(rm->buf + sizeof(header) + call->req_size, call->name, name_size);
	return gunyah_rm_send(rm, size, deadline) ?: gunyah_rm_wait_reply(rm, call, deadline);
}

static int gunyah_rm_call(struct gunyah_rm *rm, const struct gunyah_rm_call *call)
{
	int ret = gunyah_rm_call_once(rm, call);

	if (ret == -ETIMEDOUT && call->repeatable)
		ret = gunyah_rm_call_once(rm, call);
	return ret;
}

int gunyah_rm_minidump_get_info(struct gunyah_rm *rm, u16 *slots)
{
	const __le32 req = 0;
	const struct gunyah_rm_call call = {
		.id = GUNYAH_RM_GET_INFO, .repeatable = true, .req = &req, .req_size = sizeof(req), .slot = slots,
	};

	return gunyah_rm_call(rm, &call);
}

int gunyah_rm_minidump_register_range(struct gunyah_rm *rm, u64 address, u64 size, const char *name, u16 *slot)
{
	const struct gunyah_rm_register req = {
		.address = cpu_to_le64(address),
		.size = cpu_to_le64(size),
		.name_size = strlen(name),
		.name_offset = sizeof(struct gunyah_rm_header) + sizeof(req),
	};
	const struct gunyah_rm_call call = {
		.id = GUNYAH_RM_REGISTER_RANGE, .req = &req, .req_size = sizeof(req), .name = name, .slot = slot,
	};

	return gunyah_rm_call(rm, &call);
}

int gunyah_rm_minidump_deregister_slot(struct gunyah_rm *rm, u16 slot)
{
	const struct gunyah_rm_slot req = { .slot = cpu_to_le16(slot) };
	const struct gunyah_rm_call call = {
		.id = GUNYAH_RM_DEREGISTER_SLOT, .repeatable = true, .req = &req, .req_size = sizeof(req),
	};

	return gunyah_rm_call(rm, &call);
}

int gunyah_rm_minidump_get_slot_number(struct gunyah_rm *rm, const char *name, u16 from, u16 *slot)
{
	const struct gunyah_rm_get_slot req = { .name_size = strlen(name), .from = cpu_to_le16(from) };
	const struct gunyah_rm_call call = {
		.id = GUNYAH_RM_GET_SLOT_NUMBER, .repeatable = true, .req = &req, .req_size = sizeof(req), .name = name,
		.slot = slot,
	};

	return gunyah_rm_call(rm, &call);
}
