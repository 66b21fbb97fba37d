// SPDX-License-Identifier: GPL-2.0-only
/* What qcmdump can be asked for. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "dump/collect/collect-conf.h"
#include "dump/commands.h"
#include "dump/image/map-option.h"
#include "dump/image/rawdump.h"

/* Where things go that are given no name */
#define COLLECT_OUTPUT "minidump.elf"
#define REPORT_OUTPUT  "report.html"

static int set_output(struct options *o, const char *arg, struct derr *err)
{
	o->output = arg;
	return *arg ? 0 : derr_set(err, -EINVAL, "the name of the output file is empty");
}

static int add_map(struct options *o, const char *arg, struct derr *err)
{
	struct image_options *image = &o->collect.image;
	int r;

	if (image->n_maps == MAPS_MAX)
		return derr_set(err, -E2BIG, "--map can be given at most %d times", MAPS_MAX);
	r = map_option_parse(arg, &o->maps[image->n_maps], err);
	image->maps = o->maps;
	image->n_maps += r == 0;
	return r;
}

static int set_compress(struct options *o, const char *arg, struct derr *err)
{
	o->zstd = !strcmp(arg, "zstd");
	return o->zstd || !strcmp(arg, "none") ? 0 : -EINVAL;
}

static int set_table(struct options *o, const char *arg, struct derr *err)
{
	o->collect.table = &o->table;
	return parse_size(arg, &o->table);
}

static int set_dump(struct options *o, const char *arg, struct derr *err)
{
	uint64_t n;

	if (parse_size(arg, &n) < 0 || !n || n > RAWDUMPS_MAX)
		return -EINVAL;
	o->collect.image.dump = n;
	return 0;
}

static int set_vm(struct options *o, const char *arg, struct derr *err)
{
	if (strlen(arg) != PIECE_VM_SIZE - 1 || strspn(arg, "0123456789abcdefABCDEF") != PIECE_VM_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; arg[i]; i++)
		o->vm[i] = tolower((unsigned char)arg[i]);
	o->collect.vm = o->vm;
	return 0;
}

static int set_program(struct options *o, const char *arg, struct derr *err)
{
	o->convert.program = arg;
	return strcmp(arg, "crash") && strcmp(arg, "drgn") && strcmp(arg, "gdb") ? -EINVAL : 0;
}

static int parse_int(const char *s, int32_t *ret)
{
	uint64_t n;

	if (parse_size(s, &n) < 0 || n > INT32_MAX)
		return -EINVAL;
	*ret = (int32_t)n;
	return 0;
}

static int set_cpu(struct options *o, const char *arg, struct derr *err)
{
	o->has_cpu = true;
	return parse_int(arg, &o->cpu);
}

static int set_level(struct options *o, const char *arg, struct derr *err)
{
	return log_filter_levels(&o->log, arg);
}

static int set_log_since(struct options *o, const char *arg, struct derr *err)
{
	return log_filter_since(&o->log, arg);
}

static int set_caller(struct options *o, const char *arg, struct derr *err)
{
	return log_filter_caller(&o->log, arg);
}

static int set_since(struct options *o, const char *arg, struct derr *err)
{
	return parse_decimal(arg, 1e9, &o->since);
}

static int set_last(struct options *o, const char *arg, struct derr *err)
{
	return parse_decimal(arg, 1e6, &o->last);
}

static int check_collect(struct options *o, char *const *arguments, size_t n, struct derr *err)
{
	const struct image_options *image = &o->collect.image;

	if (!n && !o->qmp)
		return derr_set(err, -EINVAL, "'collect' needs an argument: SOURCE, or --qmp=SOCKET");
	if (n && o->qmp)
		return derr_set(err, -EINVAL, "--qmp says where the memory is: leave out '%.64s'", arguments[0]);
	if (o->qmp && (o->list || image->n_maps || image->dump || o->collect.vm))
		return derr_set(err, -EINVAL,
				"--list, --map, --dump and --vm are for files: leave them out with --qmp");
	if (o->list && o->output)
		return derr_set(err, -EINVAL, "--list saves nothing: leave out --output");
	if (!o->output)
		o->output = o->zstd ? COLLECT_OUTPUT ".zst" : COLLECT_OUTPUT;
	return 0;
}

