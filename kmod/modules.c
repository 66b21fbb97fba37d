// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modules that go: their variables have to leave the table before their memory is somebody else's. No reference is
 * taken to a module, which would keep it from being unloaded.
 */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "core.h"
#include "modules.h"
#include "netlink.h"

/*
 * Memory of a module that has gone, or is about to. It is free again once another module is loaded there; nobody tells
 * when per-CPU memory, which is not only for modules, gets a new owner, so that it is free again after some time.
 */
struct qmd_gone {
	struct list_head node;
	u64 start;
	u64 end;
	unsigned long until;	/* jiffies; 0: for good */
};

#define QMD_PERCPU_GONE	(10 * HZ)	/* unloading takes milliseconds */

static LIST_HEAD(qmd_gone);	/* under qmd_owners_lock */

/* What is behind a per-CPU variable may be another one's, so that only its beginning counts. */
static bool qmd_in_percpu(const struct module *mod, u64 start)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		u64 base = (unsigned long)per_cpu_ptr(mod->percpu, cpu);

		if (start >= base && start < base + mod->percpu_size)
			return true;
	}
	return false;
}

/* A variable that goes beyond its module's memory at either end is in it, too. */
static bool qmd_in_module(const struct qmd_region *r, const struct module *mod, bool init_only)
{
	u32 i;

	for (i = 0; i < r->n_segs; i++) {
		u64 start = r->segs[i].va, end = start + r->segs[i].size;

		if (within_module_init(start, mod) || within_module_init(end - 1, mod))
			return true;
		if (!init_only && (within_module_core(start, mod) || within_module_core(end - 1, mod) ||
				   qmd_in_percpu(mod, start)))
			return true;
	}
	return false;
}

/* Regions of other clients in the kernel as well: their ids become invalid. */
static struct qmd_region *qmd_next_in_module(const void *of)
{
	const struct module *mod = of;
	struct qmd_region *r;
	int id;

	/* It is live: what it needed to start only is freed now. */
	idr_for_each_entry(&qmd.ids, r, id)
		if (r->kind->by_address && qmd_in_module(r, mod, mod->state == MODULE_STATE_LIVE))
			return r;
	return NULL;
}

/* Calls fn with each piece of the module's memory. */
static void qmd_each_piece(const struct module *mod, void (*fn)(u64 start, u64 size, unsigned long until))
{
	int cpu;

#ifdef for_each_mod_mem_type
	for_each_mod_mem_type(type)
		fn((unsigned long)mod->mem[type].base, mod->mem[type].size, 0);
#else
	fn((unsigned long)mod->core_layout.base, mod->core_layout.size, 0);
	fn((unsigned long)mod->init_layout.base, mod->init_layout.size, 0);
#endif
	for_each_possible_cpu(cpu)
		fn((unsigned long)per_cpu_ptr(mod->percpu, cpu), mod->percpu_size, (jiffies + QMD_PERCPU_GONE) | 1);
}

static bool qmd_is_over(const struct qmd_gone *gone)
{
	return gone->until && time_after_eq(jiffies, gone->until);
}

static void qmd_forget_gone(u64 start, u64 size, unsigned long until)
{
	struct qmd_gone *gone, *next;

	list_for_each_entry_safe(gone, next, &qmd_gone, node)
		if (qmd_is_over(gone) || (size && start < gone->end && start + size > gone->start)) {
			list_del(&gone->node);
			kfree(gone);
		}
}

/* Without memory for it, what is left is the daemon's word. */
static void qmd_remember_gone(u64 start, u64 size, unsigned long until)
{
	struct qmd_gone *gone = size ? kmalloc(sizeof(*gone), GFP_KERNEL) : NULL;

	if (!gone)
		return;
	*gone = (struct qmd_gone){ .start = start, .end = start + size, .until = until };
	list_add(&gone->node, &qmd_gone);
}

int qmd_module_check(const void *addr, u64 size, struct qmd_why *why)
{
	u64 start = (unsigned long)addr;
	const struct qmd_gone *gone;

	list_for_each_entry(gone, &qmd_gone, node)
		if (start < gone->end && start + (gone->until ? 1 : size) > gone->start && !qmd_is_over(gone))
			return qmd_refuse(why, -EAGAIN, "ADDR is in memory of a module that is being unloaded");
	return 0;
}

static int qmd_module_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct module *mod = data;

	mutex_lock(&qmd_owners_lock);
	switch (action) {
	case MODULE_STATE_COMING:
		qmd_each_piece(mod, qmd_forget_gone);
		break;
	case MODULE_STATE_GOING:
		qmd_each_piece(mod, qmd_remember_gone);
		fallthrough;
	case MODULE_STATE_LIVE:
		while (qmd_region_drop(qmd_next_in_module, mod))
			;
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
	qmd_forget_gone(0, U64_MAX, 0);
}
