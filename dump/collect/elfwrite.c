// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ELF core, in the order in which readers want it: ELF header, program headers at 64 with the one PT_NOTE first,
 * notes, memory, then what names the regions (string table and section headers).
 */
#include <errno.h>
#include <string.h>

#include "dump/collect/collect.h"
#include "dump/core/page.h"
#include "lib/file.h"
#include "lib/progress.h"

#define COPY_CHUNK  MIB
#define STRTAB_NAME "STR_TBL"

/* null, STR_TBL, one for each region; the limits of the table keep it below SHN_LORESERVE. */
#define FIXED_SECTIONS 2
_Static_assert(TOC_SLOTS_MAX + FIXED_SECTIONS < SHN_LORESERVE, "sections are counted in 16 bits");

/* A region, a gap on each side of it, and a few more. */
_Static_assert(TOC_SLOTS_MAX + 4 < PN_XNUM, "program headers are counted in 16 bits");

static int write_error(int r, struct derr *err)
{
	return derr_set(err, r, "Cannot write the dump: %s", strerror(-r));
}

static size_t phdrs_count(const struct layout *l)
{
	return 1 + l->n_segments + l->gaps.n;
}

/* Behind all others: crash takes the first that has an address. */
static void add_gaps(const struct collection *c, Elf64_Phdr *phdrs)
{
	for (size_t i = 0; i < c->layout.gaps.n; i++) {
		const struct range *gap = &c->layout.gaps.v[i];

		phdrs[i] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = c->layout.data_end,
			.p_vaddr = c->kmap.has_direct ? gap->start + c->kmap.direct_offset : 0,
			.p_paddr = gap->start,
			.p_memsz = gap->size,
		};
	}
}

static int write_headers(const struct collection *c, int fd, uint64_t shoff, struct derr *err)
{
	const struct layout *l = &c->layout;
	size_t n = phdrs_count(l);
	Elf64_Ehdr ehdr = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_SYSV },
		.e_type = ET_CORE,
		.e_machine = c->kmap.machine,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(ehdr),
		.e_shoff = shoff,
		.e_ehsize = sizeof(ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = n,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = c->toc.n_regions + FIXED_SECTIONS,
		.e_shstrndx = 1,
	};
	Elf64_Phdr *phdrs = xcalloc(n, sizeof(*phdrs));
	int r;

	phdrs[0] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = sizeof(ehdr) + n * sizeof(*phdrs),
		.p_filesz = c->notes.size,
		.p_memsz = c->notes.size,
	};
	for (size_t i = 0; i < l->n_segments; i++) {
		const struct segment *s = &l->segments[i];

		phdrs[i + 1] = (Elf64_Phdr){
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_W | PF_X,
			.p_offset = layout_offset(l, s->paddr),
			.p_vaddr = s->vaddr,
			.p_paddr = s->paddr,
			.p_filesz = s->size,
			.p_memsz = s->size,
			/* p_align 0: crash takes anything else for a netdump file. */
		};
	}
	add_gaps(c, phdrs + 1 + l->n_segments);
	r = pwrite_full(fd, &ehdr, sizeof(ehdr), 0);
	if (r == 0)
		r = pwrite_full(fd, phdrs, n * sizeof(*phdrs), sizeof(ehdr));
	if (r == 0)
		r = pwrite_full(fd, c->notes.data, c->notes.size, phdrs[0].p_offset);
	free(phdrs);
	return r < 0 ? write_error(r, err) : 0;
}

/* The captured bytes of whole pages of physical memory, over what was made; what was not captured stays. */
static int read_captured(const struct collection *c, uint64_t paddr, char *buf, size_t size, struct derr *err)
{
	const struct rangemap *m = &c->layout.bytes;

	for (size_t i = rangemap_behind(m, paddr); i < m->n && m->v[i].start < paddr + size; i++) {
		uint64_t from = m->v[i].start > paddr ? m->v[i].start : paddr;
		uint64_t to = m->v[i].start + m->v[i].size;
		int r;

		if (to > paddr + size)
			to = paddr + size;
		if (image_is_hole(&c->img, from, to - from)) {
			memset(buf + (from - paddr), 0, to - from);
			continue;
		}
		r = image_read(&c->img, from, buf + (from - paddr), to - from);
		if (r < 0)
			return derr_set(err, r, "Cannot read %s: %s", c->img.path, strerror(-r));
	}
	return 0;
}

