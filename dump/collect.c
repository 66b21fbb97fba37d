// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <qcmd_note.h>

#include "collect.h"

#define NOTE_REGION_MAX (64 * KIB)

/* The note that a region holds, whole; NULL: there is none. */
static char *region_note(const struct collection *c, const char *region, const char *name, uint32_t type,
			 struct elfnote *note)
{
	const struct region *r = toc_region(&c->toc, region);
	size_t size, pos = 0;
	char *buf;

	if (!r)
		return NULL;
	size = r->size < NOTE_REGION_MAX ? r->size : NOTE_REGION_MAX;
	buf = dump_alloc(size, 1);
	if (image_read(&c->img, r->paddr, buf, size) == 0 && elfnote_next(buf, size, &pos, note) &&
	    elfnote_is(note, name, type))
		return buf;
	free(buf);
	return NULL;
}

/* An ELF core that is the source may have the note itself. */
static bool source_note(const struct collection *c, const char *name, uint32_t type, struct elfnote *note)
{
	size_t pos = 0;

	while (elfnote_next(c->img.elf.notes, c->img.elf.notes_size, &pos, note))
		if (elfnote_is(note, name, type))
			return true;
	return false;
}

static void add_vmcoreinfo(struct collection *c)
{
	struct elfnote note;
	_cleanup_free_ char *buf = region_note(c, MINIDUMP_VMCOREINFO_NAME, VMCOREINFO_NAME, 0, &note);

	if (!buf && !source_note(c, VMCOREINFO_NAME, 0, &note)) {
		strlist_addf(&c->toc.problems,
			     "VMCOREINFO (%s) is not in the table or damaged: the log cannot be read without it",
			     MINIDUMP_VMCOREINFO_NAME);
		return;
	}
	kv_parse(&c->vmcoreinfo, note.desc, note.desc_size);
	notebuf_add(&c->notes, VMCOREINFO_NAME, 0, note.desc, note.desc_size);
}

static void add_kernel_note(struct collection *c)
{
	struct elfnote note;
	_cleanup_free_ char *buf = region_note(c, MINIDUMP_NOTE_NAME, QCMD_NOTE_NAME, QCMD_NOTE_KERNEL, &note);

	if (buf)
		notebuf_add(&c->notes, QCMD_NOTE_NAME, QCMD_NOTE_KERNEL, note.desc, note.desc_size);
	else
		strlist_addf(&c->toc.problems,
			     "qcmdd's note (%s) is not in the table or damaged: tasks cannot be read without it",
			     MINIDUMP_NOTE_NAME);
}

/*
 * Registers, as the dying kernel saved them for kdump: these notes have the pid of the task on each CPU. QEMU's have
 * not, and a reader would take the registers for those of another task.
 */
static bool add_registers(struct collection *c)
{
	struct elfnote note;
	bool added = false;
	size_t pos = 0;

	if (source_note(c, "QEMU", 0, &note))
		return false;
	while (elfnote_next(c->img.elf.notes, c->img.elf.notes_size, &pos, &note)) {
		if (!elfnote_is(&note, "CORE", NT_PRSTATUS))
			continue;
		notebuf_add(&c->notes, "CORE", NT_PRSTATUS, note.desc, note.desc_size);
		added = true;
	}
	return added;
}

static void print_escaped(FILE *f, const char *key, const char *text)
{
	_cleanup_free_ char *safe = escape_text(text, strlen(text));

	fprintf(f, "%s=%s\n", key, safe);
}

static void add_collect_note(struct collection *c, bool registers)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	fprintf(f, "QCMD_COLLECT=1\nCREATOR=qcmdump %s\n", QCMD_VERSION);
	print_escaped(f, "SOURCE", c->img.path);
	fprintf(f, "SOURCE_KIND=%s\nSOURCE_BYTES=%" PRIu64 "\n", c->img.is_elf ? "vmcore" : "raw", c->ram);
	fprintf(f, "BACKEND=%s\nCOLLECTED=%lld\n", COLLECT_BACKEND, (long long)time(NULL));
	fprintf(f, "TABLE=0x%" PRIx64 "\nSLOTS=%u/%u\n", c->toc.header, c->toc.slots_used, c->toc.slots_max);
	fprintf(f, "REGISTERS=%s\n", registers ? "source" : "none");
	fprintf(f, "PAGE_TABLES=%s\n", c->layout.has_tables ? "synthetic" : "none");
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		const struct region *r = &c->toc.regions[i];

		fprintf(f, "REGION(%u)=%s %u 0x%" PRIx64 " 0x%" PRIx64 " %" PRIu64 "\n", r->slot, r->name, r->seq,
			r->vaddr, r->paddr, r->size);
	}
	for (size_t i = 0; i < c->toc.problems.n; i++)
		print_escaped(f, "PROBLEM", c->toc.problems.v[i]);
	if (c->toc.problems.left_out)
		fprintf(f, "PROBLEM=%zu more problems like these\n", c->toc.problems.left_out);
	if (fclose(f) == 0)
		notebuf_add(&c->notes, QCMD_NOTE_NAME, QCMD_NOTE_COLLECT, text, size);
}

int collect_prepare(struct collection *c, const char *path, const struct collect_options *o, struct derr *err)
{
	bool registers;
	int r;

	*c = (struct collection){ 0 };
	r = image_open(&c->img, path, o->maps, o->n_maps, err);
	if (r < 0)
		return r;
	r = toc_find(&c->img, o->table, &c->toc, err);
	if (r < 0)
		return r;
	c->ram = rangemap_total(&c->img.phys);
	if (c->img.elf.missing)
		strlist_addf(&c->toc.problems, "%s is cut off: %" PRIu64 " bytes of memory are missing at its end",
			     c->img.path, c->img.elf.missing);
	add_vmcoreinfo(c);
	add_kernel_note(c);
	registers = add_registers(c);
	kmap_apply(&c->kmap, &c->img, &c->toc, &c->vmcoreinfo);
	layout_build(&c->layout, &c->toc, &c->kmap, &c->vmcoreinfo, rangemap_end(&c->img.phys), &c->toc.problems);
	add_collect_note(c, registers);
	return 0;
}

void collection_clear(struct collection *c)
{
	image_close(&c->img);
	toc_clear(&c->toc);
	kv_clear(&c->vmcoreinfo);
	layout_clear(&c->layout);
	notebuf_clear(&c->notes);
}
