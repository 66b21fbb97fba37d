// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink messages that the module sends: replies, dumps and notifications are made by the same functions.
 */
#include <net/genetlink.h>

#include "core.h"
#include "event.h"
#include "follow.h"
#include "netlink.h"
#include "table.h"

/* No reason is longer. */
#define QMD_ERROR_MAX	127

static bool qmd_muted = true;	/* the family is not there, or is going: no notifications */

/* A region at one instant, from which its message is made. */
static DEFINE_MUTEX(qmd_seen_lock);
static struct qmd_region qmd_seen;
static struct qmd_segment qmd_seen_segs[QMD_SEGMENTS_MAX];
static char qmd_seen_error[QMD_ERROR_MAX + 1];
static bool qmd_seen_in_table;
static u32 qmd_seen_align;	/* of the table, if it is there; else 1 */

static void qmd_region_see(const struct qmd_region *r)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&qmd.lock, flags);
	/* All of one task, if it is what a CPU runs. */
	qmd_follow_lock(r);
	qmd_seen = *r;
	memcpy(qmd_seen_segs, r->segs, r->n_segs * sizeof(*r->segs));
	qmd_follow_unlock(r);
	/* May be text of a back end, which can go as soon as the lock is dropped. */
	strscpy(qmd_seen_error, r->error ?: "", sizeof(qmd_seen_error));
	/* What is being removed has its segments for a while, but no slots. */
	qmd_seen_in_table = r->there && qmd_region_in_table(r);
	qmd_seen_align = qmd_seen_in_table ? qmd.limits.align : 1;
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
}

