// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "daemon/policy/policy-internal.h"

#define SECTION_POLICY -1 /* the others are enum policy_source_kind */

static const struct ini_section sections[] = {
	{ "Policy", SECTION_POLICY },	    { "Printk", POLICY_SOURCE_PRINTK }, { "Current", POLICY_SOURCE_CURRENT },
	{ "Task", POLICY_SOURCE_TASK },	    { "Symbol", POLICY_SOURCE_SYMBOL }, { "Map", POLICY_SOURCE_MAP },
	{ "Ftrace", POLICY_SOURCE_FTRACE }, { "Exclude", POLICY_EXCLUDE },	{},
};

#define EXPECTS_VARIABLES "names of variables such as "
#define EXPECTS_LIST \
	"the head of a list, the type of its elements and their struct list_head, such as modules:struct module.list"
#define EXPECTS_PINS "absolute paths of at most 95 bytes, such as /sys/fs/bpf/counters"

static const struct ini_word part_words[] = {
	{ "mm", POLICY_TASK_PART(QCOM_MINIDUMP_TASK_MM) },
	/* From here on, of what a CPU runs, too. */
	{ "task", POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT) },
	{ "stack", POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STACK) },
	{},
};

static const struct ini_word state_words[] = {
	{ "running", TASK_STATE_RUNNING }, { "sleeping", TASK_STATE_SLEEPING },
	{ "idle", TASK_STATE_IDLE },	   { "uninterruptible", TASK_STATE_UNINTERRUPTIBLE },
	{ "stopped", TASK_STATE_STOPPED }, { "traced", TASK_STATE_TRACED },
	{ "parked", TASK_STATE_PARKED },   {},
};

static const struct ini_word keep_words[] = {
	{ "oldest", POLICY_TASK_KEEP_OLDEST },
	{ "newest", POLICY_TASK_KEEP_NEWEST },
	{},
};

