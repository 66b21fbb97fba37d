// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keep of this kernel. It is filled behind the notifiers of a panic, and once more when all is said and the machine
 * is about to reset, so that the last lines are in it. Then nothing can be relied on: here is no lock, no allocation,
 * nothing to wait for, and memory is copied by what survives a fault.
 *
 * A machine may go down without a word, in a hang that a watchdog ends. For that the end of the log is written every
 * QMD_TAIL_SECONDS while it lives, and at each oops. A shutdown that came to its end seals a keep that has nothing.
 *
 * A hardware reset discards what caches hold: all is written back, the seal after the rest.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/libnvdimm.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <asm/barrier.h>

#include <linux/qcom_minidump_table.h>

#include "keep.h"
#include "kmsg.h"

/* Later kernels call it otherwise; Kbuild has looked. */
#ifndef QMD_HAS_DFL_WQ
#define system_dfl_wq system_unbound_wq
#endif

/* Of each of the two. */
#define QMD_KEEP_SIZE  (4ULL << 20)
#define QMD_KEEP_PAGES (QMD_KEEP_SIZE / PAGE_SIZE)
#define QMD_KEEP_ROOM  (QMD_KEEP_SIZE - QCMD_KEEP_TAIL)

#define QMD_TAIL_SECONDS 2

/*
 * Where they are, in parts of RAM: away from each other, as a kernel is put anywhere, and from both ends of RAM and of
 * each node, where boot loaders and the first of a kernel's memory are.
 */
static const u64 qmd_keep_sevenths[QMD_KEEPS] = { 2, 5 };

static struct qcmd_keep *qmd_keeps[QMD_KEEPS];
static struct qmd_keep_table qmd_table;

static atomic_t qmd_filling = ATOMIC_INIT(0);
static bool qmd_panicked;
static atomic_t qmd_writing_tail = ATOMIC_INIT(0);

static void qmd_write_back(void *start, size_t size)
{
	arch_wb_cache_pmem(start, size);
	/* What is written back may arrive in any order, and stores that follow before it. */
	wmb();
}

/*
 * What does not fit, or can't be read, is left out: readers see that from the table. Nothing that is in the keep is
 * relied on, as somebody may have written over it.
 */
static u32 qmd_keep_add(struct qcmd_keep *keep, u32 n, u64 *end, u64 paddr, u64 size)
{
	struct qcmd_keep_piece *piece = &keep->piece[n];
	void *to = (void *)keep + *end;

	if (size > QMD_KEEP_ROOM - *end || copy_from_kernel_nofault(to, phys_to_virt(paddr), size))
		return n;
	qmd_write_back(to, size);
	piece->paddr = paddr;
	piece->size = size;
	piece->offset = *end;
	piece->hash = qmd_keep_hash_of(keep, to, size);
	*end = min(ALIGN(*end + size, L1_CACHE_BYTES), QMD_KEEP_ROOM);
	return n + 1;
}

static void qmd_keep_seal_it(struct qcmd_keep *keep, u32 pieces, u64 end)
{
	keep->time = ktime_get_real_fast_ns();
	keep->running = num_online_cpus() - 1;
	keep->pieces = pieces;
	keep->end = end;
	qmd_write_back(keep, struct_size(keep, piece, pieces));
	keep->seal = qmd_keep_seal(keep);
	qmd_write_back(keep, sizeof(*keep));
}

static void qmd_keep_fill(struct qcmd_keep *keep)
{
	u64 end = ALIGN(struct_size(keep, piece, 1 + qmd_table.max), L1_CACHE_BYTES);
	u32 i, n, count = min(le32_to_cpu(READ_ONCE(*qmd_table.count)), qmd_table.max);

	keep->end = 0;
	qmd_write_back(keep, sizeof(*keep));
	n = qmd_keep_add(keep, 0, &end, qmd_table.paddr, qmd_table.size);
	for (i = 0; i < count; i++) {
		const struct minidump_region *r = &qmd_table.regions[i];

		/* Whoever has not stopped may move it. */
		if (le32_to_cpu(READ_ONCE(r->valid)) == MINIDUMP_REGION_VALID)
			n = qmd_keep_add(keep, n, &end, le64_to_cpu(READ_ONCE(r->address)),
					 le64_to_cpu(READ_ONCE(r->size)));
	}
	qmd_keep_seal_it(keep, n, end);
}

/* The judge goes by the size in the keep. Here somebody may have written over that, and it would lead anywhere. */
static struct qcmd_keep_tail *qmd_keep_own_tail(int i)
{
	return (void *)qmd_keeps[i] + QMD_KEEP_ROOM;
}

/*
 * In any context: the kernel takes no lock for it. Who is late leaves it to who writes: that one may be on a CPU that
 * was stopped, and then it is as it was in one of the keeps.
 */
static void qmd_keep_write_tail(void)
{
	struct qcmd_keep_tail *first = qmd_keep_own_tail(0);
	u64 now = ktime_get_real_fast_ns();
	struct kmsg_dump_iter iter;
	size_t size = 0;
	int i;

	if (atomic_xchg(&qmd_writing_tail, 1))
		return;
	kmsg_dump_rewind(&iter);
	kmsg_dump_get_buffer(&iter, true, first->text, QCMD_KEEP_TAIL - sizeof(*first), &size);
	for (i = 0; i < QMD_KEEPS; i++) {
		struct qcmd_keep_tail *tail = qmd_keep_own_tail(i);

		if (tail != first)
			memcpy(tail->text, first->text, size);
		tail->time = now;
		tail->size = size;
		tail->hash = qmd_keep_tail_hash(qmd_keeps[i], tail);
		qmd_write_back(tail, sizeof(*tail) + size);
	}
	atomic_set(&qmd_writing_tail, 0);
}

