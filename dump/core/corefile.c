// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include <linux/qcom_minidump_table.h>
#include <qcmd_note.h>

#include "dump/core/corefile.h"
#include "dump/core/elfnote.h"
#include "lib/file.h"
#include "lib/text.h"

static void map_segments(struct corefile *core)
{
	for (size_t i = 0; i < core->elf.n_phdrs; i++) {
		const Elf64_Phdr *p = &core->elf.phdrs[i];

		if (p->p_type != PT_LOAD)
			continue;
		if (p->p_vaddr)
			rangemap_add(&core->virt, p->p_vaddr, p->p_filesz, p->p_offset);
		rangemap_add(&core->phys, p->p_paddr, p->p_filesz, p->p_offset);
	}
	rangemap_finish(&core->virt);
	rangemap_finish(&core->phys);
}

/* The first note of a kind counts. */
static void parse_once(struct kv *kv, const struct elfnote *note)
{
	if (!kv->text)
		kv_parse(kv, note->desc, note->desc_size);
}

static void read_notes(struct corefile *core)
{
	struct elfnote note;
	size_t pos = 0;

	while (elfnote_next(core->elf.notes, core->elf.notes_size, &pos, &note)) {
		if (elfnote_is(&note, VMCOREINFO_NAME, 0))
			parse_once(&core->vmcoreinfo, &note);
		else if (elfnote_is(&note, QCMD_NOTE_NAME, QCMD_NOTE_KERNEL))
			parse_once(&core->kernel_note, &note);
		else if (elfnote_is(&note, QCMD_NOTE_NAME, QCMD_NOTE_COLLECT))
			parse_once(&core->collect_note, &note);
		else if (elfnote_is(&note, QCMD_NOTE_NAME, QCMD_NOTE_LOG) && !core->log) {
			core->log = note.desc;
			core->log_size = note.desc_size;
		}
	}
}

void note_check_version(const struct kv *note, const char *key, struct strlist *remarks)
{
	const char *version = kv_get(note, key);

	if (version && strcmp(version, "1"))
		strlist_addf(remarks,
			     "the note %s has version %s, and qcmdump " QCMD_VERSION
			     " knows version 1: what it says may be read wrongly. A newer qcmdump may know it.",
			     key, quote(version, strlen(version)).s);
}

static void read_regions(struct corefile *core)
{
	size_t capacity = 0, pos = 0;
	struct region r;

	while (core->n_regions < CORE_REGIONS_MAX && region_read(&core->collect_note, &pos, &r)) {
		const struct range *at = rangemap_find(&core->phys, r.paddr);

		r.missing = !at || !rangemap_covers(&core->phys, r.paddr, r.size);
		r.offset = at ? r.paddr - at->start + at->offset : 0;
		core->regions = xgrow(core->regions, &capacity, core->n_regions + 1, sizeof(r));
		core->regions[core->n_regions++] = r;
	}
}

static int no_elf(const char *path, struct derr *err)
{
	return derr_set(err, -EINVAL,
			"%s is no dump: it is not an ELF core. If it is a memory image, collect the dump from "
			"it first: qcmdump collect %s -o minidump.elf",
			path, path);
}

int core_open(struct corefile *core, const char *path, struct derr *err)
{
	int r;

	*core = (struct corefile){ .fd = -1, .path = xstrndup(path, strlen(path)) };
	r = dumpfile_open(path, &core->file_size, NULL, err);
	if (r < 0)
		return r;
	core->fd = r;
	r = elffile_read(&core->elf, core->fd, core->file_size, path, err);
	if (r < 0)
		return r;
	if (r == 0)
		return no_elf(path, err);
	map_segments(core);
	read_notes(core);
	note_check_version(&core->kernel_note, "QCMD_NOTE", &core->remarks);
	note_check_version(&core->collect_note, "QCMD_COLLECT", &core->remarks);
	read_regions(core);
	if (!core->vmcoreinfo.text && !core->collect_note.text)
		return derr_set(err, -EINVAL,
				"%s is an ELF core, but not of a kernel (it has no VMCOREINFO). If it is a memory "
				"image, collect the dump from it first: qcmdump collect %s -o minidump.elf",
				path, path);
	return 0;
}

void core_close(struct corefile *core)
{
	closep(&core->fd);
	free(core->path);
	elffile_clear(&core->elf);
	rangemap_clear(&core->virt);
	rangemap_clear(&core->phys);
	kv_clear(&core->vmcoreinfo);
	kv_clear(&core->kernel_note);
	kv_clear(&core->collect_note);
	free(core->regions);
	strlist_clear(&core->remarks);
	*core = (struct corefile){ .fd = -1 };
}

int core_need_collected(const struct corefile *core, struct derr *err)
{
	if (core->log)
		return derr_set(err, -ENOENT,
				"%s has the kernel's log and nothing else: that is all that pstore kept. "
				"'qcmdump log' shows it.",
				core->path);
	if (core->collect_note.text)
		return 0;
	return derr_set(err, -EINVAL,
			"%s was not made by qcmdump collect: it has no list of regions. If it is a full memory "
			"dump, collect the minidump from it: qcmdump collect %s -o minidump.elf",
			core->path, core->path);
}

const char *core_crash_time(const struct corefile *core)
{
	return kv_get(&core->vmcoreinfo, "CRASHTIME") ?: kv_get(&core->collect_note, "CRASHTIME");
}
