// SPDX-License-Identifier: GPL-2.0-only
/*
 * For clients in the kernel: include/linux/qcom_minidump.h.
 */
#include <linux/export.h>
#include <linux/qcom_minidump.h>

#include "core.h"
#include "region.h"

int qcom_minidump_register(const struct qcom_minidump_region *region, gfp_t gfp)
{
	struct qmd_spec spec = {
		.name = region->name,
		.comment = region->comment,
		.kind = &qmd_kind_range,
		.addr = region->addr,
		.paddr = region->paddr,
		.size = region->size,
	};
	struct qmd_region *r;
	struct qmd_why why;
	int id;

	r = qmd_region_new(&spec, gfp, &why);
	if (IS_ERR(r))
		return PTR_ERR(r);
	id = r->id;
	return qmd_region_add(r, &why) ?: id;
}
EXPORT_SYMBOL_GPL(qcom_minidump_register);

/* The region of a client in the kernel. Under RCU: this is no place to drop a last reference. */
static struct qmd_region *qmd_client_region(const void *of)
{
	int id = *(const int *)of;
	struct qmd_region *r = id > 0 ? xa_load(&qmd.ids, id) : NULL;

	return r && r->there && r->kind->by_address && !r->sk ? r : NULL;
}

int qcom_minidump_update(int id, const void *addr, size_t size)
{
	struct qmd_spec to = { .addr = addr, .size = size };
	struct qmd_region *r;
	struct qmd_why why;
	int ret;

	if (!addr)
		return -EFAULT;
	rcu_read_lock();
	r = qmd_client_region(&id);
	ret = r ? qmd_region_move(r, &to, &why) : -ENOENT;
	rcu_read_unlock();
	return ret;
}
EXPORT_SYMBOL_GPL(qcom_minidump_update);

int qcom_minidump_unregister(int id)
{
	bool found;

	rcu_read_lock();
	found = qmd_region_drop(qmd_client_region, &id);
	rcu_read_unlock();
	return found ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(qcom_minidump_unregister);