static int check_watch(struct options *o, char *const *arguments, size_t n, struct derr *err)
{
	if (!o->qmp || !o->output)
		return derr_set(err, -EINVAL, "say which guest, with --qmp=SOCKET, and where dumps go, with -o");
	return 0;
}

static int check_report(struct options *o, char *const *arguments, size_t n, struct derr *err)
{
	if (!o->output)
		o->output = REPORT_OUTPUT;
	return 0;
}

/* PIDs come after the name of the dump. */
static int check_stack(struct options *o, char *const *arguments, size_t n, struct derr *err)
{
	o->n_pids = n - 1;
	o->pids = xcalloc(o->n_pids, sizeof(*o->pids));
	for (size_t i = 0; i < o->n_pids; i++)
		if (parse_int(arguments[i + 1], &o->pids[i]) < 0)
			return derr_set(err, -EINVAL, "'%s' is no PID", arguments[i + 1]);
	return (n > 1) + o->has_cpu + o->all <= 1 ? 0 : derr_set(err, -EINVAL, "PIDs, --cpu or --all: one of them");
}

static int check_extract(struct options *o, char *const *arguments, size_t n, struct derr *err)
{
	if (!o->extract && (o->output || o->force))
		return derr_set(err, -EINVAL, "--output and --force are for --extract");
	if (o->extract && !o->output)
		return derr_set(err, -EINVAL, "say with -o where to save the region");
	if (o->extract && o->json && !strcmp(o->output, "-"))
		return derr_set(err, -EINVAL, "standard output is for the region: leave out --json");
	return 0;
}

static int check_trace(struct options *o, char *const *arguments, size_t n, struct derr *err)
{
	if (o->output && (o->event || o->since || o->last || o->json))
		return derr_set(err, -EINVAL,
				"--output saves all events of the pages: leave --event, --since, --last and --json to "
				"what reads the file");
	return 0;
}

static int check_convert(struct options *o, char *const *arguments, size_t n, struct derr *err)
{
	if (!o->convert.program)
		return derr_set(err, -EINVAL, "say which program it is for: --for=crash, --for=drgn or --for=gdb");
	return o->output ? 0 : derr_set(err, -EINVAL, "say where to save it, with -o");
}

static int add_to_list(const char *option, const char *list[REDACT_LIST_MAX], size_t *n, const char *arg,
		       struct derr *err)
{
	if (*n == REDACT_LIST_MAX)
		return derr_set(err, -E2BIG, "%s can be given at most %d times", option, REDACT_LIST_MAX);
	list[(*n)++] = arg;
	return 0;
}

static int add_kept(struct options *o, const char *arg, struct derr *err)
{
	return add_to_list("--keep", o->redact.keep, &o->redact.n_keep, arg, err);
}

static int add_log_pattern(struct options *o, const char *arg, struct derr *err)
{
	if (!*arg)
		return derr_set(err, -EINVAL, "the pattern of --log is empty");
	return add_to_list("--log", o->redact.log, &o->redact.n_log, arg, err);
}

static int check_redact(struct options *o, char *const *arguments, size_t n, struct derr *err)
{
	return o->output ? 0 : derr_set(err, -EINVAL, "say where to save it, with -o");
}

