// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/core/cpuregs.h"
#include "dump/collect/registers.h"
#include "dump/core/tasks.h"

/* What Linux can be built for. */
#define CPUS_MAX  8192
#define SAVED_MAX (4 * MIB)

/* What a CPU ran, if it is among the regions: in the middle of a switch that are two tasks. */
struct running_task {
	uint32_t cpu;
	int32_t pid;
};

struct running {
	struct running_task *v;
	size_t n;
};

/* The region in which the kernel itself saved some. */
struct saved {
	char *buf;
	uint32_t cpus, entry_size;
};

/* The note of one CPU. Readers count them, so one of which nothing is known has zeros. */
struct cpu_note {
	char from[CPU_REGS_FROM_MAX]; /* as in REGISTERS(); "": there are no registers */
	const char *desc;
	size_t size;
	int32_t pid;
	bool stopped; /* by another CPU */
};

static bool read_u32(const struct collection *c, const struct region *r, uint64_t offset, void *ret)
{
	return offset < r->size && r->size - offset >= sizeof(uint32_t) &&
	       image_read(&c->img, r->paddr + offset, ret, sizeof(uint32_t)) == 0;
}

static void read_running(struct running *running, const struct collection *c)
{
	const struct kv *v = &c->kernel_note;
	uint64_t pid, on_cpu, thread_info, cpu;
	size_t capacity = 0;

	*running = (struct running){ 0 };
	if (kv_offset(v, "task_struct.pid", &pid) < 0 || kv_offset(v, "task_struct.on_cpu", &on_cpu) < 0 ||
	    kv_offset(v, "task_struct.thread_info", &thread_info) < 0 || kv_offset(v, "thread_info.cpu", &cpu) < 0)
		return;
	for (size_t i = 0; i < c->toc.n_regions; i++) {
		const struct region *r = &c->toc.regions[i];
		struct running_task t;
		uint32_t runs;

		if (strcmp(r->name, MINIDUMP_TASK_NAME) || !read_u32(c, r, on_cpu, &runs) || !runs ||
		    !read_u32(c, r, thread_info + cpu, &t.cpu) || !read_u32(c, r, pid, &t.pid))
			continue;
		running->v = xgrow(running->v, &capacity, running->n + 1, sizeof(t));
		running->v[running->n++] = t;
	}
}

/* The next one of this CPU. */
static const struct running_task *next_running(const struct running *running, uint32_t cpu, size_t *at)
{
	while (*at < running->n)
		if (running->v[(*at)++].cpu == cpu)
			return &running->v[*at - 1];
	return NULL;
}

/* What the CPU ran is not always among the regions. */
static bool may_have_run(const struct running *running, uint32_t cpu, int32_t pid, bool if_unknown)
{
	const struct running_task *t;
	size_t at = 0, n = 0;

	for (; (t = next_running(running, cpu, &at)); n++)
		if (t->pid == pid)
			return true;
	return !n && if_unknown;
}

/* What the kernel saved itself */

static void read_saved(struct saved *s, struct collection *c)
{
	struct minidump_cpu_regs_header h = { 0 };
	uint64_t room;
	size_t size;

	*s = (struct saved){ .buf = collect_region(c, MINIDUMP_CPU_REGS_NAME, SAVED_MAX, &size) };
	if (!s->buf)
		return;
	memcpy(&h, s->buf, size < sizeof(h) ? size : sizeof(h));
	if (h.revision != MINIDUMP_CPU_REGS_REVISION || h.entry_size < sizeof(struct minidump_cpu_regs) ||
	    h.entry_size > size) {
		strlist_addf(&c->toc.problems,
			     "the registers of the CPUs (%s) are damaged, or of a newer module than this qcmdump knows",
			     MINIDUMP_CPU_REGS_NAME);
		return;
	}
	room = (size - sizeof(h)) / h.entry_size;
	s->cpus = h.cpus < room ? h.cpus : room;
	s->entry_size = h.entry_size;
	if (h.cpus > room)
		strlist_addf(&c->toc.problems, "the registers of the CPUs (%s) are cut off: of %u CPUs %u are there",
			     MINIDUMP_CPU_REGS_NAME, h.cpus, s->cpus);
}

