// SPDX-License-Identifier: GPL-2.0-only
/* qcmdump: from the memory of a crashed machine to a dump that people can read. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "dump/commands.h"
#include "lib/colour.h"
#include "lib/output.h"
#include "lib/usage.h"

static const char main_help[] =
	"Usage: qcmdump COMMAND [OPTION...] FILE\n"
	"\n"
	"Collect and read the minidump of a crashed machine. Needs no root, no debug symbols and no daemon.\n"
	"\n"
	"  collect SOURCE   save the minidump in a memory image, a vmcore, a folder of md_*.BIN files or a\n"
	"                   rawdump partition as an ELF core\n"
	"  info FILE        what machine it was, what it died of, what the dump has and what it lacks\n"
	"  log FILE         the kernel log, to its last line\n"
	"  tasks FILE       the tasks, as they were\n"
	"  stack FILE       what the tasks were doing: their stacks\n"
	"  report FILE      one page about the crash, for a browser\n"
	"  regions FILE     the pieces of memory in the dump\n"
	"  trace FILE       the events in its trace buffers\n"
	"  convert FILE     the dump anew, for crash, drgn or gdb\n"
	"\n"
	"  -h, --help       show this help; 'qcmdump COMMAND --help' shows that of a command\n"
	"      --version    show the version\n";

/* A command that looks at one dump. */
struct show_command {
	const char *name;
	int (*show)(const struct corefile *core, const struct show_options *o, FILE *out, struct derr *err);
	unsigned int has; /* of the options below */
	const char *help;
};

/* Options that not every command has. */
enum { HAS_ALL = 1, HAS_NAMES = 2, HAS_CPU = 4, HAS_PIDS = 8, HAS_FILTER = 16, HAS_EXTRACT = 32 };

#define COMMON_HELP                                                \
	"      --json       print JSON\n"                          \
	"      --no-pager   do not pipe the output into a pager\n" \
	"  -h, --help       show this help\n"                      \
	"      --version    show the version\n"

#define NAMES_HELP                                                                        \
	"      --kallsyms=FILE\n"                                                         \
	"                   names from /proc/kallsyms or System.map of the same kernel\n" \
	"      --vmlinux=FILE\n"                                                          \
	"                   names, and on x86_64 what leads from frame to frame, from the kernel's ELF file\n"

static const struct show_command show_commands[] = {
	{ "info", show_info, 0,
	  "Usage: qcmdump info [OPTION...] FILE\n\n"
	  "Show what a dump is of, what it has and what it lacks.\n\n" COMMON_HELP },
	{ "log", show_log, HAS_FILTER,
	  "Usage: qcmdump log [OPTION...] FILE\n\n"
	  "Show the kernel log in a dump, as dmesg would have shown it.\n\n"
	  "      --level=LEVEL[+][,LEVEL[+]...]\n"
	  "                   one level: records of it and of more important ones; several: of just these, and\n"
	  "                   with '+' of more important ones. Levels, the most important first:\n"
	  "                   emerg, alert, crit, err, warn, notice, info, debug\n"
	  "      --since=S    only from this time on, in seconds as they are shown; -S: the last seconds\n"
	  "      --follow-caller=T<PID>|C<CPU>\n"
	  "                   only what this thread wrote, or this CPU outside of a thread\n" COMMON_HELP },
	{ "tasks", show_tasks, HAS_ALL,
	  "Usage: qcmdump tasks [OPTION...] FILE\n\n"
	  "Show the tasks in a dump. '*' after the CPU: it was running there.\n"
	  "'?' for the parent: the parent is not in the dump. Kernel threads are in [brackets].\n\n"
	  "  -a, --all        also those that had exited\n" COMMON_HELP },
	{ "stack", show_stack, HAS_ALL | HAS_NAMES | HAS_CPU | HAS_PIDS,
	  "Usage: qcmdump stack [OPTION...] FILE [PID...]\n\n"
	  "Show the stacks of the tasks that were running, or of those with the given PIDs.\n"
	  "'?' marks what may be left over from an earlier call.\n\n"
	  "  -a, --all        of all tasks in the dump\n"
	  "      --cpu=N      of the task that this CPU was running\n" NAMES_HELP COMMON_HELP },
	{ "regions", show_regions, HAS_EXTRACT,
	  "Usage: qcmdump regions [OPTION...] FILE\n"
	  "       qcmdump regions --extract=NAME[_SEQ] -o OUT [OPTION...] FILE\n\n"
	  "Show the pieces of memory in a dump, and where in the file they are.\n"
	  "'not matched' marks a stack that belongs to none of the tasks in the dump.\n\n"
	  "      --extract=NAME[_SEQ]\n"
	  "                   instead, save the bytes of this region; SEQ where several have the name\n"
	  "  -o, --output=OUT with --extract: where to save them; '-' for standard output\n"
	  "  -f, --force      replace OUT if it exists\n" COMMON_HELP },
};

