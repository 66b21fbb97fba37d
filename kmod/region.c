// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a region. All validation is here and in memory.c; a back end never sees anything bad.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/sock.h>

#include "core.h"
#include "event.h"
#include "region.h"
#include "table.h"

/* Its id and its sequence numbers are free for others. Not under a lock. */
void qmd_region_retire(struct qmd_region *r)
{
	unsigned long flags;

	while (r->n_seqs)
		ida_free(&r->name->seqs, r->segs[--r->n_seqs].seq);
	xa_lock_irqsave(&qmd.ids, flags);
	__xa_cmpxchg(&qmd.ids, r->id, r, NULL, 0);
	xa_unlock_irqrestore(&qmd.ids, flags);
}

static int qmd_region_hold(struct qmd_region *r, struct qmd_why *why)
{
	int ret;

	for (; r->n_held < r->n_segs; r->n_held++) {
		ret = qmd_pages_hold(&r->segs[r->n_held], why);
		if (ret)
			return ret;
	}
	return 0;
}

static void qmd_region_free(struct kref *ref)
{
	struct qmd_region *r = container_of(ref, struct qmd_region, ref);

	while (r->n_held)
		qmd_pages_release(&r->segs[--r->n_held]);
	qmd_region_retire(r);
	if (r->name)
		qmd_name_put(r->name);
	if (r->kind->put)
		r->kind->put(r);
	if (r->sk)
		sock_put(r->sk);
	kfree_rcu(r, rcu);
	atomic_dec(&qmd.n_objects);
}

/* In process context, unless it has never been there. */
void qmd_region_put(struct qmd_region *r)
{
	kref_put(&r->ref, qmd_region_free);
}

/* The region, with a reference; it may be removed at any time, unless qmd.lock is held. */
struct qmd_region *qmd_region_find(u32 id)
{
	struct qmd_region *r;

	rcu_read_lock();
	r = xa_load(&qmd.ids, id);
	if (r && (!READ_ONCE(r->there) || !kref_get_unless_zero(&r->ref)))
		r = NULL;
	rcu_read_unlock();
	return r;
}

/* The first region from *id on, with a reference: for those who walk through all of them without the lock. */
struct qmd_region *qmd_region_next(u32 *id)
{
	unsigned long index = *id;
	struct qmd_region *r;

	rcu_read_lock();
	r = xa_find(&qmd.ids, &index, U32_MAX, XA_PRESENT);
	while (r && !kref_get_unless_zero(&r->ref))
		r = xa_find_after(&qmd.ids, &index, U32_MAX, XA_PRESENT);
	rcu_read_unlock();
	*id = index;
	return r;
}

static int qmd_region_alloc_id(struct qmd_region *r, gfp_t gfp)
{
	unsigned long flags;
	int ret;

	xa_lock_irqsave(&qmd.ids, flags);
	ret = __xa_alloc_cyclic(&qmd.ids, &r->id, r, XA_LIMIT(1, INT_MAX), &qmd.next_id, gfp);
	xa_unlock_irqrestore(&qmd.ids, flags);
	return min(ret, 0);
}

/* Each segment has a sequence number that it keeps. */
static int qmd_region_alloc_seqs(struct qmd_region *r, gfp_t gfp)
{
	for (; r->n_seqs < r->max_segs; r->n_seqs++) {
		int seq = ida_alloc_min(&r->name->seqs, r->name->first, gfp);

		if (seq < 0)
			return seq;
		r->segs[r->n_seqs].seq = seq;
		r->spare[r->n_seqs].seq = seq;
	}
	return 0;
}

static void qmd_region_set_segments(struct qmd_region *r, u32 n)
{
	u32 i;

	swap(r->segs, r->spare);
	r->n_segs = n;
	r->size = 0;
	for (i = 0; i < n; i++)
		r->size += r->segs[i].size;
}

static int qmd_region_fill(struct qmd_region *r, const struct qmd_spec *spec, gfp_t gfp, struct qmd_why *why)
{
	int ret;

	r->name = qmd_name_get(spec->name, gfp);
	if (!r->name || qmd_region_alloc_seqs(r, gfp))
		return qmd_refuse(why, -ENOMEM, "out of memory");
	ret = r->kind->pieces(spec, r->spare, r->max_segs, why);
	if (ret < 0)
		return ret;
	qmd_region_set_segments(r, ret);
	ret = r->hold ? qmd_region_hold(r, why) : 0;
	if (!ret && qmd_region_alloc_id(r, gfp))
		ret = qmd_refuse(why, -ENOMEM, "out of memory");
	return ret;
}

/* A region that is not there yet. What spec holds goes over to it, on success. */
struct qmd_region *qmd_region_new(struct qmd_spec *spec, gfp_t gfp, struct qmd_why *why)
{
	struct qmd_region *r;
	int ret, n;

