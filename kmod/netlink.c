// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink family "qcom_minidump", include/uapi/linux/qcom_minidump.h: who owns what, and what requests do.
 *
 * Handlers run under genl_mutex (no parallel_ops), so two requests never run at the same time. Sockets close
 * at any time, though, and clients in the kernel do what they like: md.lock protects the regions.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/elf.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include <qcmd_note.h>

#include "core.h"
#include "netlink.h"

static LIST_HEAD(md_owners);
DEFINE_MUTEX(md_owners_lock);	/* md_owners; taken outside md.lock */

/* Owners */

static struct md_owner *md_owner_find(const struct sk_buff *skb)
{
	struct md_owner *o;

	list_for_each_entry(o, &md_owners, node)
		if (o->sk == NETLINK_CB(skb).sk)
			return o;
	return NULL;
}

/* The owner for the socket that sent skb; made at its first region. */
static struct md_owner *md_owner_get(struct sk_buff *skb)
{
	struct md_owner *o = md_owner_find(skb);

	if (o)
		return o;
	o = kzalloc(sizeof(*o), GFP_KERNEL);
	if (!o)
		return NULL;
	INIT_LIST_HEAD(&o->regions);
	o->sk = NETLINK_CB(skb).sk;
	o->portid = NETLINK_CB(skb).portid;
	sock_hold(o->sk);
	list_add_tail(&o->node, &md_owners);
	return o;
}

static void md_owner_free(struct md_owner *o)
{
	struct md_region *r;
	unsigned long flags;

	list_del(&o->node);
	for (;;) {
		spin_lock_irqsave(&md.lock, flags);
		r = list_first_entry_or_null(&o->regions, struct md_region, owner_node);
		if (r)
			md_region_remove(r);
		spin_unlock_irqrestore(&md.lock, flags);
		if (!r)
			break;
		md_region_put(r);
		cond_resched();
	}
	sock_put(o->sk);
	kfree(o);
}

/* The last descriptor of a netlink socket was closed. */
static int md_netlink_release(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *n = data;
	struct md_owner *o, *next;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC || !net_eq(n->net, &init_net))
		return NOTIFY_DONE;

	mutex_lock(&md_owners_lock);
	list_for_each_entry_safe(o, next, &md_owners, node)
		if (o->portid == n->portid && sock_flag(o->sk, SOCK_DEAD))
			md_owner_free(o);
	mutex_unlock(&md_owners_lock);
	return NOTIFY_OK;
}

static struct notifier_block md_netlink_nb = {
	.notifier_call = md_netlink_release,
};

/*
 * Makes the region that spec says, owned by the sender. The caller gets a reference of its own. What spec
 * holds (task, buffer) is the region's on success, still the caller's on error.
 */
static struct md_region *md_add(struct sk_buff *skb, struct md_spec *spec, struct md_why *why)
{
	struct md_owner *owner;
	struct md_region *r;
	unsigned long flags;
	int ret;

	mutex_lock(&md_owners_lock);
	owner = md_owner_get(skb);
	if (!owner) {
		r = ERR_PTR(md_refuse(why, -ENOMEM, "out of memory"));
		goto unlock;
	}
	spec->owner = owner;
	ret = md_module_check(spec->addr, spec->size, why);
	r = ret ? ERR_PTR(ret) : md_region_new(spec, GFP_KERNEL, why);
	if (IS_ERR(r))
		goto unlock;

	r->portid = owner->portid;
	if (r->kind == MD_KIND_CURRENT) {
		ret = md_follow_start(r, why);
		if (ret) {
			md_region_put(r);
			r = ERR_PTR(ret);
			goto unlock;
		}
	}

	kref_get(&r->ref);
	idr_preload(GFP_KERNEL);
	spin_lock_irqsave(&md.lock, flags);
	ret = md_region_add_locked(r, GFP_KERNEL, why);
	if (!ret)
		list_add_tail(&r->owner_node, &owner->regions);
	else if (r->follow)
		md_follow_stop(r);
	spin_unlock_irqrestore(&md.lock, flags);
	idr_preload_end();
	if (ret) {
		r->task = (struct md_task){};
		r->map = NULL;
		r->buf = NULL;
		md_region_put(r);
		md_region_put(r);
		r = ERR_PTR(ret);
	}
unlock:
	mutex_unlock(&md_owners_lock);
	return r;
}

