// SPDX-License-Identifier: GPL-2.0-only
/*
 * From addresses to physical pieces. Nothing but RAM gets into the table: whoever copies it after a crash
 * would hang or worse on device memory.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/bsearch.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core.h"
#include "event.h"
#include "region.h"
#include "table.h"

/* The machine's RAM, sorted: what of the resource tree is online, to be read in any context. */
struct qmd_ram {
	struct rcu_head rcu;
	u32 n;
	struct qmd_ram_range {
		u64 start;
		u64 end;	/* exclusive */
	} ranges[];
};

static struct qmd_ram __rcu *qmd_ram;
static DEFINE_MUTEX(qmd_ram_lock);	/* one snapshot at a time */

/**
 * struct qmd_ram_walk - a walk through the resource tree
 * @ram: grows
 * @hole_start: memory on its way out, which is online yet, and no RAM any more
 * @hole_end: its end
 */
struct qmd_ram_walk {
	struct qmd_ram *ram;
	u64 hole_start;
	u64 hole_end;
};

static int qmd_ram_put(struct qmd_ram_walk *walk, u64 start, u64 end)
{
	struct qmd_ram *ram = walk->ram;

	if (ram->n && ram->ranges[ram->n - 1].end == start) {
		ram->ranges[ram->n - 1].end = end;
		return 0;
	}
	ram = krealloc(ram, struct_size(ram, ranges, ram->n + 1), GFP_KERNEL);
	if (!ram)
		return -ENOMEM;
	ram->ranges[ram->n++] = (struct qmd_ram_range){ start, end };
	walk->ram = ram;
	return 0;
}

/* Memory comes and goes in whole sections. The tree keeps it when it is offline, and nobody is told when it leaves. */
static int qmd_ram_collect(struct resource *res, void *arg)
{
	struct qmd_ram_walk *walk = arg;
	u64 start, next, end = res->end + 1;
	int ret = 0;

	for (start = res->start; start < end && !ret; start = next) {
		next = min(end, ALIGN(start + 1, PFN_PHYS(PAGES_PER_SECTION)));
		if (pfn_to_online_page(PHYS_PFN(start)) && (next <= walk->hole_start || start >= walk->hole_end))
			ret = qmd_ram_put(walk, start, next);
	}
	return ret;
}

static int qmd_ram_update(u64 hole_start, u64 hole_end)
{
	struct qmd_ram_walk walk = {
		.ram = kzalloc(sizeof(*walk.ram), GFP_KERNEL),
		.hole_start = hole_start,
		.hole_end = hole_end,
	};
	int ret;

	if (!walk.ram)
		return -ENOMEM;
	mutex_lock(&qmd_ram_lock);
	ret = walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, U64_MAX, &walk,
				  qmd_ram_collect);
	if (!ret)
		walk.ram = rcu_replace_pointer(qmd_ram, walk.ram, true);
	mutex_unlock(&qmd_ram_lock);
	kfree_rcu(walk.ram, rcu);
	return ret;
}

static int qmd_ram_compare(const void *key, const void *range)
{
	const struct qmd_ram_range *k = key, *r = range;

	return k->end <= r->start ? -1 : k->start >= r->end;
}

bool qmd_is_ram(u64 start, u64 end)
{
	const struct qmd_ram_range key = { start, end }, *found;
	const struct qmd_ram *ram;
	bool inside;

	rcu_read_lock();
	ram = rcu_dereference(qmd_ram);
	found = __inline_bsearch(&key, ram->ranges, ram->n, sizeof(key), qmd_ram_compare);
	inside = found && start >= found->start && end <= found->end;
	rcu_read_unlock();
	return inside;
}

static bool qmd_is_mapped_by_tables(const void *addr)
{
	unsigned long a = (unsigned long)addr;

	return is_vmalloc_addr(addr) || (a >= MODULES_VADDR && a < MODULES_END);
}

/* Physical address of one kernel virtual address, 0 if it has none. */
phys_addr_t qmd_virt_to_phys(const void *addr)
{
	if (qmd_is_mapped_by_tables(addr)) {
		struct page *page = vmalloc_to_page(addr);

		return page ? page_to_phys(page) + offset_in_page(addr) : 0;
	}
	return virt_addr_valid(addr) ? __pa(addr) : 0;
}

