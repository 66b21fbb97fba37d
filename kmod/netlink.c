// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink family "qcom_minidump", include/uapi/linux/qcom_minidump.h: who owns what, and what requests do.
 *
 * Handlers run under genl_mutex (no parallel_ops), so two requests never run at the same time. Sockets close
 * at any time, though, and clients in the kernel do what they like: qmd.lock protects the regions.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/elf.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/qcom_minidump_table.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include <qcmd_note.h>

#include "core.h"
#include "event.h"
#include "modules.h"
#include "netlink.h"

static LIST_HEAD(qmd_owners);
DEFINE_MUTEX(qmd_owners_lock);	/* qmd_owners; taken outside qmd.lock */

/* Owners */

static struct qmd_owner *qmd_owner_find(const struct sk_buff *skb)
{
	struct qmd_owner *o;

	list_for_each_entry(o, &qmd_owners, node)
		if (o->sk == NETLINK_CB(skb).sk)
			return o;
	return NULL;
}

/* The owner for the socket that sent skb; made at its first region. */
static struct qmd_owner *qmd_owner_get(struct sk_buff *skb)
{
	struct qmd_owner *o = qmd_owner_find(skb);

	if (o)
		return o;
	o = kzalloc(sizeof(*o), GFP_KERNEL);
	if (!o)
		return NULL;
	INIT_LIST_HEAD(&o->regions);
	o->sk = NETLINK_CB(skb).sk;
	o->portid = NETLINK_CB(skb).portid;
	sock_hold(o->sk);
	list_add_tail(&o->node, &qmd_owners);
	return o;
}

static struct qmd_region *qmd_first_of_owner(const void *of)
{
	struct qmd_owner *o = (void *)of;

	return list_first_entry_or_null(&o->regions, struct qmd_region, owner_node);
}

static void qmd_owner_free(struct qmd_owner *o)
{
	list_del(&o->node);
	while (qmd_region_drop(qmd_first_of_owner, o))
		cond_resched();
	sock_put(o->sk);
	kfree(o);
}

/* The last descriptor of a netlink socket was closed. */
static int qmd_netlink_release(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *n = data;
	struct qmd_owner *o, *next;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC || !net_eq(n->net, &init_net))
		return NOTIFY_DONE;

	mutex_lock(&qmd_owners_lock);
	list_for_each_entry_safe(o, next, &qmd_owners, node)
		if (o->portid == n->portid && sock_flag(o->sk, SOCK_DEAD))
			qmd_owner_free(o);
	mutex_unlock(&qmd_owners_lock);
	return NOTIFY_OK;
}

static struct notifier_block qmd_netlink_nb = {
	.notifier_call = qmd_netlink_release,
};

/* Makes the region that spec says, owned by the sender, with a reference for the caller. Under qmd_owners_lock. */
static struct qmd_region *qmd_add(struct sk_buff *skb, struct qmd_spec *spec, struct qmd_why *why)
{
	struct qmd_region *r;
	int ret;

	spec->owner = qmd_owner_get(skb);
	if (!spec->owner)
		return ERR_PTR(qmd_refuse(why, -ENOMEM, "out of memory"));
	ret = qmd_module_check(spec->addr, spec->size, why);
	r = ret ? ERR_PTR(ret) : qmd_region_new(spec, GFP_KERNEL, why);
	if (IS_ERR(r))
		return r;

	ret = r->kind->start ? r->kind->start(r, why) : 0;
	if (!ret) {
		kref_get(&r->ref);
		ret = qmd_region_add(r, GFP_KERNEL, why);
	}
	if (ret) {
		qmd_region_put(r);
		r = ERR_PTR(ret);
	}
	return r;
}

static int qmd_region_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct qmd_spec spec = {};
	struct qmd_why why = {};
	struct qmd_region *r;
	int ret;

	ret = qmd_parse_add(skb, info, &spec, &why);
	if (!ret) {
		mutex_lock(&qmd_owners_lock);
		r = qmd_add(skb, &spec, &why);
		mutex_unlock(&qmd_owners_lock);
		ret = PTR_ERR_OR_ZERO(r);
	}
	qmd_task_put(&spec.task);
	if (spec.map)
		bpf_map_put(spec.map);
	if (ret) {
		if (why.text)
			info->extack->_msg = why.text;
		return ret;
	}
	ret = qmd_reply_region(info, QCOM_MINIDUMP_CMD_REGION_ADD, r);
	qmd_region_put(r);
	return ret;
}

/* The region that ID names, with a reference. */
static struct qmd_region *qmd_named_region(struct genl_info *info)
{
	struct nlattr *id = info->attrs[QCOM_MINIDUMP_REGION_A_ID];
	struct qmd_region *r;
	unsigned long flags;

