// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cpuregs.h"
#include "elfnote.h"

static size_t n_regs(uint16_t machine)
{
	/* In a note of x86_64 six segment registers follow those of struct pt_regs. */
	return machine == EM_X86_64 ? X86_REGS : machine == EM_AARCH64 ? ARM64_REGS : 0;
}

size_t prstatus_size(uint16_t machine)
{
	return machine == EM_X86_64 ? 336 : machine == EM_AARCH64 ? 392 : 0;
}

bool cpu_regs_find(const struct corefile *core, int32_t pid, struct cpu_regs *ret)
{
	size_t pos = 0, size = prstatus_size(core->elf.machine), n = n_regs(core->elf.machine);
	struct elfnote note;

	while (size && elfnote_next(core->elf.notes, core->elf.notes_size, &pos, &note)) {
		if (!elfnote_is(&note, "CORE", NT_PRSTATUS) || note.desc_size < size)
			continue;
		*ret = (struct cpu_regs){ 0 };
		memcpy(&ret->pid, note.desc + PRSTATUS_PID, sizeof(ret->pid));
		memcpy(ret->v, note.desc + PRSTATUS_REGS, n * sizeof(*ret->v));
		if (ret->pid == pid && ret->v[core->elf.machine == EM_X86_64 ? X86_IP : ARM64_PC])
			return true;
	}
	return false;
}
