// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "kmap.h"

/* The direct map starts at a multiple of this, with or without KASLR, on x86_64 and on arm64 with 4 KiB pages. */
#define DIRECT_MAP_ALIGN GIB
/* Size of the header with TOC_SLOTS_MAX program and section headers and names, generously. */
#define KELF_MAX (16 * MIB)

struct kelf {
	uint16_t machine;
	Elf64_Phdr *phdrs; /* in the order of the slots */
	size_t n;
	Elf64_Phdr *sorted;
};

static int cmp_phdr(const void *a, const void *b)
{
	const Elf64_Phdr *x = a, *y = b;

	if (x->p_paddr != y->p_paddr)
		return x->p_paddr < y->p_paddr ? -1 : 1;
	return (x->p_memsz > y->p_memsz) - (x->p_memsz < y->p_memsz);
}

static int kelf_read(struct kelf *elf, const struct image *img, const struct region *r, struct derr *err)
{
	uint64_t room, n;
	Elf64_Ehdr ehdr;

	if (r->size < sizeof(ehdr) || image_read(img, r->paddr, &ehdr, sizeof(ehdr)) < 0)
		return derr_set(err, -EINVAL, "it is too small");
	if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) || ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_ident[EI_DATA] != ELFDATA2LSB || ehdr.e_phentsize != sizeof(Elf64_Phdr))
		return derr_set(err, -EINVAL, "it is no ELF header");
	room = r->size < KELF_MAX ? r->size : KELF_MAX;
	if (ehdr.e_phoff > room)
		return derr_set(err, -EINVAL, "its program headers are outside of it");
	n = (room - ehdr.e_phoff) / sizeof(Elf64_Phdr);
	if (n > ehdr.e_phnum)
		n = ehdr.e_phnum;
	elf->machine = ehdr.e_machine;
	elf->phdrs = dump_alloc(n, sizeof(*elf->phdrs));
	elf->sorted = dump_alloc(n, sizeof(*elf->sorted));
	elf->n = n;
	if (image_read(img, r->paddr + ehdr.e_phoff, elf->phdrs, n * sizeof(*elf->phdrs)) < 0)
		return derr_set(err, -EIO, "it cannot be read");
	memcpy(elf->sorted, elf->phdrs, n * sizeof(*elf->phdrs));
	qsort(elf->sorted, n, sizeof(*elf->sorted), cmp_phdr);
	return n < ehdr.e_phnum ? derr_set(err, 1, "it is cut off after %" PRIu64 " program headers", n) : 0;
}

static void kelf_clear(struct kelf *elf)
{
	free(elf->phdrs);
	free(elf->sorted);
}

