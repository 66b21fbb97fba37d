// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>

#include "dump/collect/layout.h"
#include "dump/core/page.h"

/* makedumpfile takes the last segment outside of the kernel image for the direct map: that one is last. */
enum { ORDER_IMAGE, ORDER_OTHER, ORDER_DIRECT };

/* Physical addresses that the page tables of x86_64 can have. */
#define PHYS_MAX (1ULL << 52)

/* Where x86_64 has its modules. */
#define MODULES_START 0xffffffffc0000000ULL
#define MODULES_END   0xffffffffff000000ULL

/* And what each CPU needs to enter the kernel, with the stacks of exceptions: somewhere in there, from Linux 6.2 on. */
#define ENTRY_AREA_START 0xfffffe0000000000ULL
#define ENTRY_AREA_END	 (ENTRY_AREA_START + 512 * GIB)

static int order_of(uint64_t vaddr, uint64_t paddr, const struct kmap *k)
{
	if (vaddr >= KERNEL_IMAGE_X86_64)
		return ORDER_IMAGE;
	return k->has_direct && vaddr - paddr == k->direct_offset ? ORDER_DIRECT : ORDER_OTHER;
}

static void add_segment(struct layout *l, uint64_t vaddr, uint64_t paddr, uint64_t size, const struct kmap *k)
{
	l->segments = xgrow(l->segments, &l->capacity, l->n_segments + 1, sizeof(*l->segments));
	l->segments[l->n_segments++] = (struct segment){ vaddr, paddr, size, order_of(vaddr, paddr, k) };
}

static int cmp_segment(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;
	uint64_t dx = x->vaddr - x->paddr, dy = y->vaddr - y->paddr;

	if (x->order != y->order)
		return x->order - y->order;
	if (dx != dy)
		return dx < dy ? -1 : 1;
	if (x->paddr != y->paddr)
		return x->paddr < y->paddr ? -1 : 1;
	return (x->size > y->size) - (x->size < y->size);
}

/* What follows each other or overlaps, physically and virtually, is one segment. */
static void merge_segments(struct layout *l)
{
	size_t n = 0;

	if (l->n_segments)
		qsort(l->segments, l->n_segments, sizeof(*l->segments), cmp_segment);
	for (size_t i = 0; i < l->n_segments; i++) {
		struct segment s = l->segments[i], *last = n ? &l->segments[n - 1] : NULL;

		if (last && last->vaddr && s.vaddr && last->vaddr - last->paddr == s.vaddr - s.paddr &&
		    s.paddr <= last->paddr + last->size) {
			if (s.paddr + s.size > last->paddr + last->size)
				last->size = s.paddr + s.size - last->paddr;
			continue;
		}
		l->segments[n++] = s;
	}
	l->n_segments = n;
}

/* Readers take a core with a single segment for something else. */
static void split_single_segment(struct layout *l, const struct kmap *k)
{
	struct segment s;
	uint64_t first;

	if (l->n_segments != 1 || l->segments[0].size < 2)
		return;
	s = l->segments[0];
	first = page_up(s.paddr + s.size / 2) - s.paddr;
	if (first >= s.size)
		first = s.size / 2;
	l->segments[0].size = first;
	add_segment(l, s.vaddr ? s.vaddr + first : 0, s.paddr + first, s.size - first, k);
}

static bool page_is_captured(const struct layout *l, uint64_t page)
{
	for (size_t i = 0; i < l->bytes.n; i++)
		if (l->bytes.v[i].start < page + DUMP_PAGE && l->bytes.v[i].start + l->bytes.v[i].size > page)
			return true;
	return false;
}

static int map_segment(struct pagetable *pt, const struct segment *s)
{
	uint64_t last = page_down(s->paddr + s->size - 1);
	int r = 0, conflict = 0;

	for (uint64_t p = page_down(s->paddr); p <= last; p += DUMP_PAGE) {
		r = pagetable_map(pt, page_down(s->vaddr) + (p - page_down(s->paddr)), p);
		if (r == -E2BIG)
			return r;
		if (r < 0)
			conflict = r;
	}
	return conflict;
}

