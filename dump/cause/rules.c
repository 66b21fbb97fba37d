// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dump/cause/cause.h"
#include "dump/cause/rules.h"

/* Who asked: a write to /proc/sysrq-trigger is in the stack of the one who wrote. */
static void who_asked(const struct scene *s)
{
	const struct kernel_report *r = s->report;

	if (report_has(r, "write_sysrq_trigger"))
		fprintf(s->out, ": %.*s (PID %" PRId32 ") wrote to /proc/sysrq-trigger", r->comm_len, r->comm, r->pid);
	else if (r->n)
		fputs(", by a key or a serial line", s->out);
}

/* What init ended with, as wait(2) has it: bits 0 to 6 are a signal, bits 8 to 15 what it gave to exit(). */
static void how_init_ended(const struct scene *s)
{
	unsigned int code;

	if (sscanf(s->captures.start[0], "0x%x", &code) != 1)
		return;
	if (code & 0x7f)
		fprintf(s->out, ": it was killed by signal %u (SIG%s)", code & 0x7f,
			sigabbrev_np((int)(code & 0x7f)) ?: "?");
	else
		fprintf(s->out, ": it ended with status %u", code >> 8 & 0xff);
}

/* The number of the column with that name in the head of the kernel's table of processes. -1: there is none. */
static int column_of(const char *head, const char *name)
{
	char word[32];
	int n = 0, used;

	for (; sscanf(head, " %31s%n", word, &used) == 1; head += used, n++)
		if (!strcmp(word, name))
			return n;
	return -1;
}

static const char *word_at(const char *s, int n)
{
	s += strspn(s, " ");
	for (; n; n--) {
		s += strcspn(s, " ");
		s += strspn(s, " ");
	}
	return s;
}

/*
 * "[    412]     0   412     2045     1124 …  name", under "[  pid  ]   uid  tgid total_vm  rss …": the one with
 * most pages. The columns behind rss depend on the kernel; the name is what is behind the last of them.
 */
static void who_had_it(const struct scene *s)
{
	const char *largest = NULL, *head = NULL;
	int rss = -1, name = -1;
	uint64_t most = 0, pages;

	for (size_t i = 0; i < s->panic; i++) {
		const char *line = s->lines->v[i];

		if (!strncmp(line, "[  pid  ]", 9)) {
			head = line + 9;
			rss = column_of(head, "rss");
			name = column_of(head, "name");
			largest = NULL;
			most = 0;
		} else if (head && rss >= 0 && name > rss && *line == '[' && strchr(line, ']') &&
			   sscanf(word_at(strchr(line, ']') + 1, rss), "%" SCNu64, &pages) == 1 && pages > most) {
			most = pages;
			largest = line;
		}
	}
	if (!largest)
		return;
	strlist_addf(s->evidence, "%s", largest);
	/* Pages have 4 KiB on all that qcmdump reads. */
	fprintf(s->out, "; most of it had %s (PID %ld), %" PRIu64 " MiB", word_at(strchr(largest, ']') + 1, name),
		strtol(largest + 1, NULL, 10), most / 256);
}

/* By what it called to wait. */
static const char *waits_for(const struct kernel_report *r)
{
	static const struct {
		const char *start;
		const char *what;
	} kinds[] = {
		{ "__mutex_lock", "a mutex" },
		{ "mutex_lock", "a mutex" },
		{ "rwsem_down", "a reader-writer semaphore" },
		{ "__down", "a semaphore" },
		{ "__rt_mutex", "a mutex" },
		{ "rt_mutex", "a mutex" },
		{ "wait_for_completion", "a completion" },
		{ "__wait_for_common", "a completion" },
		{ "io_schedule", "input or output" },
		{ "synchronize_rcu", "RCU" },
	};

	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			if (r->frames[i].len >= (int)strlen(kinds[k].start) &&
			    !strncmp(r->frames[i].name, kinds[k].start, strlen(kinds[k].start)))
				return kinds[k].what;
	return NULL;
}

