// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <qcmd_note.h>

#include "dump/collect/convert.h"
#include "dump/collect/crash-notes.h"
#include "dump/collect/exception-stacks.h"
#include "dump/collect/kernel-text.h"
#include "dump/collect/memory-counters.h"
#include "dump/collect/pid-index.h"
#include "dump/core/page.h"
#include "lib/text.h"

/* What qcmdump convert says itself. */
static const char *const own_keys[] = { "PAGE_TABLES", "SYNTHETIC", "CONVERTED", "GAP" };

/* A region that the dump has lost is one problem more. */
static void take_regions(struct collection *c, const struct corefile *core)
{
	struct toc *toc = &c->toc;
	size_t capacity = 0;

	for (size_t i = 0; i < core->n_regions; i++) {
		struct region r = core->regions[i];

		if (r.missing || !r.size || r.size > core->file_size) {
			strlist_addf(&toc->problems, "slot %u (%s) is not in %s", r.slot, r.name, core->path);
			continue;
		}
		toc->regions = xgrow(toc->regions, &capacity, toc->n_regions + 1, sizeof(r));
		toc->regions[toc->n_regions++] = r;
		toc->bytes += r.size;
	}
}

static void take_notes(struct collection *c, const struct corefile *core)
{
	struct elfnote note;
	size_t pos = 0;

	while (elfnote_next(core->elf.notes, core->elf.notes_size, &pos, &note)) {
		_cleanup_free_ char *name = xstrndup(note.name, strnlen(note.name, note.name_size));

		if (elfnote_is(&note, VMCOREINFO_NAME, 0) && !c->vmcoreinfo.text)
			kv_parse(&c->vmcoreinfo, note.desc, note.desc_size);
		if (elfnote_is(&note, QCMD_NOTE_NAME, QCMD_NOTE_KERNEL) && !c->kernel_note.text)
			kv_parse(&c->kernel_note, note.desc, note.desc_size);
		if (!elfnote_is(&note, QCMD_NOTE_NAME, QCMD_NOTE_COLLECT))
			notebuf_add(&c->notes, name, note.type, note.desc, note.desc_size);
	}
}

static bool is_own(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(own_keys); i++)
		if (!strcmp(key, own_keys[i]))
			return true;
	return false;
}

static void add_note(struct collection *c, const struct corefile *core, const char *program)
{
	const struct kv *old = &core->collect_note;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	for (size_t i = 0; i < old->n; i++)
		if (!is_own(old->pairs[i].key))
			fprintf(f, "%s=%s\n", old->pairs[i].key, old->pairs[i].value);
	fprintf(f, "CONVERTED=%s\n", program);
	collect_print_made(f, c);
	for (size_t i = 0; i < c->toc.problems.n; i++) {
		_cleanup_free_ char *safe = escape_text(c->toc.problems.v[i], strlen(c->toc.problems.v[i]), TEXT_ASCII);

		fprintf(f, "PROBLEM=%s\n", safe);
	}
	if (fclose(f) == 0)
		notebuf_add(&c->notes, QCMD_NOTE_NAME, QCMD_NOTE_COLLECT, text, size);
}

void convert_find_memory(struct rangemap *ram, const struct collection *c, const struct corefile *core)
{
	uint64_t start, size, first = UINT64_MAX, end = 0;
	const struct kv_pair *p;

	for (size_t pos = 0; ram->n < QCMD_NOTE_MEMORY_MAX && (p = kv_next(&core->collect_note, "MEMORY", &pos));)
		if (sscanf(p->value, "0x%" SCNx64 " %" SCNu64, &start, &size) == 2 && start < PADDR_LIMIT &&
		    size < PADDR_LIMIT)
			rangemap_add(ram, start, size, start);
	for (size_t i = 0; !ram->n && i < c->toc.n_regions; i++) {
		const struct region *r = &c->toc.regions[i];

		if (r->paddr < first)
			first = page_down(r->paddr);
		if (r->paddr + r->size > end)
			end = page_up(r->paddr + r->size);
	}
	rangemap_add(ram, first, end > first ? end - first : 0, first);
	rangemap_finish(ram);
}

static int build(struct collection *c, const struct corefile *core, const struct convert_options *o, struct derr *err)
{
	bool gaps = !strcmp(o->program, "crash");
	struct kelf header = { .machine = core->elf.machine };
	struct rangemap ram = { 0 }, guards = { 0 };
	int r = 0;

	kmap_apply(&c->kmap, &header, &c->toc, &c->vmcoreinfo);
	if (o->vmlinux)
		r = ktext_add(&c->made, o->vmlinux, &c->kmap, &c->vmcoreinfo, err);
	if (r < 0)
		return r;
	convert_find_memory(&ram, c, core);
	pids_add(c, rangemap_end(&ram));
	crash_notes_add(c, &core->collect_note, rangemap_end(&ram));
	if (gaps) {
		memory_counters_add(c, &ram);
		exception_guards_find(c, &guards);
	}
	layout_build(&c->layout, &c->toc, &c->kmap, &c->vmcoreinfo,
		     &(struct layout_options){ .ram = &ram, .made = &c->made, .gaps = gaps, .unmapped = &guards },
		     &c->toc.problems);
	rangemap_clear(&ram);
	rangemap_clear(&guards);
	if (c->layout.n_segments + c->layout.gaps.n >= PN_XNUM - 1)
		return derr_set(err, -E2BIG, "%s has too many pieces of memory: crash cannot open it.", core->path);
	add_note(c, core, o->program);
	return 0;
}

int convert_prepare(struct collection *c, const struct corefile *core, const struct convert_options *o,
		    struct derr *err)
{
	int r;

	*c = (struct collection){ .img = IMAGE_CLOSED };
	r = core_need_collected(core, err);
	if (r == 0)
		r = image_of_core(&c->img, core, err);
	if (r < 0)
		return r;
	take_regions(c, core);
	take_notes(c, core);
	for (size_t i = 0; i < core->remarks.n; i++)
		strlist_addf(&c->toc.problems, "%s", core->remarks.v[i]);
	return build(c, core, o, err);
}
