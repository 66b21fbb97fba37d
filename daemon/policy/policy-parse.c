// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "daemon/policy/config.h"
#include "daemon/policy/policy-internal.h"
#include "lib/text.h"

#define BLANKS " \t"

/* What is no source. */
#define SECTION_POLICY -1 /* [Policy] itself */
#define SECTION_DAEMON -2 /* the one of qcmdd.conf */

struct policy_section_info {
	const char *name;
	int kind; /* enum policy_source_kind or one of the above */
};

static const struct policy_section_info sections[] = {
	{ "Daemon", SECTION_DAEMON },	      { "Policy", SECTION_POLICY },	  { "Printk", POLICY_SOURCE_PRINTK },
	{ "Current", POLICY_SOURCE_CURRENT }, { "Task", POLICY_SOURCE_TASK },	  { "Symbol", POLICY_SOURCE_SYMBOL },
	{ "Map", POLICY_SOURCE_MAP },	      { "Ftrace", POLICY_SOURCE_FTRACE },
};

#define EXPECTS_VARIABLES "names of variables such as "
#define EXPECTS_LIST \
	"the head of a list, the type of its elements and their struct list_head, such as modules:struct module.list"
#define EXPECTS_PINS "absolute paths of at most 95 bytes, such as /sys/fs/bpf/counters"

static const struct policy_word part_words[] = {
	{ "mm", POLICY_TASK_PART(QCOM_MINIDUMP_TASK_MM) },
	/* From here on, of what a CPU runs, too. */
	{ "task", POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT) },
	{ "stack", POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STACK) },
	{},
};

static const struct policy_word state_words[] = {
	{ "running", TASK_STATE_RUNNING }, { "sleeping", TASK_STATE_SLEEPING },
	{ "idle", TASK_STATE_IDLE },	   { "uninterruptible", TASK_STATE_UNINTERRUPTIBLE },
	{ "stopped", TASK_STATE_STOPPED }, { "traced", TASK_STATE_TRACED },
	{ "parked", TASK_STATE_PARKED },   {},
};

static const struct policy_word keep_words[] = {
	{ "oldest", POLICY_TASK_KEEP_OLDEST },
	{ "newest", POLICY_TASK_KEEP_NEWEST },
	{},
};