/* Kernels since 6.16 say who holds it, and show the stack of that task next. */
static void who_holds_it(const struct scene *s)
{
	static const char *const patterns[] = {
		"INFO: task * is blocked on a mutex likely owned by task *:*.",
		"INFO: task * blocked on a semaphore likely last held by task *:*",
		"INFO: task * blocked on an rw-semaphore likely owned by task *:* <*>",
	};
	const char *what = waits_for(s->report);
	struct kernel_report holder;
	struct captures c;

	if (what)
		fprintf(s->out, " for %s", what);
	for (size_t i = s->report->first + 1; i < s->report->end; i++) {
		for (size_t k = 0; k < ARRAY_LEN(patterns); k++) {
			const struct named_function *f;
			size_t at;

			if (!line_matches(s->lines->v[i], patterns[k], &c))
				continue;
			strlist_addf(s->evidence, "%s", s->lines->v[i]);
			fprintf(s->out, ", which %.*s (PID %.*s) probably holds", c.len[1], c.start[1], c.len[2],
				c.start[2]);
			report_parse(s->lines, i + 1, &holder);
			at = rule_place_of(&(struct rule){ .place = PLACE_WAIT }, &holder);
			f = &holder.frames[at];
			if (at < holder.n)
				fprintf(s->out, ", itself in %.*s", f->len, f->name);
			return;
		}
	}
}

/* "rcu: \t1-....: (5249 ticks this GP) …": the CPUs that did not get through a grace period. */
static void which_cpus(const struct scene *s)
{
	struct captures c;

	for (size_t i = s->report->first + 1; i < s->report->end; i++)
		if (line_matches(s->lines->v[i], "rcu: \t*-*: (* ticks *", &c))
			strlist_addf(s->evidence, "%s", s->lines->v[i]);
}

#define FAULT(k, p, s, w)                                                                  \
	{                                                                                  \
		.kind = (k), .role = RULE_FAULT, .pattern = (p), .says = (s), .place = (w) \
	}
#define STUCK(k, p, s, w, m)                                                                            \
	{                                                                                               \
		.kind = (k), .role = RULE_STUCK, .pattern = (p), .says = (s), .place = (w), .more = (m) \
	}
#define PANIC(k, p, s, w, m)                                                                            \
	{                                                                                               \
		.kind = (k), .role = RULE_PANIC, .pattern = (p), .says = (s), .place = (w), .more = (m) \
	}
#define FOLLOWS(k, p, s, w)                                                                  \
	{                                                                                    \
		.kind = (k), .role = RULE_FOLLOWS, .pattern = (p), .says = (s), .place = (w) \
	}

