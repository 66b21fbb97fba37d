// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/core/cpuregs.h"
#include "dump/core/elfnote.h"

#define PRSTATUS_REGS 112

static size_t n_regs(uint16_t machine)
{
	/* In a note of x86_64 six segment registers follow those of struct pt_regs. */
	return machine == EM_X86_64 ? X86_REGS : machine == EM_AARCH64 ? ARM64_REGS : 0;
}

size_t prstatus_size(uint16_t machine)
{
	return machine == EM_X86_64 ? 336 : machine == EM_AARCH64 ? 392 : 0;
}

bool prstatus_read(uint16_t machine, const char *desc, size_t size, struct cpu_regs *ret)
{
	bool x86 = machine == EM_X86_64;

	*ret = (struct cpu_regs){ 0 };
	if (!prstatus_size(machine) || size < prstatus_size(machine))
		return false;
	memcpy(&ret->pid, desc + PRSTATUS_PID, sizeof(ret->pid));
	memcpy(ret->v, desc + PRSTATUS_REGS, n_regs(machine) * sizeof(*ret->v));
	ret->user = x86 ? ret->v[X86_CS] & 3 : !(ret->v[ARM64_PSTATE] & 0xf);
	return ret->v[x86 ? X86_IP : ARM64_PC];
}

void prstatus_write(uint16_t machine, char *desc, const struct cpu_regs *regs)
{
	memcpy(desc + PRSTATUS_PID, &regs->pid, sizeof(regs->pid));
	memcpy(desc + PRSTATUS_REGS, regs->v, n_regs(machine) * sizeof(*regs->v));
}

bool cpu_regs_next(const struct corefile *core, int32_t pid, size_t *pos, struct cpu_regs *ret)
{
	struct elfnote note;

	while (elfnote_next(core->elf.notes, core->elf.notes_size, pos, &note))
		if (elfnote_is(&note, "CORE", NT_PRSTATUS) &&
		    prstatus_read(core->elf.machine, note.desc, note.desc_size, ret) && ret->pid == pid)
			return true;
	return false;
}

bool cpu_regs_from_next(const struct corefile *core, size_t *pos, struct cpu_regs_from *ret)
{
	static const struct {
		const char *from;
		const char *words;
	} sources[] = {
		{ CPU_REGS_SOURCE, "the kernel's notes for kdump" },  { CPU_REGS_HYPERVISOR, "the hypervisor" },
		{ CPU_REGS_OOPS, "the notifier of an oops" },	      { CPU_REGS_PANIC, "the notifier of the panic" },
		{ CPU_REGS_CRASH_NOTES, "the kernel's crash_notes" },
	};
	const struct kv_pair *p;

	while ((p = kv_next(&core->collect_note, "REGISTERS(", pos))) {
		*ret = (struct cpu_regs_from){ 0 };
		if (sscanf(p->key, "REGISTERS(%" SCNu32 ")", &ret->cpu) != 1)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
			size_t n = strlen(sources[i].from);

			if (strncmp(p->value, sources[i].from, n) || (p->value[n] && p->value[n] != ' '))
				continue;
			ret->from = sources[i].from;
			ret->words = sources[i].words;
			ret->time_ns = strtoull(p->value + n, NULL, 10);
			return true;
		}
	}
	return false;
}

static void print_range(FILE *f, const struct cpu_regs_from *first, uint32_t last, const char *separator)
{
	if (last == first->cpu)
		fprintf(f, "%sCPU %" PRIu32 " from %s", separator, first->cpu, first->words);
	else
		fprintf(f, "%sCPUs %" PRIu32 "-%" PRIu32 " from %s", separator, first->cpu, last, first->words);
}

char *cpu_regs_text(const struct corefile *core)
{
	struct cpu_regs_from first = { 0 }, r;
	const char *separator = "";
	uint32_t last = 0;
	char *text = NULL;
	size_t pos = 0, size;
	FILE *f = open_memstream(&text, &size);

	while (f && cpu_regs_from_next(core, &pos, &r)) {
		if (first.from == r.from && r.cpu == last + 1) {
			last = r.cpu;
			continue;
		}
		if (first.from) {
			print_range(f, &first, last, separator);
			separator = "; ";
		}
		first = r;
		last = r.cpu;
	}
	if (f && first.from)
		print_range(f, &first, last, separator);
	else if (f)
		fputs("none: stacks are unwound from the stack alone", f);
	if (f)
		fclose(f);
	return text;
}