static void qmd_keep_alive(struct work_struct *work);
static DECLARE_DELAYED_WORK(qmd_keep_work, qmd_keep_alive);

/* On any CPU, as one of them may hang. */
static void qmd_keep_alive(struct work_struct *work)
{
	qmd_keep_write_tail();
	queue_delayed_work(system_dfl_wq, &qmd_keep_work, QMD_TAIL_SECONDS * HZ);
}

/* One after the other, so that one of them is sealed at any time. A panic in here, against all care, gets past. */
static void qmd_keep_seal_all(bool panic)
{
	int i;

	if (atomic_xchg(&qmd_filling, 1))
		return;
	for (i = 0; i < QMD_KEEPS; i++) {
		if (panic)
			qmd_keep_fill(qmd_keeps[i]);
		else
			qmd_keep_seal_it(qmd_keeps[i], 0, 0);
	}
	atomic_set(&qmd_filling, 0);
}

static void qmd_keep_on_dump(struct kmsg_dumper *dumper, QMD_KMSG_ARG)
{
	enum kmsg_dump_reason why = QMD_KMSG_REASON;

	qmd_panicked |= why == KMSG_DUMP_PANIC;
	if (!atomic_read(&qmd_filling))
		qmd_keep_write_tail();
	if (why == KMSG_DUMP_SHUTDOWN || qmd_panicked)
		qmd_keep_seal_all(qmd_panicked);
}

static struct kmsg_dumper qmd_keep_dumper = { .dump = qmd_keep_on_dump, .max_reason = KMSG_DUMP_SHUTDOWN };

bool qmd_keep_page_is_free(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page && is_free_buddy_page(page);
}

/* In one zone, and none whose memory is to be removable. */
static bool qmd_keep_range_is_free(unsigned long pfn)
{
	unsigned long at;

	for (at = pfn; at < pfn + QMD_KEEP_PAGES; at++)
		if (!qmd_keep_page_is_free(at) || is_zone_movable_page(pfn_to_page(at)) ||
		    page_zone(pfn_to_page(at)) != page_zone(pfn_to_page(pfn)))
			return false;
	return true;
}

/* Nothing has to move out for it. */
static struct qcmd_keep *qmd_keep_alloc(unsigned long pfn, unsigned long end)
{
	for (; pfn + QMD_KEEP_PAGES <= end; pfn += PHYS_PFN(QCMD_KEEP_ALIGN)) {
		if (qmd_keep_range_is_free(pfn) &&
		    !alloc_contig_range(pfn, pfn + QMD_KEEP_PAGES, QMD_CONTIG_ARG, GFP_KERNEL | __GFP_NOWARN))
			return pfn_to_kaddr(pfn);
		cond_resched();
	}
	return NULL;
}

static void qmd_keep_begin(struct qcmd_keep *keep, const u64 number[2])
{
	memset(keep, 0, sizeof(*keep));
	strscpy(keep->magic, QCMD_KEEP_MAGIC, sizeof(keep->magic));
	keep->self = virt_to_phys(keep);
	keep->size = QMD_KEEP_SIZE;
	memcpy(keep->number, number, sizeof(keep->number));
	keep->hash = qmd_keep_hash(keep);
	qmd_write_back(keep, sizeof(*keep));
}

static int qmd_keep_span(struct resource *res, void *arg)
{
	struct range *ram = arg;

	ram->start = min(ram->start, res->start);
	ram->end = max(ram->end, res->end + 1);
	return 0;
}

static void qmd_keep_free(void)
{
	int i;

	for (i = 0; i < QMD_KEEPS; i++) {
		if (!qmd_keeps[i])
			continue;
		memzero_explicit(qmd_keeps[i], sizeof(*qmd_keeps[i]));
		qmd_write_back(qmd_keeps[i], sizeof(*qmd_keeps[i]));
		free_contig_range(PHYS_PFN(virt_to_phys(qmd_keeps[i])), QMD_KEEP_PAGES);
		qmd_keeps[i] = NULL;
	}
}

/* The number is in the keep and nowhere else. */
int qmd_keep_open(const struct qmd_keep_table *table)
{
	struct range ram = { .start = U64_MAX };
	u64 number[2];
	int i;

	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, 0, U64_MAX, &ram, qmd_keep_span);
	get_random_bytes(number, sizeof(number));
	for (i = 0; i < QMD_KEEPS; i++) {
		u64 from = ram.start + (ram.end - ram.start) / 7 * qmd_keep_sevenths[i];

		qmd_keeps[i] = qmd_keep_alloc(PHYS_PFN(ALIGN(from, QCMD_KEEP_ALIGN)), PHYS_PFN(ram.end));
		if (!qmd_keeps[i])
			break;
		qmd_keep_begin(qmd_keeps[i], number);
	}
	memzero_explicit(number, sizeof(number));
	qmd_table = *table;
	if (i < QMD_KEEPS) {
		qmd_keep_free();
		return -ENOMEM;
	}
	qmd_keep_alive(NULL);
	return kmsg_dump_register(&qmd_keep_dumper);
}

bool qmd_keep_is_open(void)
{
	return qmd_keeps[0];
}

void qmd_keep_say(struct qmd_keep_record *record)
{
	int i;

	memcpy(record->number, qmd_keeps[0]->number, sizeof(record->number));
	for (i = 0; i < QMD_KEEPS; i++)
		record->at[i] = qmd_keeps[i]->self;
}

void qmd_keep_close(void)
{
	if (!qmd_keep_is_open())
		return;
	kmsg_dump_unregister(&qmd_keep_dumper);
	cancel_delayed_work_sync(&qmd_keep_work);
	qmd_keep_free();
}