/* Where several rows fit, the first one counts: the special before the general. */
static const struct rule rules[] = {
	/* Faults. Values that SLUB and lists leave behind on purpose (include/linux/poison.h) tell what was wrong. */
	FAULT("use-after-free", "general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b*",
	      "Use after free: a pointer was read from memory that had been freed (slub's poison)", PLACE_HERE),
	FAULT("use-after-free", "BUG: unable to handle page fault for address: 6b6b6b6b6b6b6b*",
	      "Use after free: a pointer was read from memory that had been freed (slub's poison)", PLACE_HERE),
	FAULT("use-after-free", "Unable to handle kernel paging request at virtual address *6b6b6b6b6b6b6b*",
	      "Use after free: a pointer was read from memory that had been freed (slub's poison)", PLACE_HERE),
	FAULT("use-after-free", "BUG: KASAN: *use-after-free in *", "Use after free (KASAN) in $2", PLACE_NONE),
	FAULT("list-poison", "general protection fault, probably for non-canonical address 0xdead000000000*",
	      "Use of a list entry that had been removed (the lists' poison)", PLACE_HERE),
	FAULT("list-poison", "BUG: unable to handle page fault for address: dead000000000*",
	      "Use of a list entry that had been removed (the lists' poison)", PLACE_HERE),
	FAULT("list-poison", "Unable to handle kernel paging request at virtual address dead000000000*",
	      "Use of a list entry that had been removed (the lists' poison)", PLACE_HERE),
	FAULT("list-corruption", "list_add corruption*", "Corrupted list (list_add)", PLACE_HERE),
	FAULT("list-corruption", "list_del corruption*", "Corrupted list (list_del)", PLACE_HERE),
	FAULT("null-pointer", "BUG: kernel NULL pointer dereference, address: *",
	      "NULL pointer dereference (address 0x$1)", PLACE_HERE),
	FAULT("null-pointer", "Unable to handle kernel NULL pointer dereference at virtual address *",
	      "NULL pointer dereference (address 0x$1)", PLACE_HERE),
	FAULT("user-memory", "Unable to handle kernel access to user memory outside uaccess routines at *address *",
	      "Access to memory of user space (address 0x$2)", PLACE_HERE),
	FAULT("exec-data", "kernel tried to execute NX-protected page*", "A jump to memory that has no code in it",
	      PLACE_HERE),
	FAULT("stack-overflow", "BUG: *stack guard page was hit at *", "Overflow of a kernel stack", PLACE_HERE),
	FAULT("stack-overflow", "Insufficient stack space to handle exception!", "Overflow of a kernel stack",
	      PLACE_HERE),
	FAULT("bad-pointer", "BUG: unable to handle page fault for address: *", "Bad pointer (address 0x$1)",
	      PLACE_HERE),
	FAULT("bad-pointer", "Unable to handle kernel paging request at virtual address *",
	      "Bad pointer (address 0x$1)", PLACE_HERE),
	FAULT("bad-pointer", "general protection fault, * non-canonical address *: * [#*", "Bad pointer (address $2)",
	      PLACE_HERE),
	FAULT("general-protection", "general protection fault*", "General protection fault", PLACE_HERE),
	FAULT("bug", "kernel BUG at *!", "BUG at $1", PLACE_HERE),
	FAULT("bug", "kernel BUG at *", "BUG at $1", PLACE_HERE),
	FAULT("bug", "Kernel BUG at *", "BUG at $1", PLACE_HERE),
	FAULT("divide-error", "divide error: *", "Division by zero, or of what does not fit", PLACE_HERE),
	FAULT("double-fault", "double fault: *", "Double fault", PLACE_HERE),
	FAULT("double-fault", "PANIC: double fault*", "Double fault", PLACE_HERE),
	FAULT("bad-instruction", "invalid opcode: *", "Invalid instruction", PLACE_HERE),
	FAULT("atomic-sleep", "BUG: scheduling while atomic: *", "Sleep where that is not allowed: $1", PLACE_WAIT),
	FAULT("atomic-sleep", "BUG: sleeping function called from invalid context at *",
	      "Sleep where that is not allowed, at $1", PLACE_WAIT),
	FAULT("slab-corruption", "BUG * (*): *", "Corruption in the slab cache $1: $3", PLACE_HERE),
	FAULT("page-corruption", "BUG: Bad page * in process *", "Bad page $1 in process $2", PLACE_HERE),
	FAULT("kasan", "BUG: KASAN: * in *", "$1 (KASAN) in $2", PLACE_NONE),
	FAULT("ubsan", "UBSAN: * in *", "$1 (UBSAN) in $2", PLACE_HERE),
	FAULT("machine-check", "mce: [Hardware Error]: CPU *: Machine Check*: * Bank *: *",
	      "Machine check: the hardware of CPU $1 reported an error (bank $4)", PLACE_NONE),
	FAULT("bug", "BUG: *", "BUG: $1", PLACE_HERE),
	FAULT("oops", "Internal error: * [#*", "Oops ($1)", PLACE_HERE),
	FAULT("oops", "Oops: * [#*", "Oops ($1)", PLACE_HERE),
	FAULT("oops", "* 0000 [#*", "Oops ($1)", PLACE_HERE),
	FAULT("warning", "WARNING: CPU: * PID: * at * *", "Warning at $3", PLACE_HERE),
	FAULT("warning", "WARNING: * at *, CPU#*: *", "Warning at $1", PLACE_HERE),
	/* What does not go on */
	STUCK("soft-lockup", "watchdog: BUG: soft lockup - CPU#* stuck for *s! [*]",
	      "Soft lockup: CPU $1 ran the same task for $2 s", PLACE_WAIT, NULL),
	STUCK("hard-lockup", "*Watchdog detected hard LOCKUP on cpu *",
	      "Hard lockup: CPU $2 took no interrupts any more", PLACE_WAIT, NULL),
	STUCK("rcu-stall", "rcu: INFO: * detected stalls on CPUs/tasks:", "RCU stall", PLACE_WAIT, which_cpus),
	STUCK("rcu-stall", "rcu: INFO: * self-detected stall on CPU*", "RCU stall", PLACE_WAIT, which_cpus),
	STUCK("hung-task", "INFO: task * blocked* for more than * seconds.", "Task $1 had waited for $3 s", PLACE_WAIT,
	      who_holds_it),
	STUCK("out-of-memory", "Out of memory: Killed process * (*) *", "Out of memory: the kernel killed $2 (PID $1)",
	      PLACE_NONE, who_had_it),
	/* Panics that say why */
	PANIC("sysrq", "sysrq triggered crash*", "A panic was asked for by sysrq", PLACE_NONE, who_asked),
	PANIC("init-died", "Attempted to kill init! exitcode=*", "Init, the first process, ended", PLACE_NONE,
	      how_init_ended),
	PANIC("out-of-memory", "Out of memory: *", "Out of memory ($1)", PLACE_NONE, who_had_it),
	PANIC("out-of-memory", "System is deadlocked on memory*", "Out of memory, with nothing left to kill",
	      PLACE_NONE, who_had_it),
	PANIC("stack-overflow", "kernel stack overflow*", "Overflow of a kernel stack", PLACE_HERE, NULL),
	PANIC("stack-overflow", "corrupted stack end detected inside scheduler*",
	      "Overflow of a kernel stack, seen by the scheduler", PLACE_HERE, NULL),
	PANIC("stack-corruption", "stack-protector: Kernel stack is corrupted in: *", "Stack overwritten in $1",
	      PLACE_HERE, NULL),
	PANIC("no-root", "VFS: Unable to mount root fs on *", "The root file system could not be mounted ($1)",
	      PLACE_NONE, NULL),
	PANIC("no-init", "No working init found*", "There is no init to start", PLACE_NONE, NULL),
	PANIC("no-init", "Requested init * failed *", "The requested init $1 could not be started", PLACE_NONE, NULL),
	PANIC("filesystem", "EXT4-fs (device *): panic forced after error*",
	      "An error in the ext4 file system on $1, which was mounted with errors=panic", PLACE_NONE, NULL),
	PANIC("machine-check", "Asynchronous SError Interrupt*", "The hardware reported an error (SError interrupt)",
	      PLACE_HERE, NULL),
	PANIC("nmi", "NMI*: Not continuing*", "A non-maskable interrupt that the machine does not survive", PLACE_HERE,
	      NULL),
	/* Panics that follow from what was reported before */
	FOLLOWS("soft-lockup", "softlockup: hung tasks*", "Soft lockup of a CPU", PLACE_HERE),
	FOLLOWS("hard-lockup", "Hard LOCKUP*", "Hard lockup of a CPU", PLACE_HERE),
	FOLLOWS("rcu-stall", "RCU Stall*", "RCU stall", PLACE_HERE),
	FOLLOWS("hung-task", "hung_task: blocked tasks*", "A task had waited too long", PLACE_NONE),
	FOLLOWS("warning", "*: panic_on_warn set *", "A warning, which panic_on_warn makes a panic", PLACE_HERE),
	FOLLOWS("machine-check", "*achine check*", "Machine check: the hardware reported an error ($1)", PLACE_NONE),
	FOLLOWS(NULL, "*Fatal exception*", "A fault in the kernel", PLACE_HERE),
	FOLLOWS(NULL, "Aiee, killing interrupt handler!*", "A fault in an interrupt", PLACE_HERE),
	FOLLOWS(NULL, "Attempted to kill the idle task!*", "A fault in the idle task", PLACE_HERE),
	FOLLOWS(NULL, "* stack guard hit*", "Overflow of a kernel stack", PLACE_HERE),
	FOLLOWS(NULL, "Machine halted.*", "Double fault", PLACE_HERE),
	FOLLOWS(NULL, "panic_on_taint set*", "The kernel was tainted, which panic_on_taint makes a panic", PLACE_NONE),
	PANIC("panic", "*", "Panic: \"$1\"", PLACE_HERE, NULL),
};