enum {
	ARG_JSON = 256,
	ARG_NO_PAGER,
	ARG_VERSION,
	ARG_KALLSYMS,
	ARG_VMLINUX,
	ARG_CPU,
	ARG_LEVEL,
	ARG_SINCE,
	ARG_FOLLOW_CALLER,
	ARG_EXTRACT,
};

static const struct option show_options[] = {
	{ "json", no_argument, NULL, ARG_JSON },
	{ "no-pager", no_argument, NULL, ARG_NO_PAGER },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, ARG_VERSION },
	{ "all", no_argument, NULL, 'a' },
	{ "kallsyms", required_argument, NULL, ARG_KALLSYMS },
	{ "vmlinux", required_argument, NULL, ARG_VMLINUX },
	{ "cpu", required_argument, NULL, ARG_CPU },
	{ "level", required_argument, NULL, ARG_LEVEL },
	{ "since", required_argument, NULL, ARG_SINCE },
	{ "follow-caller", required_argument, NULL, ARG_FOLLOW_CALLER },
	{ "extract", required_argument, NULL, ARG_EXTRACT },
	{ "output", required_argument, NULL, 'o' },
	{ "force", no_argument, NULL, 'f' },
	{ 0 },
};

static unsigned int needed_by(int arg)
{
	switch (arg) {
	case 'a':
		return HAS_ALL;
	case ARG_KALLSYMS:
	case ARG_VMLINUX:
		return HAS_NAMES;
	case ARG_CPU:
		return HAS_CPU;
	case ARG_LEVEL:
	case ARG_SINCE:
	case ARG_FOLLOW_CALLER:
		return HAS_FILTER;
	case ARG_EXTRACT:
	case 'o':
	case 'f':
		return HAS_EXTRACT;
	default:
		return 0;
	}
}

static const char *option_name(int arg)
{
	for (const struct option *o = show_options; o->name; o++)
		if (o->val == arg)
			return o->name;
	return "";
}

static bool parse_int(const char *s, int32_t *ret)
{
	uint64_t n;

	if (parse_size(s, &n) < 0 || n > INT32_MAX)
		return false;
	*ret = (int32_t)n;
	return true;
}

/* The exit status of an option with a wrong argument, 0 for a right one. */
static int check(const struct show_command *cmd, bool is_right, const char *expected)
{
	if (is_right)
		return 0;
	return usage_error(cmd->name, "%s, not '%s'.", expected, optarg);
}

/* 0: go on; -1: done, all is well; else the exit status. */
static int parse_option(const struct show_command *cmd, int arg, struct show_options *o, bool *pager)
{
	if ((needed_by(arg) & cmd->has) != needed_by(arg)) {
		return usage_error(cmd->name, "there is no --%s for this command.", option_name(arg));
	}
	switch (arg) {
	case ARG_JSON:
		o->json = true;
		break;
	case ARG_NO_PAGER:
		*pager = false;
		break;
	case 'h':
		fputs(cmd->help, stdout);
		return -1;
	case ARG_VERSION:
		puts("qcmdump " QCMD_VERSION);
		return -1;
	case 'a':
		o->all = true;
		break;
	case ARG_KALLSYMS:
		o->kallsyms = optarg;
		break;
	case ARG_VMLINUX:
		o->vmlinux = optarg;
		break;
	case ARG_CPU:
		o->has_cpu = parse_int(optarg, &o->cpu);
		return check(cmd, o->has_cpu, "--cpu wants the number of a CPU");
	case ARG_LEVEL:
		return check(cmd, log_filter_levels(&o->log, optarg) == 0,
			     "--level wants emerg, alert, crit, err, warn, notice, info or debug, or a list of them");
	case ARG_SINCE:
		return check(cmd, log_filter_since(&o->log, optarg) == 0,
			     "--since wants seconds, for example 12.5, or -2 for the last two");
	case ARG_FOLLOW_CALLER:
		return check(cmd, log_filter_caller(&o->log, optarg) == 0,
			     "--follow-caller wants T and the PID of a thread, or C and the number of a CPU");
	case ARG_EXTRACT:
		o->extract = optarg;
		break;
	case 'o':
		o->output = optarg;
		break;
	case 'f':
		o->force = true;
		break;
	default:
		return usage_error(cmd->name, NULL);
	}
	return 0;
}

