// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <linux/qcom_minidump_table.h>

#include "dump/core/kelf.h"

static int cmp_phdr(const void *a, const void *b)
{
	const Elf64_Phdr *x = a, *y = b;

	if (x->p_paddr != y->p_paddr)
		return x->p_paddr < y->p_paddr ? -1 : 1;
	return (x->p_memsz > y->p_memsz) - (x->p_memsz < y->p_memsz);
}

static int cmp_shdr(const void *a, const void *b)
{
	const Elf64_Shdr *x = a, *y = b;

	if (x->sh_offset != y->sh_offset)
		return x->sh_offset < y->sh_offset ? -1 : 1;
	return (x->sh_size > y->sh_size) - (x->sh_size < y->sh_size);
}

/* Section headers, sorted by their place in the file; NULL: there are none, or they are outside of the header. */
static Elf64_Shdr *read_sections(const Elf64_Ehdr *ehdr, const char *buf, size_t size, Elf64_Shdr *strtab)
{
	Elf64_Shdr *v;

	if (!ehdr->e_shnum || ehdr->e_shentsize != sizeof(*v) || ehdr->e_shoff > size ||
	    ehdr->e_shnum > (size - ehdr->e_shoff) / sizeof(*v) || ehdr->e_shstrndx >= ehdr->e_shnum)
		return NULL;
	v = xcalloc(ehdr->e_shnum, sizeof(*v));
	memcpy(v, buf + ehdr->e_shoff, ehdr->e_shnum * sizeof(*v));
	*strtab = v[ehdr->e_shstrndx];
	if (strtab->sh_offset > size || strtab->sh_size > size - strtab->sh_offset) {
		free(v);
		return NULL;
	}
	qsort(v, ehdr->e_shnum, sizeof(*v), cmp_shdr);
	return v;
}

/* A section is called NAME_SEQ, and sh_entsize is the number; or NAME, and sh_entsize is 0. */
static void read_name(struct kelf *elf, size_t i, const char *name, size_t max, uint32_t seq)
{
	char number[16];
	size_t n = strnlen(name, max), end = snprintf(number, sizeof(number), "_%" PRIu32, seq);

	if (seq && n > end && !memcmp(name + n - end, number, end)) {
		max = n - end;
		elf->seqs[i] = seq;
		elf->numbered = true;
	}
	region_name_copy(elf->names[i], name, max);
}

/* A region's section lies where its program header does, and has its size. */
static void read_names(struct kelf *elf, const Elf64_Ehdr *ehdr, const char *buf, size_t size)
{
	Elf64_Shdr strtab, *v = read_sections(ehdr, buf, size, &strtab);

	if (!v)
		return;
	for (size_t i = 0; i < elf->n; i++) {
		const Elf64_Shdr key = { .sh_offset = elf->phdrs[i].p_offset, .sh_size = elf->phdrs[i].p_filesz };
		const Elf64_Shdr *s = bsearch(&key, v, ehdr->e_shnum, sizeof(*v), cmp_shdr);

		if (s && key.sh_size && s->sh_name < strtab.sh_size)
			read_name(elf, i, buf + strtab.sh_offset + s->sh_name, strtab.sh_size - s->sh_name,
				  s->sh_entsize);
	}
	free(v);
}

/* What a CPU runs is at no virtual address while its slot moves; the physical one is another's then. */
static void drop_moving(struct kelf *elf)
{
	for (size_t i = 0; i < elf->n; i++)
		if (!elf->phdrs[i].p_vaddr &&
		    (!strcmp(elf->names[i], MINIDUMP_TASK_NAME) || !strcmp(elf->names[i], MINIDUMP_STACK_NAME)))
			elf->phdrs[i].p_type = PT_NULL;
}

int kelf_parse(struct kelf *elf, const char *buf, size_t size, struct derr *err)
{
	Elf64_Ehdr ehdr;
	uint64_t n;

	*elf = (struct kelf){ .size = size };
	if (size < sizeof(ehdr))
		return derr_set(err, -EINVAL, "it is too small");
	memcpy(&ehdr, buf, sizeof(ehdr));
	if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) || ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_ident[EI_DATA] != ELFDATA2LSB || ehdr.e_phentsize != sizeof(Elf64_Phdr))
		return derr_set(err, -EINVAL, "it is no ELF header");
	if (ehdr.e_phoff > size)
		return derr_set(err, -EINVAL, "its program headers are outside of it");
	n = (size - ehdr.e_phoff) / sizeof(Elf64_Phdr);
	if (n > ehdr.e_phnum)
		n = ehdr.e_phnum;
	elf->machine = ehdr.e_machine;
	elf->phdrs = xcalloc(n, sizeof(*elf->phdrs));
	elf->sorted = xcalloc(n, sizeof(*elf->sorted));
	elf->names = xcalloc(n, sizeof(*elf->names));
	elf->seqs = xcalloc(n, sizeof(*elf->seqs));
	elf->n = n;
	memcpy(elf->phdrs, buf + ehdr.e_phoff, n * sizeof(*elf->phdrs));
	read_names(elf, &ehdr, buf, size);
	drop_moving(elf);
	memcpy(elf->sorted, elf->phdrs, n * sizeof(*elf->phdrs));
	qsort(elf->sorted, n, sizeof(*elf->sorted), cmp_phdr);
	return n < ehdr.e_phnum ? derr_set(err, 1, "it is cut off after %" PRIu64 " program headers", n) : 0;
}

void kelf_clear(struct kelf *elf)
{
	free(elf->phdrs);
	free(elf->sorted);
	free(elf->names);
	free(elf->seqs);
	*elf = (struct kelf){ 0 };
}

size_t kelf_search(const struct kelf *elf, uint64_t paddr)
{
	size_t lo = 0, hi = elf->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (elf->sorted[mid].p_paddr < paddr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