	if (!id)
		return ERR_PTR(qmd_missing(info, QCOM_MINIDUMP_REGION_A_ID, "ID is missing"));
	spin_lock_irqsave(&qmd.lock, flags);
	r = idr_find(&qmd.ids, nla_get_u32(id));
	if (r)
		kref_get(&r->ref);
	spin_unlock_irqrestore(&qmd.lock, flags);
	return r ?: ERR_PTR(qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -ENOENT, "ID: there is no such region"));
}

/* The same, if the sender owns it. Under qmd_owners_lock. */
static struct qmd_region *qmd_own_region(struct sk_buff *skb, struct genl_info *info)
{
	struct qmd_owner *owner = qmd_owner_find(skb);
	struct qmd_region *r = qmd_named_region(info);

	if (IS_ERR(r) || (owner && READ_ONCE(r->owner) == owner))
		return r;
	qmd_region_put(r);
	return ERR_PTR(qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -EPERM,
				       "ID: the region belongs to another socket or to the kernel"));
}

/* Moves a region of the sender, activates it, or gives it another comment. Under qmd_owners_lock. */
static int qmd_update(struct genl_info *info, struct qmd_region *r, const struct qmd_spec *to, bool move,
		      struct qmd_why *why)
{
	struct nlattr *comment = info->attrs[QCOM_MINIDUMP_REGION_A_COMMENT];
	unsigned long flags;
	int ret = move ? qmd_module_check(to->addr, to->size, why) : 0;

	spin_lock_irqsave(&qmd.lock, flags);
	if (!ret && !qmd_region_if_there(r))
		ret = qmd_refuse(why, -ENOENT, "ID: there is no such region any more");
	if (!ret && move)
		ret = qmd_region_move(r, to, why);
	else if (!ret && info->attrs[QCOM_MINIDUMP_REGION_A_ACTIVATE])
		ret = qmd_region_confirm(r, why);
	if (!ret && comment) {
		strscpy(r->comment, nla_data(comment), sizeof(r->comment));
		qmd_event(r, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
	}
	spin_unlock_irqrestore(&qmd.lock, flags);
	if (why->text)
		info->extack->_msg = why->text;
	return ret;
}

static int qmd_region_update_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	bool addr = a[QCOM_MINIDUMP_REGION_A_ADDR], paddr = a[QCOM_MINIDUMP_REGION_A_PADDR];
	bool move = addr || paddr || a[QCOM_MINIDUMP_REGION_A_SIZE];
	struct qmd_why why = {};
	struct qmd_spec to = {};
	struct qmd_region *r;
	int ret = 0;

	if (addr && paddr) {
		NL_SET_ERR_MSG(info->extack, "give ADDR or PADDR, not both");
		return -EINVAL;
	}
	if (!move && !a[QCOM_MINIDUMP_REGION_A_COMMENT] && !a[QCOM_MINIDUMP_REGION_A_ACTIVATE]) {
		NL_SET_ERR_MSG(info->extack, "nothing to change: give ADDR, PADDR, SIZE, COMMENT or ACTIVATE");
		return -EINVAL;
	}
	if (move && a[QCOM_MINIDUMP_REGION_A_ACTIVATE]) {
		NL_SET_ERR_MSG(info->extack, "ACTIVATE takes the region as it is: no ADDR, PADDR or SIZE");
		return -EINVAL;
	}

	mutex_lock(&qmd_owners_lock);
	r = qmd_own_region(skb, info);
	if (IS_ERR(r)) {
		ret = PTR_ERR(r);
		goto unlock;
	}
	if (move && (!r->kind->by_address || r->map || r->hold)) {
		ret = qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -EINVAL,
				      "ID: only a region that was added by address, "
				      "without MAP and HOLD, can be moved");
		goto put;
	}
	to = (struct qmd_spec){
		.addr = (void *)(unsigned long)r->segs[0].va, .paddr = r->segs[0].pa, .size = r->size,
	};
	if (a[QCOM_MINIDUMP_REGION_A_SIZE])
		to.size = nla_get_u64(a[QCOM_MINIDUMP_REGION_A_SIZE]);
	if (addr || paddr)
		ret = qmd_parse_range(skb, info, &to);
	else if (move)
		ret = qmd_may_name_addresses(skb, info, QCOM_MINIDUMP_REGION_A_SIZE);
	if (!ret)
		ret = qmd_update(info, r, &to, move, &why);
	if (!ret)
		ret = qmd_reply_region(info, QCOM_MINIDUMP_CMD_REGION_UPDATE, r);
put:
	qmd_region_put(r);
unlock:
	mutex_unlock(&qmd_owners_lock);
	return ret;
}