static int map_segments(struct layout *l, uint64_t top_vaddr, uint64_t top, struct strlist *problems)
{
	size_t bad = 0;
	int r = 0;

	for (size_t i = 0; i < l->n_segments && r != -E2BIG; i++) {
		r = l->segments[i].vaddr ? map_segment(&l->tables, &l->segments[i]) : 0;
		bad += r < 0;
	}
	if (r == -E2BIG)
		return r;
	if (pagetable_map(&l->tables, page_down(top_vaddr), top) < 0)
		bad++;
	if (bad)
		strlist_addf(problems,
			     "%zu pieces of memory are not in the page tables of the dump: two of them have the same "
			     "virtual address, or one has an impossible address",
			     bad);
	return 0;
}

/* Modules have tables in memory of their own, which crash wants to read, as it does stacks: it's all the same zeros. */
static int fill_tables(struct layout *l, uint64_t zeros, const struct rangemap *unmapped)
{
	int r = 0;

	for (size_t i = 0; i < unmapped->n && r != -E2BIG; i++) {
		uint64_t at = unmapped->v[i].start;

		if (at >= ENTRY_AREA_START && at < ENTRY_AREA_END)
			r = pagetable_leave_out(&l->tables, at);
	}
	if (r == -E2BIG)
		return r;
	rangemap_add(&l->gaps, zeros, PAGETABLE_LARGE, 0);
	r = pagetable_fill(&l->tables, MODULES_START, MODULES_END, zeros);
	return r < 0 ? r : pagetable_fill(&l->tables, ENTRY_AREA_START, ENTRY_AREA_END, zeros);
}

/* Where the kernel's own top page is; 0: not known, which is a problem. */
static uint64_t find_top(const struct kmap *k, const struct kv *vmcoreinfo, uint64_t *vaddr, struct strlist *problems)
{
	if (k->has_image && kv_symbol(vmcoreinfo, "swapper_pg_dir", vaddr) == 0 && *vaddr % DUMP_PAGE == 0 &&
	    (*vaddr - k->image_offset) % DUMP_PAGE == 0 && *vaddr - k->image_offset < PHYS_MAX)
		return *vaddr - k->image_offset;
	strlist_addf(problems, "no page tables are in the dump: VMCOREINFO does not say where they were. makedumpfile "
			       "cannot read it");
	return 0;
}

/*
 * The top page is where the kernel's own is, the others lie just above the end of memory, where nothing else can
 * be.
 */
static void build_tables(struct layout *l, const struct kmap *k, const struct kv *vmcoreinfo, uint64_t end,
			 const struct layout_options *o, struct strlist *problems)
{
	uint64_t swapper, l5 = 0, top, rest, zeros;
	int r;

	if (k->machine != EM_X86_64)
		return;
	top = find_top(k, vmcoreinfo, &swapper, problems);
	if (!top || page_is_captured(l, top))
		return; /* the kernel's own must not be changed */
	rest = end < top + DUMP_PAGE ? top + DUMP_PAGE : page_up(end);
	zeros = (rest + PAGETABLE_LARGE - 1) & ~(PAGETABLE_LARGE - 1);
	if (o->gaps)
		rest = zeros + PAGETABLE_LARGE;
	if (rest > PHYS_MAX - PAGETABLE_PAGES_MAX * DUMP_PAGE) {
		strlist_addf(problems, "no page tables are in the dump: its physical addresses are too high");
		return;
	}
	kv_number(vmcoreinfo, "pgtable_l5_enabled", &l5);
	pagetable_init(&l->tables, l5 ? 5 : 4, top, rest);
	r = map_segments(l, swapper, top, problems);
	if (r == 0 && o->gaps)
		r = fill_tables(l, zeros, o->unmapped);
	if (r < 0) {
		strlist_addf(problems, "no page tables are in the dump: its virtual addresses are too scattered. "
				       "makedumpfile cannot read it");
		pagetable_clear(&l->tables);
		return;
	}
	l->has_tables = true;
	add_segment(l, swapper, top, DUMP_PAGE, k);
	if (l->tables.n > 1)
		add_segment(l, k->has_direct ? rest + k->direct_offset : 0, rest, (l->tables.n - 1) * DUMP_PAGE, k);
}

