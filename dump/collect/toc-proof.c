// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "dump/collect/kernel-map.h"
#include "dump/collect/pagewalk.h"
#include "dump/collect/toc-kernel.h"
#include "dump/collect/toc-proof.h"
#include "dump/core/elfnote.h"
#include "dump/core/page.h"

#define LOW_MEMORY MIB
/* Of an image that was made to take long. A kernel has some hundred thousand words that look like such pointers. */
#define WALKS_MAX 4000000
/* What the kernel image of arm64 may have behind its last symbol in VMCOREINFO. */
#define BEHIND_SYMBOLS (32 * MIB)
#define IMAGE_MAX      GIB
/* Maps that differ in the end of low memory: where a machine can have that. */
#define MAP_GRANULE	 (256 * MIB)
#define ENTRY_PRESENT	 0x1ULL
#define ENTRY_LARGE	 0x80ULL
#define ENTRY_ADDR	 0x0000fffffffff000ULL
#define TOP_KERNEL_IMAGE 511
#define PUD_KERNEL_IMAGE 510

/* One entry for what starts the CPU, nothing else of the lower half, tables in the upper one, the kernel image last. */
static bool starts_cpus(const uint64_t table[512])
{
	for (size_t i = 0; i < 512; i++) {
		bool is_table = (table[i] & (ENTRY_PRESENT | ENTRY_LARGE)) == ENTRY_PRESENT && table[i] & ENTRY_ADDR &&
				!(table[i] >> 52);

		if (i == 0 || i == TOP_KERNEL_IMAGE ? !is_table : table[i] && (i < 256 || !is_table))
			return false;
	}
	return true;
}

static void look(struct proof *p, const struct image *img)
{
	struct image start = *img;
	uint64_t table[512];
	struct elfnote note;
	size_t pos = 0;

	p->looked = true;
	while (elfnote_next(img->elf.notes, img->elf.notes_size, &pos, &note))
		if (elfnote_is(&note, VMCOREINFO_NAME, 0)) {
			kv_parse(&p->vmcoreinfo, note.desc, note.desc_size);
			return;
		}
	/* Other machines have the first MiB for anybody, if at all. */
	if (img->elf.machine != EM_NONE && img->elf.machine != EM_X86_64)
		return;
	/* Whatever the rest of a raw image is, of a PC it starts with the first MiB. */
	start.phys = (struct rangemap){ 0 };
	if (img->mapped)
		rangemap_copy(&start.phys, &img->phys);
	else
		rangemap_add(&start.phys, 0, img->file_size, 0);
	rangemap_finish(&start.phys);
	for (uint64_t at = 0; at < LOW_MEMORY && p->n_roots < PROOF_ROOTS_MAX; at += DUMP_PAGE)
		if (image_read(&start, at, table, sizeof(table)) == 0 && starts_cpus(table))
			p->roots[p->n_roots++] = at;
	rangemap_clear(&start.phys);
}

/*
 * The table that is to be proven must not say how many levels the page tables have. With 5 levels the last entry of the
 * top table leads to a table whose last entry leads to the one that has the kernel image; with 4 levels that path is
 * the fixmap's, which has nothing there. (The entry before the last one tells nothing: with 5 levels it is espfix.)
 */
static bool is_kernel_root(const struct image *img, uint64_t root, struct pagewalk *w)
{
	uint64_t first, second, third = 0;

	*w = (struct pagewalk){ .root = root, .levels = 4, .machine = EM_X86_64 };
	if (image_read(img, root + TOP_KERNEL_IMAGE * sizeof(first), &first, sizeof(first)) < 0 ||
	    image_read(img, (first & ENTRY_ADDR) + TOP_KERNEL_IMAGE * sizeof(second), &second, sizeof(second)) < 0)
		return false;
	if (second & ENTRY_PRESENT &&
	    image_read(img, (second & ENTRY_ADDR) + PUD_KERNEL_IMAGE * sizeof(third), &third, sizeof(third)) == 0 &&
	    third & ENTRY_PRESENT)
		w->levels = 5;
	return true;
}