static int qmd_check_range(u64 start, u64 size, struct qmd_why *why)
{
	u64 end;

	if (!size)
		return qmd_refuse(why, -EINVAL, "SIZE is 0: give the number of bytes");
	/* The end may be rounded up to the back end's alignment, to that of a page at the most. */
	if (check_add_overflow(start, size, &end) || end > U64_MAX - PAGE_SIZE)
		return qmd_refuse(why, -EINVAL, "ADDR + SIZE wraps around the end of memory");
	return 0;
}

/* If pieces are not only counted. What else is in a segment stays. */
static void qmd_segment_set(struct qmd_segment *segs, u32 n, u64 va, phys_addr_t pa, u64 size)
{
	if (!segs)
		return;
	segs[n].va = va;
	segs[n].pa = pa;
	segs[n].size = size;
}

/* How much of the range is in one piece, if it is memory at all: all of it but where each page may be elsewhere. */
static u64 qmd_piece_of_virt(u64 va, u64 size)
{
	return qmd_is_mapped_by_tables((void *)(unsigned long)va) ? min_t(u64, size, PAGE_SIZE - offset_in_page(va)) :
								   size;
}

/*
 * Work out the pieces of a virtual range; with segs NULL only count them. Any context but NMI. Returns how
 * many, at most max, or an error.
 */
int qmd_segments_of_virt(const void *addr, u64 size, struct qmd_segment *segs, u32 max, struct qmd_why *why)
{
	u64 va = (unsigned long)addr;
	phys_addr_t end = 0;
	int n = 0, ret;

	ret = qmd_check_range(va, size, why);
	if (ret)
		return ret;
	if (va < TASK_SIZE_MAX)
		return qmd_refuse(why, -EFAULT, "ADDR is a user-space address: only kernel memory can be saved");

	while (size) {
		u64 len = qmd_piece_of_virt(va, size);
		phys_addr_t pa = qmd_virt_to_phys((void *)(unsigned long)va);

		if (!pa || qmd_virt_to_phys((void *)(unsigned long)(va + len - 1)) != pa + len - 1)
			return qmd_refuse(why, -EFAULT, "ADDR + SIZE is not mapped kernel memory from end to end");
		if (!qmd_is_ram(pa, pa + len))
			return qmd_refuse(why, -EFAULT, "ADDR + SIZE is not RAM from end to end");

		if (!n || end != pa) {
			if (n == max)
				return qmd_refuse(why, -E2BIG,
						  "ADDR + SIZE has too many physical pieces: register it in parts");
			qmd_segment_set(segs, n++, va, pa, len);
		} else if (segs) {
			segs[n - 1].size += len;
		}
		end = pa + len;
		va += len;
		size -= len;
	}
	return n;
}

static int qmd_segments_of_phys(phys_addr_t pa, u64 size, struct qmd_segment *segs, struct qmd_why *why)
{
	int ret = qmd_check_range(pa, size, why);

	if (ret)
		return ret;
	if (!qmd_is_ram(pa, pa + size))
		return qmd_refuse(why, -EFAULT, "PADDR + SIZE is not RAM from end to end");

	/* Only linear memory has a virtual address for sure. */
	qmd_segment_set(segs, 0, pfn_valid(PHYS_PFN(pa)) ? (unsigned long)phys_to_virt(pa) : 0, pa, size);
	return 1;
}

int qmd_pieces_of_range(const struct qmd_spec *spec, struct qmd_segment *segs, u32 max, struct qmd_why *why)
{
	if (spec->addr)
		return qmd_segments_of_virt(spec->addr, spec->size, segs, max, why);
	return qmd_segments_of_phys(spec->paddr, spec->size, segs, why);
}

static void qmd_range_put(struct qmd_region *r)
{
	if (r->map)
		bpf_map_put(r->map);
}

const struct qmd_kind qmd_kind_range = {
	.pieces = qmd_pieces_of_range,
	.put = qmd_range_put,
	.by_address = true,
};

