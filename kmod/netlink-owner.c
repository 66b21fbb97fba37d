// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets and the regions that they own, which go with them.
 */
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include <net/sock.h>

#include "core.h"
#include "event.h"
#include "modules.h"
#include "netlink.h"

static unsigned int unprivileged_slots = 16;
module_param(unprivileged_slots, uint, 0644);
MODULE_PARM_DESC(unprivileged_slots, "slots for all sockets without CAP_PERFMON; one of them gets half at most");

static unsigned long unprivileged_bytes = SZ_1M;
module_param(unprivileged_bytes, ulong, 0644);
MODULE_PARM_DESC(unprivileged_bytes, "the same for the sum of their regions' sizes");

DEFINE_MUTEX(qmd_owners_lock);	/* what sockets add and change; taken outside qmd.lock */

/* Removes what is owned by sockets of that port that are closed; or, if there is no port, all there is. */
static void qmd_owned_remove(u32 portid)
{
	struct qmd_region *r;
	u32 id;

	mutex_lock(&qmd_owners_lock);
	for (id = 1; (r = qmd_region_next(&id)); id++) {
		if (!portid || (r->sk && r->portid == portid && sock_flag(r->sk, SOCK_DEAD)))
			qmd_region_drop(qmd_region_if_there, r);
		qmd_region_put(r);
		cond_resched();
	}
	mutex_unlock(&qmd_owners_lock);
	qmd_events_send();
}

/* Anybody may open and close such sockets as fast as he likes: those that own nothing wait for nobody. */
static bool qmd_owns_any(u32 portid)
{
	struct qmd_region *r;
	unsigned long id;

	rcu_read_lock();
	xa_for_each(&qmd.ids, id, r)
		if (r->sk && r->portid == portid)
			break;
	rcu_read_unlock();
	return r;
}

/* The last descriptor of a netlink socket was closed. */
static int qmd_netlink_release(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *n = data;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC || !net_eq(n->net, &init_net) ||
	    !qmd_owns_any(n->portid))
		return NOTIFY_DONE;
	qmd_owned_remove(n->portid);
	return NOTIFY_OK;
}

static struct notifier_block qmd_netlink_nb = {
	.notifier_call = qmd_netlink_release,
};

/*
 * Whether the region may have so many more than it has. What those without CAP_PERFMON have altogether, whatever its
 * state, is limited, and half of that for each of them: the rest is for such as the daemon. Only what counts is looked
 * at, which the limit itself keeps short. Under qmd_owners_lock: nobody else takes more meanwhile.
 */
int qmd_share_check(const struct qmd_region *new, u32 slots, s64 more, struct qmd_why *why)
{
	u64 own_slots = slots, bytes = more, own_bytes = more;
	const struct qmd_region *r;

	if (!new->unprivileged || (!slots && more <= 0))
		return 0;
	rcu_read_lock();
	list_for_each_entry_rcu(r, &qmd.shares, share_node) {
		slots += r->n_segs;
		bytes += r->size;
		own_slots += r->sk == new->sk ? r->n_segs : 0;
		own_bytes += r->sk == new->sk ? r->size : 0;
	}
	rcu_read_unlock();
	if (slots <= READ_ONCE(unprivileged_slots) && own_slots <= READ_ONCE(unprivileged_slots) / 2 &&
	    bytes <= READ_ONCE(unprivileged_bytes) && own_bytes <= READ_ONCE(unprivileged_bytes) / 2)
		return 0;
	return qmd_refuse(why, -EDQUOT,
			  "without CAP_PERFMON there is no more room: remove a region, or have the module's parameters "
			  "unprivileged_slots and unprivileged_bytes raised");
}

/* Makes the region that spec says, owned by the sender, with a reference for the caller, and room for the answer. */
struct qmd_region *qmd_owner_add(struct sk_buff *skb, struct qmd_spec *spec, struct sk_buff **msg, struct qmd_why *why)
{
	struct qmd_region *r;
	int ret;

	spec->unprivileged = !qmd_has_perfmon(skb);
	spec->sk = NETLINK_CB(skb).sk;
	spec->portid = NETLINK_CB(skb).portid;
	mutex_lock(&qmd_owners_lock);
	/* A map that is held is no module's memory, be it where a module was. */
	ret = spec->map ? 0 : qmd_module_check(spec->addr, why);
	r = ret ? ERR_PTR(ret) : qmd_region_new(spec, GFP_KERNEL_ACCOUNT, why);
	if (IS_ERR(r))
		goto unlock;

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
unlock:
	mutex_unlock(&qmd_owners_lock);
	return r;
}

void __init qmd_owners_init(void)
{
	netlink_register_notifier(&qmd_netlink_nb);
}

void qmd_owners_exit(void)
{
	netlink_unregister_notifier(&qmd_netlink_nb);
	qmd_owned_remove(0);
	qmd_events_exit();
}