static const struct verb commands[] = {
	[COLLECT] = { "collect", "SOURCE | --qmp=SOCKET",
		      .summary = "save the minidump in a memory image, a vmcore, a folder of md_*.BIN files or a\n"
				 "rawdump partition as an ELF core",
		      .about = "Save the minidump of a crashed machine as an ELF core. SOURCE is told by its content:\n"
			       "  a raw image of the machine's memory, or an ELF core of it (/proc/vmcore in a\n"
			       "  capture kernel, or what QEMU's dump-guest-memory writes): the minidump table is\n"
			       "  looked for in it\n"
			       "  a folder of md_*.BIN files, as a download over USB leaves them\n"
			       "  a rawdump partition that boot firmware wrote, or an image of it\n"
			       "With --qmp it is that of a virtual machine, whatever state that is in: QEMU holds it\n"
			       "still for as long as it takes to copy its memory.\n"
			       "Numbers may be hexadecimal (0x) and have a suffix K, M or G.",
		      .max = 1, .check = check_collect },
	[WATCH] = { "watch", "", .summary = "wait for the death of a virtual machine, and collect it then",
		    .about = "Wait for QEMU to tell of a panic of a virtual machine (GUEST_PANICKED,\n"
			     "GUEST_CRASHLOADED) or of its watchdog (WATCHDOG), collect the minidump, and wait on.\n"
			     "Connects again when QEMU is restarted. --qmp and --output have to be given.",
		    .check = check_watch },
	[INFO] = { "info", "FILE",
		   .summary = "what machine it was, what it died of, what the dump has and what it lacks",
		   .about = "Show what a dump is of, what it has and what it lacks.", .min = 1, .max = 1 },
	[LOG] = { "log", "FILE", .summary = "the kernel log, to its last line",
		  .about = "Show the kernel log in a dump, as dmesg would have shown it.", .min = 1, .max = 1 },
	[TASKS] = { "tasks", "FILE", .summary = "the tasks, as they were",
		    .about = "Show the tasks in a dump. '*' after the CPU: it was running there.\n"
			     "'?' for the parent: the parent is not in the dump. Kernel threads are in [brackets].",
		    .min = 1, .max = 1 },
	[STACK] = { "stack", "FILE [PID...]", .summary = "what the tasks were doing: their stacks",
		    .about = "Show the stacks of the tasks that were running, or of those with the given PIDs.\n"
			     "'?' marks what may be left over from an earlier call.",
		    .min = 1, .max = -1, .check = check_stack },
	[REPORT] = { "report", "FILE", .summary = "one page about the crash, for a browser",
		     .about =
			     "Write one page about a crash, for a browser: what died and where, the last moments of\n"
			     "each CPU, the log, the tasks, and what was captured. The page is complete in itself and\n"
			     "loads nothing.",
		     .min = 1, .max = 1, .check = check_report },
	[REGIONS] = { "regions", "FILE", .summary = "the pieces of memory in the dump",
		      .about = "Show the pieces of memory in a dump, and where in the file they are.\n"
			       "'not matched' marks a stack that belongs to none of the tasks in the dump.",
		      .min = 1, .max = 1, .check = check_extract },
	[TRACE] = { "trace", "FILE", .summary = "the events in its trace buffers",
		    .about = "Show the trace in a dump, its newest events last, in the lines of 'trace-cmd report'.",
		    .min = 1, .max = 1, .check = check_trace },
	[CONVERT] = { "convert", "FILE", .summary = "the dump anew, for crash, drgn or gdb",
		      .about = "Write a dump that qcmdump collect made anew, for a program that wants more than what\n"
			       "was saved. --for and --output have to be given.",
		      .min = 1, .max = 1, .check = check_convert },
	[REDACT] = { "redact", "FILE", .summary = "the dump anew, without what is nobody else's business",
		     .about = "Write a copy of a dump that can be given away. What may hold other people's data\n"
			      "goes: contents of stacks but for addresses, registers, secrets in the log, the\n"
			      "machine's name, and all regions that are not known to hold none. What went is\n"
			      "listed. --output has to be given.",
		     .min = 1, .max = 1, .check = check_redact },
	[HELP] = { "help", "", .summary = "show this help; 'qcmdump COMMAND --help' shows that of a command",
		   .max = -1 },
};