static int qmd_region_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct qmd_region *r;

	mutex_lock(&qmd_owners_lock);
	r = qmd_own_region(skb, info);
	if (!IS_ERR(r)) {
		qmd_region_drop(qmd_region_if_there, r);
		qmd_region_put(r);
	}
	mutex_unlock(&qmd_owners_lock);
	return PTR_ERR_OR_ZERO(r);
}

static int qmd_region_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct qmd_region *r = qmd_named_region(info);
	int ret;

	if (IS_ERR(r))
		return PTR_ERR(r);
	ret = qmd_reply_region(info, QCOM_MINIDUMP_CMD_REGION_GET, r);
	qmd_region_put(r);
	return ret;
}

/* cb->args[0] is the id to go on with. A change since the last part makes NLM_F_DUMP_INTR. */
static int qmd_region_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	int id = cb->args[0] ?: 1;
	struct qmd_region *r;
	unsigned long flags;

	spin_lock_irqsave(&qmd.lock, flags);
	cb->seq = qmd.generation ?: 1;
	for (; (r = idr_get_next(&qmd.ids, &id)); id++)
		if (qmd_put_region(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, NLM_F_MULTI,
				   QCOM_MINIDUMP_CMD_REGION_GET, r, cb))
			break;
	spin_unlock_irqrestore(&qmd.lock, flags);

	cb->args[0] = id;
	return r && !skb->len ? -EMSGSIZE : skb->len;
}

static int qmd_backend_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = qmd_backend_msg(info->snd_portid, info->snd_seq, QCOM_MINIDUMP_CMD_BACKEND_GET);

	return msg ? genlmsg_reply(msg, info) : -ENOMEM;
}

/* The note */

static void *qmd_note_build(const void *text, size_t len, u32 type, u64 *size)
{
	size_t name_size = ALIGN(sizeof(QCMD_NOTE_NAME), 4);
	struct elf_note *note;

	*size = sizeof(*note) + name_size + ALIGN(len, 4);
	note = alloc_pages_exact(*size, GFP_KERNEL | __GFP_ZERO);
	if (!note)
		return NULL;
	note->n_namesz = sizeof(QCMD_NOTE_NAME);
	note->n_descsz = len;
	note->n_type = type;
	memcpy(note + 1, QCMD_NOTE_NAME, sizeof(QCMD_NOTE_NAME));
	memcpy((void *)(note + 1) + name_size, text, len);
	return note;
}

static void qmd_note_put(struct qmd_region *r)
{
	if (r->buf)
		free_pages_exact(r->buf, r->size);
}

const struct qmd_kind qmd_kind_note = {
	.pieces = qmd_pieces_of_range,
	.put = qmd_note_put,
};

/* The new buffer takes the place of the old one in the table; on success the old one is in spec. */
static int qmd_note_replace(struct qmd_region *r, struct qmd_spec *spec, struct qmd_why *why)
{
	unsigned long flags;
	u64 old_size;
	int ret;

	spin_lock_irqsave(&qmd.lock, flags);
	old_size = r->size;
	ret = qmd_region_move(r, spec, why);
	if (!ret) {
		r->tag = spec->tag;
		swap(r->buf, spec->buf);
		spec->size = old_size;
	}
	spin_unlock_irqrestore(&qmd.lock, flags);
	return ret;
}

/* The sender's note of that name, or NULL. Under qmd_owners_lock. */
static struct qmd_region *qmd_note_find(struct sk_buff *skb, const char *name)
{
	struct qmd_owner *owner = qmd_owner_find(skb);
	struct qmd_region *r, *found = NULL;
	unsigned long flags;

	if (!owner)
		return NULL;
	spin_lock_irqsave(&qmd.lock, flags);
	list_for_each_entry(r, &owner->regions, owner_node)
		if (r->kind == &qmd_kind_note && !strcmp(r->name->name, name))
			found = r;
	spin_unlock_irqrestore(&qmd.lock, flags);
	return found;
}

/*
 * Sets a note of the sender, or removes it if there is nothing in spec. Returns its region with a reference, or NULL.
 * What is left in spec is to be freed. Under qmd_owners_lock.
 */
static struct qmd_region *qmd_note_set(struct sk_buff *skb, struct qmd_spec *spec, struct qmd_why *why)
{
	struct qmd_region *r = qmd_note_find(skb, spec->name);
	int ret;

	if (!r)
		return spec->buf ? qmd_add(skb, spec, why) : NULL;
	if (!spec->buf) {
		qmd_region_drop(qmd_region_if_there, r);
		return NULL;
	}
	ret = qmd_note_replace(r, spec, why);
	if (ret)
		return ERR_PTR(ret);
	kref_get(&r->ref);
	return r;
}

