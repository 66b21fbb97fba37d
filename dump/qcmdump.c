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
	"  regions FILE     the pieces of memory in the dump\n"
	"  convert FILE     the dump anew, for crash, drgn or gdb\n"
	"\n"
	"  -h, --help       show this help; 'qcmdump COMMAND --help' shows that of a command\n"
	"      --version    show the version\n";

/* A command that looks at one dump. */
struct show_command {
	const char *name;
	int (*show)(const struct corefile *core, const struct show_options *o, FILE *out, struct derr *err);
	bool has_all;
	const char *help;
};

#define COMMON_HELP                                                \
	"      --json       print JSON\n"                          \
	"      --no-pager   do not pipe the output into a pager\n" \
	"  -h, --help       show this help\n"                      \
	"      --version    show the version\n"

static const struct show_command show_commands[] = {
	{ "info", show_info, false,
	  "Usage: qcmdump info [OPTION...] FILE\n\n"
	  "Show what a dump is of, what it has and what it lacks.\n\n" COMMON_HELP },
	{ "log", show_log, false,
	  "Usage: qcmdump log [OPTION...] FILE\n\n"
	  "Show the kernel log in a dump, as dmesg would have shown it.\n\n" COMMON_HELP },
	{ "tasks", show_tasks, true,
	  "Usage: qcmdump tasks [OPTION...] FILE\n\n"
	  "Show the tasks in a dump. '*' after the CPU: it was running there.\n"
	  "'?' for the parent: the parent is not in the dump. Kernel threads are in [brackets].\n\n"
	  "  -a, --all        also those that had exited\n" COMMON_HELP },
	{ "regions", show_regions, false,
	  "Usage: qcmdump regions [OPTION...] FILE\n\n"
	  "Show the pieces of memory in a dump, and where in the file they are.\n"
	  "'not matched' marks a stack that belongs to none of the tasks in the dump.\n\n" COMMON_HELP },
};

static int usage_error(const char *command)
{
	fprintf(stderr, "Try 'qcmdump %s%s--help'.\n", command, *command ? " " : "");
	return EXIT_USAGE;
}

/* 0: go on; -1: done, all is well; else the exit status. */
static int parse_args(const struct show_command *cmd, int argc, char *argv[], struct show_options *o, bool *pager)
{
	enum { ARG_JSON = 256, ARG_NO_PAGER, ARG_VERSION };
	static const struct option options[] = {
		{ "json", no_argument, NULL, ARG_JSON }, { "no-pager", no_argument, NULL, ARG_NO_PAGER },
		{ "help", no_argument, NULL, 'h' },	 { "version", no_argument, NULL, ARG_VERSION },
		{ "all", no_argument, NULL, 'a' },	 { 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "ha", options, NULL)) != -1) {
		switch (c) {
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
			if (cmd->has_all) {
				o->all = true;
				break;
			}
			fprintf(stderr, "qcmdump %s: there is no --all for this command.\n", cmd->name);
			return usage_error(cmd->name);
		default:
			return usage_error(cmd->name);
		}
	}
	if (optind + 1 == argc)
		return 0;
	if (optind == argc)
		fprintf(stderr, "qcmdump %s: Name the dump to look at.\n", cmd->name);
	else
		fprintf(stderr, "qcmdump %s: One dump at a time: what is '%s'?\n", cmd->name, argv[optind + 1]);
	return usage_error(cmd->name);
}

/* Whatever is asked of it: an answer from half a dump is half an answer. */
static void warn_cut_off(const struct corefile *core)
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
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
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