/*
 * A reference to the allocation that the page is part of. How many pages of that there are from here on, or 0. What was
 * reserved at boot is freed by whoever had it reserved, without a look at references: nobody can hold that.
 */
static unsigned long qmd_page_hold(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn), *head = compound_head(page);

	if (PageReserved(page) || !get_page_unless_zero(head))
		return 0;
	/* It may have been freed, and given away as something else, until the reference was there. */
	if (compound_head(page) == head && !PageSlab(head))
		return compound_nr(head) - (page - head);
	put_page(head);
	return 0;
}

/* Each page here has a reference, for which its allocation stays as large as it was. */
static void qmd_pfns_release(unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		struct page *page = pfn_to_page(pfn), *head = compound_head(page);

		pfn += compound_nr(head) - (page - head);
		put_page(head);
	}
}

/* Nobody else gets the pages before qmd_pages_release(). Any context but NMI. */
int qmd_pages_hold(const struct qmd_segment *seg, struct qmd_why *why)
{
	unsigned long first = PHYS_PFN(seg->pa), end = PFN_UP(seg->pa + seg->size), pfn, n;

	for (pfn = first; pfn < end; pfn += n) {
		n = qmd_page_hold(pfn);
		if (n)
			continue;
		qmd_pfns_release(first, pfn);
		return qmd_refuse(why, -EBUSY,
				  "HOLD is for memory that was allocated as pages: this is free, was reserved at boot, "
				  "or is part of something else");
	}
	return 0;
}

void qmd_pages_release(const struct qmd_segment *seg)
{
	qmd_pfns_release(PHYS_PFN(seg->pa), PFN_UP(seg->pa + seg->size));
}

static bool qmd_region_in(const struct qmd_region *r, u64 start, u64 end)
{
	u32 i;

	for (i = 0; i < r->n_segs; i++)
		if (r->segs[i].pa < end && r->segs[i].pa + r->segs[i].size > start)
			return true;
	return false;
}

/* Memory is about to go: nobody must read it after a crash. */
static void qmd_ram_going(u64 start, u64 end)
{
	unsigned long flags;
	struct qmd_region *r;
	u32 id;

	/* Who has asked before whether that is RAM is done. */
	synchronize_rcu();
	for (id = 1; (r = qmd_region_next(&id)); id++) {
		flags = qmd_table_lock();
		qmd_table_settle(r, &flags);
		/* What a CPU runs is not in memory that can go. */
		if (r->there && qmd_region_in_table(r) && !r->follow && qmd_region_in(r, start, end))
			qmd_region_reject(r, "its memory was taken out of the machine", &flags);
		raw_spin_unlock_irqrestore(&qmd.lock, flags);
		qmd_region_put(r);
	}
}

static int qmd_ram_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *arg = data;

	u64 start = PFN_PHYS(arg->start_pfn), end = PFN_PHYS(arg->start_pfn + arg->nr_pages);
	int ret = 0;

	switch (action) {
	case MEM_GOING_OFFLINE:
	case MEM_OFFLINE:	/* again: nobody may have been there yet to be told the first time */
		ret = qmd_ram_update(start, end);
		if (!ret)
			qmd_ram_going(start, end);
		break;
	case MEM_CANCEL_OFFLINE:
		ret = qmd_ram_update(0, 0);
		qmd_regions_reconsider();
		break;
	case MEM_ONLINE:
		ret = qmd_ram_update(0, 0);
		break;
	}
	return notifier_from_errno(ret);
}

static struct notifier_block qmd_ram_nb = {
	.notifier_call = qmd_ram_notify,
};

/* The snapshot comes second, so that no change falls between the two. */
int qmd_ram_init(void)
{
	int ret = register_memory_notifier(&qmd_ram_nb);

	if (ret)
		return ret;
	ret = qmd_ram_update(0, 0);
	if (ret)
		qmd_ram_exit();
	return ret;
}

void qmd_ram_exit(void)
{
	unregister_memory_notifier(&qmd_ram_nb);
	kfree_rcu(rcu_dereference_protected(qmd_ram, true), rcu);
	rcu_barrier();
}