	ret = qmd_name_check(spec->name, spec->kind->builtin, why);
	if (ret)
		return ERR_PTR(ret);
	n = spec->kind->pieces(spec, NULL, QMD_SEGMENTS_MAX, why);
	if (n < 0)
		return ERR_PTR(n);

	r = kzalloc(struct_size(r, halves, 2 * n), gfp);
	if (!r)
		return ERR_PTR(qmd_refuse(why, -ENOMEM, "out of memory"));
	atomic_inc(&qmd.n_objects);
	kref_init(&r->ref);
	INIT_LIST_HEAD(&r->event_node);
	r->segs = r->halves;
	r->spare = r->halves + n;
	r->max_segs = n;
	r->kind = spec->kind;
	r->sk = spec->sk;
	r->portid = spec->portid;
	r->unprivileged = spec->unprivileged;
	if (r->sk)
		sock_hold(r->sk);
	r->object = spec->object;
	r->hold = spec->hold;
	r->tag = spec->tag;
	r->created = ktime_get_boot_fast_ns();
	if (spec->comment)
		strscpy(r->comment, spec->comment, sizeof(r->comment));

	ret = qmd_region_fill(r, spec, gfp, why);
	if (ret) {
		qmd_region_put(r);
		return ERR_PTR(ret);
	}
	r->task = spec->task;
	r->map = spec->map;
	r->buf = spec->buf;
	spec->task = (struct qmd_task){};
	spec->map = NULL;
	spec->buf = NULL;
	return r;
}

/* Whether all of it is RAM as the bound back end takes it: from one multiple of its alignment to another. */
static int qmd_segments_fit(const struct qmd_segment *segs, u32 n, struct qmd_why *why)
{
	u32 i;

	for (i = 0; i < n; i++) {
		const struct qmd_segment *s = &segs[i];
		u64 start = qmd_slot_start(s);

		if (!qmd_is_ram(start, start + qmd_slot_size(s)))
			return qmd_refuse(why, -EFAULT, qmd_is_ram(s->pa, s->pa + s->size) ?
					  "rounded to the ALIGN of the bound back end it is not RAM from end to end" :
					  "its memory was taken out of the machine");
	}
	return 0;
}

/* Who goes into a table first: the module's own, stacks at last, as they take most of the slots. */
enum { QMD_OWN, QMD_OWN_STACK, QMD_OTHERS };

static u32 qmd_region_rank(const struct qmd_region *r)
{
	if (r->sk || r->kind->by_address || r->kind->builtin)
		return QMD_OTHERS;
	return r->kind->follows && r->task.part == QCOM_MINIDUMP_TASK_STACK ? QMD_OWN_STACK : QMD_OWN;
}

/* Whether the back end can take it that is bound, if one is. */
static int qmd_region_fits(const struct qmd_region *r, struct qmd_why *why)
{
	bool last_quarter;

	if (!qmd.backend)
		return 0;
	if (strlen(r->name->name) > qmd.limits.name_max)
		return qmd_refuse(why, -ENAMETOOLONG,
				  "NAME is longer than the bound back end takes: see NAME_MAX of backend-get");
	if (r->kind->follows && (!qmd.backend->ops->slot_address || qmd.limits.align > L1_CACHE_BYTES))
		return qmd_refuse(why, -EOPNOTSUPP, "the bound back end can't follow context switches");
	if (qmd_slots_free() < r->n_segs)
		return qmd_refuse(why, -ENOSPC,
				  "the table is full: remove a region, or bind a back end with more slots");
	last_quarter = qmd_slots_free() - r->n_segs < qmd.limits.slots / 4;
	if (r->unprivileged && last_quarter)
		return qmd_refuse(why, -ENOSPC, "the last quarter of the table is for those with CAP_PERFMON");
	if (qmd_region_rank(r) == QMD_OWN_STACK && last_quarter)
		return qmd_refuse(why, -ENOSPC, "the table is full: its last quarter is not for the stack of each CPU");
	return qmd_segments_fit(r->segs, r->n_segs, why);
}

/* Into the table, once there is one. */
void qmd_region_activate(struct qmd_region *r)
{
	struct qmd_why why = {};
	int ret = qmd_region_fits(r, &why);

	r->state = QCOM_MINIDUMP_REGION_PENDING;
	if (ret) {
		r->state = QCOM_MINIDUMP_REGION_REJECTED;
		if (ret == -ENOSPC && qmd_region_rank(r) != QMD_OTHERS)
			qmd.own_short = min(qmd.own_short, qmd_slots_free());
	} else if (qmd.backend) {
		qmd_table_insert(r);
		r->state = QCOM_MINIDUMP_REGION_ACTIVE;
	}
	r->error = why.text;
}

