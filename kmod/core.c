// SPDX-License-Identifier: GPL-2.0-only
/*
 * qcom_minidump: the module, and back ends coming and going.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/tracepoint.h>

#include "core.h"

struct minidump md = {
	.lock = __SPIN_LOCK_UNLOCKED(md.lock),
	.bind_lock = __MUTEX_INITIALIZER(md.bind_lock),
	.ids = IDR_INIT(md.ids),
};

/* For scripts: who can't ask over netlink. */
static int backend_get(char *buffer, const struct kernel_param *kp)
{
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&md.lock, flags);
	ret = sysfs_emit(buffer, "%s\n", md.backend ? md.backend->name : "");
	spin_unlock_irqrestore(&md.lock, flags);
	return ret;
}

static const struct kernel_param_ops backend_ops = {
	.get = backend_get,
};
module_param_cb(backend, &backend_ops, NULL, 0444);
MODULE_PARM_DESC(backend, "the back end that is bound; empty if none is");

static bool md_backend_complete(const struct minidump_backend *be)
{
	const struct minidump_backend_ops *ops = be->ops;

	return be->name && ops && ops->init && ops->write_slot && ops->move_slot && ops->clear_slot &&
	       ops->publish && ops->exit;
}

static bool md_limits_sane(const struct minidump_limits *limits)
{
	/* e_shnum has 16 bits; from SHN_LORESERVE on numbers have a meaning of their own. */
	return limits->slots >= 3 && limits->slots < 0xff00 - 2 && limits->name_max >= MINIDUMP_NAME_MIN &&
	       is_power_of_2(limits->align) && limits->align <= PAGE_SIZE;
}

/* The two slots that the core itself fills, before anybody else can take one. */
static int md_bind_publish(const struct minidump_backend *be, const struct minidump_limits *limits,
			   struct md_slot *slots, const struct md_elf *elf, struct md_region *header)
{
	struct md_why why;
	unsigned long flags;
	int ret;

