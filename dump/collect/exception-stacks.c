// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/collect/exception-stacks.h"
#include "dump/core/page.h"

/* The task state segment of each CPU, cpu_tss_rw: what ends in a number has a shorter name. */
#define TSS_NAME MINIDUMP_SYMBOL_NAME "cpu_tss_"
/* The ends of the stacks in it, as the CPU wants it. */
#define IST_OFFSET 36
#define IST_N	   7

static void add_guards(const struct collection *c, const struct region *tss, struct rangemap *guards)
{
	uint64_t end;

	for (unsigned int i = 0; i < IST_N; i++)
		if (collect_word(c, tss, IST_OFFSET + i * sizeof(end), &end) && end % DUMP_PAGE == 0)
			rangemap_add(guards, end, DUMP_PAGE, end);
}

void exception_guards_find(const struct collection *c, struct rangemap *guards)
{
	for (size_t i = 0; i < c->toc.n_regions; i++)
		if (!strncmp(c->toc.regions[i].name, TSS_NAME, strlen(TSS_NAME)))
			add_guards(c, &c->toc.regions[i], guards);
	rangemap_finish(guards);
}
