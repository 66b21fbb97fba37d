// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink family "qcom_minidump", include/uapi/linux/qcom_minidump.h: what requests do.
 *
 * Handlers run under genl_mutex (no parallel_ops), so two requests never run at the same time. Sockets close
 * at any time, though, and clients in the kernel do what they like: qmd.lock protects the regions.
 */
#include <linux/bpf.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include "core.h"
#include "event.h"
#include "modules.h"
#include "netlink.h"
#include "table.h"

/* Gives back what a request still holds, and says why it failed, if it did. */
static int qmd_finish(struct genl_info *info, struct qmd_spec *spec, const struct qmd_why *why, int ret)
{
	qmd_task_put(&spec->task);
	if (spec->map)
		bpf_map_put(spec->map);
	if (spec->buf)
		free_pages_exact(spec->buf, spec->size);
	if (why->text)
		info->extack->_msg = why->text;
	return ret;
}

static int qmd_region_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct qmd_spec spec = {};
	struct qmd_why why = {};
	struct qmd_region *r;
	struct sk_buff *msg;
	int ret;

	ret = qmd_parse_add(skb, info, &spec, &why);
	if (!ret) {
		r = qmd_owner_add(skb, &spec, &msg, &why);
		ret = PTR_ERR_OR_ZERO(r);
	}
	if (!ret) {
		qmd_reply_region(skb, info, msg, r);
		qmd_region_put(r);
	}
	return qmd_finish(info, &spec, &why, ret);
}

/* The region that ID names, with a reference. */
static struct qmd_region *qmd_named_region(struct genl_info *info)
{
	struct nlattr *id = info->attrs[QCOM_MINIDUMP_REGION_A_ID];
	struct qmd_region *r;

	if (!id)
		return ERR_PTR(qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -EINVAL, "ID is missing"));
	r = qmd_region_find(nla_get_u32(id));
	return r ?: ERR_PTR(qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -ENOENT, "ID: there is no such region"));
}

/* The same, if the sender owns it. */
static struct qmd_region *qmd_own_region(struct sk_buff *skb, struct genl_info *info)
{
	struct qmd_region *r = qmd_named_region(info);

	if (IS_ERR(r) || r->sk == NETLINK_CB(skb).sk)
		return r;
	qmd_region_put(r);
	return ERR_PTR(qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -EPERM,
				       "ID: the region belongs to another socket or to the kernel"));
}

/* Moves a region of the sender, activates it, or gives it another comment. */
static int qmd_update(struct genl_info *info, struct qmd_region *r, struct qmd_spec *to, struct qmd_why *why)
{
	struct nlattr *comment = info->attrs[QCOM_MINIDUMP_REGION_A_COMMENT];
	unsigned long flags;
	int ret = 0;

	mutex_lock(&qmd_owners_lock);
	if (to->kind)
		ret = qmd_module_check(to->addr, why) ?: qmd_share_check(r, 0, to->size - r->size, why) ?:
		      qmd_region_move(r, to, why);
	flags = qmd_table_lock();
	if (!ret && !r->there)
		ret = qmd_refuse(why, -ENOENT, "ID: there is no such region any more");
	if (!ret && info->attrs[QCOM_MINIDUMP_REGION_A_ACTIVATE])
		ret = qmd_region_confirm(r, why);
	if (!ret && comment) {
		strscpy(r->comment, nla_data(comment), sizeof(r->comment));
		qmd_event(r, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
	}
	qmd_table_unlock(flags);
	mutex_unlock(&qmd_owners_lock);
	return ret;
}

static int qmd_region_update_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct qmd_region *r = qmd_own_region(skb, info);
	struct sk_buff *msg = NULL;
	struct qmd_why why = {};
	struct qmd_spec to = {};
	int ret;

	if (IS_ERR(r))
		return PTR_ERR(r);
	ret = qmd_parse_update(skb, info, r, &to);
	if (!ret) {
		msg = qmd_region_msg_new(r);
		ret = msg ? qmd_update(info, r, &to, &why) : qmd_refuse(&why, -ENOMEM, "out of memory");
	}
	if (!ret)
		qmd_reply_region(skb, info, msg, r);
	else
		nlmsg_free(msg);
	qmd_region_put(r);
	return qmd_finish(info, &to, &why, ret);
}

static int qmd_region_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct qmd_region *r = qmd_own_region(skb, info);

	if (IS_ERR(r))
		return PTR_ERR(r);
	/* A module that goes waits until all of it is out of the table. */
	mutex_lock(&qmd_owners_lock);
	qmd_region_drop(qmd_region_if_there, r);
	mutex_unlock(&qmd_owners_lock);
	qmd_region_put(r);
	qmd_events_send();
	return 0;
}

