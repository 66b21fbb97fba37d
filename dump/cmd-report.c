// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "dump/commands.h"
#include "lib/outfile.h"
#include "lib/output.h"
#include "dump/report/report.h"
#include "lib/usage.h"

#define DEFAULT_OUTPUT "report.html"

static const char report_help[] =
	"Usage: qcmdump report [OPTION...] FILE\n"
	"\n"
	"Write one page about a crash, for a browser: what died and where, the last moments of each CPU, the\n"
	"log, the tasks, and what was captured. The page is complete in itself and loads nothing.\n"
	"\n"
	"  -o, --output=PAGE    where to save it (default: " DEFAULT_OUTPUT ")\n"
	"  -f, --force          replace PAGE if it exists\n"
	"      --kallsyms=FILE  names from /proc/kallsyms or System.map of the same kernel\n"
	"      --vmlinux=FILE   names, and on x86_64 what leads from frame to frame, from the kernel's ELF file\n"
	"      --json           print the result as JSON\n"
	"      --no-pager       no effect: this command uses no pager\n"
	"  -h, --help           show this help\n"
	"      --version        show the version\n";

struct report_args {
	const char *source;
	const char *output;
	const char *kallsyms;
	const char *vmlinux;
	bool force;
	bool json;
};

static int check_args(struct report_args *a, int argc, char *argv[])
{
	if (!a->output[0])
		return usage_error("report", "The name of the page is empty.");
	if (optind == argc)
		return usage_error("report", "Name the dump to look at.");
	if (optind + 1 < argc)
		return usage_error("report", "One dump at a time: what is '%s'?", argv[optind + 1]);
	a->source = argv[optind];
	return 0;
}

/* 0: go on; -1: done, all is well; else the exit status. */
static int parse_args(struct report_args *a, int argc, char *argv[])
{
	enum { ARG_KALLSYMS = 256, ARG_VMLINUX, ARG_JSON, ARG_NO_PAGER, ARG_VERSION };
	static const struct option options[] = { { "output", required_argument, NULL, 'o' },
						 { "force", no_argument, NULL, 'f' },
						 { "kallsyms", required_argument, NULL, ARG_KALLSYMS },
						 { "vmlinux", required_argument, NULL, ARG_VMLINUX },
						 { "json", no_argument, NULL, ARG_JSON },
						 { "no-pager", no_argument, NULL, ARG_NO_PAGER },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, ARG_VERSION },
						 { 0 } };
	int c;

	*a = (struct report_args){ .output = DEFAULT_OUTPUT };
	while ((c = getopt_long(argc, argv, "o:fh", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			a->output = optarg;
			break;
		case 'f':
			a->force = true;
			break;
		case ARG_KALLSYMS:
			a->kallsyms = optarg;
			break;
		case ARG_VMLINUX:
			a->vmlinux = optarg;
			break;
		case ARG_JSON:
			a->json = true;
			break;
		case ARG_NO_PAGER:
			break;
		case 'h':
			fputs(report_help, stdout);
			return -1;
		case ARG_VERSION:
			puts("qcmdump " QCMD_VERSION);
			return -1;
		default:
			return usage_error("report", NULL);
		}
	}
	return check_args(a, argc, argv);
}

static int save(const struct report_args *a, const struct corefile *core, const struct backtrace *b, struct derr *err)
{
	struct outfile file = { .fd = -1 };
	FILE *out;
	int r;

	r = outfile_open(&file, a->output, a->force, core->fd, err);
	if (r < 0)
		return r;
	out = fdopen(dup(file.fd), "w");
	if (!out) {
		r = derr_set(err, -errno, "Cannot write %s: %s", a->output, strerror(errno));
	} else {
		report_write(core, b, out);
		if (ferror(out) | fclose(out))
			r = derr_set(err, -EIO, "Cannot write %s: %s", a->output, strerror(errno));
	}
	if (r == 0)
		r = outfile_commit(&file, err);
	outfile_close(&file);
	return r;
}

static void print_result(const struct report_args *a)
{
	struct json_object *j;

	if (!a->json) {
		printf("Saved the report to %s. Open it with a browser.\n", a->output);
		return;
	}
	j = json_object_new_object();
	json_add_text(j, "output", a->output);
	json_add_text(j, "source", a->source);
	json_print(j, stdout);
}

int cmd_report(int argc, char *argv[])
{
	struct backtrace b = { .vmlinux = { .fd = -1 } };
	struct report_args a;
	struct corefile core;
	struct derr err;
	int r;

	r = parse_args(&a, argc, argv);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	r = core_open(&core, a.source, &err);
	if (r == 0)
		r = backtrace_open(&b, &core, a.vmlinux, a.kallsyms, &err);
	if (r == 0)
		r = save(&a, &core, &b, &err);
	if (r == 0)
		print_result(&a);
	else
		fprintf(stderr, "qcmdump: %s\n", err.text);
	backtrace_close(&b);
	core_close(&core);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
