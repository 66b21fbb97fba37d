// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/core/elfnote.h"
#include "dump/collect/firmware.h"

#define VMCOREINFO_MAX (64 * KIB)

struct firmware {
	struct image *img;
	const struct kelf *kelf;
	size_t n;	   /* of kelf->phdrs that are looked at */
	struct piece **of; /* the piece of each */
	const struct piece *header;
	const char *vm;
	struct toc *toc;
	unsigned int next_slot; /* of what the header does not name */
	uint64_t embedded;	/* bytes of the header that may still be taken for memory */
};

static const struct piece *find_header(const struct pieces *p, const char *vm)
{
	for (size_t i = 0; i < p->n; i++)
		if (piece_is_region(&p->v[i], vm) && piece_is_header(&p->v[i]) && p->v[i].size)
			return &p->v[i];
	return NULL;
}

/* The machine itself, unless only one other has an ELF header. */
static const char *choose_vm(const struct pieces *p)
{
	const char *found = NULL;

	if (find_header(p, ""))
		return "";
	for (size_t i = 0; i < p->n; i++) {
		if (!p->v[i].vm[0] || !piece_is_header(&p->v[i]))
			continue;
		if (found && strcmp(found, p->v[i].vm))
			return "";
		found = p->v[i].vm;
	}
	return found ? found : "";
}

static void read_header(struct firmware *f, struct kelf *kelf)
{
	struct strlist *problems = &f->toc->problems;
	_cleanup_free_ char *buf = NULL;
	struct derr err;
	size_t size;

	f->header = find_header(&f->img->pieces, f->vm);
	if (!f->header) {
		strlist_addf(problems, "the ELF header (%s) is missing: what the regions are is partly unknown",
			     MINIDUMP_ELF_HEADER_NAME);
		return;
	}
	size = f->header->size < KELF_MAX ? f->header->size : KELF_MAX;
	buf = xcalloc(size, 1);
	if (image_read_at(f->img, f->header->offset, buf, size) < 0)
		strlist_addf(problems, "the ELF header (%s) cannot be read", f->header->file);
	else if (kelf_parse(kelf, buf, size, &err))
		strlist_addf(problems, "the ELF header (%s) is damaged: %s. What the regions are is partly unknown",
			     f->header->file, err.text);
	if (f->header->size < f->header->expected)
		strlist_addf(problems, "%s is cut off: %" PRIu64 " of %" PRIu64 " bytes are there", f->header->file,
			     f->header->size, f->header->expected);
	f->n = kelf->n;
	if (f->n > PIECES_MAX) {
		strlist_addf(problems, "the ELF header names %zu regions; the first %d were looked at", kelf->n,
			     PIECES_MAX);
		f->n = PIECES_MAX;
	}
}

static bool is_wanted(const struct firmware *f, size_t i)
{
	return f->kelf->phdrs[i].p_type == PT_LOAD && f->kelf->phdrs[i].p_filesz && !f->of[i];
}

static bool is_free(const struct firmware *f, const struct piece *p)
{
	return piece_is_region(p, f->vm) && !p->used && p != f->header;
}

static void match(struct firmware *f, size_t i, struct piece *p)
{
	p->used = true;
	f->of[i] = p;
}

/* Where several pieces start at the address, the one with the name is meant. */
static void match_addresses(struct firmware *f)
{
	struct pieces *pieces = &f->img->pieces;

	for (int named = 1; named >= 0; named--)
		for (size_t i = 0; i < f->n; i++)
			for (size_t j = 0; j < pieces->n && is_wanted(f, i); j++) {
				struct piece *p = &pieces->v[j];
				const char *name = f->kelf->names[i];

				if (!is_free(f, p) || !p->has_paddr || p->paddr != f->kelf->phdrs[i].p_paddr)
					continue;
				if (!named || piece_has_name(p, name) || piece_has_numbered_name(p, name))
					match(f, i, p);
			}
}