static int qmd_note_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *text = info->attrs[QCOM_MINIDUMP_NOTE_A_TEXT];
	struct nlattr *name = info->attrs[QCOM_MINIDUMP_NOTE_A_NAME];
	struct nlattr *type = info->attrs[QCOM_MINIDUMP_NOTE_A_TYPE];
	struct qmd_spec spec = {
		.name = name ? nla_data(name) : MINIDUMP_NOTE_NAME,
		.comment = "what a reader of the dump must know",
		.kind = &qmd_kind_note,
	};
	struct qmd_why why = {};
	struct qmd_region *r;
	int ret;

	if (!text)
		return qmd_missing(info, QCOM_MINIDUMP_NOTE_A_TEXT, "TEXT is missing");
	if (nla_len(text)) {
		spec.buf = qmd_note_build(nla_data(text), nla_len(text), type ? nla_get_u32(type) : QCMD_NOTE_KERNEL,
					  &spec.size);
		if (!spec.buf)
			return -ENOMEM;
	}
	spec.addr = spec.buf;
	qmd_parse_tag(info->attrs[QCOM_MINIDUMP_NOTE_A_TAG], &spec.tag);
	mutex_lock(&qmd_owners_lock);
	r = qmd_note_set(skb, &spec, &why);
	mutex_unlock(&qmd_owners_lock);
	if (spec.buf)
		free_pages_exact(spec.buf, spec.size);
	if (IS_ERR(r)) {
		info->extack->_msg = why.text;
		return PTR_ERR(r);
	}
	if (!r)
		return 0;
	ret = qmd_reply_region(info, QCOM_MINIDUMP_CMD_NOTE_SET, r);
	qmd_region_put(r);
	return ret;
}

/* The family */

static int (*const qmd_handlers[QCOM_MINIDUMP_CMD_MAX + 1])(struct sk_buff *skb, struct genl_info *info) = {
	[QCOM_MINIDUMP_CMD_BACKEND_GET] = qmd_backend_get_doit,
	[QCOM_MINIDUMP_CMD_REGION_ADD] = qmd_region_add_doit,
	[QCOM_MINIDUMP_CMD_REGION_UPDATE] = qmd_region_update_doit,
	[QCOM_MINIDUMP_CMD_REGION_DEL] = qmd_region_del_doit,
	[QCOM_MINIDUMP_CMD_REGION_GET] = qmd_region_get_doit,
	[QCOM_MINIDUMP_CMD_NOTE_SET] = qmd_note_set_doit,
};

/* What GENL_ADMIN_PERM checks, but with a text. */
static int qmd_permit(const struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_NET_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack, "the minidump table takes CAP_NET_ADMIN, of the sender and of who opened the socket");
	return -EPERM;
}

static int qmd_doit(struct sk_buff *skb, struct genl_info *info)
{
	return qmd_permit(skb, info->extack) ?: qmd_handlers[info->genlhdr->cmd](skb, info);
}

/* Room for the largest region in one part. */
static int qmd_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = 16384;
	return 0;
}

/* Not checked in qmd_start(): the text would get lost there in 6.1. */
static int qmd_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return qmd_permit(cb->skb, cb->extack) ?: qmd_region_get_dumpit(skb, cb);
}

#define QMD_OP(_cmd, _policy) .cmd = (_cmd), .policy = (_policy), .maxattr = ARRAY_SIZE(_policy) - 1, .doit = qmd_doit

static const struct genl_ops qmd_ops[] = {
	{ .cmd = QCOM_MINIDUMP_CMD_BACKEND_GET, .doit = qmd_doit },
	{ QMD_OP(QCOM_MINIDUMP_CMD_REGION_ADD, qmd_add_policy) },
	{ QMD_OP(QCOM_MINIDUMP_CMD_REGION_UPDATE, qmd_update_policy) },
	{ QMD_OP(QCOM_MINIDUMP_CMD_REGION_DEL, qmd_id_policy) },
	{ QMD_OP(QCOM_MINIDUMP_CMD_REGION_GET, qmd_id_policy), .start = qmd_start, .dumpit = qmd_dumpit },
	{ QMD_OP(QCOM_MINIDUMP_CMD_NOTE_SET, qmd_note_policy) },
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
	int ret = netlink_register_notifier(&qmd_netlink_nb);

	if (ret)
		return ret;
	ret = genl_register_family(&qmd_family);
	if (ret)
		netlink_unregister_notifier(&qmd_netlink_nb);
	return ret;
}

void qmd_netlink_exit(void)
{
	qmd_netlink_mute();
	genl_unregister_family(&qmd_family);
	netlink_unregister_notifier(&qmd_netlink_nb);
	while (!list_empty(&qmd_owners))
		qmd_owner_free(list_first_entry(&qmd_owners, struct qmd_owner, node));
}

/* bpf_map_get() */
MODULE_IMPORT_NS(BPF_INTERNAL);
MODULE_ALIAS_GENL_FAMILY(QCOM_MINIDUMP_FAMILY_NAME);
