// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must be at a certain place of memory if a table is alive and the memory map is right: tells a live table from
 * a stale one, and of several maps the right one.
 */
#include <string.h>

#include <qcmd_note.h>

#include "dump/core/elfnote.h"
#include "dump/collect/pagewalk.h"
#include "dump/collect/toc.h"
#include "lib/size.h"

#define NOTE_MAX (64 * KIB)
/* The text of VMCOREINFO is some KiB, whatever room it has; of a forged one no more is looked at. */
#define VMCOREINFO_MAX (16 * KIB)

/* init_uts_ns has the release at an offset that no kernel made larger than this. */
#define UTS_NS_MAX 512

#define HUGE_PAGE (2 * MIB)

/* The note that a region begins with, which is in the first max bytes. buf has as many. */
static bool read_note(const struct image *img, const struct region *r, const char *name, uint32_t type,
		      struct elfnote *note, char *buf, size_t max)
{
	size_t n, pos = 0;

	if (!r)
		return false;
	n = r->size < max ? r->size : max;
	return image_read(img, r->paddr, buf, n) == 0 && elfnote_next(buf, n, &pos, note) &&
	       elfnote_is(note, name, type);
}

/*
 * A PC has memory at address 0, and what does not fit below 4 GiB above it. arm64 machines in emulation have
 * one piece, which starts elsewhere. A vmcore says of which machine it is.
 */
static bool map_fits_machine(const struct image *img, uint16_t machine)
{
	if (img->elf.machine != EM_NONE)
		return machine == img->elf.machine;
	if (machine == EM_X86_64)
		return img->phys.v[0].start == 0;
	return machine == EM_AARCH64 && img->phys.n == 1 && img->phys.v[0].start != 0;
}

static unsigned int elf_header(const struct image *img, const struct region *r)
{
	Elf64_Ehdr ehdr;

	if (!r || r->size < sizeof(ehdr) || image_read(img, r->paddr, &ehdr, sizeof(ehdr)) < 0 ||
	    memcmp(ehdr.e_ident, ELFMAG, SELFMAG))
		return 0;
	return 1 + map_fits_machine(img, ehdr.e_machine);
}

/* The release of the kernel is in init_uts_ns, in the image of the kernel. */
static bool release_in_place(const struct image *img, const struct kv *v)
{
	const char *release = kv_get(v, "OSRELEASE");
	uint64_t at, vaddr;
	char buf[UTS_NS_MAX];

	return release && strlen(release) >= 4 && kernel_symbol(v, "init_uts_ns", &vaddr, &at) &&
	       image_read(img, at, buf, sizeof(buf)) == 0 && memmem(buf, sizeof(buf), release, strlen(release));
}

static bool leads_to(const struct image *img, const struct pagewalk *w, const struct kv *v, const char *symbol)
{
	uint64_t vaddr, paddr, found, size;

	return kernel_symbol(v, symbol, &vaddr, &paddr) && pagewalk(img, w, vaddr, &found, &size) && found == paddr;
}

/* The page tables of the kernel have it where VMCOREINFO says, and it is larger than one huge page of a process. */
static unsigned int page_tables(const struct image *img, const struct kv *v)
{
	uint64_t start, span = 0;
	struct pagewalk w;
	size_t pos = 0;

	if (!pagewalk_init(&w, v) || !leads_to(img, &w, v, "swapper_pg_dir"))
		return 0;
	if (kv_symbol(v, "_stext", &start) < 0 || !leads_to(img, &w, v, "_stext"))
		return 1;
	for (const struct kv_pair *p; (p = kv_next(v, "SYMBOL(", &pos));) {
		uint64_t behind = strtoull(p->value, NULL, 16) - start;

		/* Nothing in front of it, nor what is in the direct map or of one CPU */
		if (behind < GIB && behind > span)
			span = behind;
	}
	return 1 + (span >= HUGE_PAGE);
}

static bool parse_vmcoreinfo(const struct image *img, const struct region *r, struct kv *v)
{
	_cleanup_free_ char *buf = xcalloc(VMCOREINFO_MAX, 1);
	struct elfnote note;

	if (!read_note(img, r, VMCOREINFO_NAME, 0, &note, buf, VMCOREINFO_MAX))
		return false;
	kv_parse(v, note.desc, note.desc_size);
	return true;
}

bool toc_vmcoreinfo(const struct toc *toc, const struct image *img, struct kv *v)
{
	return parse_vmcoreinfo(img, toc_region(toc, MINIDUMP_VMCOREINFO_NAME), v);
}

bool vmcoreinfo_read(const struct image *img, uint64_t paddr, struct kv *v)
{
	uint64_t there = rangemap_contiguous(&img->phys, paddr);
	struct region r = { .paddr = paddr, .size = there < VMCOREINFO_MAX ? there : VMCOREINFO_MAX };
	char start[sizeof(Elf64_Nhdr) + sizeof(VMCOREINFO_NAME)];

	/* Most of what is asked for is none. */
	return image_read(img, paddr, start, sizeof(start)) == 0 &&
	       !memcmp(start + sizeof(Elf64_Nhdr), VMCOREINFO_NAME, sizeof(VMCOREINFO_NAME)) &&
	       parse_vmcoreinfo(img, &r, v);
}

void toc_look_for_landmarks(struct toc *toc, const struct image *img, const struct kv *v)
{
	_cleanup_free_ char *buf = xcalloc(NOTE_MAX, 1);
	struct elfnote note;

	toc->landmarks = elf_header(img, toc_region(toc, MINIDUMP_ELF_HEADER_NAME));
	if (v)
		toc->landmarks += 1 + release_in_place(img, v) + page_tables(img, v);
	toc->landmarks += read_note(img, toc_region(toc, MINIDUMP_NOTE_NAME), QCMD_NOTE_NAME, QCMD_NOTE_KERNEL, &note,
				    buf, NOTE_MAX);
}