static const char *saved_from(uint32_t from)
{
	switch (from) {
	case MINIDUMP_CPU_REGS_OOPS:
	case MINIDUMP_CPU_REGS_FATAL_OOPS:
		return CPU_REGS_OOPS;
	case MINIDUMP_CPU_REGS_PANIC:
		return CPU_REGS_PANIC;
	case MINIDUMP_CPU_REGS_CRASH_NOTES:
		return CPU_REGS_CRASH_NOTES;
	default:
		return NULL;
	}
}

/* After an oops that did not end in a panic the CPU went on, and what it ran then has other registers. */
static bool find_saved(struct collection *c, const struct saved *s, const struct running *running, uint32_t cpu,
		       struct cpu_note *ret)
{
	struct minidump_cpu_regs e;
	struct cpu_regs regs;
	struct elfnote note;
	const char *at;
	size_t pos = 0;

	if (cpu >= s->cpus)
		return false;
	at = s->buf + sizeof(struct minidump_cpu_regs_header) + (size_t)cpu * s->entry_size;
	memcpy(&e, at, sizeof(e));
	if (e.from == MINIDUMP_CPU_REGS_NONE)
		return false;
	if (!saved_from(e.from) || !elfnote_next(at + sizeof(e), s->entry_size - sizeof(e), &pos, &note) ||
	    !elfnote_is(&note, "CORE", NT_PRSTATUS) ||
	    !prstatus_read(c->kelf.machine, note.desc, note.desc_size, &regs) ||
	    (e.from != MINIDUMP_CPU_REGS_OOPS && !may_have_run(running, cpu, regs.pid, true))) {
		strlist_addf(&c->toc.problems, "the registers of CPU %u (%s) are damaged", cpu, MINIDUMP_CPU_REGS_NAME);
		return false;
	}
	if (e.from == MINIDUMP_CPU_REGS_OOPS && !may_have_run(running, cpu, regs.pid, false))
		return false;
	*ret = (struct cpu_note){ .desc = note.desc,
				  .size = note.desc_size,
				  .pid = regs.pid,
				  .stopped = e.from == MINIDUMP_CPU_REGS_CRASH_NOTES };
	snprintf(ret->from, sizeof(ret->from), "%s %" PRIu64, saved_from(e.from), (uint64_t)e.time);
	return true;
}

/* What the source has */

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
	const struct running_task *t = next_running(running, cpu, &at);

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

/* Of each CPU the best there is. Returns how many notes there are to be. */
static size_t choose(struct collection *c, const struct saved *s, struct cpu_note *cpus, size_t max)
{
	struct elfnote note;
	bool qemu = collect_source_note(c, "QEMU", 0, &note);
	struct running running;
	size_t pos = 0, n = 0;

	read_running(&running, c);
	for (size_t cpu = 0; cpu < max; cpu++) {
		struct cpu_note saved;
		bool is_saved = find_saved(c, s, &running, cpu, &saved), in_source = next_source_note(c, &pos, &note);

		if (in_source && qemu)
			take_from_hypervisor(&running, cpu, &note, is_saved ? &saved : NULL, &cpus[cpu]);
		else if (in_source)
			take_as_it_is(c, &note, &cpus[cpu]);
		if (!cpus[cpu].from[0] && is_saved)
			cpus[cpu] = saved;
		if (in_source || is_saved)
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
	struct elfnote note;
	size_t n = 0, pos = 0, size;
	struct cpu_note *cpus;
	struct saved s;
	FILE *f;

	read_saved(&s, c);
	while (next_source_note(c, &pos, &note))
		n++;
	n = n > s.cpus ? n : s.cpus;
	n = n < CPUS_MAX ? n : CPUS_MAX;
	cpus = xcalloc(n, sizeof(*cpus));
	n = choose(c, &s, cpus, n);
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
