// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "dump/collect/kernel-map.h"
#include "dump/core/page.h"

/* The direct map starts at a multiple of this, with or without KASLR, on x86_64 and on arm64 with 4 KiB pages. */
#define DIRECT_MAP_ALIGN GIB
/* The header with this physical address, and this size if there is one. */
static const Elf64_Phdr *kelf_find(const struct kelf *elf, const struct region *r)
{
	const Elf64_Phdr *hint = r->slot >= 1 && r->slot - 1 < elf->n ? &elf->phdrs[r->slot - 1] : NULL;
	const Elf64_Phdr *first = NULL;
	size_t lo;

	if (hint && hint->p_type == PT_LOAD && hint->p_paddr == r->paddr && hint->p_memsz == r->size)
		return hint;
	lo = kelf_search(elf, r->paddr);
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

void kmap_image(struct kmap *k, const struct kv *vmcoreinfo)
{
	*k = (struct kmap){ 0 };
	find_image(k, vmcoreinfo);
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

void kmap_apply(struct kmap *k, const struct kelf *elf, struct toc *toc, const struct kv *vmcoreinfo)
{
	size_t unknown = 0;

	*k = (struct kmap){ .machine = elf->machine };
	for (size_t i = 0; i < toc->n_regions; i++) {
		struct region *r = &toc->regions[i];
		const Elf64_Phdr *p = kelf_find(elf, r);

		if (!p || !p->p_vaddr)
			continue;
		if (vaddr_possible(p->p_vaddr, r))
			r->vaddr = p->p_vaddr;
		else
			strlist_addf(&toc->problems, "slot %u (%s): impossible virtual address 0x%" PRIx64, r->slot,
				     r->name, (uint64_t)p->p_vaddr);
	}
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