static const struct policy_key keys[] = {
	{ "Daemon", "AutoReload", policy_value_bool, offsetof(struct config, auto_reload), .standard = false,
	  .expects = "yes or no" },
	{ "Policy", "Description", policy_value_text, .offset = offsetof(struct policy, description) },
	{ "Policy", "Priority", policy_value_uint, offsetof(struct policy, priority), .min = 0, .max = 1000,
	  .standard = POLICY_PRIORITY_DEFAULT, .example = 200 },
	{ "Policy", "Enabled", policy_value_bool, offsetof(struct policy, enabled), .standard = true,
	  .expects = "yes or no" },
	{ "Policy", "DryRun", policy_value_bool, offsetof(struct policy, dry_run), .standard = false,
	  .expects = "yes or no" },
	{ "Policy", "MaxRegions", policy_value_uint, offsetof(struct policy, max_regions), .min = 1, .max = 65535,
	  .example = 100 },
	{ "Policy", "MaxSlots", policy_value_uint, offsetof(struct policy, max_slots), .min = 1, .max = 65535,
	  .example = 100 },
	{ "Policy", "MaxBytes", policy_value_size, offsetof(struct policy, max_bytes), .expects = "256K or 4M" },
	{ "Policy", "ConditionKernelVersion", policy_value_condition, .standard = POLICY_CONDITION_KERNEL_VERSION },
	{ "Policy", "ConditionArchitecture", policy_value_condition, .standard = POLICY_CONDITION_ARCHITECTURE },
	{ "Policy", "ConditionBackend", policy_value_condition, .standard = POLICY_CONDITION_BACKEND },
	{ "Policy", "ConditionVirtualization", policy_value_condition, .standard = POLICY_CONDITION_VIRTUALIZATION },
	{ "Current", "Register", policy_value_flags, offsetof(struct policy_task, parts), .words = part_words + 1,
	  .expects = "task, stack or both with a blank between them" },
	{ "Task", "Comm", policy_value_comms, offsetof(struct policy_task, comms), .max = POLICY_TASK_COMMS_MAX },
	{ "Task", "PID", policy_value_pids, offsetof(struct policy_task, pids), .min = 1, .max = 4194304 },
	{ "Task", "Cgroup", policy_value_cgroups, offsetof(struct policy_task, cgroups),
	  .max = POLICY_TASK_CGROUPS_MAX },
	{ "Task", "KernelThread", policy_value_tristate, offsetof(struct policy_task, kernel_thread),
	  .expects = "yes or no" },
	{ "Task", "State", policy_value_flags, offsetof(struct policy_task, states), .words = state_words,
	  .expects = "running, sleeping, uninterruptible, idle, stopped, traced or parked" },
	{ "Task", "StateSec", policy_value_uint, offsetof(struct policy_task, state_sec), .min = 0, .max = 86400,
	  .example = 30 },
	{ "Task", "Register", policy_value_flags, offsetof(struct policy_task, parts), .words = part_words,
	  .expects = "task, stack, mm or several of them with blanks between them" },
	{ "Task", "MaxTasks", policy_value_uint, offsetof(struct policy_task, max_tasks), .min = 1, .max = 4096,
	  .standard = POLICY_TASK_MAX_DEFAULT, .example = 128 },
	{ "Task", "Keep", policy_value_word, offsetof(struct policy_task, keep), .words = keep_words,
	  .expects = "oldest or newest" },
	{ "Symbol", "Name", policy_value_symbols, offsetof(struct policy_symbol, names), .max = POLICY_SYMBOLS_MAX,
	  .expects = EXPECTS_VARIABLES "init_uts_ns or kvm:kvm_rebooting" },
	{ "Symbol", "PerCPU", policy_value_symbols, offsetof(struct policy_symbol, percpu), .max = POLICY_SYMBOLS_MAX,
	  .expects = EXPECTS_VARIABLES "runqueues" },
	{ "Symbol", "Pointer", policy_value_symbols, offsetof(struct policy_symbol, pointers),
	  .max = POLICY_SYMBOLS_MAX, .expects = EXPECTS_VARIABLES "prb" },
	{ "Symbol", "Size", policy_value_symbol_size, offsetof(struct policy_symbol, size),
	  .expects = "bytes such as 64K or -16K, a type such as struct pglist_data, or a variable that has the size" },
	{ "Symbol", "List", policy_value_symbol_list, offsetof(struct policy_symbol, lists), .max = POLICY_SYMBOLS_MAX,
	  .expects = EXPECTS_LIST },
	{ "Map", "Pin", policy_value_pins, offsetof(struct policy_map, pins), .max = POLICY_SYMBOLS_MAX,
	  .expects = EXPECTS_PINS },
	{ "Map", "Id", policy_value_map_ids, offsetof(struct policy_map, ids), .max = POLICY_SYMBOLS_MAX,
	  .expects = "numbers as 'bpftool map' shows them, such as 12" },
	{ "Ftrace", "Instance", policy_value_instance, offsetof(struct policy_ftrace, instance), .expects = "qcmd" },
	{ "Ftrace", "Events", policy_value_events, offsetof(struct policy_ftrace, events),
	  .max = POLICY_FTRACE_EVENTS_MAX, .expects = "sched:sched_switch or irq:*" },
	{ "Ftrace", "SizePerCPU", policy_value_trace_size, offsetof(struct policy_ftrace, size), .min = 8, .max = 65536,
	  .expects = "256K" },
	{ "Ftrace", "SubBufferSize", policy_value_trace_size, offsetof(struct policy_ftrace, subbuf_size), .min = 4,
	  .max = 512, .expects = "64K" },
	{ "Ftrace", "Clock", policy_value_clock, offsetof(struct policy_ftrace, clock),
	  .expects = "a clock such as boot" },
};

const char *policy_source_to_string(enum policy_source_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (sections[i].kind >= 0 && sections[i].kind == (int)kind)
			return sections[i].name;
	return NULL;
}

void policy_complain(struct policy_parser *p, const char *at, const char *format, ...)
{
	struct policy_position where = policy_reader_where(&p->reader, at);
	va_list ap;
	int error;

	va_start(ap, format);
	error = policy_diag_addv(p->diags, p->reader.path, where.line, where.column, true, format, ap);
	va_end(ap);
	if (error < 0)
		p->error = error;
}

static bool is_of_language(const struct policy_parser *p, const struct policy_section_info *section)
{
	return (section->kind == SECTION_DAEMON) == !p->policy;
}

/* "Comm=, Register=, MaxTasks=", or the sections. */
static void known_keys(const char *section, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(keys) && n < size; i++)
		if (strcmp(keys[i].section, section) == 0)
			n += snprintf(buf + n, size - n, "%s%s=", n > 0 ? ", " : "", keys[i].name);
}