/* What comes after the name of the dump. */
static int parse_pids(const struct show_command *cmd, char *argv[], size_t n, struct show_options *o)
{
	o->pids = dump_alloc(n, sizeof(*o->pids));
	o->n_pids = n;
	for (size_t i = 0; i < n; i++) {
		if (parse_int(argv[i], &o->pids[i]))
			continue;
		return usage_error(cmd->name, "'%s' is no PID.", argv[i]);
	}
	if ((n > 0) + o->has_cpu + (o->all && cmd->has & HAS_PIDS) <= 1)
		return 0;
	return usage_error(cmd->name, "PIDs, --cpu or --all: one of them.");
}

/* Options that need each other, or do not go together: NULL or what is wrong. */
static const char *check_extract(const struct show_options *o)
{
	if (!o->extract)
		return o->output || o->force ? "-o and --force are for --extract." : NULL;
	if (!o->output)
		return "Say with -o where to save the region.";
	if (!*o->output)
		return "The name of the output file is empty.";
	if (o->json && !strcmp(o->output, "-"))
		return "Standard output is for the region: leave out --json.";
	return NULL;
}

/* As parse_option() */
static int parse_args(const struct show_command *cmd, int argc, char *argv[], struct show_options *o, bool *pager)
{
	const char *wrong;
	int c, r;

	while ((c = getopt_long(argc, argv, "hao:f", show_options, NULL)) != -1) {
		r = parse_option(cmd, c, o, pager);
		if (r)
			return r;
	}
	wrong = check_extract(o);
	if (wrong) {
		return usage_error(cmd->name, "%s", wrong);
	}
	if (optind + 1 == argc || (optind < argc && cmd->has & HAS_PIDS))
		return parse_pids(cmd, argv + optind + 1, argc - optind - 1, o);
	if (optind == argc)
		return usage_error(cmd->name, "Name the dump to look at.");
	return usage_error(cmd->name, "One dump at a time: what is '%s'?", argv[optind + 1]);
}

void warn_cut_off(const struct corefile *core)
{
	char size[SIZE_TEXT_MAX];

	if (core->elf.missing)
		fprintf(stderr, "qcmdump: %s is cut off: the last %s of its memory are missing. Copy it again.\n",
			core->path, size_text(size, core->elf.missing));
}

static int run_show(const struct show_command *cmd, int argc, char *argv[])
{
	struct show_options o = { 0 };
	struct corefile core;
	bool pager = true;
	struct derr err;
	int r;

	r = parse_args(cmd, argc, argv, &o, &pager);
	if (r) {
		free(o.pids);
		return r < 0 ? EXIT_SUCCESS : r;
	}
	r = core_open(&core, argv[optind], &err);
	if (r == 0) {
		warn_cut_off(&core);
		o.colour = !o.json && colour_wanted();
		if (pager && !o.json && !o.extract)
			pager_start();
		r = cmd->show(&core, &o, stdout, &err);
	}
	if (r == 0 && (fflush(stdout) || ferror(stdout)))
		r = derr_set(&err, -EIO, "Cannot write the output: %s", strerror(errno));
	pager_wait();
	core_close(&core);
	free(o.pids);
	if (r < 0)
		fprintf(stderr, "qcmdump: %s\n", err.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
		fputs(main_help, stdout);
		return EXIT_SUCCESS;
	}
	if (!strcmp(name, "--version")) {
		puts("qcmdump " QCMD_VERSION);
		return EXIT_SUCCESS;
	}
	argc--;
	argv++;
	if (!strcmp(name, "collect"))
		return cmd_collect(argc, argv);
	if (!strcmp(name, "report"))
		return cmd_report(argc, argv);
	if (!strcmp(name, "trace"))
		return cmd_trace(argc, argv);
	if (!strcmp(name, "convert"))
		return cmd_convert(argc, argv);
	for (size_t i = 0; i < ARRAY_LEN(show_commands); i++)
		if (!strcmp(name, show_commands[i].name))
			return run_show(&show_commands[i], argc, argv);
	if (*name)
		return usage_error(NULL, "'%s' is no command.", name);
	return usage_error(NULL, "Say what to do.");
}
