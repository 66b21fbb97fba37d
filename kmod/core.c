// SPDX-License-Identifier: GPL-2.0-only
/*
 * qcom_minidump: the module, and back ends coming and going.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/qcom_minidump_table.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/tracepoint.h>

#include "core.h"
#include "event.h"
#include "follow.h"
#include "layout.h"
#include "modules.h"
#include "netlink.h"
#include "power.h"
#include "region.h"
#include "table.h"

struct qmd qmd = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(qmd.lock),
	.bind_lock = __MUTEX_INITIALIZER(qmd.bind_lock),
	.ids = XARRAY_INIT(qmd.ids, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_IRQ),
	.own_short = U32_MAX,
	.shares = LIST_HEAD_INIT(qmd.shares),
	.events = LIST_HEAD_INIT(qmd.events),
};

/* For scripts, which cannot speak netlink. */
static int backend_get(char *buffer, const struct kernel_param *kp)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&qmd.lock, flags);
	ret = sysfs_emit(buffer, "%s\n", qmd.backend ? qmd.backend->name : "");
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
	return ret;
}

static const struct kernel_param_ops backend_ops = {
	.get = backend_get,
};
module_param_cb(backend, &backend_ops, NULL, 0444);
MODULE_PARM_DESC(backend, "the back end that is bound; empty if none is");

static bool qmd_backend_complete(const struct qcom_minidump_backend *be)
{
	const struct qcom_minidump_backend_ops *ops = be->ops;

	return be->name && ops && ops->init && ops->write_slot && ops->move_slot && ops->clear_slot &&
	       ops->publish && ops->close && ops->exit;
}

static bool qmd_limits_sane(const struct qcom_minidump_limits *limits)
{
	return limits->slots >= 3 && limits->slots < QMD_SLOTS_LIMIT && limits->name_max >= QCOM_MINIDUMP_NAME_MIN &&
	       is_power_of_2(limits->align) && limits->align <= PAGE_SIZE;
}

static bool own = true;
module_param(own, bool, 0444);
MODULE_PARM_DESC(own, "the log and what CPUs run are saved whoever else asks for it, or nobody (default: Y)");

const struct qmd_kind qmd_kind_builtin = {
	.pieces = qmd_pieces_of_range,
	.builtin = true,
};

static void qmd_table_free(void)
{
	qmd_elf_free(&qmd.elf);
	kvfree(qmd.slots);
	qmd.slots = NULL;
}