static int qmd_region_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct qmd_region *r = qmd_named_region(info);
	struct sk_buff *msg;

	if (IS_ERR(r))
		return PTR_ERR(r);
	msg = qmd_region_msg_new(r);
	qmd_reply_region(skb, info, msg, r);
	qmd_region_put(r);
	return msg ? 0 : -ENOMEM;
}

static int qmd_region_get_start(struct netlink_callback *cb)
{
	/* Room for the largest region in one part. */
	cb->min_dump_alloc = 16384;
	/* The sender's: somebody else may be the one to read on. */
	cb->args[1] = qmd_has_perfmon(cb->skb);
	return 0;
}

/* cb->args[0] is the id to go on with. A change since the last region makes NLM_F_DUMP_INTR. */
static int qmd_region_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct qmd_reader to = {
		.sk = NETLINK_CB(cb->skb).sk,
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.addresses = cb->args[1],
	};
	u32 id = cb->args[0] ?: 1;
	struct qmd_region *r;
	int ret = 0;

	for (; !ret && (r = qmd_region_next(&id)); id += !ret) {
		cb->seq = READ_ONCE(qmd.generation) ?: 1;
		ret = qmd_put_region(skb, &to, QCOM_MINIDUMP_CMD_REGION_GET, r, cb);
		if (ret == -ENOENT)
			ret = 0;
		qmd_region_put(r);
	}
	cb->args[0] = id;
	cb->seq = READ_ONCE(qmd.generation) ?: 1;	/* for the end of the dump, too */
	return skb->len ?: ret;
}

static int qmd_backend_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = qmd_backend_msg(info->snd_portid, info->snd_seq, QCOM_MINIDUMP_CMD_BACKEND_GET);

	return msg ? genlmsg_reply(msg, info) : -ENOMEM;
}

/* The unprivileged are refused before anything that they say is looked at. */
#define QMD_OP(_cmd, _doit) .cmd = (_cmd), .flags = GENL_ADMIN_PERM, .doit = (_doit)
#define QMD_POLICY(_policy) .policy = (_policy), .maxattr = ARRAY_SIZE(_policy) - 1

static const struct genl_ops qmd_ops[] = {
	{ QMD_OP(QCOM_MINIDUMP_CMD_BACKEND_GET, qmd_backend_get_doit) },
	{ QMD_OP(QCOM_MINIDUMP_CMD_REGION_ADD, qmd_region_add_doit), QMD_POLICY(qmd_add_policy) },
	{ QMD_OP(QCOM_MINIDUMP_CMD_REGION_UPDATE, qmd_region_update_doit), QMD_POLICY(qmd_update_policy) },
	{ QMD_OP(QCOM_MINIDUMP_CMD_REGION_DEL, qmd_region_del_doit), QMD_POLICY(qmd_id_policy) },
	{ QMD_OP(QCOM_MINIDUMP_CMD_REGION_GET, qmd_region_get_doit), QMD_POLICY(qmd_id_policy),
	  .start = qmd_region_get_start, .dumpit = qmd_region_get_dumpit },
};

static const struct genl_multicast_group qmd_mcgrps[] = {
	[QMD_MCGRP_EVENTS] = { .name = QCOM_MINIDUMP_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

/* Not netnsok: there is one table, and a container's CAP_NET_ADMIN must not reach it. */
struct genl_family qmd_family __ro_after_init = {
	.name = QCOM_MINIDUMP_FAMILY_NAME,
	.version = QCOM_MINIDUMP_FAMILY_VERSION,
	.module = THIS_MODULE,
	.ops = qmd_ops,
	.n_ops = ARRAY_SIZE(qmd_ops),
	.mcgrps = qmd_mcgrps,
	.n_mcgrps = ARRAY_SIZE(qmd_mcgrps),
};

int __init qmd_netlink_init(void)
{
	int ret;

	qmd_owners_init();
	ret = genl_register_family(&qmd_family);
	if (ret)
		return ret;
	qmd_netlink_mute(false);
	/* Who listens already has missed what there was before: let him look again. */
	qmd_netlink_notify(NULL, QCOM_MINIDUMP_CMD_BACKEND_NTF);
	return 0;
}

void qmd_netlink_exit(void)
{
	qmd_netlink_mute(true);
	genl_unregister_family(&qmd_family);
	qmd_owners_exit();
}

/* bpf_map_get() */
MODULE_INFO(import_ns, "BPF_INTERNAL");