/* The header with this physical address, and this size if there is one. */
static const Elf64_Phdr *kelf_find(const struct kelf *elf, const struct region *r)
{
	const Elf64_Phdr *hint = r->slot >= 1 && r->slot - 1 < elf->n ? &elf->phdrs[r->slot - 1] : NULL;
	const Elf64_Phdr *first = NULL;
	size_t lo = 0, hi = elf->n;

	if (hint && hint->p_type == PT_LOAD && hint->p_paddr == r->paddr && hint->p_memsz == r->size)
		return hint;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (elf->sorted[mid].p_paddr < r->paddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* A few views of the same memory, not thousands. */
	for (size_t end = lo + 16; lo < end && lo < elf->n && elf->sorted[lo].p_paddr == r->paddr; lo++) {
		if (elf->sorted[lo].p_type != PT_LOAD)
			continue;
		if (!first)
			first = &elf->sorted[lo];
		if (elf->sorted[lo].p_memsz >= r->size)
			return &elf->sorted[lo];
	}
	return first;
}

/* A kernel address: in the upper half, at the same place of its page, and not wrapping around. */
static bool vaddr_possible(uint64_t vaddr, const struct region *r)
{
	uint64_t end;

	return vaddr >> 56 == 0xff && vaddr % DUMP_PAGE == r->paddr % DUMP_PAGE &&
	       !__builtin_add_overflow(vaddr, r->size, &end);
}

/* The direct map is what the largest number of regions have in common. */
static void find_direct_map(struct kmap *k, const struct toc *toc)
{
	size_t best = 0;

	for (size_t i = 0; i < toc->n_regions && i < 256; i++) {
		uint64_t offset = toc->regions[i].vaddr - toc->regions[i].paddr;
		size_t n = 0;

		if (!toc->regions[i].vaddr || toc->regions[i].vaddr >= KERNEL_IMAGE_X86_64 || offset % DIRECT_MAP_ALIGN)
			continue;
		for (size_t j = 0; j < toc->n_regions; j++)
			n += toc->regions[j].vaddr && toc->regions[j].vaddr - toc->regions[j].paddr == offset;
		if (n > best) {
			best = n;
			k->direct_offset = offset;
			k->has_direct = true;
		}
	}
}

static void find_image(struct kmap *k, const struct kv *v)
{
	uint64_t phys_base, voffset;
	size_t pos = 0;

	if (kv_number(v, "phys_base", &phys_base) == 0) {
		k->image_offset = KERNEL_IMAGE_X86_64 - phys_base;
		k->has_image = true;
		if (!k->machine)
			k->machine = EM_X86_64;
	} else if (kv_number(v, "kimage_voffset", &voffset) == 0) {
		k->image_offset = voffset;
		k->has_image = true;
		if (!k->machine)
			k->machine = EM_AARCH64;
	}
	k->image_start = UINT64_MAX;
	/* Symbols are in the image, from the first to the last. */
	for (const struct kv_pair *p; (p = kv_next(v, "SYMBOL(", &pos));) {
		uint64_t addr = strtoull(p->value, NULL, 16);

		if (k->machine == EM_X86_64 && addr < KERNEL_IMAGE_X86_64)
			continue;
		if (addr < k->image_start)
			k->image_start = addr;
		if (addr > k->image_end)
			k->image_end = addr;
	}
}

static bool guess_vaddr(const struct kmap *k, struct region *r)
{
	uint64_t image = r->paddr + k->image_offset, direct = r->paddr + k->direct_offset;

	if (k->has_image && image >= k->image_start && image <= k->image_end && vaddr_possible(image, r))
		r->vaddr = image;
	else if (k->has_direct && vaddr_possible(direct, r))
		r->vaddr = direct;
	else
		return false;
	return true;
}

void kmap_apply(struct kmap *k, const struct image *img, struct toc *toc, const struct kv *vmcoreinfo)
{
	const struct region *header = toc_region(toc, MINIDUMP_ELF_HEADER_NAME);
	struct kelf elf = { 0 };
	struct derr err;
	size_t unknown = 0;

	*k = (struct kmap){ 0 };
	if (!header)
		strlist_addf(&toc->problems,
			     "the ELF header (%s) is not in the table: virtual addresses are partly unknown",
			     MINIDUMP_ELF_HEADER_NAME);
	else if (kelf_read(&elf, img, header, &err))
		strlist_addf(&toc->problems, "the ELF header (%s) is damaged: %s. Virtual addresses are partly unknown",
			     MINIDUMP_ELF_HEADER_NAME, err.text);
	k->machine = elf.machine ? elf.machine : img->elf.machine;
	for (size_t i = 0; i < toc->n_regions; i++) {
		struct region *r = &toc->regions[i];
		const Elf64_Phdr *p = kelf_find(&elf, r);

		if (!p || !p->p_vaddr)
			continue;
		if (vaddr_possible(p->p_vaddr, r))
			r->vaddr = p->p_vaddr;
		else
			strlist_addf(&toc->problems, "slot %u (%s): impossible virtual address 0x%" PRIx64, r->slot,
				     r->name, (uint64_t)p->p_vaddr);
	}
	kelf_clear(&elf);
	find_direct_map(k, toc);
	find_image(k, vmcoreinfo);
	for (size_t i = 0; i < toc->n_regions; i++)
		if (!toc->regions[i].vaddr)
			unknown += !guess_vaddr(k, &toc->regions[i]);
	if (unknown)
		strlist_addf(&toc->problems,
			     "the virtual addresses of %zu regions are unknown: these can only be read by "
			     "physical address",
			     unknown);
}
