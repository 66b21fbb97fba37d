// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modules that go: their variables have to leave the table before their memory is somebody else's. No reference is
 * taken to a module, which would keep it from being unloaded.
 */
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "core.h"
#include "modules.h"
#include "netlink.h"

/* Memory of a module. What is behind a per-CPU variable may be another one's, so that only its beginning counts. */
struct qmd_piece {
	u64 start;
	u64 end;
	bool percpu;
	bool init;
};

/*
 * That of a module that has gone, or is about to. Nobody says who gets it next, unless that is a module: what a later
 * one has is known again.
 */
struct qmd_gone {
	struct list_head node;
	struct qmd_piece piece;
};

static LIST_HEAD(qmd_gone);	/* under qmd_owners_lock */

/* Where a region was when it was looked at: from @start on, after @moves updates. */
struct qmd_seen {
	struct qmd_region *region;
	u64 moves;
	u64 start;
	u64 size;
	bool init_only;
};

/* A variable that goes beyond its module's memory at either end is in it, too. */
static bool qmd_piece_has(const struct qmd_piece *p, u64 start, u64 size)
{
	return start < p->end && start + (p->percpu ? 1 : size) > p->start;
}

/* Calls fn with each piece of the module's memory, until it returns true. */
static bool qmd_any_piece(const struct module *mod, bool (*fn)(struct qmd_piece p, const struct qmd_seen *seen),
			  const struct qmd_seen *seen)
{
#define QMD_PIECE(_base, _size, ...) ((struct qmd_piece){ (unsigned long)(_base), (unsigned long)(_base) + (_size), \
							  ##__VA_ARGS__ })
	int cpu;

#ifdef for_each_mod_mem_type
	for_each_mod_mem_type(type)
		if (mod->mem[type].size && fn(QMD_PIECE(mod->mem[type].base, mod->mem[type].size,
							.init = mod_mem_type_is_init(type)), seen))
			return true;
#else
	if (fn(QMD_PIECE(mod->core_layout.base, mod->core_layout.size), seen) ||
	    (mod->init_layout.size && fn(QMD_PIECE(mod->init_layout.base, mod->init_layout.size, .init = true), seen)))
		return true;
#endif
	for_each_possible_cpu(cpu)
		if (mod->percpu_size &&
		    fn(QMD_PIECE(per_cpu_ptr(mod->percpu, cpu), mod->percpu_size, .percpu = true), seen))
			return true;
	return false;
}

static bool qmd_piece_is_seen(struct qmd_piece p, const struct qmd_seen *seen)
{
	return (p.init || !seen->init_only) && qmd_piece_has(&p, seen->start, seen->size);
}

/* Regions of other clients in the kernel as well: their ids become invalid. Under qmd.lock. */
static struct qmd_region *qmd_region_unmoved(const void *of)
{
	const struct qmd_seen *seen = of;

	return seen->region->there && seen->region->moves == seen->moves ? seen->region : NULL;
}

/* Where it is; false: it is not there, or nobody said where. */
static bool qmd_look_at(struct qmd_region *r, struct qmd_seen *seen)
{
	unsigned long flags;
	bool ret;

	raw_spin_lock_irqsave(&qmd.lock, flags);
	ret = r->there && r->kind->by_address;
	seen->region = r;
	seen->moves = r->moves;
	seen->start = r->segs[0].va;
	seen->size = r->size;
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
	return ret;
}

static void qmd_drop_all_in(const struct module *mod)
{
	/* It is live: what it needed to start only is freed now. */
	struct qmd_seen seen = { .init_only = mod->state == MODULE_STATE_LIVE };
	struct qmd_region *r;
	u32 id;

	for (id = 1; (r = qmd_region_next(&id)); id++) {
		while (qmd_look_at(r, &seen) && qmd_any_piece(mod, qmd_piece_is_seen, &seen) &&
		       !qmd_region_drop(qmd_region_unmoved, &seen))
			;
		qmd_region_put(r);
	}
}

static bool qmd_forget_gone(struct qmd_piece p, const struct qmd_seen *seen)
{
	struct qmd_gone *gone, *next;

	list_for_each_entry_safe(gone, next, &qmd_gone, node)
		if (p.start < gone->piece.end && p.end > gone->piece.start) {
			list_del(&gone->node);
			kfree(gone);
		}
	return false;
}

/* Without memory for it, what is left is the daemon's word. */
static bool qmd_remember_gone(struct qmd_piece p, const struct qmd_seen *seen)
{
	struct qmd_gone *gone = kmalloc(sizeof(*gone), GFP_KERNEL);

	if (gone) {
		gone->piece = p;
		list_add(&gone->node, &qmd_gone);
	}
	return false;
}

int qmd_module_check(const void *addr, u64 size, struct qmd_why *why)
{
	const struct qmd_gone *gone;

	list_for_each_entry(gone, &qmd_gone, node)
		if (qmd_piece_has(&gone->piece, (unsigned long)addr, size))
			return qmd_refuse(why, -EAGAIN, "ADDR is in memory of a module that was unloaded");
	return 0;
}

static int qmd_module_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct module *mod = data;

	mutex_lock(&qmd_owners_lock);
	switch (action) {
	case MODULE_STATE_COMING:
		qmd_any_piece(mod, qmd_forget_gone, NULL);
		break;
	case MODULE_STATE_GOING:
		qmd_any_piece(mod, qmd_remember_gone, NULL);
		fallthrough;
	case MODULE_STATE_LIVE:
		qmd_drop_all_in(mod);
		break;
	}
	mutex_unlock(&qmd_owners_lock);
	return NOTIFY_OK;
}

static struct notifier_block qmd_module_nb = {
	.notifier_call = qmd_module_notify,
};

int __init qmd_modules_init(void)
{
	return register_module_notifier(&qmd_module_nb);
}

void qmd_modules_exit(void)
{
	unregister_module_notifier(&qmd_module_nb);
	qmd_forget_gone((struct qmd_piece){ .end = U64_MAX }, NULL);
}