static int qmd_put_segment(struct sk_buff *skb, const struct qmd_reader *to, const struct qmd_segment *seg)
{
	struct nlattr *nest = nla_nest_start(skb, QCOM_MINIDUMP_REGION_A_SEGMENT);
	u64 start = ALIGN_DOWN(seg->pa, qmd_seen_align), end = ALIGN(seg->pa + seg->size, qmd_seen_align);

	if (!nest ||
	    (qmd_seen_in_table && (nla_put_u32(skb, QCOM_MINIDUMP_SEGMENT_A_SLOT, seg->slot) ||
				   nla_put_u32(skb, QCOM_MINIDUMP_SEGMENT_A_SEQ, seg->seq))) ||
	    (to->addresses &&
	     (nla_put_u64_64bit(skb, QCOM_MINIDUMP_SEGMENT_A_ADDR, ALIGN_DOWN(seg->va, qmd_seen_align),
				QCOM_MINIDUMP_SEGMENT_A_PAD) ||
	      nla_put_u64_64bit(skb, QCOM_MINIDUMP_SEGMENT_A_PADDR, start, QCOM_MINIDUMP_SEGMENT_A_PAD))) ||
	    nla_put_u64_64bit(skb, QCOM_MINIDUMP_SEGMENT_A_SIZE, end - start, QCOM_MINIDUMP_SEGMENT_A_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int qmd_put_task(struct sk_buff *skb, const struct qmd_region *r)
{
	struct nlattr *nest = nla_nest_start(skb, QCOM_MINIDUMP_REGION_A_TASK);
	const struct qmd_task *t = &r->task;

	if (!nest)
		return -EMSGSIZE;
	if (r->kind->follows ?
	    nla_put_u32(skb, QCOM_MINIDUMP_TASK_A_CPU, t->cpu) :
	    nla_put_u32(skb, QCOM_MINIDUMP_TASK_A_PID, t->pid) ||
	    nla_put_u64_64bit(skb, QCOM_MINIDUMP_TASK_A_START_TIME, t->start_time, QCOM_MINIDUMP_TASK_A_PAD))
		return -EMSGSIZE;
	if (nla_put_u32(skb, QCOM_MINIDUMP_TASK_A_PART, t->part))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int qmd_put_region_attrs(struct sk_buff *skb, const struct qmd_reader *to)
{
	const struct qmd_region *r = &qmd_seen;
	const struct qmd_segment *first = qmd_seen_segs, *seg;

	if (nla_put_u32(skb, QCOM_MINIDUMP_REGION_A_ID, r->id) ||
	    nla_put_string(skb, QCOM_MINIDUMP_REGION_A_NAME, r->name->name) ||
	    (to->addresses &&
	     nla_put_u64_64bit(skb, first->va ? QCOM_MINIDUMP_REGION_A_ADDR : QCOM_MINIDUMP_REGION_A_PADDR,
			       first->va ?: first->pa, QCOM_MINIDUMP_REGION_A_PAD)) ||
	    nla_put_u64_64bit(skb, QCOM_MINIDUMP_REGION_A_SIZE, r->size, QCOM_MINIDUMP_REGION_A_PAD) ||
	    (r->object && nla_put_string(skb, QCOM_MINIDUMP_REGION_A_OBJECT, r->object->name)) ||
	    (r->task.part && qmd_put_task(skb, r)) ||
	    (r->comment[0] && nla_put_string(skb, QCOM_MINIDUMP_REGION_A_COMMENT, r->comment)) ||
	    (r->tag.size && (to->addresses || r->sk == to->sk) &&
	     nla_put(skb, QCOM_MINIDUMP_REGION_A_TAG, r->tag.size, r->tag.bytes)) ||
	    nla_put_u32(skb, QCOM_MINIDUMP_REGION_A_STATE, r->state) ||
	    (r->error && nla_put_string(skb, QCOM_MINIDUMP_REGION_A_ERROR, qmd_seen_error)) ||
	    nla_put_u32(skb, QCOM_MINIDUMP_REGION_A_OWNER, r->portid) ||
	    nla_put_u64_64bit(skb, QCOM_MINIDUMP_REGION_A_CREATED, r->created, QCOM_MINIDUMP_REGION_A_PAD) ||
	    nla_put_u64_64bit(skb, QCOM_MINIDUMP_REGION_A_MOVES, r->moves, QCOM_MINIDUMP_REGION_A_PAD))
		return -EMSGSIZE;

	for (seg = first; seg < first + r->n_segs; seg++)
		if (qmd_put_segment(skb, to, seg))
			return -EMSGSIZE;
	return 0;
}

/* One region, for replies, dumps and notifications alike. */
int qmd_put_region(struct sk_buff *skb, const struct qmd_reader *to, u8 cmd, const struct qmd_region *r,
		   struct netlink_callback *cb)
{
	void *hdr = genlmsg_put(skb, to->portid, to->seq, &qmd_family, cb ? NLM_F_MULTI : 0, cmd);
	int ret;

	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);
	mutex_lock(&qmd_seen_lock);
	qmd_region_see(r);
	/* A list has what is there in that very instant. */
	ret = cb && !qmd_seen.there ? -ENOENT : qmd_put_region_attrs(skb, to);
	mutex_unlock(&qmd_seen_lock);
	if (ret) {
		genlmsg_cancel(skb, hdr);
		return ret;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* An upper bound of what qmd_put_region() writes, whatever becomes of the region. */
static size_t qmd_region_msg_size(const struct qmd_region *r)
{
	const size_t u64_attr = nla_total_size_64bit(sizeof(u64)), u32_attr = nla_total_size(sizeof(u32));

	return GENL_HDRLEN + 3 * u32_attr + 4 * u64_attr + nla_total_size(QCOM_MINIDUMP_NAME_MAX + 1) +
	       nla_total_size(QCOM_MINIDUMP_OBJECT_MAX + 1) + nla_total_size(QCOM_MINIDUMP_COMMENT_MAX + 1) +
	       nla_total_size(QCOM_MINIDUMP_TAG_MAX) + nla_total_size(2 * u32_attr + u64_attr) +
	       nla_total_size(QMD_ERROR_MAX + 1) + r->max_segs * nla_total_size(2 * u32_attr + 3 * u64_attr);
}

/* Room for what is to be said of the region. It is there before anything changes: the answer can't fail afterwards. */
struct sk_buff *qmd_region_msg_new(const struct qmd_region *r)
{
	return genlmsg_new(qmd_region_msg_size(r), GFP_KERNEL);
}

/* NULL if there was no room. */
static struct sk_buff *qmd_region_msg_fill(struct sk_buff *skb, const struct qmd_reader *to, u8 cmd,
					   const struct qmd_region *r)
{
	if (!skb || !qmd_put_region(skb, to, cmd, r, NULL))
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/* Sends msg. Should it get lost, the sender's socket says so: what was asked for is done, and has not failed. */
void qmd_reply_region(struct sk_buff *request, struct genl_info *info, struct sk_buff *msg, const struct qmd_region *r)
{
	const struct qmd_reader to = {
		.sk = NETLINK_CB(request).sk,
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.addresses = qmd_has_perfmon(request),
	};

	msg = qmd_region_msg_fill(msg, &to, info->genlhdr->cmd, r);
	if (msg)
		genlmsg_reply(msg, info);
}

struct sk_buff *qmd_backend_msg(u32 portid, u32 seq, u8 cmd)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	unsigned long flags;
	void *hdr;
	int bad = 0;

	if (!skb)
		return NULL;
	hdr = genlmsg_put(skb, portid, seq, &qmd_family, 0, cmd);

	raw_spin_lock_irqsave(&qmd.lock, flags);
	if (qmd.backend)
		bad = nla_put_string(skb, QCOM_MINIDUMP_BACKEND_A_NAME, qmd.backend->name) ||
		      nla_put_u32(skb, QCOM_MINIDUMP_BACKEND_A_SLOTS_MAX, qmd.limits.slots) ||
		      nla_put_u32(skb, QCOM_MINIDUMP_BACKEND_A_SLOTS_USED, qmd.n_slots) ||
		      nla_put_u32(skb, QCOM_MINIDUMP_BACKEND_A_NAME_MAX, qmd.limits.name_max) ||
		      nla_put_u32(skb, QCOM_MINIDUMP_BACKEND_A_ALIGN, qmd.limits.align) ||
		      nla_put_u64_64bit(skb, QCOM_MINIDUMP_BACKEND_A_BYTES, qmd.bytes, QCOM_MINIDUMP_BACKEND_A_PAD);
	bad = bad || nla_put_u32(skb, QCOM_MINIDUMP_BACKEND_A_REGIONS, qmd.n_regions);
	raw_spin_unlock_irqrestore(&qmd.lock, flags);

	if (!hdr || bad || nla_put_string(skb, QCOM_MINIDUMP_BACKEND_A_VERSION, QCOM_MINIDUMP_VERSION)) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, hdr);
	return skb;
}

/* Of a region, or of the back end if @r is NULL. */
void qmd_netlink_notify(const struct qmd_region *r, u8 cmd)
{
	const struct qmd_reader everybody = {};
	struct sk_buff *skb;

	if (READ_ONCE(qmd_muted) || !genl_has_listeners(&qmd_family, &init_net, QMD_MCGRP_EVENTS))
		return;
	skb = r ? qmd_region_msg_fill(qmd_region_msg_new(r), &everybody, cmd, r) : qmd_backend_msg(0, 0, cmd);
	if (skb)
		genlmsg_multicast(&qmd_family, skb, 0, QMD_MCGRP_EVENTS, GFP_KERNEL);
	else
		genl_set_err(&qmd_family, &init_net, 0, QMD_MCGRP_EVENTS, -ENOBUFS);
}

/* The multicast group is another family's while this one is not there. */
void qmd_netlink_mute(bool muted)
{
	WRITE_ONCE(qmd_muted, muted);
	qmd_events_exit();
}