/* qmd_region_add() with qmd.lock held. Does not put the region on error. */
int qmd_region_add_locked(struct qmd_region *r, struct qmd_why *why)
{
	int ret = r->kind->watch ? r->kind->watch(r, why) : 0;

	/* What is the module's own nobody adds again: it waits until it fits. */
	if (!ret && qmd_region_rank(r) == QMD_OTHERS)
		ret = qmd_region_fits(r, why);
	if (ret) {
		if (r->kind->unwatch)
			r->kind->unwatch(r);
		return ret;
	}
	r->there = true;
	qmd.n_regions++;
	if (r->unprivileged)
		list_add_rcu(&r->share_node, &qmd.shares);

	r->state = QCOM_MINIDUMP_REGION_HELD;
	if (!r->hold)
		qmd_region_activate(r);
	qmd_event(r, QCOM_MINIDUMP_CMD_REGION_ADD_NTF);
	return 0;
}

/* Its owner has seen that the memory is still what it should be. */
int qmd_region_confirm(struct qmd_region *r, struct qmd_why *why)
{
	int ret;

	if (r->state != QCOM_MINIDUMP_REGION_HELD)
		return qmd_refuse(why, -EINVAL, "ACTIVATE is for a region that was added with HOLD, once");
	ret = qmd_region_fits(r, why);
	if (ret)
		return ret;
	qmd_region_activate(r);
	qmd_event(r, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
	return 0;
}

/* Makes it visible; puts it on error. A client's region that the bound back end can't take is not added. */
int qmd_region_add(struct qmd_region *r, struct qmd_why *why)
{
	unsigned long flags = qmd_table_lock();
	int ret = qmd_region_add_locked(r, why);

	qmd_table_unlock(flags);
	if (ret)
		qmd_region_put(r);
	return ret;
}

/* One of the module's own, without which a dump has less, and that is all. */
void qmd_region_own(struct qmd_spec *spec)
{
	struct qmd_why why = {};
	struct qmd_region *r = qmd_region_new(spec, GFP_KERNEL, &why);
	int ret = PTR_ERR_OR_ZERO(r);

	if (!ret && r->kind->start) {
		ret = r->kind->start(r, &why);
		if (ret)
			qmd_region_put(r);
	}
	if (!ret)
		ret = qmd_region_add(r, &why);
	if (ret)
		pr_notice("not saved: %s: %s\n", spec->comment, why.text);
}

/* To its @n spare segments. A buffer that goes with the region changes places with that in @to. */
static int qmd_region_take(struct qmd_region *r, u32 n, struct qmd_spec *to, struct qmd_why *why)
{
	int ret;

	if (!r->there)
		return qmd_refuse(why, -ENOENT, "ID: there is no such region any more");
	if (qmd_region_in_table(r)) {
		ret = qmd_segments_fit(r->spare, n, why);
		if (ret)
			return ret;
		if (!qmd_table_replace(r, n))
			return qmd_refuse(why, -ENOSPC,
					  "the table is full: the new range needs more slots than the old one");
	}
	if (to->buf) {
		swap(r->buf, to->buf);
		to->size = r->size;
	}
	qmd_region_set_segments(r, n);
	if (r->state == QCOM_MINIDUMP_REGION_REJECTED)
		qmd_region_activate(r);
	r->moves++;
	qmd_event(r, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
	return 0;
}

/* The table has the old range or the new one at every instant. Any context but NMI. */
int qmd_region_move(struct qmd_region *r, struct qmd_spec *to, struct qmd_why *why)
{
	unsigned long flags;
	int ret;

	if (atomic_xchg(&r->claimed, true))
		return qmd_refuse(why, -EBUSY, "the region is being moved by somebody else");
	rcu_read_lock();	/* until it is where qmd_ram_going() finds it */
	ret = r->kind->pieces(to, r->spare, r->max_segs, why);
	if (ret == -E2BIG)
		qmd_refuse(why, ret, "the new range has more physical pieces than the region had at first");
	if (ret > 0) {
		preempt_disable();	/* the header may be waiting for the second lock hold */
		flags = qmd_table_lock();
		ret = qmd_region_take(r, ret, to, why);
		raw_spin_unlock_irqrestore(&qmd.lock, flags);
		flags = qmd_table_lock();
		preempt_enable();
		qmd_table_settle(r, &flags);
		qmd_table_unlock(flags);
	}
	rcu_read_unlock();
	atomic_set_release(&r->claimed, false);
	return ret;
}

/* While a back end is being unbound its regions are still marked active, but there is no table any more. */
bool qmd_region_in_table(const struct qmd_region *r)
{
	return qmd.backend && r->state == QCOM_MINIDUMP_REGION_ACTIVE;
}

/* Out of the table and out of sight. What else there is to do, qmd_events_send() does. */
void qmd_region_remove(struct qmd_region *r, unsigned long *flags)
{
	r->there = false;
	qmd.n_regions--;
	if (r->unprivileged)
		list_del_rcu(&r->share_node);
	r->error = NULL;	/* may be text of a back end, which can go as soon as the lock is dropped */
	/* What moves its slots stops first; a stack is found by its task's exit for as long as it is in the table. */
	if (r->kind->follows)
		r->kind->unwatch(r);
	qmd_table_settle(r, flags);
	if (r->kind->unwatch && !r->kind->follows)
		r->kind->unwatch(r);
	qmd_event(r, QCOM_MINIDUMP_CMD_REGION_DEL_NTF);
}

/* Removes the region that @find finds, which is asked under qmd.lock; false: there is none. Any context but NMI. */
bool qmd_region_drop(struct qmd_region *(*find)(const void *of), const void *of)
{
	unsigned long flags = qmd_table_lock();
	struct qmd_region *r = find(of);

	if (r)
		qmd_region_remove(r, &flags);
	qmd_table_unlock(flags);
	return r;
}

/* The region, unless it was removed since it was added: a stack goes by itself when its task exits. Under qmd.lock. */
struct qmd_region *qmd_region_if_there(const void *region)
{
	const struct qmd_region *r = region;

	return r->there ? (struct qmd_region *)r : NULL;
}

/* Out of the table, but it stays. */
void qmd_region_reject(struct qmd_region *r, const char *error, unsigned long *flags)
{
	r->state = QCOM_MINIDUMP_REGION_REJECTED;
	r->error = error;
	qmd_event(r, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
	qmd_table_settle(r, flags);
}

static bool qmd_region_has_slot(const struct qmd_region *r, const char *name, u32 seq, phys_addr_t pa)
{
	u32 i;

	/* Without the builtin ones there is no table, or nobody could read the dump. */
	if (!r->there || !qmd_region_in_table(r) || r->kind->builtin || strcmp(r->name->name, name))
		return false;
	for (i = 0; i < r->n_segs; i++)
		if (r->segs[i].seq == seq && qmd_slot_start(&r->segs[i]) == pa)
			return true;
	return false;
}

void qcom_minidump_backend_refuse(const struct qcom_minidump_backend *be, const char *name, u32 seq, phys_addr_t pa,
				  const char *why)
{
	struct qmd_region *r;
	unsigned long flags;
	u32 id;

	for (id = 1; (r = qmd_region_next(&id)); id++) {
		flags = qmd_table_lock();
		if (qmd.backend == be && qmd_region_has_slot(r, name, seq, pa))
			qmd_region_reject(r, why, &flags);
		raw_spin_unlock_irqrestore(&qmd.lock, flags);
		qmd_region_put(r);
	}
}
EXPORT_SYMBOL_NS_GPL(qcom_minidump_backend_refuse, QMD_NAMESPACE);

/* Into the table, if there is one now, or out of what there was. */
static void qmd_region_reconsider(struct qmd_region *r)
{
	const char *error = r->error;
	u32 i, state = r->state;

	/* Of one that is on its way out, too, as there is no table that it could leave. */
	for (i = 0; !qmd.backend && i < 2 * r->max_segs; i++)
		r->halves[i].slot = 0;
	if (!r->there || r->state == QCOM_MINIDUMP_REGION_HELD ||
	    r->state == (qmd.backend ? QCOM_MINIDUMP_REGION_ACTIVE : QCOM_MINIDUMP_REGION_PENDING))
		return;
	qmd_region_activate(r);
	if (r->state != state || r->error != error)
		qmd_event(r, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
}

/* One lock hold for each region: there may be thousands. */
static void qmd_regions_reconsider_rank(u32 rank)
{
	struct qmd_region *r;
	unsigned long flags;
	u32 id;

	for (id = 1; (r = qmd_region_next(&id)); id++) {
		if (qmd_region_rank(r) == rank) {
			flags = qmd_table_lock();
			qmd_table_settle(r, &flags);
			qmd_region_reconsider(r);
			qmd_table_unlock(flags);
		}
		qmd_region_put(r);
		cond_resched();
	}
}

/* A back end has come or gone. */
void qmd_regions_reconsider(void)
{
	u32 rank;

	for (rank = QMD_OWN; rank <= QMD_OTHERS; rank++)
		qmd_regions_reconsider_rank(rank);
}

/* The module's own that had no room is tried again when there is more than there was then. */
void qmd_regions_retry_own(void)
{
	unsigned long flags;
	bool more;

	raw_spin_lock_irqsave(&qmd.lock, flags);
	more = qmd_slots_free() > qmd.own_short;
	if (more)
		qmd.own_short = U32_MAX;
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
	if (!more)
		return;
	qmd_regions_reconsider_rank(QMD_OWN);
	qmd_regions_reconsider_rank(QMD_OWN_STACK);
}
