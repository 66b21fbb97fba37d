// SPDX-License-Identifier: GPL-2.0-only
/* qcmdump: from the memory of a crashed machine to a dump that people can read. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "output.h"

#define EXIT_USAGE 2

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
enum { HAS_ALL = 1, HAS_NAMES = 2, HAS_CPU = 4, HAS_PIDS = 8 };

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
	{ "log", show_log, 0,
	  "Usage: qcmdump log [OPTION...] FILE\n\n"
	  "Show the kernel log in a dump, as dmesg would have shown it.\n\n" COMMON_HELP },
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
	{ "regions", show_regions, 0,
	  "Usage: qcmdump regions [OPTION...] FILE\n\n"
	  "Show the pieces of memory in a dump, and where in the file they are.\n"
	  "'not matched' marks a stack that belongs to none of the tasks in the dump.\n\n" COMMON_HELP },
};

static int usage_error(const char *command)
{
	fprintf(stderr, "Try 'qcmdump %s%s--help'.\n", command, *command ? " " : "");
	return EXIT_USAGE;
}

enum { ARG_JSON = 256, ARG_NO_PAGER, ARG_VERSION, ARG_KALLSYMS, ARG_VMLINUX, ARG_CPU };

static const struct option show_options[] = {
	{ "json", no_argument, NULL, ARG_JSON },
	{ "no-pager", no_argument, NULL, ARG_NO_PAGER },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, ARG_VERSION },
	{ "all", no_argument, NULL, 'a' },
	{ "kallsyms", required_argument, NULL, ARG_KALLSYMS },
	{ "vmlinux", required_argument, NULL, ARG_VMLINUX },
	{ "cpu", required_argument, NULL, ARG_CPU },
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

/* 0: go on; -1: done, all is well; else the exit status. */
static int parse_option(const struct show_command *cmd, int arg, struct show_options *o, bool *pager)
{
	if ((needed_by(arg) & cmd->has) != needed_by(arg)) {
		fprintf(stderr, "qcmdump %s: there is no --%s for this command.\n", cmd->name, option_name(arg));
		return usage_error(cmd->name);
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
		if (o->has_cpu)
			break;
		fprintf(stderr, "qcmdump %s: --cpu wants the number of a CPU, not '%s'.\n", cmd->name, optarg);
		return usage_error(cmd->name);
	default:
		return usage_error(cmd->name);
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
		fprintf(stderr, "qcmdump %s: '%s' is no PID.\n", cmd->name, argv[i]);
		return usage_error(cmd->name);
	}
	if ((n > 0) + o->has_cpu + (o->all && cmd->has & HAS_PIDS) <= 1)
		return 0;
	fprintf(stderr, "qcmdump %s: PIDs, --cpu or --all: one of them.\n", cmd->name);
	return usage_error(cmd->name);
}

/* As parse_option() */
static int parse_args(const struct show_command *cmd, int argc, char *argv[], struct show_options *o, bool *pager)
{
	int c, r;

	while ((c = getopt_long(argc, argv, "ha", show_options, NULL)) != -1) {
		r = parse_option(cmd, c, o, pager);
		if (r)
			return r;
	}
	if (optind + 1 == argc || (optind < argc && cmd->has & HAS_PIDS))
		return parse_pids(cmd, argv + optind + 1, argc - optind - 1, o);
	if (optind == argc)
		fprintf(stderr, "qcmdump %s: Name the dump to look at.\n", cmd->name);
	else
		fprintf(stderr, "qcmdump %s: One dump at a time: what is '%s'?\n", cmd->name, argv[optind + 1]);
	return usage_error(cmd->name);
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
		if (pager && !o.json)
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
		fprintf(stderr, "qcmdump: '%s' is no command.\n", name);
	else
		fputs("qcmdump: Say what to do.\n", stderr);
	return usage_error("");
}