/* What of the machine's memory no segment has. */
static void find_gaps(struct layout *l, const struct rangemap *ram)
{
	struct rangemap taken = { 0 };

	for (size_t i = 0; i < l->n_segments; i++)
		rangemap_add(&taken, l->segments[i].paddr, l->segments[i].size, l->segments[i].paddr);
	rangemap_finish(&taken);
	for (size_t i = 0, t = 0; i < ram->n; i++) {
		uint64_t at = ram->v[i].start, end = at + ram->v[i].size;

		for (; t < taken.n && taken.v[t].start < end; t++) {
			if (taken.v[t].start > at)
				rangemap_add(&l->gaps, at, taken.v[t].start - at, 0);
			if (taken.v[t].start + taken.v[t].size > at)
				at = taken.v[t].start + taken.v[t].size;
			if (at > end)
				break;
		}
		if (at < end)
			rangemap_add(&l->gaps, at, end - at, 0);
	}
	rangemap_finish(&l->gaps);
	rangemap_clear(&taken);
}

static void collect_pages(struct layout *l)
{
	struct rangemap all = { 0 };

	for (size_t i = 0; i < l->n_segments; i++) {
		uint64_t first = page_down(l->segments[i].paddr);

		rangemap_add(&all, first, page_up(l->segments[i].paddr + l->segments[i].size) - first, 0);
	}
	/* With the address as the offset, neighbours join. */
	for (size_t i = 0; i < all.n; i++)
		all.v[i].offset = all.v[i].start;
	rangemap_finish(&all);
	l->pages = all;
}

void layout_build(struct layout *l, const struct toc *toc, const struct kmap *k, const struct kv *vmcoreinfo,
		  const struct layout_options *o, struct strlist *problems)
{
	uint64_t end = made_end(o->made, rangemap_end(o->ram));

	*l = (struct layout){ 0 };
	for (size_t i = 0; i < toc->n_regions; i++) {
		const struct region *r = &toc->regions[i];

		add_segment(l, r->vaddr, r->paddr, r->size, k);
		rangemap_add(&l->bytes, r->paddr, r->size, r->paddr);
	}
	rangemap_finish(&l->bytes);
	for (size_t i = 0; i < o->made->n; i++) {
		const struct made *m = &o->made->v[i];

		add_segment(l, m->vaddr, m->paddr, m->size, k);
	}
	merge_segments(l);
	build_tables(l, k, vmcoreinfo, end, o, problems);
	split_single_segment(l, k);
	if (l->n_segments)
		qsort(l->segments, l->n_segments, sizeof(*l->segments), cmp_segment);
	if (o->gaps)
		find_gaps(l, o->ram);
	collect_pages(l);
}

void layout_place(struct layout *l, uint64_t data_offset)
{
	uint64_t offset = data_offset;

	l->data_offset = data_offset;
	for (size_t i = 0; i < l->pages.n; i++) {
		l->pages.v[i].offset = offset;
		offset += l->pages.v[i].size;
	}
	l->data_end = offset;
}

uint64_t layout_offset(const struct layout *l, uint64_t paddr)
{
	const struct range *r = rangemap_find(&l->pages, paddr);

	return r->offset + (paddr - r->start);
}

void layout_clear(struct layout *l)
{
	free(l->segments);
	rangemap_clear(&l->bytes);
	rangemap_clear(&l->pages);
	rangemap_clear(&l->gaps);
	pagetable_clear(&l->tables);
	*l = (struct layout){ 0 };
}
