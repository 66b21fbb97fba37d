// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/collect/registers-saved.h"

#define SAVED_MAX (4 * MIB)

void saved_registers_read(struct saved_registers *s, struct collection *c)
{
	struct minidump_cpu_regs_header h = { 0 };
	uint64_t room;
	size_t size;

	*s = (struct saved_registers){ .buf = collect_region(c, MINIDUMP_CPU_REGS_NAME, SAVED_MAX, &size) };
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

bool saved_registers_find(struct collection *c, const struct saved_registers *s, const struct running *running,
			  uint32_t cpu, struct cpu_note *ret)
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
	    (e.from != MINIDUMP_CPU_REGS_OOPS && !running_may_be(running, cpu, regs.pid, true))) {
		strlist_addf(&c->toc.problems, "the registers of CPU %u (%s) are damaged", cpu, MINIDUMP_CPU_REGS_NAME);
		return false;
	}
	if (e.from == MINIDUMP_CPU_REGS_OOPS && !running_may_be(running, cpu, regs.pid, false))
		return false;
	*ret = (struct cpu_note){ .desc = note.desc,
				  .size = note.desc_size,
				  .pid = regs.pid,
				  .stopped = e.from == MINIDUMP_CPU_REGS_CRASH_NOTES };
	snprintf(ret->from, sizeof(ret->from), "%s %" PRIu64, saved_from(e.from), (uint64_t)e.time);
	return true;
}