static bool same_key(const struct kv *a, const struct kv *b, const char *key)
{
	const char *x = kv_get(a, key), *y = kv_get(b, key);

	return x && y ? !strcmp(x, y) : !x && !y;
}

static bool same_kernel(const struct kv *a, const struct kv *b)
{
	static const char *const keys[] = { "OSRELEASE",	 "BUILD-ID",
					    "SYMBOL(_stext)",	 "SYMBOL(swapper_pg_dir)",
					    "NUMBER(phys_base)", "NUMBER(kimage_voffset)" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!same_key(a, b, keys[i]))
			return false;
	return true;
}

/* A map that was guessed has the first MiB, in which the roots are, at another address. */
static bool is_elsewhere(const struct image *img)
{
	return !img->mapped && img->phys.v[0].start;
}

/* The kernel that the table tells of has its page tables where those that are beyond doubt have them. */
static bool find_root(const struct proof *p, const struct image *img, const struct kv *v, struct pagewalk *w)
{
	uint64_t vaddr, paddr, at, size;

	if (!kernel_symbol(v, "swapper_pg_dir", &vaddr, &paddr))
		return false;
	for (size_t i = 0; i < p->n_roots; i++)
		if (is_kernel_root(img, p->roots[i], w) && pagewalk(img, w, vaddr, &at, &size) && at == paddr)
			return true;
	return false;
}