	idr_preload(GFP_KERNEL);
	spin_lock_irqsave(&md.lock, flags);
	md.backend = be;
	md.limits = *limits;
	md.slots = slots;
	md.n_slots = 0;
	md.bytes = 0;
	md.elf = *elf;
	md.header = header;
	ret = md_region_add_locked(header, GFP_KERNEL, &why);
	if (ret) {
		md.backend = NULL;
		md.header = NULL;
	} else {
		md_region_activate(md.vmcoreinfo);
		md_event(md.vmcoreinfo, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
		md.backend_event = true;
	}
	spin_unlock_irqrestore(&md.lock, flags);
	idr_preload_end();
	return ret;
}

/* With the back end's table set up: what the core needs for it. */
static int md_bind(const struct minidump_backend *be, const struct minidump_limits *limits)
{
	struct md_spec spec = {
		.name = MINIDUMP_ELF_HEADER_NAME,
		.comment = "ELF header of the dump",
		.kind = MD_KIND_BUILTIN,
	};
	struct md_region *header;
	struct md_slot *slots;
	struct md_elf elf;
	struct md_why why;
	int ret;

	slots = kvcalloc(limits->slots, sizeof(*slots), GFP_KERNEL);
	if (!slots)
		return -ENOMEM;
	ret = md_elf_alloc(&elf, limits);
	if (ret)
		goto free_slots;

	spec.addr = elf.buf[0];
	spec.size = elf.size;
	header = md_region_new(&spec, GFP_KERNEL, &why);
	if (IS_ERR(header)) {
		ret = PTR_ERR(header);
		goto free_elf;
	}

	ret = md_bind_publish(be, limits, slots, &elf, header);
	if (!ret)
		return 0;

	md_region_put(header);
free_elf:
	md_elf_free(&elf);
free_slots:
	kvfree(slots);
	return ret;
}

static int md_backend_bind(const struct minidump_backend *be)
{
	struct minidump_limits limits = {};
	int ret;

	if (md.backend) {
		pr_warn("back end %s is not bound: %s is\n", be->name, md.backend->name);
		return -EBUSY;
	}
	if (!try_module_get(be->owner))
		return -ENODEV;

	ret = be->ops->init(be->priv, &limits);
	if (ret)
		goto put;
	ret = -EINVAL;
	if (md_limits_sane(&limits))
		ret = md_bind(be, &limits);
	else
		pr_err("back end %s has no sensible limits: %u slots, names of %u bytes, alignment %u\n", be->name,
		       limits.slots, limits.name_max, limits.align);
	if (!ret)
		return 0;

	be->ops->exit(be->priv);
put:
	module_put(be->owner);
	return ret;
}

int qcom_minidump_backend_register(const struct minidump_backend *be)
{
	int ret;

	might_sleep();
	if (!md_backend_complete(be)) {
		pr_err("back end %s lacks a mandatory operation\n", be->name ?: "(no name)");
		return -EINVAL;
	}

	mutex_lock(&md.bind_lock);
	ret = md_backend_bind(be);
	if (!ret) {
		pr_info("back end %s: bound, %u slots\n", be->name, md.limits.slots);
		md_regions_set_active(true);
	}
	mutex_unlock(&md.bind_lock);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(qcom_minidump_backend_register, QCOM_MINIDUMP);

static void md_unbind(void)
{
	const struct minidump_backend *be = md.backend;
	struct md_region *header = md.header;
	unsigned long flags;

	spin_lock_irqsave(&md.lock, flags);
	/* Nothing keeps it right from here on: to readers it is empty. */
	be->ops->publish(be->priv, 0);
	md_follow_park();
	md.backend = NULL;
	md.n_slots = 0;
	md.bytes = 0;
	md_region_remove(header);
	md.header = NULL;
	md.backend_event = true;
	spin_unlock_irqrestore(&md.lock, flags);

	be->ops->exit(be->priv);
	md_regions_set_active(false);
	md_region_put(header);
	md_elf_free(&md.elf);
	kvfree(md.slots);
	md.slots = NULL;
	module_put(be->owner);
}

void qcom_minidump_backend_unregister(const struct minidump_backend *be)
{
	might_sleep();
	mutex_lock(&md.bind_lock);
	if (md.backend == be) {
		md_unbind();
		pr_info("back end %s: unbound\n", be->name);
	}
	mutex_unlock(&md.bind_lock);
}
EXPORT_SYMBOL_NS_GPL(qcom_minidump_backend_unregister, QCOM_MINIDUMP);

struct md_tracepoint {
	const char *name;
	struct tracepoint *found;
};

static void __init md_tracepoint_match(struct tracepoint *tp, void *data)
{
	struct md_tracepoint *t = data;

	if (!strcmp(tp->name, t->name))
		t->found = tp;
}

/* The kernel exports few of its tracepoints by name. NULL: it has no such one. */
struct tracepoint *__init md_tracepoint_find(const char *name)
{
	struct md_tracepoint t = { .name = name };

	for_each_kernel_tracepoint(md_tracepoint_match, &t);
	return t.found;
}

static int __init md_vmcoreinfo_add(void)
{
	struct md_spec spec = {
		.name = MINIDUMP_VMCOREINFO_NAME,
		.comment = "where things are in this kernel",
		.kind = MD_KIND_BUILTIN,
	};
	struct md_why why;
	int ret = md_vmcoreinfo_spec(&spec);

	if (ret) {
		pr_err("this kernel has no VMCOREINFO note: nobody could read the dump\n");
		return ret;
	}
	md.vmcoreinfo = md_region_new(&spec, GFP_KERNEL, &why);
	if (IS_ERR(md.vmcoreinfo)) {
		pr_err("VMCOREINFO can't be saved: %s\n", why.text);
		return PTR_ERR(md.vmcoreinfo);
	}
	return md_region_add(md.vmcoreinfo, GFP_KERNEL, &why);
}

static void md_vmcoreinfo_remove(void)
{
	unsigned long flags;

	spin_lock_irqsave(&md.lock, flags);
	md_region_remove(md.vmcoreinfo);
	spin_unlock_irqrestore(&md.lock, flags);
	md_region_put(md.vmcoreinfo);
}

static int __init md_init(void)
{
	int ret;

	md_events_init();
	ret = md_follow_init();
	if (ret)
		return ret;
	ret = md_ram_init();
	if (ret)
		goto exit_follow;
	ret = md_cpu_regs_init();
	if (ret)
		goto exit_ram;
	ret = md_modules_init();
	if (ret)
		goto exit_cpu_regs;
	ret = md_stacks_init();
	if (ret)
		goto exit_modules;
	ret = md_vmcoreinfo_add();
	if (ret)
		goto exit_stacks;
	ret = md_netlink_init();
	if (ret)
		goto remove_vmcoreinfo;
	return 0;

remove_vmcoreinfo:
	md_netlink_mute();
	md_vmcoreinfo_remove();
	md_events_exit();
exit_stacks:
	md_stacks_exit();
exit_modules:
	md_modules_exit();
exit_cpu_regs:
	md_cpu_regs_exit();
exit_ram:
	md_ram_exit();
	idr_destroy(&md.ids);
exit_follow:
	md_follow_exit();
	return ret;
}

static void __exit md_exit(void)
{
	md_netlink_exit();
	md_stacks_exit();
	md_modules_exit();
	md_follow_exit();
	md_vmcoreinfo_remove();
	md_events_exit();
	WARN(atomic_read(&md.n_objects), "%d regions were leaked\n", atomic_read(&md.n_objects));
	md_cpu_regs_exit();
	md_ram_exit();
	idr_destroy(&md.ids);
}

module_init(md_init);
module_exit(md_exit);

MODULE_DESCRIPTION("Minidump: a table of the memory that is worth saving in a crash");
MODULE_LICENSE("GPL");
MODULE_VERSION(QCOM_MINIDUMP_VERSION);
