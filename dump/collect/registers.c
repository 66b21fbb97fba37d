// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "dump/collect/registers-saved.h"
#include "dump/collect/registers.h"

static bool next_source_note(const struct collection *c, size_t *pos, struct elfnote *note)
{
	while (elfnote_next(c->img.elf.notes, c->img.elf.notes_size, pos, note))
		if (elfnote_is(note, "CORE", NT_PRSTATUS))
			return true;
	return false;
}

/*
 * QEMU's notes have the number of the CPU where others have the pid: a reader would take the registers for those of
 * another task. saved: what the kernel saved of this CPU, or NULL. A CPU that another one has stopped stands in an
 * interrupt's stack, where no task's frames are, so then that is better.
 */
static void take_from_hypervisor(const struct running *running, uint32_t cpu, const struct elfnote *note,
				 const struct cpu_note *saved, struct cpu_note *ret)
{
	size_t at = 0;
	const struct running_task *t = running_next(running, cpu, &at);

	*ret = (struct cpu_note){ .size = note->desc_size };
	if (note->desc_size < PRSTATUS_PID + sizeof(ret->pid) || (!t && !saved) || (saved && saved->stopped))
		return;
	ret->desc = note->desc;
	ret->pid = saved ? saved->pid : t->pid;
	strcpy(ret->from, CPU_REGS_HYPERVISOR);
}

/* The notes of a kernel that died for kdump. */
static void take_as_it_is(const struct collection *c, const struct elfnote *note, struct cpu_note *ret)
{
	struct cpu_regs regs;

	*ret = (struct cpu_note){ .desc = note->desc, .size = note->desc_size };
	if (!prstatus_read(c->img.elf.machine, note->desc, note->desc_size, &regs))
		return;
	ret->pid = regs.pid;
	strcpy(ret->from, CPU_REGS_SOURCE);
}

/*
 * The source's notes, each where its CPU is. QEMU has one for each CPU, and the dead kernel one for each that was on
 * line: one whose CPU nobody knows comes behind the one before it.
 */
static void sort_source_notes(const struct collection *c, const struct running *running, bool qemu, struct elfnote *ret,
			      size_t max)
{
	_cleanup_free_ struct elfnote *notes = xcalloc(max, sizeof(*notes));
	_cleanup_free_ int32_t *pids = xcalloc(max, sizeof(*pids));
	size_t pos = 0, n = 0, cpu = 0;
	struct cpu_regs regs;

	for (; n < max && next_source_note(c, &pos, &notes[n]); n++)
		pids[n] = prstatus_read(c->img.elf.machine, notes[n].desc, notes[n].desc_size, &regs) ? regs.pid : -1;
	for (size_t i = 0; i < n; i++) {
		size_t known = qemu ? i : running_cpu_of(running, pids, n, i);

		if (known < max && !ret[known].desc)
			cpu = known;
		while (cpu < max && ret[cpu].desc)
			cpu++;
		if (cpu < max)
			ret[cpu] = notes[i];
	}
}

/* Of each CPU the best there is. Returns how many notes there are to be. */
static size_t choose(struct collection *c, const struct saved_registers *s, struct cpu_note *cpus, size_t max)
{
	_cleanup_free_ struct elfnote *notes = xcalloc(max, sizeof(*notes));
	struct elfnote state;
	bool qemu = collect_source_note(c, "QEMU", 0, &state);
	struct running running;
	size_t n = 0;

	running_read(&running, c);
	sort_source_notes(c, &running, qemu, notes, max);
	for (size_t cpu = 0; cpu < max; cpu++) {
		const struct elfnote *note = notes[cpu].desc ? &notes[cpu] : NULL;
		struct cpu_note saved;
		bool is_saved = saved_registers_find(c, s, &running, cpu, &saved);

		if (note && qemu)
			take_from_hypervisor(&running, cpu, note, is_saved ? &saved : NULL, &cpus[cpu]);
		else if (note)
			take_as_it_is(c, note, &cpus[cpu]);
		if (!cpus[cpu].from[0] && is_saved)
			cpus[cpu] = saved;
		if (note || is_saved)
			n = cpu + 1;
	}
	free(running.v);
	return n;
}

static void add_note(struct collection *c, const struct cpu_note *cpu)
{
	size_t size = cpu->size ? cpu->size : prstatus_size(c->kelf.machine);
	_cleanup_free_ char *desc = xcalloc(size, 1);

	if (cpu->desc)
		memcpy(desc, cpu->desc, size);
	if (cpu->from[0])
		memcpy(desc + PRSTATUS_PID, &cpu->pid, sizeof(cpu->pid));
	notebuf_add(&c->notes, "CORE", NT_PRSTATUS, desc, size);
}

void registers_add(struct collection *c)
{
	struct cpu_note *cpus = xcalloc(CPUS_MAX, sizeof(*cpus));
	struct saved_registers s;
	size_t n, size;
	FILE *f;

	saved_registers_read(&s, c);
	n = choose(c, &s, cpus, CPUS_MAX);
	f = open_memstream(&c->registers, &size);
	for (size_t i = 0; i < n; i++) {
		add_note(c, &cpus[i]);
		if (f && cpus[i].from[0])
			fprintf(f, "REGISTERS(%zu)=%s\n", i, cpus[i].from);
	}
	if (f)
		fclose(f);
	free(cpus);
	free(s.buf);
}