/* Whether it is all of a region's name, without a number behind it. */
static bool header_has_name(const struct firmware *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcasecmp(f->kelf->names[i], name) && !(f->kelf->numbered && f->kelf->seqs[i]))
			return true;
	return false;
}

/* A name that ends in a number may well be that of another region. */
static bool name_fits(const struct firmware *f, const struct piece *p, const char *name)
{
	if (!is_free(f, p) || p->has_paddr)
		return false;
	return piece_has_name(p, name) || (piece_has_numbered_name(p, name) && !header_has_name(f, p->name));
}

/* The last of equals is meant: a region that was being moved is there twice, and its files overwrite each other. */
static void match_numbers(struct firmware *f, const char *name)
{
	struct pieces *pieces = &f->img->pieces;

	for (size_t i = f->n; i-- > 0;)
		for (size_t j = 0; j < pieces->n && is_wanted(f, i) && !strcmp(f->kelf->names[i], name); j++) {
			struct piece *p = &pieces->v[j];

			if (name_fits(f, p, name) && piece_number(p, name) == f->kelf->seqs[i])
				match(f, i, p);
		}
}

/*
 * Where the header or the files have no numbers: the pieces of one name, in order, are the regions of that name, in
 * order. Where there are too few, they are the last ones.
 */
static void match_order(struct firmware *f, const char *name, size_t regions, size_t files)
{
	size_t skip = files < regions ? regions - files : 0;
	struct pieces *pieces = &f->img->pieces;

	if (regions > 1)
		strlist_addf(&f->toc->problems,
			     "%zu regions are called %s, and firmware did not leave their addresses: %s", regions, name,
			     skip ? "too few files were left, which are taken for the last ones" :
				    "which is which was told by the order of their files alone");
	for (size_t i = 0, j = 0; i < f->n; i++) {
		if (!is_wanted(f, i) || strcmp(f->kelf->names[i], name))
			continue;
		if (skip) {
			skip--;
			continue;
		}
		while (j < pieces->n && !name_fits(f, &pieces->v[j], name))
			j++;
		if (j == pieces->n)
			return;
		match(f, i, &pieces->v[j]);
	}
}

static void match_name(struct firmware *f, const char *name)
{
	struct pieces *pieces = &f->img->pieces;
	size_t regions = 0, files = 0, numbers = 0;

	for (size_t i = 0; i < f->n; i++)
		regions += is_wanted(f, i) && !strcmp(f->kelf->names[i], name);
	for (size_t i = 0; i < pieces->n; i++) {
		bool fits = name_fits(f, &pieces->v[i], name);

		files += fits;
		numbers += fits && piece_number(&pieces->v[i], name);
	}
	if (f->kelf->numbered && numbers)
		match_numbers(f, name);
	else if (files)
		match_order(f, name, regions, files);
}

static void match_names(struct firmware *f)
{
	for (size_t i = 0; i < f->n; i++) {
		bool seen = false;

		/* Once for each name */
		for (size_t k = 0; k < i && !seen; k++)
			seen = !strcmp(f->kelf->names[k], f->kelf->names[i]);
		if (!seen && f->kelf->names[i][0])
			match_name(f, f->kelf->names[i]);
	}
}

static void add_region(struct firmware *f, unsigned int slot, const char *name, uint32_t seq, uint64_t paddr,
		       uint64_t size)
{
	struct toc *toc = f->toc;
	struct region *r = &toc->regions[toc->n_regions];

	*r = (struct region){ .slot = slot, .seq = seq, .paddr = paddr, .size = size };
	if (region_name_copy(r->name, name, REGION_NAME_SIZE) < 0)
		strcpy(r->name, "unnamed");
	for (size_t i = 0; i < toc->n_regions && !f->kelf->numbered; i++)
		r->seq += !strcmp(toc->regions[i].name, r->name);
	toc->n_regions++;
	toc->bytes += size;
}

/*
 * The name of a region that the header has no name for: without the number, which is returned, if there is a piece
 * called so.
 */