static void add_tables(const struct pagetable *pt, uint64_t paddr, char *buf, size_t size)
{
	for (size_t i = 0; i < pt->n; i++) {
		uint64_t at = i ? pt->rest + (i - 1) * DUMP_PAGE : pt->top;

		if (at >= paddr && at < paddr + size)
			memcpy(buf + (at - paddr), pt->pages[i], DUMP_PAGE);
	}
}

static int write_memory(const struct collection *c, int fd, struct derr *err)
{
	_cleanup_free_ char *buf = xcalloc(COPY_CHUNK, 1);
	const struct layout *l = &c->layout;
	struct progress p;
	int r = 0;

	progress_start(&p, "Saving", l->data_end - l->data_offset);
	for (size_t i = 0; i < l->pages.n && r == 0; i++) {
		const struct range *run = &l->pages.v[i];

		for (uint64_t done = 0, n; done < run->size && r == 0; done += n) {
			n = run->size - done < COPY_CHUNK ? run->size - done : COPY_CHUNK;
			memset(buf, 0, n);
			made_read(&c->made, run->start + done, buf, n);
			r = read_captured(c, run->start + done, buf, n, err);
			if (r < 0)
				break;
			add_tables(&l->tables, run->start + done, buf, n);
			r = pwrite_sparse(fd, buf, n, run->offset + done);
			if (r < 0)
				write_error(r, err);
			progress_at(&p, run->offset + done - l->data_offset);
		}
	}
	progress_end(&p);
	return r;
}

static int write_sections(const struct collection *c, int fd, uint64_t strtab, uint64_t shoff, struct derr *err)
{
	size_t n = c->toc.n_regions + FIXED_SECTIONS, size = 1 + sizeof(STRTAB_NAME);
	_cleanup_free_ char *names = xcalloc(size + c->toc.n_regions * sizeof(c->toc.regions->name), 1);
	Elf64_Shdr *shdrs = xcalloc(n, sizeof(*shdrs));
	int r;

	memcpy(names + 1, STRTAB_NAME, sizeof(STRTAB_NAME));
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		const struct region *reg = &c->toc.regions[i];
		size_t len = strlen(reg->name) + 1;

		shdrs[FIXED_SECTIONS + i] = (Elf64_Shdr){
			.sh_name = size,
			.sh_type = SHT_PROGBITS,
			.sh_flags = SHF_ALLOC | SHF_WRITE,
			.sh_addr = reg->vaddr,
			.sh_offset = layout_offset(&c->layout, reg->paddr),
			.sh_size = reg->size,
		};
		memcpy(names + size, reg->name, len);
		size += len;
	}
	shdrs[1] = (Elf64_Shdr){
		.sh_name = 1, .sh_type = SHT_STRTAB, .sh_offset = strtab, .sh_size = size, .sh_addralign = 1
	};
	r = pwrite_full(fd, names, size, strtab);
	if (r == 0)
		r = pwrite_full(fd, shdrs, n * sizeof(*shdrs), shoff);
	free(shdrs);
	return r < 0 ? write_error(r, err) : 0;
}

static size_t names_size(const struct toc *toc)
{
	size_t size = 1 + sizeof(STRTAB_NAME);

	for (size_t i = 0; i < toc->n_regions; i++)
		size += strlen(toc->regions[i].name) + 1;
	return size;
}

int collect_write(void *collection, int fd, struct derr *err)
{
	struct collection *c = collection;
	uint64_t headers = sizeof(Elf64_Ehdr) + phdrs_count(&c->layout) * sizeof(Elf64_Phdr) + c->notes.size;
	uint64_t shoff;
	int r;

	layout_place(&c->layout, page_up(headers));
	shoff = (c->layout.data_end + names_size(&c->toc) + 7) & ~7ULL;
	r = write_headers(c, fd, shoff, err);
	if (r == 0)
		r = write_memory(c, fd, err);
	if (r == 0)
		r = write_sections(c, fd, c->layout.data_end, shoff, err);
	return r;
}