static const struct ini_key keys[] = {
	{ "Policy", "Description", ini_value_text, .offset = offsetof(struct policy, description) },
	{ "Policy", "Priority", ini_value_uint, offsetof(struct policy, priority), .min = 0, .max = 1000,
	  .standard = POLICY_PRIORITY_DEFAULT, .example = 200 },
	{ "Policy", "Enabled", ini_value_bool, offsetof(struct policy, enabled), .standard = true,
	  .expects = "yes or no" },
	{ "Policy", "DryRun", ini_value_bool, offsetof(struct policy, dry_run), .standard = false,
	  .expects = "yes or no" },
	{ "Policy", "MaxRegions", ini_value_uint, offsetof(struct policy, max_regions), .min = 1, .max = 65535,
	  .example = 100 },
	{ "Policy", "MaxSlots", ini_value_uint, offsetof(struct policy, max_slots), .min = 1, .max = 65535,
	  .example = 100 },
	{ "Policy", "MaxBytes", policy_value_size, offsetof(struct policy, max_bytes), .expects = "256K or 4M" },
	{ "Policy", "ConditionKernelVersion", policy_value_condition, .standard = POLICY_CONDITION_KERNEL_VERSION },
	{ "Policy", "ConditionArchitecture", policy_value_condition, .standard = POLICY_CONDITION_ARCHITECTURE },
	{ "Policy", "ConditionBackend", policy_value_condition, .standard = POLICY_CONDITION_BACKEND },
	{ "Policy", "ConditionVirtualization", policy_value_condition, .standard = POLICY_CONDITION_VIRTUALIZATION },
	{ "Current", "Register", policy_value_flags, offsetof(struct policy_section, task.parts),
	  .words = part_words + 1, .expects = "task, stack or both with a blank between them" },
	{ "Task", "Comm", policy_value_comms, offsetof(struct policy_section, task.comms),
	  .max = POLICY_TASK_COMMS_MAX },
	{ "Task", "PID", policy_value_pids, offsetof(struct policy_section, task.pids), .min = 1, .max = 4194304 },
	{ "Task", "Cgroup", policy_value_cgroups, offsetof(struct policy_section, task.cgroups),
	  .max = POLICY_TASK_CGROUPS_MAX },
	{ "Task", "User", policy_value_users, offsetof(struct policy_section, task.users),
	  .max = POLICY_TASK_USERS_MAX },
	{ "Task", "KernelThread", policy_value_tristate, offsetof(struct policy_section, task.kernel_thread),
	  .expects = "yes or no" },
	{ "Task", "State", policy_value_flags, offsetof(struct policy_section, task.states), .words = state_words,
	  .expects = "running, sleeping, uninterruptible, idle, stopped, traced or parked" },
	{ "Task", "StateSec", ini_value_uint, offsetof(struct policy_section, task.state_sec), .min = 0, .max = 86400,
	  .example = 30 },
	{ "Task", "AgeSec", ini_value_uint, offsetof(struct policy_section, task.age_sec), .min = 0, .max = 86400,
	  .standard = POLICY_TASK_AGE_UNSET, .example = 2 },
	{ "Task", "Register", policy_value_flags, offsetof(struct policy_section, task.parts), .words = part_words,
	  .expects = "task, stack, mm or several of them with blanks between them" },
	{ "Task", "MaxTasks", ini_value_uint, offsetof(struct policy_section, task.max_tasks), .min = 1, .max = 4096,
	  .standard = POLICY_TASK_MAX_DEFAULT, .example = 128 },
	{ "Task", "MaxTasksPerUser", ini_value_uint, offsetof(struct policy_section, task.max_per_user), .min = 1,
	  .max = 4096, .example = 8 },
	{ "Task", "Keep", ini_value_word, offsetof(struct policy_section, task.keep), .words = keep_words,
	  .expects = "oldest or newest" },
	{ "Symbol", "Name", policy_value_symbols, offsetof(struct policy_section, symbol.names),
	  .max = POLICY_SYMBOLS_MAX, .expects = EXPECTS_VARIABLES "init_uts_ns or kvm:kvm_rebooting" },
	{ "Symbol", "PerCPU", policy_value_symbols, offsetof(struct policy_section, symbol.percpu),
	  .max = POLICY_SYMBOLS_MAX, .expects = EXPECTS_VARIABLES "runqueues" },
	{ "Symbol", "Pointer", policy_value_symbols, offsetof(struct policy_section, symbol.pointers),
	  .max = POLICY_SYMBOLS_MAX, .expects = EXPECTS_VARIABLES "prb" },
	{ "Symbol", "Size", policy_value_symbol_size, offsetof(struct policy_section, symbol.size),
	  .expects = "bytes such as 64K or -16K, a type such as struct pglist_data, or a variable that has the size" },
	{ "Symbol", "List", policy_value_symbol_list, offsetof(struct policy_section, symbol.lists),
	  .max = POLICY_SYMBOLS_MAX, .expects = EXPECTS_LIST },
	{ "Map", "Pin", policy_value_pins, offsetof(struct policy_section, map.pins), .max = POLICY_SYMBOLS_MAX,
	  .expects = EXPECTS_PINS },
	{ "Map", "Id", policy_value_map_ids, offsetof(struct policy_section, map.ids), .max = POLICY_SYMBOLS_MAX,
	  .expects = "numbers as 'bpftool map' shows them, such as 12" },
	{ "Ftrace", "Instance", policy_value_instance, offsetof(struct policy_section, ftrace.instance),
	  .expects = "qcmd" },
	{ "Ftrace", "Events", policy_value_events, offsetof(struct policy_section, ftrace.events),
	  .max = POLICY_FTRACE_EVENTS_MAX, .expects = "sched:sched_switch or irq:*" },
	{ "Ftrace", "SizePerCPU", policy_value_trace_size, offsetof(struct policy_section, ftrace.size), .min = 8,
	  .max = 65536, .expects = "256K" },
	{ "Ftrace", "SubBufferSize", policy_value_trace_size, offsetof(struct policy_section, ftrace.subbuf_size),
	  .min = 4, .max = 512, .expects = "64K" },
	{ "Ftrace", "Clock", policy_value_clock, offsetof(struct policy_section, ftrace.clock),
	  .expects = "a clock such as boot" },
	{ "Exclude", "Comm", policy_value_comms, offsetof(struct policy_section, task.comms),
	  .max = POLICY_TASK_COMMS_MAX },
	{ "Exclude", "Cgroup", policy_value_cgroups, offsetof(struct policy_section, task.cgroups),
	  .max = POLICY_TASK_CGROUPS_MAX },
	{ "Exclude", "Name", policy_value_symbols, offsetof(struct policy_section, symbol.names),
	  .max = POLICY_SYMBOLS_MAX, .expects = EXPECTS_VARIABLES "saved_command_line" },
	{ "Exclude", "Region", policy_value_regions, offsetof(struct policy_section, regions),
	  .max = POLICY_SYMBOLS_MAX },
	{},
};