static uint32_t name_of_piece(const struct firmware *f, const struct piece *p, char name[static PIECE_NAME_SIZE])
{
	const struct pieces *pieces = &f->img->pieces;

	strcpy(name, p->name);
	for (size_t i = 0; i < pieces->n; i++) {
		const struct piece *other = &pieces->v[i];

		if (piece_is_region(other, f->vm) && piece_has_numbered_name(p, other->name)) {
			strcpy(name, other->name);
			return piece_number(p, other->name);
		}
	}
	return 0;
}

/* A piece, or as much of it as is there, becomes memory. name "": the header has none. */
static void add_piece(struct firmware *f, const struct piece *p, unsigned int slot, const char *name, uint32_t seq,
		      uint64_t paddr, uint64_t want)
{
	uint64_t size = p->size < want ? p->size : want;
	char own[PIECE_NAME_SIZE];

	if (!p->size)
		return;
	if (paddr >= PADDR_LIMIT || size > PADDR_LIMIT - paddr) {
		strlist_addf(&f->toc->problems, "%s: impossible range, %" PRIu64 " bytes at 0x%" PRIx64, p->file, size,
			     paddr);
		return;
	}
	if (p->size < want)
		strlist_addf(&f->toc->problems, "%s is cut off: %" PRIu64 " of %" PRIu64 " bytes are there", p->file,
			     p->size, want);
	else if (p->size > want)
		strlist_addf(&f->toc->problems,
			     "%s has %" PRIu64 " bytes, but its region %" PRIu64 ": the rest is left out", p->file,
			     p->size, want);
	rangemap_add(&f->img->phys, paddr, size, p->offset);
	if (!name[0])
		seq = name_of_piece(f, p, own);
	add_region(f, slot, name[0] ? name : own, seq, paddr, size);
}

/* Older kernels have their banner in the header itself. */
static bool add_embedded(struct firmware *f, size_t i)
{
	const Elf64_Phdr *p = &f->kelf->phdrs[i];

	if (p->p_offset > f->kelf->size || p->p_filesz > f->kelf->size - p->p_offset || p->p_filesz > f->embedded ||
	    p->p_paddr >= PADDR_LIMIT)
		return false;
	f->embedded -= p->p_filesz;
	rangemap_add(&f->img->phys, p->p_paddr, p->p_filesz, f->header->offset + p->p_offset);
	add_region(f, i + 1, f->kelf->names[i], f->kelf->seqs[i], p->p_paddr, p->p_filesz);
	return true;
}

static void add_named(struct firmware *f, size_t i, const struct rangemap *memory)
{
	const Elf64_Phdr *p = &f->kelf->phdrs[i];
	const char *name = f->kelf->names[i];
	uint32_t seq = f->kelf->seqs[i];
	char number[16] = "";

	if (p->p_type != PT_LOAD || !p->p_filesz)
		return;
	f->toc->slots_used++;
	if (seq)
		snprintf(number, sizeof(number), "_%" PRIu32, seq);
	if (f->of[i] && f->of[i]->size) {
		add_piece(f, f->of[i], i + 1, name, seq, p->p_paddr, p->p_filesz);
	} else if (rangemap_covers(memory, p->p_paddr, p->p_filesz)) {
		add_region(f, i + 1, name, seq, p->p_paddr, p->p_filesz);
	} else if (!add_embedded(f, i) && (!f->of[i] || f->img->blobs)) {
		/* Of a section without bytes it has been said already. */
		strlist_addf(&f->toc->problems, "%s%s%s is %s: %" PRIu64 " bytes at 0x%" PRIx64 " are lost",
			     name[0] ? name : "a region", number, f->of[i] ? " (its file)" : "",
			     f->of[i] ? "empty" : "missing", (uint64_t)p->p_filesz, (uint64_t)p->p_paddr);
	}
}

