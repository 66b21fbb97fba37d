// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/collect/memory-counters.h"
#include "dump/core/page.h"

/* A few for each CPU are enough; a dump with more is none that a kernel left. */
#define PAGES_MAX (4 * CPUS_MAX)
/* Where x86_64 maps all memory, with page tables of four levels. */
#define DIRECT_MAP_MAX (64 * 1024 * GIB)

struct counters {
	struct collection *c;
	const struct rangemap *ram;
	const struct region *offsets; /* __per_cpu_offset */
	size_t cpus;
	uint64_t size;	       /* of struct percpu_counter */
	struct member stat;    /* an array of these */
	struct member pointer; /* of the first of them */
	uint64_t zeros;	       /* physical */
	size_t pages;
};

/* Of CPUs that the machine cannot have, the offsets are all the same. */
static size_t count_cpus(const struct collection *c, const struct region *offsets)
{
	size_t n = offsets->size / sizeof(uint64_t);
	uint64_t last, before;

	n = n < CPUS_MAX ? n : CPUS_MAX;
	while (n > 1 && collect_word(c, offsets, (n - 1) * sizeof(last), &last) &&
	       collect_word(c, offsets, (n - 2) * sizeof(before), &before) && last == before)
		n--;
	return n;
}

static bool is_there(const struct counters *x, uint64_t page)
{
	for (size_t i = 0; i < x->c->made.n; i++)
		if (x->c->made.v[i].vaddr == page)
			return true;
	return false;
}

/* What the direct map has is in a gap already. A hole in it has to be memory, as readers walk no tables there. */
static void add_page(struct counters *x, uint64_t vaddr)
{
	uint64_t page = page_down(vaddr), direct = page - x->c->kmap.direct_offset;
	bool in_direct = x->c->kmap.has_direct && direct < DIRECT_MAP_MAX;

	if (x->pages == PAGES_MAX || vaddr >> 56 != 0xff || (in_direct && rangemap_find(x->ram, direct)) ||
	    is_there(x, page))
		return;
	made_add(&x->c->made, page, in_direct ? direct : x->zeros, DUMP_PAGE);
	x->pages++;
}

static void add_counter(struct counters *x, uint64_t pointer)
{
	uint64_t offset;

	for (size_t cpu = 0; cpu < x->cpus; cpu++)
		if (collect_word(x->c, x->offsets, cpu * sizeof(offset), &offset))
			add_page(x, pointer + offset);
}

static void add_process(struct counters *x, const struct region *mm)
{
	struct member m = x->pointer;
	uint64_t pointer;

	for (; member_end(&m) <= member_end(&x->stat); m.bit += x->size * 8) {
		if (!collect_member(x->c, mm, &m, &pointer) || !pointer)
			return;
		add_counter(x, pointer);
	}
}

void memory_counters_add(struct collection *c, const struct rangemap *ram)
{
	struct counters x = { .c = c, .ram = ram, .offsets = toc_symbol(&c->toc, "__per_cpu_offset") };
	const struct kv *v = &c->kernel_note;
	uint64_t size;

	if (!x.offsets || kv_size(v, "mm_rss_stat", &size) == 0 || kv_size(v, "percpu_counter", &x.size) < 0 ||
	    !x.size || x.size > MEMBER_PLACE_MAX / 4 || !member_find(v, "mm_struct.rss_stat", 4 * x.size, &x.stat) ||
	    !member_find(v, "percpu_counter.counters", 8, &x.pointer))
		return;
	x.pointer = member_inside(&x.stat, &x.pointer);
	x.cpus = count_cpus(c, x.offsets);
	x.zeros = page_up(made_end(&c->made, rangemap_end(ram)));
	/* Those of a process whose mm_struct is not there are at NULL, as that reads as zeros. */
	add_counter(&x, 0);
	for (size_t i = 0; i < c->toc.n_regions; i++)
		if (!strcmp(c->toc.regions[i].name, MINIDUMP_MM_NAME))
			add_process(&x, &c->toc.regions[i]);
	if (x.pages)
		strlist_addf(&c->made.what, "per-CPU counters of processes' memory, as zeros");
}
