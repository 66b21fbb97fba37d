// SPDX-License-Identifier: GPL-2.0-only
/*
 * From addresses to physical pieces. Nothing but RAM gets into the table: whoever copies it after a crash
 * would hang or worse on device memory.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

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

/* The machine's RAM, sorted: what of the resource tree is online, to be read in any context. */
struct md_ram {
	struct rcu_head rcu;
	u32 n;
	struct md_ram_range {
		u64 start;
		u64 end;	/* exclusive */
	} ranges[];
};

static struct md_ram __rcu *md_ram;

/**
 * struct md_ram_walk - a walk through the resource tree
 * @ram: to fill; NULL to count only
 * @max: room in it
 * @n: ranges so far
 * @end: of the last one
 * @hole_start: memory on its way out, which is online yet, and no RAM any more
 * @hole_end: its end
 */
struct md_ram_walk {
	struct md_ram *ram;
	u32 max;
	u32 n;
	u64 end;
	u64 hole_start;
	u64 hole_end;
};

static int md_ram_put(struct md_ram_walk *walk, u64 start, u64 end)
{
	bool joins = walk->n && walk->end == start;

	if (!joins && walk->n++ == walk->max && walk->ram)
		return -EAGAIN;
	walk->end = end;
	if (walk->ram && !joins)
		walk->ram->ranges[walk->n - 1].start = start;
	if (walk->ram)
		walk->ram->ranges[walk->n - 1].end = end;
	return 0;
}

/* Memory comes and goes in whole sections. The tree keeps it when it is offline, and nobody is told when it leaves. */
static int md_ram_collect(struct resource *res, void *arg)
{
	struct md_ram_walk *walk = arg;
	u64 start, next, end = res->end + 1;
	int ret = 0;

	for (start = res->start; start < end && !ret; start = next) {
		next = min(end, ALIGN(start + 1, PFN_PHYS(PAGES_PER_SECTION)));
		if (pfn_to_online_page(PHYS_PFN(start)) && (next <= walk->hole_start || start >= walk->hole_end))
			ret = md_ram_put(walk, start, next);
	}
	return ret;
}

static int md_ram_walk(struct md_ram_walk *walk)
{
	walk->n = 0;
	return walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, U64_MAX, walk,
				   md_ram_collect);
}

