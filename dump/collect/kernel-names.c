// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/collect/kernel-names.h"
#include "dump/collect/kernel-view.h"
#include "dump/collect/modules.h"
#include "dump/stack/backtrace.h"
#include "dump/stack/names.h"

/* Of a region with addresses of code; the log is larger, and so is what nobody made. */
#define REGION_MAX (64 * KIB)

static void add_registers(struct names *n, const struct collection *c)
{
	struct elfnote note;
	struct cpu_regs regs;

	for (size_t pos = 0; elfnote_next(c->notes.data, c->notes.size, &pos, &note);) {
		if (!elfnote_is(&note, "CORE", NT_PRSTATUS) ||
		    !prstatus_read(c->kmap.machine, note.desc, note.desc_size, &regs))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(regs.v); i++)
			names_add(n, regs.v[i]);
	}
}

/* arm64 signs return addresses. */
static void add_region(struct names *n, const struct collection *c, const struct region *r, uint64_t pac_mask)
{
	uint64_t words[REGION_MAX / sizeof(uint64_t)];
	size_t size = r->size < sizeof(words) ? r->size : sizeof(words);

	if (r->paddr % sizeof(uint64_t) || image_read(&c->img, r->paddr, words, size) < 0)
		return;
	for (size_t i = 0; i < size / sizeof(uint64_t); i++)
		names_add(n, words[i] >> 55 & 1 ? words[i] | pac_mask : words[i]);
}

/* Of a task that sleeps, arm64 keeps where it was in its struct. */
static bool is_wanted(const struct region *r)
{
	return region_is_stack(r) || !strcmp(r->name, MINIDUMP_TASK_NAME);
}

static void write_note(struct collection *c, const struct backtrace *b)
{
	struct names n = { .symbols = b->symbols, .orc = &b->orc };
	uint64_t pac_mask = 0;

	kv_number(&c->vmcoreinfo, "KERNELPACMASK", &pac_mask);
	add_registers(&n, c);
	for (size_t i = 0; i < c->toc.n_regions; i++)
		if (is_wanted(&c->toc.regions[i]))
			add_region(&n, c, &c->toc.regions[i], pac_mask);
	names_write(&n, &c->notes);
	names_clear(&n);
}

/*
 * Names of the memory itself, wherever the ORC tables are from; or those of the running kernel, whose list has no
 * modules of another boot. What a file of the kernel has is left as it is.
 */
static void add_modules(struct backtrace *b, const struct collection *c)
{
	if (b->symbols != &b->other_symbols)
		return;
	if (b->own_names) {
		free(b->other_symbols.source);
		b->other_symbols.source = xprintf("the memory that it was collected from");
	}
	modules_add(c, &b->other_symbols, &b->orc);
}

void kernel_names_add(struct collection *c)
{
	struct corefile view;
	struct backtrace b;
	struct derr ignored;

	kernel_view_open(&view, &c->img, &c->kmap, &c->vmcoreinfo);
	if (backtrace_open(&b, &view, NULL, NULL, &ignored) == 0 && b.symbols->n) {
		if (rangemap_total(&view.virt))
			add_modules(&b, c);
		write_note(c, &b);
	}
	backtrace_close(&b);
	kernel_view_close(&view);
}
