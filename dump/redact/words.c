// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/core/member.h"
#include "dump/redact/words.h"
#include "dump/stack/names.h"

/* Where x86_64 has the code of modules. */
#define MODULES_START 0xffffffffc0000000ULL
#define MODULES_END   0xffffffffff000000ULL

/* Segments, which tell what an exception interrupted; at the end of each stack; what arm64 says of a frame. */
static const uint64_t numbers_x86_64[] = { 0x10, 0x18, 0x23, 0x2b, 0x33, 0x57ac6e9d };
static const uint64_t numbers_arm64[] = { 1, 2, 0x57ac6e9d };

/* What of PSTATE tells the mode. */
#define ARM64_MODE 0xf

void words_init(struct words *w, const struct corefile *core)
{
	static const struct orc no_orc;
	struct kv names;

	*w = (struct words){ .core = core };
	if (names_read(core, &names) == 0)
		names_symbols(&names, &w->names);
	kv_clear(&names);
	unwinder_init(&w->by_name, core, &w->names, &no_orc);
	unwinder_init(&w->by_range, core, &w->none, &no_orc);
	for (size_t i = 0; i < core->n_regions; i++)
		if (region_is_stack(&core->regions[i]) && core->regions[i].vaddr)
			rangemap_add(&w->stacks, core->regions[i].vaddr, core->regions[i].size, 0);
	rangemap_finish(&w->stacks);
}

void words_clear(struct words *w)
{
	symbols_clear(&w->names);
	rangemap_clear(&w->stacks);
}

static bool is_x86_64(const struct words *w)
{
	return w->core->elf.machine == EM_X86_64;
}

/* Of the byte behind a call, and of an instruction that was interrupted. */
static bool is_code(const struct words *w, uint64_t word)
{
	if (is_x86_64(w) && word >= MODULES_START && word < MODULES_END)
		return true;
	return unwind_is_return_address(&w->by_range, word) || unwind_is_return_address(&w->by_range, word + 1) ||
	       (w->names.n &&
		(unwind_is_return_address(&w->by_name, word) || unwind_is_return_address(&w->by_name, word + 1)));
}

/* Its end, too: an empty stack starts there. */
static bool is_in_stack(const struct words *w, uint64_t word)
{
	return rangemap_find(&w->stacks, word) || rangemap_find(&w->stacks, word - 1);
}

static bool is_number(const struct words *w, uint64_t word)
{
	const uint64_t *numbers = is_x86_64(w) ? numbers_x86_64 : numbers_arm64;
	size_t n = is_x86_64(w) ? ARRAY_LEN(numbers_x86_64) : ARRAY_LEN(numbers_arm64);

	for (size_t i = 0; i < n; i++)
		if (numbers[i] == word)
			return true;
	return false;
}

bool word_leads(const struct words *w, uint64_t word)
{
	/* arm64 signs return addresses. */
	uint64_t plain = word >> 55 & 1 ? word | w->by_range.pac_mask : word;

	return is_number(w, word) || (word && (is_code(w, plain) || is_in_stack(w, plain)));
}

bool word_is_address(const struct words *w, uint64_t word)
{
	uint64_t l5 = 0, bits = 48;

	if (is_x86_64(w)) {
		kv_number(&w->core->vmcoreinfo, "pgtable_l5_enabled", &l5);
		return (int64_t)word >> (l5 ? 56 : 47) == -1;
	}
	kv_number(&w->core->vmcoreinfo, "VA_BITS", &bits);
	return (int64_t)word >> (bits < 52 ? 48 : 52) == -1;
}

/*
 * RFLAGS of what an exception interrupted, between its code segment and its stack: crash knows such a frame by them.
 * One bit of them is always set, and others never are.
 */
#define X86_FLAGS_SET	0x2
#define X86_FLAGS_CLEAR (~0x3fffffULL | 0x8028)

static uint64_t flags_at(const uint64_t *words, size_t n, size_t i)
{
	bool is_frame = i && i + 2 < n && (words[i - 1] == 0x10 || words[i - 1] == 0x33) &&
			(words[i + 2] == 0x18 || words[i + 2] == 0x2b || !words[i + 2]);

	return is_frame && (words[i] & (X86_FLAGS_SET | X86_FLAGS_CLEAR)) == X86_FLAGS_SET ? words[i] : 0;
}

/* PSTATE of the same lies in front of the record that says so: what of it tells the mode. */
static uint64_t mode_at(const uint64_t *words, size_t n, size_t i)
{
	size_t record = i + ARM64_REGS_OF_RECORD / sizeof(*words) - ARM64_PSTATE;

	if (record + 2 >= n || words[record] || words[record + 1] || words[record + 2] != ARM64_META_PT_REGS)
		return 0;
	return words[i] & ARM64_MODE;
}

size_t words_blank_stack(const struct words *w, uint64_t *words, size_t n)
{
	size_t blanked = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t old = words[i];

		if (!old || word_leads(w, old))
			continue;
		words[i] = is_x86_64(w) ? flags_at(words, n, i) : mode_at(words, n, i);
		blanked += words[i] != old;
	}
	return blanked;
}

/* What of a register stays: where code was, and in which mode. In user space that is an address of no kernel's. */
static uint64_t register_left(const struct words *w, const struct cpu_regs *regs, size_t i)
{
	uint64_t v = regs->v[i];

	if (word_leads(w, v))
		return v;
	if (is_x86_64(w) && i == X86_CS)
		return v & 0xff;
	if (!is_x86_64(w) && i == ARM64_PSTATE)
		return v & ARM64_MODE;
	return regs->user && i == (is_x86_64(w) ? X86_IP : ARM64_PC) && !(v >> 56) ? v : 0;
}

size_t words_blank_registers(const struct words *w, char *desc, size_t size)
{
	struct cpu_regs regs, left;
	size_t blanked = 0;

	if (!prstatus_read(w->core->elf.machine, desc, size, &regs)) {
		memset(desc, 0, size);
		return 0;
	}
	left = regs;
	for (size_t i = 0; i < ARRAY_LEN(regs.v); i++) {
		left.v[i] = register_left(w, &regs, i);
		blanked += left.v[i] != regs.v[i];
	}
	memset(desc, 0, size);
	prstatus_write(w->core->elf.machine, desc, &left);
	return blanked;
}