/* With the back end's table set up: the two slots that the core itself fills, before anybody else can take one. */
static int qmd_bind(const struct qcom_minidump_backend *be)
{
	struct qmd_spec spec = {
		.name = MINIDUMP_ELF_HEADER_NAME,
		.comment = "ELF header of the dump",
		.kind = &qmd_kind_builtin,
	};
	struct qmd_region *header;
	struct qmd_why why;
	unsigned long flags;
	int ret;

	qmd.slots = kvcalloc(qmd.limits.slots, sizeof(*qmd.slots), GFP_KERNEL);
	if (!qmd.slots)
		return -ENOMEM;
	ret = qmd_elf_alloc(&qmd.elf, &qmd.limits);
	if (ret)
		return ret;
	spec.addr = qmd.elf.buf[0];
	spec.size = qmd.elf.size;
	header = qmd_region_new(&spec, GFP_KERNEL, &why);
	if (IS_ERR(header))
		return PTR_ERR(header);

	raw_spin_lock_irqsave(&qmd.lock, flags);
	qmd.backend = be;
	qmd.header = header;
	ret = qmd_region_add_locked(header, &why);
	if (ret) {
		qmd.backend = NULL;
	} else {
		qmd_region_activate(qmd.vmcoreinfo);
		qmd_event(qmd.vmcoreinfo, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
		qmd.backend_event = true;
	}
	qmd_table_unlock(flags);
	if (ret)
		qmd_region_put(header);
	return ret;
}

static int qmd_backend_bind(const struct qcom_minidump_backend *be)
{
	struct qcom_minidump_limits *limits = &qmd.limits;
	unsigned long flags;
	int ret;

	if (qmd.backend) {
		pr_warn("back end %s is not bound: %s is\n", be->name, qmd.backend->name);
		return -EBUSY;
	}
	if (!try_module_get(be->owner))
		return -ENODEV;

	*limits = (struct qcom_minidump_limits){};
	ret = be->ops->init(be->priv, limits);
	if (ret)
		goto put;
	ret = -EINVAL;
	if (qmd_limits_sane(limits))
		ret = qmd_bind(be);
	else
		pr_err("back end %s has no sensible limits: %u slots, names of %u bytes, alignment %u\n", be->name,
		       limits->slots, limits->name_max, limits->align);
	if (!ret)
		return 0;

	qmd_table_free();
	raw_spin_lock_irqsave(&qmd.lock, flags);
	be->ops->close(be->priv);
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
	be->ops->exit(be->priv);
put:
	module_put(be->owner);
	return ret;
}

int qcom_minidump_backend_register(const struct qcom_minidump_backend *be)
{
	int ret;

	might_sleep();
	if (!qmd_backend_complete(be)) {
		pr_err("back end %s lacks a mandatory operation\n", be->name ?: "(no name)");
		return -EINVAL;
	}

	mutex_lock(&qmd.bind_lock);
	ret = qmd_backend_bind(be);
	if (!ret) {
		pr_info("back end %s: bound, %u slots\n", be->name, qmd.limits.slots);
		qmd_regions_reconsider();
	}
	mutex_unlock(&qmd.bind_lock);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(qcom_minidump_backend_register, QMD_NAMESPACE);

static void qmd_unbind(void)
{
	const struct qcom_minidump_backend *be = qmd.backend;
	unsigned long flags;

	raw_spin_lock_irqsave(&qmd.lock, flags);
	/* Nothing keeps it right from here on: to readers it is empty. */
	be->ops->close(be->priv);
	qmd_follow_park();
	qmd.backend = NULL;
	qmd.n_slots = 0;
	qmd.bytes = 0;
	qmd_region_remove(qmd.header, &flags);
	qmd.backend_event = true;
	raw_spin_unlock_irqrestore(&qmd.lock, flags);

	be->ops->exit(be->priv);
	qmd_regions_reconsider();
	/* The next header is to be number 0 again. */
	qmd_events_send();
	qmd_table_free();
	module_put(be->owner);
}

void qcom_minidump_backend_unregister(const struct qcom_minidump_backend *be)
{
	might_sleep();
	mutex_lock(&qmd.bind_lock);
	if (qmd.backend == be) {
		qmd_unbind();
		pr_info("back end %s: unbound\n", be->name);
	}
	mutex_unlock(&qmd.bind_lock);
}
EXPORT_SYMBOL_NS_GPL(qcom_minidump_backend_unregister, QMD_NAMESPACE);

void qcom_minidump_backend_look(const struct qcom_minidump_backend *be, void (*fn)(void *priv, u32 count))
{
	unsigned long flags;

	raw_spin_lock_irqsave(&qmd.lock, flags);
	if (qmd.backend == be)
		fn(be->priv, qmd.n_slots);
	raw_spin_unlock_irqrestore(&qmd.lock, flags);
}
EXPORT_SYMBOL_NS_GPL(qcom_minidump_backend_look, QMD_NAMESPACE);

struct qmd_tracepoint {
	const char *name;
	struct tracepoint *found;
};

static void __init qmd_tracepoint_match(struct tracepoint *tp, void *data)
{
	struct qmd_tracepoint *t = data;

	if (!strcmp(tp->name, t->name))
		t->found = tp;
}

/* The kernel exports few of its tracepoints by name. NULL: it has no such one. */
struct tracepoint *__init qmd_tracepoint_find(const char *name)
{
	struct qmd_tracepoint t = { .name = name };

	for_each_kernel_tracepoint(qmd_tracepoint_match, &t);
	return t.found;
}

static int __init qmd_vmcoreinfo_add(void)
{
	struct qmd_spec spec = {
		.name = MINIDUMP_VMCOREINFO_NAME,
		.comment = "where things are in this kernel",
		.kind = &qmd_kind_builtin,
	};
	struct qmd_why why;
	int ret = qmd_vmcoreinfo_spec(&spec);

	if (ret) {
		pr_err("this kernel has no VMCOREINFO note: nobody could read the dump\n");
		return ret;
	}
	qmd.vmcoreinfo = qmd_region_new(&spec, GFP_KERNEL, &why);
	if (IS_ERR(qmd.vmcoreinfo)) {
		pr_err("VMCOREINFO can't be saved: %s\n", why.text);
		return PTR_ERR(qmd.vmcoreinfo);
	}
	return qmd_region_add(qmd.vmcoreinfo, &why);
}

/* What every crash needs, from now to power-off, whatever becomes of who else asks for it. */
static void __init qmd_own_add(void)
{
	qmd_objects_own();
	qmd_layout_own();
	if (qmd_follow_all())
		pr_notice("not saved: what CPUs run: the kernel has no more states of CPU hotplug to give away\n");
}

static int __init qmd_init(void)
{
	int ret;

	ret = qmd_follow_init();
	if (ret)
		return ret;
	ret = qmd_ram_init();
	if (ret)
		goto exit_follow;
	qmd_modules_init();
	ret = qmd_stacks_init();
	if (ret)
		goto exit_modules;
	ret = qmd_vmcoreinfo_add();
	if (ret)
		goto exit_stacks;
	/* Before there is anybody to ask for the same. */
	if (own)
		qmd_own_add();
	ret = qmd_netlink_init();
	if (ret)
		goto remove_all;
	qmd_power_init();
	return 0;

remove_all:
	qmd_follow_no_more();
	qmd_owners_exit();
exit_stacks:
	qmd_stacks_exit();
exit_modules:
	qmd_modules_exit();
	qmd_ram_exit();
	xa_destroy(&qmd.ids);
exit_follow:
	qmd_follow_exit();
	return ret;
}

static void __exit qmd_exit(void)
{
	qmd_power_exit();
	qmd_follow_no_more();
	qmd_netlink_exit();
	qmd_stacks_exit();
	qmd_modules_exit();
	qmd_follow_exit();
	WARN(atomic_read(&qmd.n_objects), "%d regions were leaked\n", atomic_read(&qmd.n_objects));
	qmd_ram_exit();
	xa_destroy(&qmd.ids);
}

module_init(qmd_init);
module_exit(qmd_exit);

MODULE_DESCRIPTION("Minidump: a table of the memory that is worth saving in a crash");
MODULE_LICENSE("GPL");
MODULE_VERSION(QCOM_MINIDUMP_VERSION);