static int md_region_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct md_spec spec = {};
	struct md_why why = {};
	struct md_region *r;
	int ret;

	ret = md_parse_add(skb, info, &spec, &why);
	if (!ret) {
		r = md_add(skb, &spec, &why);
		ret = PTR_ERR_OR_ZERO(r);
		if (ret && spec.map)
			bpf_map_put(spec.map);
	}
	if (ret)
		md_task_put(&spec.task);
	if (ret) {
		if (why.text)
			info->extack->_msg = why.text;
		return ret;
	}
	ret = md_reply_region(info, QCOM_MINIDUMP_CMD_REGION_ADD, r);
	md_region_put(r);
	return ret;
}

/* The region that ID names, if the sender owns it; with a reference. Under md_owners_lock. */
static struct md_region *md_own_region(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[QCOM_MINIDUMP_REGION_A_ID];
	struct md_owner *owner = md_owner_find(skb);
	struct md_region *r;
	unsigned long flags;
	bool mine = false;

	if (!id)
		return ERR_PTR(md_missing(info, QCOM_MINIDUMP_REGION_A_ID, "ID is missing"));
	spin_lock_irqsave(&md.lock, flags);
	r = idr_find(&md.ids, nla_get_u32(id));
	mine = r && owner && r->owner == owner;
	if (mine)
		kref_get(&r->ref);
	spin_unlock_irqrestore(&md.lock, flags);

	if (!r)
		return ERR_PTR(md_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -ENOENT, "ID: there is no such region"));
	if (!mine)
		return ERR_PTR(md_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -EPERM,
					      "ID: the region belongs to another socket or to the kernel"));
	return r;
}

/* Moves a region of the sender, activates it, or gives it another comment. Under md_owners_lock. */
static int md_update(struct genl_info *info, struct md_region *r, const struct md_spec *to, bool move,
		     struct md_why *why)
{
	struct nlattr *comment = info->attrs[QCOM_MINIDUMP_REGION_A_COMMENT];
	unsigned long flags;
	int ret = move ? md_module_check(to->addr, to->size, why) : 0;

	spin_lock_irqsave(&md.lock, flags);
	if (!ret && !md_region_is_there(r))
		ret = md_refuse(why, -ENOENT, "ID: there is no such region any more");
	if (!ret && move)
		ret = md_region_move(r, to, why);
	else if (!ret && info->attrs[QCOM_MINIDUMP_REGION_A_ACTIVATE])
		ret = md_region_confirm(r, why);
	if (!ret && comment) {
		strscpy(r->comment, nla_data(comment), sizeof(r->comment));
		md_event(r, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
	}
	spin_unlock_irqrestore(&md.lock, flags);
	if (why->text)
		info->extack->_msg = why->text;
	return ret;
}

static int md_region_update_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	bool addr = a[QCOM_MINIDUMP_REGION_A_ADDR], paddr = a[QCOM_MINIDUMP_REGION_A_PADDR];
	bool move = addr || paddr || a[QCOM_MINIDUMP_REGION_A_SIZE];
	struct md_why why = {};
	struct md_spec to = {};
	struct md_region *r;
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

	mutex_lock(&md_owners_lock);
	r = md_own_region(skb, info);
	if (IS_ERR(r)) {
		ret = PTR_ERR(r);
		goto unlock;
	}
	if (move && (r->kind != MD_KIND_RANGE || r->map || r->hold)) {
		ret = md_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -EINVAL,
				     "ID: only a region that was added by address, without MAP and HOLD, can be moved");
		goto put;
	}
	to = (struct md_spec){
		.addr = (void *)(unsigned long)r->segs[0].va, .paddr = r->segs[0].pa, .size = r->size,
	};
	if (a[QCOM_MINIDUMP_REGION_A_SIZE])
		to.size = nla_get_u64(a[QCOM_MINIDUMP_REGION_A_SIZE]);
	if (addr || paddr)
		ret = md_parse_range(skb, info, &to);
	else if (move)
		ret = md_may_name_addresses(skb, info, QCOM_MINIDUMP_REGION_A_SIZE);
	if (!ret)
		ret = md_update(info, r, &to, move, &why);
	if (!ret)
		ret = md_reply_region(info, QCOM_MINIDUMP_CMD_REGION_UPDATE, r);
put:
	md_region_put(r);
unlock:
	mutex_unlock(&md_owners_lock);
	return ret;
}

/* Under md_owners_lock, with a reference. */
static void md_del(struct md_region *r)
{
	unsigned long flags;
	bool there;

	spin_lock_irqsave(&md.lock, flags);
	there = md_region_is_there(r);
	if (there)
		md_region_remove(r);
	spin_unlock_irqrestore(&md.lock, flags);
	if (there)
		md_region_put(r);
}

static int md_region_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct md_region *r;

	mutex_lock(&md_owners_lock);
	r = md_own_region(skb, info);
	if (!IS_ERR(r)) {
		md_del(r);
		md_region_put(r);
	}
	mutex_unlock(&md_owners_lock);
	return PTR_ERR_OR_ZERO(r);
}

