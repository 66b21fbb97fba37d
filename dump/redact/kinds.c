// SPDX-License-Identifier: GPL-2.0-only
/* The kinds of regions that are known. All others are left out. */
#include <fnmatch.h>
#include <string.h>

#include "dump/redact/redact-private.h"

#define IN_NOTES "its text is in the notes"
#define UNKNOWN	 "may hold anything"

/* No structure is larger than this that stays. */
#define STRUCT_MAX (64 * KIB)
/* A number, with what is between it and the next variable. */
#define NUMBER_MAX 64

static const struct {
	const char *name;
	enum treatment treatment;
	uint64_t max;	 /* bytes; more than that is none of this kind */
	const char *why; /* of those that go */
} kinds[] = {
	{ MINIDUMP_ELF_HEADER_NAME, TREAT_REMOVE, 0, "the file has headers of its own" },
	{ MINIDUMP_VMCOREINFO_NAME, TREAT_REMOVE, 0, IN_NOTES },
	{ MINIDUMP_LAYOUT_NAME, TREAT_REMOVE, 0, IN_NOTES },
	{ MINIDUMP_NOTE_NAME, TREAT_REMOVE, 0, IN_NOTES },
	{ MINIDUMP_CPU_REGS_NAME, TREAT_REMOVE, 0, "what stays of the registers is in the notes" },
	{ MINIDUMP_LOG_TEXT_NAME, TREAT_LOG_TEXT, 128 * MIB, NULL },
	{ MINIDUMP_LOG_DESCS_NAME, TREAT_WHOLE, 128 * MIB, NULL },
	{ MINIDUMP_LOG_INFOS_NAME, TREAT_LOG_INFOS, 512 * MIB, NULL },
	{ MINIDUMP_LOG_RING_NAME, TREAT_WHOLE, STRUCT_MAX, NULL },
	{ MINIDUMP_LOG_PRB_NAME, TREAT_WHOLE, sizeof(uint64_t), NULL },
	{ MINIDUMP_UTS_NAME, TREAT_UTS, STRUCT_MAX, NULL },
	{ MINIDUMP_NODE_STATES_NAME, TREAT_WHOLE, STRUCT_MAX, NULL },
	{ MINIDUMP_MEM_SECTION_NAME, TREAT_WHOLE, sizeof(uint64_t), NULL },
	{ MINIDUMP_MEM_ROOTS_NAME, TREAT_WHOLE, MIB, NULL },
	{ MINIDUMP_MEM_SECTIONS_NAME, TREAT_WHOLE, MIB, NULL },
	{ MINIDUMP_TASK_NAME, TREAT_TASK, STRUCT_MAX, NULL },
	{ MINIDUMP_BANNER_NAME, TREAT_TEXT, STRUCT_MAX, NULL },
	{ MINIDUMP_PRESENT_NAME, TREAT_WHOLE, STRUCT_MAX, NULL },
};

/* Variables of the vendor's policies. A name that is cut off could be another's: so what is a number is small. */
static const struct {
	const char *name;
	enum treatment treatment;
	uint64_t max;
} symbols[] = {
	{ "page_offset_base", TREAT_WHOLE, NUMBER_MAX },  { "vmalloc_base", TREAT_WHOLE, NUMBER_MAX },
	{ "vmemmap_base", TREAT_WHOLE, NUMBER_MAX },	  { "high_memory", TREAT_WHOLE, NUMBER_MAX },
	{ "_totalram_pages", TREAT_WHOLE, NUMBER_MAX },	  { "__cpu_online_mask", TREAT_WHOLE, 1 * KIB },
	{ "__per_cpu_offset", TREAT_WHOLE, STRUCT_MAX },  { "nr_cpu_ids", TREAT_WHOLE, NUMBER_MAX },
	{ "cpu_khz", TREAT_WHOLE, NUMBER_MAX },		  { "runqueues", TREAT_WHOLE, STRUCT_MAX },
	{ "cpu_number", TREAT_WHOLE, NUMBER_MAX },	  { "pcpu_hot", TREAT_WHOLE, NUMBER_MAX },
	{ "shadow_timekeeper", TREAT_WHOLE, STRUCT_MAX }, { "tk_core", TREAT_WHOLE, STRUCT_MAX },
	{ "timekeeper_data", TREAT_WHOLE, STRUCT_MAX },	  { "jiffies_64", TREAT_WHOLE, NUMBER_MAX },
	{ "avenrun", TREAT_WHOLE, NUMBER_MAX },		  { "tainted_mask", TREAT_WHOLE, NUMBER_MAX },
	{ "crashing_cpu", TREAT_WHOLE, NUMBER_MAX },	  { "panic_cpu", TREAT_WHOLE, NUMBER_MAX },
	{ "crash_notes", TREAT_WHOLE, NUMBER_MAX },	  { "init_pid_ns", TREAT_WHOLE, STRUCT_MAX },
	{ "nr_threads", TREAT_WHOLE, NUMBER_MAX },	  { "arch_task_struct_size", TREAT_WHOLE, NUMBER_MAX },
	{ "idle_threads", TREAT_TASK, STRUCT_MAX },	  { "idt_table", TREAT_WHOLE, 4 * KIB },
	{ "cpu_tss_rw", TREAT_WHOLE, STRUCT_MAX },	  { "node_data", TREAT_WHOLE, MIB },
	{ "kmem_cache", TREAT_WHOLE, STRUCT_MAX },	  { "modules", TREAT_WHOLE, STRUCT_MAX },
	{ "init_uts_ns", TREAT_UTS, STRUCT_MAX },	  { "linux_banner", TREAT_TEXT, STRUCT_MAX },
};

/* As much of a variable's name as a region has room for. */
#define SYMBOL_NAME_MIN 9

static bool is_symbol(const struct region *r, const char *variable)
{
	size_t prefix = strlen(MINIDUMP_SYMBOL_NAME), len = strlen(r->name);

	return !strncmp(r->name, MINIDUMP_SYMBOL_NAME, prefix) &&
	       (!strcmp(r->name + prefix, variable) ||
		(len >= SYMBOL_NAME_MIN && !strncmp(r->name + prefix, variable, len - prefix)));
}

static enum treatment if_small(enum treatment treatment, const struct region *r, uint64_t max, const char **why)
{
	if (r->size <= max)
		return treatment;
	*why = "larger than anything of its kind";
	return TREAT_REMOVE;
}

static bool is_kept(const struct region *r, const struct redact_options *o)
{
	for (size_t i = 0; i < o->n_keep; i++)
		if (!fnmatch(o->keep[i], r->name, 0))
			return true;
	return false;
}

enum treatment treatment_of(const struct region *r, const struct redact_options *o, const char **why)
{
	*why = UNKNOWN;
	if (is_kept(r, o))
		return TREAT_WHOLE;
	if (region_is_stack(r))
		return if_small(TREAT_STACK, r, STRUCT_MAX, why);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(r->name, kinds[i].name))
			continue;
		if (kinds[i].treatment != TREAT_REMOVE)
			return if_small(kinds[i].treatment, r, kinds[i].max, why);
		*why = kinds[i].why;
		return TREAT_REMOVE;
	}
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
		if (is_symbol(r, symbols[i].name))
			return if_small(symbols[i].treatment, r, symbols[i].max, why);
	return TREAT_REMOVE;
}