#define FOR(command) (1U << (command))
#define NAMES	     (FOR(STACK) | FOR(REPORT))
#define LISTS	     (FOR(INFO) | FOR(LOG) | FOR(TASKS) | FOR(STACK) | FOR(REGIONS) | FOR(TRACE))
#define SAVES	     (FOR(COLLECT) | FOR(REPORT) | FOR(CONVERT) | FOR(REDACT))
#define AT(member)   .at = offsetof(struct options, member)

static const struct opt options[] = {
	{ "for", 0, "PROGRAM",
	  "crash: what was not saved reads as zeros, or else it does not start\n"
	  "drgn, gdb: what was not saved is an error to read, as in FILE",
	  FOR(CONVERT), .set = set_program, .expected = "crash, drgn or gdb" },
	{ "level", 0, "LEVEL[+][,LEVEL[+]...]",
	  "one level: records of it and of more important ones; several: of just these, and\n"
	  "with '+' of more important ones. Levels, the most important first:\n"
	  "emerg, alert, crit, err, warn, notice, info, debug",
	  FOR(LOG), .set = set_level,
	  .expected = "emerg, alert, crit, err, warn, notice, info or debug, or a list of them" },
	{ "since", 0, "S", "only from this time on, in seconds as they are shown; -S: the last seconds", FOR(LOG),
	  .set = set_log_since, .expected = "seconds, for example 12.5, or -2 for the last two" },
	{ "follow-caller", 0, "T<PID>|C<CPU>", "only what this thread wrote, or this CPU outside of a thread", FOR(LOG),
	  .set = set_caller, .expected = "T and the PID of a thread, or C and the number of a CPU" },
	{ "all", 'a', NULL, "also those that had exited", FOR(TASKS), AT(all) },
	{ "all", 'a', NULL, "of all tasks in the dump", FOR(STACK), AT(all) },
	{ "array", 0, "NAME", "only this trace array (\"top\" is that of /sys/kernel/tracing itself)", FOR(TRACE),
	  AT(array) },
	{ "cpu", 0, "N", "of the task that this CPU was running", FOR(STACK), .set = set_cpu,
	  .expected = "the number of a CPU" },
	{ "cpu", 0, "N", "only events of this CPU", FOR(TRACE), .set = set_cpu, .expected = "the number of a CPU" },
	{ "event", 0, "GLOB", "only events of this name: 'sched_*', or with their system: 'sched:*'", FOR(TRACE),
	  AT(event) },
	{ "since", 0, "S", "only from this time on, in seconds as they are shown", FOR(TRACE), .set = set_since,
	  .expected = "a number, for example 12.5" },
	{ "last", 0, "MS", "only the last milliseconds", FOR(TRACE), .set = set_last,
	  .expected = "a number, for example 12.5" },
	{ "extract", 0, "NAME[_SEQ]", "instead, save the bytes of this region; SEQ where several have the name",
	  FOR(REGIONS), AT(extract) },
	{ "output", 'o', "FILE", "where to save it (default: " COLLECT_OUTPUT "); '-': standard output", FOR(COLLECT),
	  .set = set_output },
	{ "output", 'o', "FOLDER", "where the dumps go, each under the time of its crash", FOR(WATCH),
	  .set = set_output },
	{ "output", 'o', "PAGE", "where to save it (default: " REPORT_OUTPUT "); '-': standard output", FOR(REPORT),
	  .set = set_output },
	{ "output", 'o', "OUT", "where to save it; '-': standard output", FOR(CONVERT) | FOR(REDACT),
	  .set = set_output },
	{ "output", 'o', "OUT", "with --extract: where to save them; '-': standard output", FOR(REGIONS),
	  .set = set_output },
	{ "output", 'o', "FILE",
	  "instead, save it as a trace.dat, for trace-cmd and KernelShark: one array, and all\nCPUs or one", FOR(TRACE),
	  .set = set_output },
	{ "force", 'f', NULL, "replace that file if it exists", SAVES | FOR(REGIONS) | FOR(TRACE), AT(force) },
	{ "compress", 0, "zstd",
	  "compress the dump; all commands read it as it is (default name:\n" COLLECT_OUTPUT
	  ".zst). --compress=none: do not",
	  FOR(COLLECT), .set = set_compress, .expected = "zstd or none" },
	{ "compress", 0, "zstd", "compress it; all commands read it as it is", FOR(REDACT), .set = set_compress,
	  .expected = "zstd or none" },
	{ "keep", 0, "NAME", "leave regions of this name as they are; can be a pattern, and be given more than once",
	  FOR(REDACT), .set = add_kept },
	{ "log", 0, "PATTERN",
	  "blank lines of the log that this extended regular expression matches, too; can be\n"
	  "given more than once",
	  FOR(REDACT), .set = add_log_pattern },
	{ "comm", 0, NULL, "blank the names of tasks, too", FOR(REDACT), AT(redact.comm) },
	{ "map", 0, "OFFSET:PADDR:SIZE",
	  "SIZE bytes at OFFSET of a raw image are the memory at the physical address\n"
	  "PADDR; can be given more than once. Without it the layout is found out",
	  FOR(COLLECT), .set = add_map },
	{ "table", 0, "PADDR", "use the table at this physical address", FOR(COLLECT), .set = set_table,
	  .expected = "a physical address, for example 0x7f000000" },
	{ "registers", 0, "FILE",
	  "use the table behind these registers: the memory that a virtual machine shares\n"
	  "with its host for the back end mmio. The machine may be running",
	  FOR(COLLECT), AT(collect.image.registers) },
	{ "qmp", 0, "SOCKET", "take the memory of the virtual machine whose QEMU serves QMP at this socket",
	  FOR(COLLECT) | FOR(WATCH), AT(qmp) },
	{ "config", 0, "FILE", "the limits of the folder (default: " COLLECT_CONF_PATH ")", FOR(WATCH), AT(config) },
	{ "continue", 0, NULL, "after that, let the machine go on if QEMU stopped it at its death", FOR(WATCH),
	  AT(go_on) },
	{ "list", 0, NULL, "only list the dumps in a rawdump partition", FOR(COLLECT), AT(list) },
	{ "dump", 0, "N", "take this one of them (default: the first that is complete)", FOR(COLLECT), .set = set_dump,
	  .expected = "a number from 1 on, as --list shows it" },
	{ "vm", 0, "ID", "take the regions of this virtual machine: md_ID_*.BIN, ID being two\nhexadecimal digits",
	  FOR(COLLECT), .set = set_vm,
	  .expected = "the two hexadecimal digits in the names of the files, for example 2d" },
	{ "kallsyms", 0, "FILE", "names from /proc/kallsyms or System.map of the same kernel", NAMES, AT(kallsyms) },
	{ "vmlinux", 0, "FILE",
	  "names, and on x86_64 what leads from frame to frame, from the kernel's ELF file\n"
	  "or vmlinuz",
	  NAMES, AT(vmlinux) },
	{ "vmlinux", 0, "VMLINUX", "add the code of the kernel and its tables for unwinding stacks from this file",
	  FOR(CONVERT), AT(convert.vmlinux) },
	{ "json", 0, NULL, "print JSON", LISTS, AT(json) },
	{ "json", 0, NULL, "print the result as JSON", SAVES, AT(json) },
	{ "no-pager", 0, NULL, "do not pipe the output into a pager", LISTS, AT(no_pager) },
	{ "no-pager", 0, NULL, "no effect: this command uses no pager", SAVES, AT(no_pager) },
};

const struct program qcmdump = {
	.name = "qcmdump",
	.usage = "COMMAND [OPTION...] FILE",
	.about = "Collect and read the minidump of a crashed machine. Needs no root, no debug symbols and no daemon.",
	.verbs = commands,
	.n_verbs = ARRAY_LEN(commands),
	.options = options,
	.n_options = ARRAY_LEN(options),
};
