// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets and the regions that they own, which go with them.
 */
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "event.h"
#include "modules.h"
#include "netlink.h"

static unsigned int unprivileged_slots = 16;
module_param(unprivileged_slots, uint, 0644);
MODULE_PARM_DESC(unprivileged_slots, "slots for all sockets without CAP_PERFMON; one of them gets half at most");

static unsigned long unprivileged_bytes = SZ_1M;
module_param(unprivileged_bytes, ulong, 0644);
MODULE_PARM_DESC(unprivileged_bytes, "the same for the sum of their regions' sizes");

static struct qmd_share qmd_shared;	/* of all owners together */

static LIST_HEAD(qmd_owners);
DEFINE_MUTEX(qmd_owners_lock);	/* qmd_owners; taken outside qmd.lock */

/* The owner for the socket that sent skb; made at its first region. */
static struct qmd_owner *qmd_owner_get(struct sk_buff *skb)
{
	struct qmd_owner *o;

	list_for_each_entry(o, &qmd_owners, node)
		if (o->sk == NETLINK_CB(skb).sk)
			return o;
	o = kzalloc(sizeof(*o), GFP_KERNEL_ACCOUNT);
	if (!o)
		return NULL;
	o->sk = NETLINK_CB(skb).sk;
	o->portid = NETLINK_CB(skb).portid;
	sock_hold(o->sk);
	list_add_tail(&o->node, &qmd_owners);
	return o;
}

static void qmd_owner_free(struct qmd_owner *o)
{
	struct qmd_region *r;
	u32 id;

	list_del(&o->node);
	for (id = 1; (r = qmd_region_next(&id)); id++) {
		if (r->sk == o->sk)
			qmd_region_drop(qmd_region_if_there, r);
		qmd_region_put(r);
		cond_resched();
	}
	qmd_events_send();
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

static bool qmd_share_fits(const struct qmd_share *share, u32 slots, u64 bytes, u32 divisor)
{
	return share->slots + slots <= READ_ONCE(unprivileged_slots) / divisor &&
	       share->bytes + bytes <= READ_ONCE(unprivileged_bytes) / divisor;
}

/*
 * Whether the region may have so many more. The rest is for sockets with CAP_PERFMON, such as the daemon's. Under
 * qmd_owners_lock: nobody else takes more meanwhile.
 */
int qmd_share_check(const struct qmd_region *r, int slots, s64 bytes, struct qmd_why *why)
{
	if (!r->unprivileged || (slots <= 0 && bytes <= 0) ||
	    (qmd_share_fits(&qmd_shared, slots, bytes, 1) && qmd_share_fits(&r->owner->share, slots, bytes, 2)))
		return 0;
	return qmd_refuse(why, -EDQUOT,
			  "without CAP_PERFMON there is no more room: remove a region, or have the module's parameters "
			  "unprivileged_slots and unprivileged_bytes raised");
}

/* It has so many more now, or fewer. Under qmd.lock. */
void qmd_share_take(struct qmd_region *r, int slots, s64 bytes)
{
	if (!r->unprivileged)
		return;
	qmd_shared.slots += slots;
	qmd_shared.bytes += bytes;
	r->owner->share.slots += slots;
	r->owner->share.bytes += bytes;
}

/*
 * Makes the region that spec says, owned by the sender, with a reference for the caller, and room for the answer. Under
 * qmd_owners_lock.
 */
struct qmd_region *qmd_owner_add(struct sk_buff *skb, struct qmd_spec *spec, struct sk_buff **msg, struct qmd_why *why)
{
	struct qmd_region *r;
	int ret;

	spec->unprivileged = !qmd_has_perfmon(skb);
	spec->owner = qmd_owner_get(skb);
	if (!spec->owner)
		return ERR_PTR(qmd_refuse(why, -ENOMEM, "out of memory"));
	/* A map that is held is no module's memory, be it where a module was. */
	ret = spec->map ? 0 : qmd_module_check(spec->addr, spec->size, why);
	r = ret ? ERR_PTR(ret) : qmd_region_new(spec, GFP_KERNEL_ACCOUNT, why);
	if (IS_ERR(r))
		return r;

	*msg = qmd_region_msg_new(r);
	ret = *msg ? qmd_share_check(r, r->n_segs, r->size, why) : qmd_refuse(why, -ENOMEM, "out of memory");
	if (!ret && r->kind->start)
		ret = r->kind->start(r, why);
	if (!ret) {
		kref_get(&r->ref);
		ret = qmd_region_add(r, why);
	}
	if (ret) {
		nlmsg_free(*msg);
		qmd_region_put(r);
		r = ERR_PTR(ret);
	}
	return r;
}

int __init qmd_owners_init(void)
{
	return netlink_register_notifier(&qmd_netlink_nb);
}

void qmd_owners_exit(void)
{
	netlink_unregister_notifier(&qmd_netlink_nb);
	while (!list_empty(&qmd_owners))
		qmd_owner_free(list_first_entry(&qmd_owners, struct qmd_owner, node));
}
