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

/* pids: of those that are the source's own, so that the number of their CPU is not known; -1 for others. */
static size_t read_notes(const struct collection *c, const struct kv *registers, struct elfnote *notes, int32_t *pids,
			 size_t max)
{
	const struct kv_pair *p;
	size_t pos = 0, n = 0;
	uint32_t i;

	while (n < max && elfnote_next(c->notes.data, c->notes.size, &pos, &notes[n]))
		if (elfnote_is(&notes[n], "CORE", NT_PRSTATUS))
			pids[n++] = -1;
	for (pos = 0; (p = kv_next(registers, "REGISTERS(", &pos));)
		if (sscanf(p->key, "REGISTERS(%" SCNu32 ")", &i) == 1 && i < n && !strcmp(p->value, CPU_REGS_SOURCE) &&
		    notes[i].desc_size >= PRSTATUS_PID + sizeof(*pids))
			memcpy(&pids[i], notes[i].desc + PRSTATUS_PID, sizeof(*pids));
	return n;
}

void crash_notes_add(struct collection *c, const struct kv *registers, uint64_t end)
{
	const struct region *variable = toc_symbol(&c->toc, "crash_notes"),
			    *offsets = toc_symbol(&c->toc, "__per_cpu_offset");
	_cleanup_free_ struct elfnote *notes = NULL;
	_cleanup_free_ int32_t *pids = NULL;
	bool taken[CPUS_MAX] = { false };
	uint64_t pointer, offset;
	struct running running;
	size_t n, made = 0;

	if (!kv_get(&c->vmcoreinfo, "CRASHTIME") || !variable || !offsets || !collect_word(c, variable, 0, &pointer) ||
	    !pointer)
		return;
	notes = xcalloc(CPUS_MAX, sizeof(*notes));
	pids = xcalloc(CPUS_MAX, sizeof(*pids));
	n = read_notes(c, registers, notes, pids, CPUS_MAX);
	running_read(&running, c);
	for (size_t i = 0; i < n; i++) {
		size_t cpu = pids[i] < 0 ? i : running_cpu_of(&running, pids, n, i);

		if (cpu >= CPUS_MAX || taken[cpu] || !collect_word(c, offsets, cpu * sizeof(offset), &offset))
			continue;
		taken[cpu] = true;
		made++;
		if ((pointer + offset) >> 56 == 0xff && pointer % sizeof(uint32_t) == 0)
			add_note(c, &notes[i], pointer + offset, end);
	}
	free(running.v);
	if (made)
		strlist_addf(&c->made.what, "crash_notes of %zu CPUs, with the registers that the dump has", made);
}