static bool is_vmcoreinfo(const struct image *img, const struct piece *p)
{
	size_t size = p->size < VMCOREINFO_MAX ? p->size : VMCOREINFO_MAX;
	_cleanup_free_ char *buf = xcalloc(size, 1);
	struct elfnote note;

	return size && image_read_at(img, p->offset, buf, size) == 0 && elfnote_vmcoreinfo(buf, size, &note);
}

/* No program header has it: VMCOREINFO, the header itself, and what is not Linux's. */
static void add_unnamed(struct firmware *f, struct piece *p)
{
	bool needs_no_address = p == f->header;
	unsigned int slot = 0;

	if (!p->size) {
		if (f->img->blobs)
			strlist_addf(&f->toc->problems, "%s is empty", p->file);
		return;
	}
	if (!f->toc->vmcoreinfo_size && is_vmcoreinfo(f->img, p)) {
		f->toc->vmcoreinfo_offset = p->offset;
		f->toc->vmcoreinfo_size = p->size;
		needs_no_address = true;
	}
	if (p != f->header)
		slot = f->next_slot++;
	if (p->has_paddr)
		add_piece(f, p, slot, "", 0, p->paddr, p->expected ? p->expected : p->size);
	else if (needs_no_address)
		return;
	else if (p->name[0] == 'K' || p->name[0] == 'k')
		strlist_addf(&f->toc->problems,
			     "%s is left out: the ELF header does not name it, and firmware did not leave its address",
			     p->file);
	else
		strlist_addf(&f->img->left_out, "%s (%" PRIu64 " bytes, address unknown)", p->file, p->size);
}

static void add_others(struct firmware *f)
{
	struct pieces *pieces = &f->img->pieces;
	bool encrypted = false;

	for (size_t i = 0; i < pieces->n; i++) {
		struct piece *p = &pieces->v[i];

		if (p->used)
			continue;
		encrypted |= !strncasecmp(p->name, "encr_key", 8);
		if (piece_is_region(p, f->vm))
			add_unnamed(f, p);
		else if (p->vm[0])
			strlist_addf(&f->img->left_out, "%s (of virtual machine %s: see --vm)", p->file, p->vm);
		else
			strlist_addf(&f->img->left_out, "%s (%" PRIu64 " bytes)", p->file, p->size);
	}
	if (encrypted)
		strlist_addf(&f->toc->problems,
			     "firmware left keys (md_encr_key_*): it encrypted the regions, which may be unreadable");
}

static int no_regions(const struct firmware *f, struct derr *err)
{
	const struct strlist *problems = &f->toc->problems;

	return derr_set(err, -ENOENT, "Cannot save anything from %s: no piece in it has a known address. %s%s",
			f->img->path, problems->n ? "The first problem: " : "", problems->n ? problems->v[0] : "");
}

int firmware_read(struct image *img, const char *vm, struct kelf *kelf, struct toc *toc, struct derr *err)
{
	struct firmware f = { .img = img, .kelf = kelf, .toc = toc, .vm = vm ? vm : choose_vm(&img->pieces) };
	struct rangemap memory;

	*toc = (struct toc){ 0 };
	strlist_move(&toc->problems, &img->problems);
	if (!vm && f.vm[0])
		strlist_addf(&toc->problems, "only virtual machine %s has left an ELF header: its regions were taken",
			     f.vm);
	read_header(&f, kelf);
	rangemap_copy(&memory, &img->phys);
	f.of = xcalloc(f.n, sizeof(*f.of));
	f.next_slot = f.n + 1;
	f.embedded = kelf->size;
	toc->regions = xcalloc(f.n + img->pieces.n, sizeof(*toc->regions));
	match_addresses(&f);
	match_names(&f);
	for (size_t i = 0; i < f.n; i++)
		add_named(&f, i, &memory);
	add_others(&f);
	free(f.of);
	rangemap_clear(&memory);
	rangemap_finish(&img->phys);
	if (!toc->n_regions)
		return no_regions(&f, err);
	toc_settle_overlaps(toc);
	return 0;
}