const char *policy_source_to_string(enum policy_source_kind kind)
{
	for (const struct ini_section *s = sections; s->name; s++)
		if (s->kind >= 0 && s->kind == (int)kind)
			return s->name;
	return NULL;
}

static struct policy_section *add_section(struct ini *p, const char *at, enum policy_source_kind kind)
{
	struct policy *policy = p->data;
	struct policy_section *grown;
	char *path;

	if (policy->n_sections >= POLICY_SECTIONS_MAX) {
		ini_complain(p, at, "more than %d sections in one policy: put the rest in a policy of its own",
			     POLICY_SECTIONS_MAX);
		return NULL;
	}

	grown = reallocarray(policy->sections, policy->n_sections + 1, sizeof(*grown));
	if (grown)
		policy->sections = grown;
	path = strdup(p->path);
	if (!grown || !path) {
		free(path);
		p->error = -ENOMEM;
		return NULL;
	}

	grown += policy->n_sections++;
	*grown = (struct policy_section){ .kind = kind, .path = path, .line = p->header.line };
	if (kind == POLICY_SOURCE_TASK) {
		grown->task.max_tasks = POLICY_TASK_MAX_DEFAULT;
		grown->task.age_sec = POLICY_TASK_AGE_UNSET;
	}
	return grown;
}

/* There is one printk ring: asking for it twice is no error, but probably not what was meant. */
static bool is_second_printk(struct ini *p)
{
	const struct policy *policy = p->data;

	for (size_t i = 0; i < policy->n_sections; i++) {
		const struct policy_section *s = &policy->sections[i];

		if (s->kind != POLICY_SOURCE_PRINTK)
			continue;
		if (diag_add(p->diags, p->path, p->header.line, p->header.column, false,
			     "[Printk] again adds nothing: it is in line %u of %s", s->line, s->path) < 0)
			p->error = -ENOMEM;
		return true;
	}

	return false;
}

static void begin_section(struct ini *p, const char *at)
{
	int kind = p->section->kind;

	if (kind == SECTION_POLICY || (kind == POLICY_SOURCE_PRINTK && is_second_printk(p)))
		return;
	p->target = add_section(p, at, kind);
	p->skip = !p->target;
}

/* What can only be said of a section as a whole. */
static const char *end_section(struct ini *p)
{
	struct policy_section *s = p->target;

	switch (p->section->kind) {
	case POLICY_SOURCE_CURRENT:
		if (s->task.parts == 0)
			s->task.parts = POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT) |
					POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STACK);
		return NULL;
	case POLICY_SOURCE_TASK:
		return policy_task_end(&s->task);
	case POLICY_SOURCE_SYMBOL:
	case POLICY_SOURCE_MAP:
		return policy_symbol_end(s);
	case POLICY_SOURCE_FTRACE:
		return policy_ftrace_end(&s->ftrace);
	case POLICY_EXCLUDE:
		return policy_exclude_end(s);
	default:
		return NULL;
	}
}

int policy_parse_into(const char *path, const char *text, size_t size, struct policy *policy, struct diags *diags)
{
	static const struct ini_format format = { sections, keys, "Task", begin_section, end_section };

	return ini_parse(&format, path, text, size, policy, diags);
}