static int md_region_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[QCOM_MINIDUMP_REGION_A_ID];
	struct md_region *r;
	unsigned long flags;
	int ret;

	if (!id)
		return md_missing(info, QCOM_MINIDUMP_REGION_A_ID, "ID is missing");
	spin_lock_irqsave(&md.lock, flags);
	r = idr_find(&md.ids, nla_get_u32(id));
	if (r)
		kref_get(&r->ref);
	spin_unlock_irqrestore(&md.lock, flags);
	if (!r)
		return md_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -ENOENT, "ID: there is no such region");

	ret = md_reply_region(info, QCOM_MINIDUMP_CMD_REGION_GET, r);
	md_region_put(r);
	return ret;
}

/* cb->args[0] is the id to go on with. A change since the last part makes NLM_F_DUMP_INTR. */
static int md_region_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	int id = cb->args[0] ?: 1;
	struct md_region *r;
	unsigned long flags;

	spin_lock_irqsave(&md.lock, flags);
	cb->seq = md.generation ?: 1;
	for (; (r = idr_get_next(&md.ids, &id)); id++)
		if (md_put_region(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, NLM_F_MULTI,
				  QCOM_MINIDUMP_CMD_REGION_GET, r, cb))
			break;
	spin_unlock_irqrestore(&md.lock, flags);

	cb->args[0] = id;
	return r && !skb->len ? -EMSGSIZE : skb->len;
}

static int md_backend_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = md_backend_msg(info->snd_portid, info->snd_seq, QCOM_MINIDUMP_CMD_BACKEND_GET);

	return msg ? genlmsg_reply(msg, info) : -ENOMEM;
}

/* The note */

static void *md_note_build(const void *text, size_t len, u32 type, u64 *size)
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

/* The new buffer takes the place of the old one in the table; on success the old one is in spec. */
static int md_note_replace(struct md_region *r, struct md_spec *spec, struct md_why *why)
{
	unsigned long flags;
	u64 old_size;
	int ret;

	spin_lock_irqsave(&md.lock, flags);
	old_size = r->size;
	ret = md_region_move(r, spec, why);
	if (!ret) {
		r->tag = spec->tag;
		swap(r->buf, spec->buf);
		spec->size = old_size;
	}
	spin_unlock_irqrestore(&md.lock, flags);
	return ret;
}

/* The sender's note of that name, or NULL. Under md_owners_lock. */
static struct md_region *md_note_find(struct sk_buff *skb, const char *name)
{
	struct md_owner *owner = md_owner_find(skb);
	struct md_region *r, *found = NULL;
	unsigned long flags;

	if (!owner)
		return NULL;
	spin_lock_irqsave(&md.lock, flags);
	list_for_each_entry(r, &owner->regions, owner_node)
		if (r->kind == MD_KIND_NOTE && !strcmp(r->name->name, name))
			found = r;
	spin_unlock_irqrestore(&md.lock, flags);
	return found;
}

/* Sets a note of the sender. Returns its region with a reference. What is left in spec is to be freed. */
static struct md_region *md_note_set(struct sk_buff *skb, struct md_spec *spec, struct md_why *why)
{
	struct md_region *r;
	int ret;

	mutex_lock(&md_owners_lock);
	r = md_note_find(skb, spec->name);
	if (r) {
		ret = md_note_replace(r, spec, why);
		if (!ret)
			kref_get(&r->ref);
	}
	mutex_unlock(&md_owners_lock);
	if (r)
		return ret ? ERR_PTR(ret) : r;

	r = md_add(skb, spec, why);
	if (!IS_ERR(r))
		spec->buf = NULL;
	return r;
}

static void md_note_clear(struct sk_buff *skb, const char *name)
{
	struct md_region *r;

	mutex_lock(&md_owners_lock);
	r = md_note_find(skb, name);
	if (r)
		md_del(r);
	mutex_unlock(&md_owners_lock);
}