/* names is to have room for all and a NULL. */
static void known_sections(const struct policy_parser *p, const char **names, char *buf, size_t size)
{
	size_t n = 0, n_names = 0;

	for (size_t i = 0; i < ARRAY_LEN(sections) && n < size; i++) {
		if (!is_of_language(p, &sections[i]))
			continue;
		n += snprintf(buf + n, size - n, "%s[%s]", n_names ? ", " : "", sections[i].name);
		names[n_names++] = sections[i].name;
	}
}

static void unknown_section(struct policy_parser *p, const char *at, const char *name)
{
	const char *names[ARRAY_LEN(sections) + 1] = { NULL }, *meant;
	char known[128];

	known_sections(p, names, known, sizeof(known));

	meant = did_you_mean(name, names);
	policy_complain(p, at, "unknown section [%s]%s%s%s (known: %s)", quote(name, strlen(name)).s,
			meant ? ", did you mean [" : "", meant ?: "", meant ? "]?" : "", known);
}

static void unknown_key(struct policy_parser *p, const char *name)
{
	const char *section = p->section->name, *names[ARRAY_LEN(keys) + 1] = { NULL }, *meant;
	struct quoted quoted = quote(name, strlen(name));
	char known[320];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].section, section) == 0)
			names[n++] = keys[i].name;
		else if (strcmp(keys[i].name, name) == 0) {
			policy_complain(p, name, "'%s=' belongs in [%s], this is [%s]", name, keys[i].section, section);
			return;
		}

	known_keys(section, known, sizeof(known));
	if (n == 0) {
		policy_complain(p, name, "unknown key '%s=': [%s] takes none", quoted.s, section);
		return;
	}

	p->selector_doubtful = true;
	meant = did_you_mean(name, names);
	policy_complain(p, name, "unknown key '%s=' in [%s]%s%s%s (known: %s)", quoted.s, section,
			meant ? ", did you mean '" : "", meant ?: "", meant ? "='?" : "", known);
}

/* What can only be said of a section as a whole. */
static void end_section(struct policy_parser *p)
{
	struct policy_section *s = p->current;

	p->current = NULL;
	p->section = NULL;
	if (s && s->kind == POLICY_SOURCE_CURRENT && s->task.parts == 0)
		s->task.parts =
			POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT) | POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STACK);
	if (s && policy_symbol_end(p, s) < 0)
		p->error = -ENOMEM;
	if (s && s->kind == POLICY_SOURCE_FTRACE && policy_ftrace_end(p, s) < 0)
		p->error = -ENOMEM;
	if (s && s->kind == POLICY_SOURCE_TASK)
		policy_task_end(p, s);
}

static struct policy_section *add_section(struct policy_parser *p, const char *at, enum policy_source_kind kind)
{
	struct policy *policy = p->policy;
	struct policy_section *grown;
	char *path;

	if (policy->n_sections >= POLICY_SECTIONS_MAX) {
		policy_complain(p, at, "more than %d sections in one policy: put the rest in a policy of its own",
				POLICY_SECTIONS_MAX);
		return NULL;
	}

	grown = reallocarray(policy->sections, policy->n_sections + 1, sizeof(*grown));
	if (grown)
		policy->sections = grown;
	path = strdup(p->reader.path);
	if (!grown || !path) {
		free(path);
		p->error = -ENOMEM;
		return NULL;
	}

	grown += policy->n_sections++;
	*grown = (struct policy_section){ .kind = kind, .path = path };
	if (kind == POLICY_SOURCE_TASK)
		grown->task.max_tasks = POLICY_TASK_MAX_DEFAULT;
	return grown;
}

/* There is one printk ring: asking for it twice is no error, but probably not what was meant. */
static bool is_second_printk(struct policy_parser *p, struct policy_position where)
{
	for (size_t i = 0; i < p->policy->n_sections; i++) {
		const struct policy_section *s = &p->policy->sections[i];

		if (s->kind != POLICY_SOURCE_PRINTK)
			continue;
		if (policy_diag_add(p->diags, p->reader.path, where.line, where.column, false,
				    "[Printk] again adds nothing: it is in line %u of %s", s->line, s->path) < 0)
			p->error = -ENOMEM;
		return true;
	}

	return false;
}