static const struct rule *find_rule(const char *text, bool of_panic, struct captures *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if ((rules[i].role >= RULE_PANIC) == of_panic && line_matches(text, rules[i].pattern, ret))
			return &rules[i];
	return NULL;
}

/* Since 6.7 what the processor reports begins with "Oops: ", too. */
const struct rule *rule_of_line(const char *line, struct captures *ret)
{
	static const char oops[] = "Oops: ";

	if (!strncmp(line, oops, strlen(oops)))
		line += strlen(oops);
	return find_rule(line, false, ret);
}

const struct rule *rule_of_panic(const char *message, struct captures *ret)
{
	return find_rule(message, true, ret);
}

/* What runs to report, and what waits, is not where it happened. */
static const char *const reporting[] = {
	"dump_backtrace*",
	"show_stack*",
	"dump_stack*",
	"panic",
	"vpanic",
	"nmi_panic",
	"__warn*",
	"check_panic_on_warn",
	"print_bad_page*",
	"bad_page*",
	"slab_err*",
	"slab_bug*",
	"object_err*",
	"check_bytes_and_report*",
	"check_object*",
	"free_to_partial_list*",
	"free_debug_processing*",
	"alloc_debug_processing*",
	"ubsan_epilogue*",
	"__ubsan_*",
	"__list_*_valid*",
	"*fortify_panic",
	"usercopy_abort",
	"__check_object_size*",
	"refcount_warn_saturate",
	"__stack_chk_fail",
	"report_bug",
};
static const char *const waiting[] = {
	"__schedule*",	   "schedule*",	   "io_schedule*",    "__switch_to*",	 "preempt_schedule*",
	"__mutex_lock*",   "mutex_lock*",  "rwsem_down*",     "down_*",		 "__down_*",
	"__rt_mutex*",	   "rt_mutex*",	   "rtlock_*",	      "rt_spin_lock*",	 "__wait_for_common*",
	"wait_for_*",	   "*_raw_spin_*", "native_queued_*", "queued_spin_*",	 "__pv_queued_*",
	"delay_tsc*",	   "__delay*",	   "__const_udelay*", "__udelay*",	 "delay_halt*",
	"dump_backtrace*", "show_stack*",  "dump_stack*",     "__schedule_bug*", "__might_*",
	"kvm_wait*",	   "pv_native_*",
};

static bool is_one_of(const struct named_function *f, const char *const *patterns, size_t n)
{
	_cleanup_free_ char *name = xstrndup(f->name, (size_t)f->len);
	struct captures c;

	for (size_t i = 0; i < n; i++)
		if (line_matches(name, patterns[i], &c))
			return true;
	return false;
}

size_t rule_place_of(const struct rule *rule, const struct kernel_report *r)
{
	const char *const *skip = rule->place == PLACE_WAIT ? waiting : reporting;
	size_t n = rule->place == PLACE_WAIT ? ARRAY_LEN(waiting) : ARRAY_LEN(reporting);
	size_t i = 0;

	while (i < r->n && is_one_of(&r->frames[i], skip, n))
		i++;
	/* A lock that is at fault itself is better than no place. */
	return i < r->n ? i : 0;
}
