// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modules that go: their variables have to leave the table before their memory is somebody else's. No reference is
 * taken to a module, which would keep it from being unloaded.
 */
#include <linux/maple_tree.h>
#include <linux/module.h>
#include <linux/percpu.h>

#include "core.h"
#include "modules.h"
#include "netlink.h"

/*
 * Memory of modules that have gone, or are about to. Nobody says who gets it next, unless that is a module: what a
 * later one has is known again. Under qmd_owners_lock.
 */
static DEFINE_MTREE(qmd_gone);

/* What a region has. */
struct qmd_extent {
	u64 start;
	u64 size;
};

/*
 * A variable that goes beyond its module's memory at either end is in it, too. What is behind a per-CPU variable may be
 * another one's, so that only its beginning counts.
 */
static bool qmd_is_in(u64 start, u64 size, bool percpu, const struct qmd_extent *what)
{
	return size && what->start < start + size && what->start + (percpu ? 1 : what->size) > start;
}

/* Calls fn with each piece of the module's memory, or only of what it needs to start, until it returns true. */
static bool qmd_any_piece(const struct module *mod, bool init_only,
			  bool (*fn)(u64 start, u64 size, bool percpu, const struct qmd_extent *what),
			  const struct qmd_extent *what)
{
	int cpu;

#ifdef for_each_mod_mem_type
	for_each_mod_mem_type(type)
		if ((!init_only || mod_mem_type_is_init(type)) &&
		    fn((unsigned long)mod->mem[type].base, mod->mem[type].size, false, what))
			return true;
#else
	if (fn((unsigned long)mod->init_layout.base, mod->init_layout.size, false, what) ||
	    (!init_only && fn((unsigned long)mod->core_layout.base, mod->core_layout.size, false, what)))
		return true;
#endif
	for_each_possible_cpu(cpu)
		if (!init_only && fn((unsigned long)per_cpu_ptr(mod->percpu, cpu), mod->percpu_size, true, what))
			return true;
	return false;
}

/* Regions of other clients in the kernel as well: their ids become invalid. */
static void qmd_drop_all_in(const struct module *mod)
{
	/* It is live: what it needed to start only is freed now. */
	bool init_only = mod->state == MODULE_STATE_LIVE, known;
	struct qmd_extent what;
	struct qmd_region *r;
	unsigned long flags;
	u32 id;

	for (id = 1; (r = qmd_region_next(&id)); id++) {
		raw_spin_lock_irqsave(&qmd.lock, flags);
		known = r->kind->by_address;
		what = (struct qmd_extent){ .start = r->segs[0].va, .size = r->size };
		raw_spin_unlock_irqrestore(&qmd.lock, flags);
		if (known && qmd_any_piece(mod, init_only, qmd_is_in, &what))
			qmd_region_drop(qmd_region_if_there, r);
		qmd_region_put(r);
	}
}

/* Without memory for it, what is left is the daemon's word. */
static bool qmd_set_gone(u64 start, u64 size, bool percpu, const struct qmd_extent *gone)
{
	if (size)
		mtree_store_range(&qmd_gone, start, start + size - 1, (void *)gone, GFP_KERNEL);
	return false;
}

int qmd_module_check(const void *addr, struct qmd_why *why)
{
	if (mtree_load(&qmd_gone, (unsigned long)addr))
		return qmd_refuse(why, -EAGAIN, "ADDR is in memory of a module that was unloaded");
	return 0;
}

static int qmd_module_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	static const struct qmd_extent anything;
	const struct module *mod = data;

	mutex_lock(&qmd_owners_lock);
	switch (action) {
	case MODULE_STATE_COMING:
		qmd_any_piece(mod, false, qmd_set_gone, NULL);
		break;
	case MODULE_STATE_GOING:
		qmd_any_piece(mod, false, qmd_set_gone, &anything);
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

void __init qmd_modules_init(void)
{
	register_module_notifier(&qmd_module_nb);
}

void qmd_modules_exit(void)
{
	unregister_module_notifier(&qmd_module_nb);
	mtree_destroy(&qmd_gone);
}