static int md_note_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *text = info->attrs[QCOM_MINIDUMP_NOTE_A_TEXT];
	struct nlattr *name = info->attrs[QCOM_MINIDUMP_NOTE_A_NAME];
	struct nlattr *type = info->attrs[QCOM_MINIDUMP_NOTE_A_TYPE];
	struct md_spec spec = {
		.name = name ? nla_data(name) : MINIDUMP_NOTE_NAME,
		.comment = "what a reader of the dump must know",
		.kind = MD_KIND_NOTE,
	};
	struct md_why why = {};
	struct md_region *r;
	int ret;

	if (!text)
		return md_missing(info, QCOM_MINIDUMP_NOTE_A_TEXT, "TEXT is missing");
	if (!nla_len(text)) {
		md_note_clear(skb, spec.name);
		return 0;
	}

	spec.buf = md_note_build(nla_data(text), nla_len(text), type ? nla_get_u32(type) : QCMD_NOTE_KERNEL,
				 &spec.size);
	if (!spec.buf)
		return -ENOMEM;
	spec.addr = spec.buf;
	md_parse_tag(info->attrs[QCOM_MINIDUMP_NOTE_A_TAG], &spec.tag);
	r = md_note_set(skb, &spec, &why);
	if (spec.buf)
		free_pages_exact(spec.buf, spec.size);
	if (IS_ERR(r)) {
		info->extack->_msg = why.text;
		return PTR_ERR(r);
	}
	ret = md_reply_region(info, QCOM_MINIDUMP_CMD_NOTE_SET, r);
	md_region_put(r);
	return ret;
}

/* The family */

static int (*const md_handlers[QCOM_MINIDUMP_CMD_MAX + 1])(struct sk_buff *skb, struct genl_info *info) = {
	[QCOM_MINIDUMP_CMD_BACKEND_GET] = md_backend_get_doit,
	[QCOM_MINIDUMP_CMD_REGION_ADD] = md_region_add_doit,
	[QCOM_MINIDUMP_CMD_REGION_UPDATE] = md_region_update_doit,
	[QCOM_MINIDUMP_CMD_REGION_DEL] = md_region_del_doit,
	[QCOM_MINIDUMP_CMD_REGION_GET] = md_region_get_doit,
	[QCOM_MINIDUMP_CMD_NOTE_SET] = md_note_set_doit,
};

/* What GENL_ADMIN_PERM checks, but with a text. */
static int md_permit(const struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_NET_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack, "the minidump table takes CAP_NET_ADMIN, of the sender and of who opened the socket");
	return -EPERM;
}

static int md_doit(struct sk_buff *skb, struct genl_info *info)
{
	return md_permit(skb, info->extack) ?: md_handlers[info->genlhdr->cmd](skb, info);
}

/* Room for the largest region in one part. */
static int md_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = 16384;
	return 0;
}

/* Not checked in md_start(): the text would get lost there in 6.1. */
static int md_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return md_permit(cb->skb, cb->extack) ?: md_region_get_dumpit(skb, cb);
}

#define MD_OP(_cmd, _policy) .cmd = (_cmd), .policy = (_policy), .maxattr = ARRAY_SIZE(_policy) - 1, .doit = md_doit

static const struct genl_ops md_ops[] = {
	{ .cmd = QCOM_MINIDUMP_CMD_BACKEND_GET, .doit = md_doit },
	{ MD_OP(QCOM_MINIDUMP_CMD_REGION_ADD, md_add_policy) },
	{ MD_OP(QCOM_MINIDUMP_CMD_REGION_UPDATE, md_update_policy) },
	{ MD_OP(QCOM_MINIDUMP_CMD_REGION_DEL, md_id_policy) },
	{ MD_OP(QCOM_MINIDUMP_CMD_REGION_GET, md_id_policy), .start = md_start, .dumpit = md_dumpit },
	{ MD_OP(QCOM_MINIDUMP_CMD_NOTE_SET, md_note_policy) },
};

static const struct genl_multicast_group md_mcgrps[] = {
	[MD_MCGRP_EVENTS] = { .name = QCOM_MINIDUMP_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

/* Not netnsok: there is one table, and a container's CAP_NET_ADMIN must not reach it. */
struct genl_family md_family __ro_after_init = {
	.name = QCOM_MINIDUMP_FAMILY_NAME,
	.version = QCOM_MINIDUMP_FAMILY_VERSION,
	.module = THIS_MODULE,
	.ops = md_ops,
	.n_ops = ARRAY_SIZE(md_ops),
	.mcgrps = md_mcgrps,
	.n_mcgrps = ARRAY_SIZE(md_mcgrps),
};

int __init md_netlink_init(void)
{
	int ret = netlink_register_notifier(&md_netlink_nb);

	if (ret)
		return ret;
	ret = genl_register_family(&md_family);
	if (ret)
		netlink_unregister_notifier(&md_netlink_nb);
	return ret;
}

void md_netlink_exit(void)
{
	md_netlink_mute();
	genl_unregister_family(&md_family);
	netlink_unregister_notifier(&md_netlink_nb);
	while (!list_empty(&md_owners))
		md_owner_free(list_first_entry(&md_owners, struct md_owner, node));
}

/* bpf_map_get() */
MODULE_IMPORT_NS(BPF_INTERNAL);
MODULE_ALIAS_GENL_FAMILY(QCOM_MINIDUMP_FAMILY_NAME);