static int md_ram_update(u64 hole_start, u64 hole_end)
{
	struct md_ram *ram, *old;
	int ret;

	do {
		struct md_ram_walk walk = { .hole_start = hole_start, .hole_end = hole_end };

		md_ram_walk(&walk);
		ram = kzalloc(struct_size(ram, ranges, walk.n), GFP_KERNEL);
		if (!ram)
			return -ENOMEM;
		walk.ram = ram;
		walk.max = walk.n;
		ret = md_ram_walk(&walk);
		ram->n = walk.n;
		if (ret)
			kfree(ram);
	} while (ret == -EAGAIN);
	if (ret)
		return ret;

	old = rcu_replace_pointer(md_ram, ram, true);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

bool md_is_ram(u64 start, u64 end)
{
	const struct md_ram *ram;
	u32 lo = 0, hi;
	bool found = false;

	rcu_read_lock();
	ram = rcu_dereference(md_ram);
	hi = ram->n;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (end <= ram->ranges[mid].start) {
			hi = mid;
		} else if (start >= ram->ranges[mid].end) {
			lo = mid + 1;
		} else {
			found = start >= ram->ranges[mid].start && end <= ram->ranges[mid].end;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

static bool md_is_mapped_by_tables(const void *addr)
{
	unsigned long a = (unsigned long)addr;

	return is_vmalloc_addr(addr) || (a >= MODULES_VADDR && a < MODULES_END);
}

/* Physical address of one kernel virtual address, 0 if it has none. */
phys_addr_t md_virt_to_phys(const void *addr)
{
	if (md_is_mapped_by_tables(addr)) {
		struct page *page = vmalloc_to_page(addr);

		return page ? page_to_phys(page) + offset_in_page(addr) : 0;
	}
	return virt_addr_valid(addr) ? __pa(addr) : 0;
}

static int md_check_range(u64 start, u64 size, struct md_why *why)
{
	u64 end;

	if (!size)
		return md_refuse(why, -EINVAL, "SIZE is 0: give the number of bytes");
	/* The end may be rounded up to the back end's alignment, a page at the most. */
	if (check_add_overflow(start, size, &end) || end > U64_MAX - PAGE_SIZE)
		return md_refuse(why, -EINVAL, "ADDR + SIZE wraps around the end of memory");
	return 0;
}

/* How much of the range is in one piece, if it is memory at all: all of it but where each page may be elsewhere. */
static u64 md_piece_of_virt(u64 va, u64 size)
{
	return md_is_mapped_by_tables((void *)(unsigned long)va) ? min_t(u64, size, PAGE_SIZE - offset_in_page(va)) :
								   size;
}

/*
 * Work out the pieces of a virtual range; with segs NULL only count them. Any context but NMI. Returns how
 * many, at most max, or an error.
 */
int md_segments_of_virt(const void *addr, u64 size, struct md_segment *segs, u32 max, struct md_why *why)
{
	struct md_segment cur = {};
	u64 va = (unsigned long)addr;
	int n = 0, ret;

	ret = md_check_range(va, size, why);
	if (ret)
		return ret;
	if (va < TASK_SIZE_MAX)
		return md_refuse(why, -EFAULT, "ADDR is a user-space address: only kernel memory can be saved");

	while (size) {
		u64 len = md_piece_of_virt(va, size);
		phys_addr_t pa = md_virt_to_phys((void *)(unsigned long)va);

		if (!pa || md_virt_to_phys((void *)(unsigned long)(va + len - 1)) != pa + len - 1)
			return md_refuse(why, -EFAULT, "ADDR + SIZE is not mapped kernel memory from end to end");
		if (!md_is_ram(pa, pa + len))
			return md_refuse(why, -EFAULT, "ADDR + SIZE is not RAM from end to end");

		if (n && cur.pa + cur.size == pa) {
			cur.size += len;
		} else {
			if (n == max)
				return md_refuse(why, -E2BIG,
						 "ADDR + SIZE has too many physical pieces: register it in parts");
			cur = (struct md_segment){ .va = va, .pa = pa, .size = len };
			n++;
		}
		if (segs)
			segs[n - 1] = cur;
		va += len;
		size -= len;
	}
	return n;
}

int md_segments_of_phys(phys_addr_t pa, u64 size, struct md_segment *seg, struct md_why *why)
{
	int ret = md_check_range(pa, size, why);

	if (ret)
		return ret;
	if (!md_is_ram(pa, pa + size))
		return md_refuse(why, -EFAULT, "PADDR + SIZE is not RAM from end to end");

	if (!seg)
		return 1;
	/* Only linear memory has a virtual address for sure. */
	*seg = (struct md_segment){
		.va = pfn_valid(PHYS_PFN(pa)) ? (unsigned long)phys_to_virt(pa) : 0,
		.pa = pa,
		.size = size,
	};
	return 1;
}

/* A reference to the allocation that the page is part of, and how many pages of it there are from here on. */
static struct page *md_page_hold(unsigned long pfn, unsigned long *n, struct md_why *why)
{
	struct page *page = pfn_to_page(pfn), *head = compound_head(page);

	if (!get_page_unless_zero(head))
		goto refuse;
	/* It may have been freed, and given away as something else, until the reference was there. */
	if (compound_head(page) == head && !PageSlab(head)) {
		*n = compound_nr(head) - (page - head);
		return head;
	}
	put_page(head);
refuse:
	why->text = "HOLD is for memory that was allocated as pages: this is free, or part of something else";
	return NULL;
}

/* Memory that was reserved at boot is never freed. */
static bool md_needs_hold(unsigned long pfn)
{
	return !PageReserved(pfn_to_page(pfn));
}

static void md_pfns_release(unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		struct page *page = pfn_to_page(pfn), *head = compound_head(page);
		unsigned long n = compound_nr(head) - (page - head);

		if (md_needs_hold(pfn))
			put_page(head);
		pfn += n;
	}
}

/* Nobody else gets the pages before md_pages_release(). Any context but NMI. */
int md_pages_hold(const struct md_segment *seg, struct md_why *why)
{
	unsigned long first = PHYS_PFN(seg->pa), end = PFN_UP(seg->pa + seg->size), pfn, n;

	for (pfn = first; pfn < end; pfn += n) {
		n = 1;
		if (md_needs_hold(pfn) && !md_page_hold(pfn, &n, why)) {
			md_pfns_release(first, pfn);
			return -EBUSY;
		}
	}
	return 0;
}

void md_pages_release(const struct md_segment *seg)
{
	md_pfns_release(PHYS_PFN(seg->pa), PFN_UP(seg->pa + seg->size));
}

static bool md_region_in(const struct md_region *r, u64 start, u64 end)
{
	u32 i;

	for (i = 0; i < r->n_segs; i++)
		if (r->segs[i].pa < end && r->segs[i].pa + r->segs[i].size > start)
			return true;
	return false;
}

/* Memory is about to go: nobody must read it after a crash. */
static void md_ram_going(u64 start, u64 end)
{
	unsigned long flags;
	struct md_region *r;
	int id;

	spin_lock_irqsave(&md.lock, flags);
	idr_for_each_entry(&md.ids, r, id) {
		/* What a CPU runs is not in memory that can go. */
		if (!md_region_in_table(r) || r->follow || !md_region_in(r, start, end))
			continue;
		md_table_remove(r);
		r->state = QCOM_MINIDUMP_REGION_REJECTED;
		r->error = "its memory was taken out of the machine";
		md_event(r, QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF);
	}
	spin_unlock_irqrestore(&md.lock, flags);
}

static int md_ram_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *arg = data;

	u64 start = PFN_PHYS(arg->start_pfn), end = PFN_PHYS(arg->start_pfn + arg->nr_pages);
	int ret = 0;

	switch (action) {
	case MEM_GOING_OFFLINE:
		ret = md_ram_update(start, end);
		if (!ret)
			md_ram_going(start, end);
		break;
	case MEM_CANCEL_OFFLINE:
		ret = md_ram_update(0, 0);
		md_regions_set_active(true);
		break;
	case MEM_ONLINE:
	case MEM_OFFLINE:
		ret = md_ram_update(0, 0);
		break;
	}
	return notifier_from_errno(ret);
}

static struct notifier_block md_ram_nb = {
	.notifier_call = md_ram_notify,
};

int md_ram_init(void)
{
	int ret = md_ram_update(0, 0);

	if (ret)
		return ret;
	ret = register_memory_notifier(&md_ram_nb);
	if (ret)
		kfree(rcu_dereference_protected(md_ram, true));
	return ret;
}

void md_ram_exit(void)
{
	unregister_memory_notifier(&md_ram_nb);
	kfree_rcu(rcu_dereference_protected(md_ram, true), rcu);
	rcu_barrier();
}
