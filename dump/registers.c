// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "registers.h"
#include "tasks.h"

#define PRSTATUS_PID 32 /* offset of pr_pid */

struct running_layout {
	uint64_t pid, on_cpu, cpu;
};

static bool read_layout(struct running_layout *l, const struct kv *v)
{
	uint64_t thread_info;

	if (kv_offset(v, "task_struct.pid", &l->pid) < 0 || kv_offset(v, "task_struct.on_cpu", &l->on_cpu) < 0 ||
	    kv_offset(v, "task_struct.thread_info", &thread_info) < 0 || kv_offset(v, "thread_info.cpu", &l->cpu) < 0)
		return false;
	l->cpu += thread_info;
	return true;
}

static bool read_u32(const struct collection *c, const struct region *r, uint64_t offset, uint32_t *ret)
{
	return offset < r->size && r->size - offset >= sizeof(*ret) &&
	       image_read(&c->img, r->paddr + offset, ret, sizeof(*ret)) == 0;
}

/* Of the task that ran on this CPU, if it is among the regions. */
static bool running_pid(const struct collection *c, const struct running_layout *l, uint32_t cpu, uint32_t *pid)
{
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		const struct region *r = &c->toc.regions[i];
		uint32_t on_cpu, its_cpu;

		if (!strcmp(r->name, TASK_REGION_NAME) && read_u32(c, r, l->on_cpu, &on_cpu) && on_cpu &&
		    read_u32(c, r, l->cpu, &its_cpu) && its_cpu == cpu && read_u32(c, r, l->pid, pid))
			return true;
	}
	return false;
}

/* The notes of a kernel that died for kdump name the task on each CPU. */
static const char *add_as_they_are(struct collection *c)
{
	const char *from = "none";
	struct elfnote note;
	size_t pos = 0;

	while (elfnote_next(c->img.elf.notes, c->img.elf.notes_size, &pos, &note)) {
		if (!elfnote_is(&note, "CORE", NT_PRSTATUS))
			continue;
		notebuf_add(&c->notes, "CORE", NT_PRSTATUS, note.desc, note.desc_size);
		from = "source";
	}
	return from;
}

/*
 * QEMU's notes have the number of the CPU there: a reader would take the registers for those of another task. Readers
 * count the notes, so a CPU of which the task is not known gets one without registers.
 */
static const char *add_with_pids(struct collection *c)
{
	const char *from = "none";
	struct running_layout l;
	struct elfnote note;
	uint32_t cpu = 0;
	size_t pos = 0;

	if (!read_layout(&l, &c->kernel_note))
		return from;
	while (elfnote_next(c->img.elf.notes, c->img.elf.notes_size, &pos, &note)) {
		_cleanup_free_ char *desc = NULL;
		uint32_t pid;

		if (!elfnote_is(&note, "CORE", NT_PRSTATUS) || note.desc_size < PRSTATUS_PID + sizeof(pid))
			continue;
		desc = dump_alloc(note.desc_size, 1);
		if (running_pid(c, &l, cpu++, &pid)) {
			memcpy(desc, note.desc, note.desc_size);
			memcpy(desc + PRSTATUS_PID, &pid, sizeof(pid));
			from = "hypervisor";
		}
		notebuf_add(&c->notes, "CORE", NT_PRSTATUS, desc, note.desc_size);
	}
	return from;
}

static bool is_qemu(const struct collection *c)
{
	struct elfnote note;
	size_t pos = 0;

	while (elfnote_next(c->img.elf.notes, c->img.elf.notes_size, &pos, &note))
		if (elfnote_is(&note, "QEMU", 0))
			return true;
	return false;
}

const char *registers_add(struct collection *c)
{
	return is_qemu(c) ? add_with_pids(c) : add_as_they_are(c);
}