static void begin_section(struct policy_parser *p, const char *at, const struct policy_section_info *info)
{
	struct policy_position where = policy_reader_where(&p->reader, at);

	p->section = info;
	p->section_column = where.column;
	p->section_n_bad = p->reader.n_bad;
	p->selector_doubtful = false;
	if (info->kind < 0 || (info->kind == POLICY_SOURCE_PRINTK && is_second_printk(p, where)))
		return;

	p->current = add_section(p, at, info->kind);
	if (p->current)
		p->current->line = where.line;
	else
		p->skip = true;
}

static void section_header(struct policy_parser *p, char *header)
{
	char *name = header + 1, *end = strchr(name, ']');

	end_section(p);
	p->skip = true; /* until it is known to be one of ours */

	if (!end) {
		policy_complain(p, header, "a section header without ']': write [%s]", quote(name, strlen(name)).s);
		return;
	}
	if (end[1]) {
		policy_complain(p, end + 1,
				"text after the section header: start a new line; "
				"a comment is a line of its own too");
		return;
	}

	*end = '\0';
	if (strncmp(name, "X-", 2) == 0)
		return;

	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (is_of_language(p, &sections[i]) && strcmp(name, sections[i].name) == 0) {
			p->skip = false;
			begin_section(p, header, &sections[i]);
			return;
		}

	unknown_section(p, header, name);
}

/* What the offsets of the keys of this section count from. */
static char *key_base(const struct policy_parser *p)
{
	if (!p->current)
		return p->target;
	switch (p->current->kind) {
	case POLICY_SOURCE_SYMBOL:
		return (char *)&p->current->symbol;
	case POLICY_SOURCE_MAP:
		return (char *)&p->current->map;
	case POLICY_SOURCE_FTRACE:
		return (char *)&p->current->ftrace;
	default:
		return (char *)&p->current->task;
	}
}

static void assignment(struct policy_parser *p, char *name)
{
	char *equals = strchr(name, '='), *value, *end;

	if (p->skip)
		return;
	if (!equals) {
		p->selector_doubtful = true;
		policy_complain(p, name, "'%s' is neither a [Section] nor a Key=value; comments start with '#'",
				quote(name, strlen(name)).s);
		return;
	}
	if (equals == name) {
		policy_complain(p, name, "no key before the '=': write Key=value");
		return;
	}

	value = equals + 1 + strspn(equals + 1, BLANKS);
	for (end = equals; end > name && strchr(BLANKS, end[-1]); end--)
		;
	*end = '\0';

	if (strncmp(name, "X-", 2) == 0)
		return;
	if (!p->section) {
		policy_complain(p, name, "'%s=' before any section: put its section header, such as [%s], above it",
				quote(name, strlen(name)).s, p->policy ? "Task" : "Daemon");
		return;
	}

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].section, p->section->name) == 0 && strcmp(keys[i].name, name) == 0) {
			keys[i].parse(p, &keys[i], value, key_base(p) + keys[i].offset);
			return;
		}

	unknown_key(p, name);
}

static int by_place(const void *a, const void *b)
{
	const struct policy_diag *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

/* Some things show only at the end of a section: put the messages in the order of the file. */
static int sort_messages(struct policy_parser *p)
{
	size_t first = p->reader.first_diag, n = p->diags->n - first;

	if (n == 0)
		return 0;

	qsort(p->diags->items + first, n, sizeof(*p->diags->items), by_place);
	if (n < POLICY_DIAGS_MAX)
		return 0;
	return policy_diag_add(p->diags, p->reader.path, p->reader.line, 0, true,
			       "too many messages for one file: from here on it was not read");
}

static int parse(const char *path, const char *text, size_t size, struct policy *policy, void *target,
		 struct policy_diags *diags)
{
	_cleanup_free_ struct policy_parser *p = NULL;
	int r;

	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;

	p->policy = policy;
	p->target = target;
	p->diags = diags;
	policy_reader_init(&p->reader, path, text, size, diags);

	while ((r = policy_reader_next(&p->reader)) > 0 && p->error == 0) {
		char *s = p->reader.text + strspn(p->reader.text, BLANKS);

		if (*s == '[')
			section_header(p, s);
		else
			assignment(p, s);
	}
	end_section(p);

	policy_reader_done(&p->reader);
	if (r == 0)
		r = p->error;
	return r < 0 ? r : sort_messages(p);
}

int policy_parse_into(const char *path, const char *text, size_t size, struct policy *policy,
		      struct policy_diags *diags)
{
	return parse(path, text, size, policy, policy, diags);
}

int policy_parse_settings(const char *path, const char *text, size_t size, struct config *target,
			  struct policy_diags *diags)
{
	return parse(path, text, size, NULL, target, diags);
}
