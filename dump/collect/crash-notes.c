// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dump/collect/crash-notes.h"
#include "dump/collect/running.h"
#include "dump/core/cpuregs.h"
#include "dump/core/page.h"

/* The note behind the last one is all zeros. */
#define LAST_NOTE_SIZE 12

/* Where kernels have had struct timekeeper: the variable, and the member that it is in, if any. */
static const struct {
	const char *variable;
	const char *member;
} clocks[] = {
	{ "shadow_timekeeper", NULL },
	{ "tk_core", "tk_data.timekeeper" },
	{ "timekeeper_data", "tk_data.timekeeper" },
};

bool crash_notes_time(const struct collection *c, uint64_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		const struct region *r = toc_symbol(&c->toc, clocks[i].variable);
		struct member seconds, outer = { 0 };

		if (!r || !member_find(&c->kernel_note, "timekeeper.xtime_sec", 8, &seconds) ||
		    (clocks[i].member && !member_find(&c->kernel_note, clocks[i].member, 0, &outer)))
			continue;
		seconds = member_inside(&outer, &seconds);
		if (collect_member(c, r, &seconds, ret) && *ret)
			return true;
	}
	return false;
}

static bool is_empty(const struct elfnote *note)
{
	for (size_t i = 0; i < note->desc_size; i++)
		if (note->desc[i])
			return false;
	return true;
}

/* Memory of CPUs that came late is not in the direct map: that lies where no memory is. */
static uint64_t paddr_of(const struct collection *c, uint64_t vaddr, uint64_t end)
{
	uint64_t paddr = vaddr - c->kmap.direct_offset;

	return c->kmap.has_direct && paddr < end ? paddr : page_up(made_end(&c->made, end)) + vaddr % DUMP_PAGE;
}

static void add_note(struct collection *c, const struct elfnote *note, uint64_t vaddr, uint64_t end)
{
	struct notebuf b = { 0 };
	char *data;

	notebuf_add(&b, "CORE", note->type, note->desc, note->desc_size);
	data = made_add(&c->made, vaddr, paddr_of(c, vaddr, end), b.size + LAST_NOTE_SIZE);
	if (!is_empty(note))
		memcpy(data, b.data, b.size);
	notebuf_clear(&b);
}

/* A note of registers that the dump has. */
struct cpu_left {
	struct elfnote note;
	int32_t pid;
	bool as_it_is; /* the source's own: the number of its CPU is not known */
};

static size_t read_notes(const struct collection *c, const struct kv *registers, struct cpu_left *notes, size_t max)
{
	const struct kv_pair *p;
	size_t pos = 0, n = 0;
	struct elfnote note;
	uint32_t i;

	while (n < max && elfnote_next(c->notes.data, c->notes.size, &pos, &note)) {
		if (!elfnote_is(&note, "CORE", NT_PRSTATUS))
			continue;
		notes[n] = (struct cpu_left){ .note = note };
		if (note.desc_size >= PRSTATUS_PID + sizeof(notes[n].pid))
			memcpy(&notes[n].pid, note.desc + PRSTATUS_PID, sizeof(notes[n].pid));
		n++;
	}
	for (pos = 0; (p = kv_next(registers, "REGISTERS(", &pos));)
		if (sscanf(p->key, "REGISTERS(%" SCNu32 ")", &i) == 1 && i < n && !strcmp(p->value, CPU_REGS_SOURCE))
			notes[i].as_it_is = true;
	return n;
}

static int cmp_cpu(const void *a, const void *b)
{
	const struct running_task *x = a, *y = b;

	return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

/*
 * The kernel's notes for kdump are in the order of the CPUs, and of one that was off line there is none. Of those with
 * the same PID, as idle tasks have, the first is of the first CPU that ran it: if there is one for each of them.
 * running is sorted by CPU. CPUS_MAX: nobody knows.
 */
static size_t find_cpu(const struct running *running, const struct cpu_left *notes, size_t n, size_t i)
{
	const int32_t pid = notes[i].pid;
	size_t before = 0, same = 0, cpus = 0, cpu = CPUS_MAX;

	if (!notes[i].as_it_is)
		return i;
	for (size_t k = 0; k < n; k++) {
		before += k < i && notes[k].as_it_is && notes[k].pid == pid;
		same += notes[k].as_it_is && notes[k].pid == pid;
	}
	for (size_t k = 0; k < running->n; k++) {
		if (running->v[k].pid != pid)
			continue;
		if (cpus++ == before)
			cpu = running->v[k].cpu;
	}
	return cpus == same ? cpu : CPUS_MAX;
}

void crash_notes_add(struct collection *c, const struct kv *registers, uint64_t end)
{
	const struct region *variable = toc_symbol(&c->toc, "crash_notes"),
			    *offsets = toc_symbol(&c->toc, "__per_cpu_offset");
	_cleanup_free_ struct cpu_left *notes = NULL;
	bool taken[CPUS_MAX] = { false };
	uint64_t pointer, offset;
	struct running running;
	size_t n, made = 0;

	if (!kv_get(&c->vmcoreinfo, "CRASHTIME") || !variable || !offsets || !collect_word(c, variable, 0, &pointer) ||
	    !pointer)
		return;
	notes = xcalloc(CPUS_MAX, sizeof(*notes));
	n = read_notes(c, registers, notes, CPUS_MAX);
	running_read(&running, c);
	if (running.n)
		qsort(running.v, running.n, sizeof(*running.v), cmp_cpu);
	for (size_t i = 0; i < n; i++) {
		size_t cpu = find_cpu(&running, notes, n, i);

		if (cpu >= CPUS_MAX || taken[cpu] || !collect_word(c, offsets, cpu * sizeof(offset), &offset))
			continue;
		taken[cpu] = true;
		made++;
		if ((pointer + offset) >> 56 == 0xff && pointer % sizeof(uint32_t) == 0)
			add_note(c, &notes[i].note, pointer + offset, end);
	}
	free(running.v);
	if (made)
		strlist_addf(&c->made.what, "crash_notes of %zu CPUs, with the registers that the dump has", made);
}