static void add_pointer(struct proof *p, struct page_pointers *to, const struct image *img, const struct pagewalk *w,
			uint64_t v)
{
	uint64_t paddr, size;

	if (v >> 56 != 0xff || v % DUMP_PAGE || p->walks == WALKS_MAX)
		return;
	p->walks++;
	if (!pagewalk(img, w, v, &paddr, &size))
		return;
	to->to = xgrow(to->to, &to->capacity, to->n + 1, sizeof(*to->to));
	to->to[to->n++] = paddr;
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* From the first symbol in VMCOREINFO on; what is in front of it has no variables. */
static void image_range(const struct proof *p, const struct pagewalk *w, uint64_t *from, uint64_t *end)
{
	size_t pos = 0;

	*from = KERNEL_IMAGE_X86_64;
	*end = KERNEL_IMAGE_X86_64 + IMAGE_MAX;
	if (w->machine == EM_X86_64)
		return;
	*from = UINT64_MAX;
	*end = 0;
	for (const struct kv_pair *s; (s = kv_next(&p->vmcoreinfo, "SYMBOL(", &pos));) {
		uint64_t at = page_down(strtoull(s->value, NULL, 16));

		*from = at < *from ? at : *from;
		*end = at > *end ? at : *end;
	}
	*end = *end > UINT64_MAX - BEHIND_SYMBOLS ? *end : *end + BEHIND_SYMBOLS;
	if (*end > *from && *end - *from > IMAGE_MAX)
		*end = *from + IMAGE_MAX;
}

/* What the page tables have as the kernel image, no page beside it. */
static void read_image(struct proof *p, struct page_pointers *to, const struct image *img, const struct pagewalk *w)
{
	uint64_t words[DUMP_PAGE / sizeof(uint64_t)], paddr, size, from, end;

	image_range(p, w, &from, &end);
	for (uint64_t at = from; at < end; at += size) {
		bool mapped = pagewalk(img, w, at, &paddr, &size);

		if (size > end - at)
			size = end - at;
		for (uint64_t done = 0; mapped && done < size; done += DUMP_PAGE) {
			if (image_read(img, paddr + done, words, sizeof(words)) < 0)
				continue;
			for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
				add_pointer(p, to, img, w, words[i]);
		}
	}
	if (to->n)
		qsort(to->to, to->n, sizeof(*to->to), cmp_u64);
}

/* What tells maps apart that start at 0: where low memory ends. */
static uint64_t key_of(const struct image *img)
{
	return img->mapped || img->phys.n == 1 ? 0 : img->phys.v[0].size;
}

/* NULL: a map that no machine has. */
static const struct page_pointers *pointers_under(struct proof *p, const struct image *img, const struct pagewalk *w)
{
	uint64_t key = key_of(img);
	struct page_pointers *to;

	for (size_t i = 0; i < p->n_pointers; i++)
		if (p->pointers[i].key == key && p->pointers[i].root == w->root)
			return &p->pointers[i];
	if (key % MAP_GRANULE || p->n_pointers == ARRAY_LEN(p->pointers))
		return NULL;
	to = &p->pointers[p->n_pointers++];
	to->key = key;
	to->root = w->root;
	read_image(p, to, img, w);
	return to;
}

/* A variable of the kernel's, vmcoreinfo_note, leads to the VMCOREINFO that the table has. */
static bool vmcoreinfo_in_place(struct proof *p, const struct image *img, const struct pagewalk *w,
				const struct toc *toc)
{
	const struct region *r = toc_region(toc, MINIDUMP_VMCOREINFO_NAME);
	const struct page_pointers *to = pointers_under(p, img, w);

	return to && to->n && bsearch(&r->paddr, to->to, to->n, sizeof(*to->to), cmp_u64);
}

static bool is_table_of_kernel(const struct proof *p, const struct image *img, uint64_t header)
{
	for (size_t i = 0; i < p->n_tables; i++)
		if (p->tables[i].key == key_of(img) && p->tables[i].header == header)
			return true;
	return false;
}

/* The VMCOREINFO at an address to which the kernel image leads, if it is that of the kernel with these page tables. */
static void find_table(struct proof *p, const struct image *img, const struct pagewalk *w, uint64_t at)
{
	struct pagewalk of_text;
	uint64_t header;
	struct kv v;

	if (!vmcoreinfo_read(img, at, &v))
		return;
	if (find_root(p, img, &v, &of_text) && of_text.root == w->root && toc_of_vmcoreinfo(img, &v, &header) &&
	    !is_table_of_kernel(p, img, header) && p->n_tables < ARRAY_LEN(p->tables))
		p->tables[p->n_tables++] = (struct kernel_table){ key_of(img), header };
	kv_clear(&v);
}

size_t proof_find_tables(struct proof *p, const struct image *img)
{
	size_t first = p->n_tables;

	if (!proof_possible(p, img) || p->vmcoreinfo.text)
		return first;
	for (size_t i = 0; i < p->n_roots; i++) {
		const struct page_pointers *to;
		struct pagewalk w;

		to = is_kernel_root(img, p->roots[i], &w) ? pointers_under(p, img, &w) : NULL;
		for (size_t j = 0; to && j < to->n; j++)
			if (!j || to->to[j] != to->to[j - 1])
				find_table(p, img, &w, to->to[j]);
	}
	return first;
}

unsigned int proof_limit(const struct proof *p, const struct image *img, const struct toc *toc)
{
	return is_table_of_kernel(p, img, toc->header) ? TOC_PROVEN_MAX : TOC_PROVEN_MAX - 1;
}

bool proof_possible(struct proof *p, const struct image *img)
{
	if (!p->looked)
		look(p, img);
	return p->vmcoreinfo.text || (p->n_roots && !is_elsewhere(img));
}

void toc_prove(struct proof *p, const struct image *img, struct toc *toc, const struct kv *v)
{
	struct pagewalk w;
	bool own, walk;

	toc->proven = 0;
	if (!proof_possible(p, img) || !v) {
		toc->contradicted = p->n_roots && is_elsewhere(img);
		return;
	}
	/* A machine whose page tables can't be read here has its kernel's VMCOREINFO all the same. */
	own = p->vmcoreinfo.text && same_kernel(&p->vmcoreinfo, v);
	walk = p->vmcoreinfo.text ? own && pagewalk_init(&w, &p->vmcoreinfo) : find_root(p, img, v, &w);
	if (own || walk)
		toc->proven = 1 + (walk && vmcoreinfo_in_place(p, img, &w, toc));
	if (toc->proven == TOC_PROVEN_MAX - 1)
		toc->proven = proof_limit(p, img, toc);
	toc->contradicted = !toc->proven;
}

void proof_clear(struct proof *p)
{
	kv_clear(&p->vmcoreinfo);
	for (size_t i = 0; i < p->n_pointers; i++)
		free(p->pointers[i].to);
	*p = (struct proof){ 0 };
}
