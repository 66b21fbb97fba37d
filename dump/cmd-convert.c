// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <getopt.h>
#include <string.h>

#include "dump/commands.h"
#include "dump/collect/convert.h"
#include "lib/outfile.h"
#include "lib/output.h"
#include "lib/usage.h"

static const char convert_help[] =
	"Usage: qcmdump convert [OPTION...] --for=PROGRAM FILE -o OUT\n"
	"\n"
	"Write a dump that qcmdump collect made anew, for a program that wants more than what was saved.\n"
	"\n"
	"      --for=PROGRAM      crash: what was not saved reads as zeros, or else it does not start\n"
	"                         drgn, gdb: what was not saved is an error to read, as in FILE\n"
	"  -o, --output=OUT       where to save it\n"
	"      --vmlinux=VMLINUX  add the code of the kernel and its tables for unwinding stacks from this file\n"
	"  -f, --force            replace OUT if it exists\n"
	"      --json             print the result as JSON\n"
	"      --no-pager         no effect: this command uses no pager\n"
	"  -h, --help             show this help\n"
	"      --version          show the version\n";

struct convert_args {
	const char *source;
	const char *output;
	struct convert_options o;
	bool force;
	bool json;
};

static int check_args(struct convert_args *a, int argc, char *argv[])
{
	if (!a->o.program)
		return usage_error("convert", "Say which program it is for: --for=crash, --for=drgn or --for=gdb.");
	if (strcmp(a->o.program, "crash") && strcmp(a->o.program, "drgn") && strcmp(a->o.program, "gdb"))
		return usage_error("convert", "--for=%s: expected crash, drgn or gdb.", a->o.program);
	if (!a->output || !a->output[0])
		return usage_error("convert", "Say where to save it, with -o.");
	if (optind == argc)
		return usage_error("convert", "Name the dump to convert.");
	if (optind + 1 < argc)
		return usage_error("convert", "One dump at a time: what is '%s'?", argv[optind + 1]);
	a->source = argv[optind];
	return 0;
}

/* 0: go on; -1: done, all is well; else the exit status. */
static int parse_args(struct convert_args *a, int argc, char *argv[])
{
	enum { ARG_FOR = 256, ARG_VMLINUX, ARG_JSON, ARG_NO_PAGER, ARG_VERSION };
	static const struct option options[] = { { "for", required_argument, NULL, ARG_FOR },
						 { "output", required_argument, NULL, 'o' },
						 { "vmlinux", required_argument, NULL, ARG_VMLINUX },
						 { "force", no_argument, NULL, 'f' },
						 { "json", no_argument, NULL, ARG_JSON },
						 { "no-pager", no_argument, NULL, ARG_NO_PAGER },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, ARG_VERSION },
						 { 0 } };
	int c;

	*a = (struct convert_args){ 0 };
	while ((c = getopt_long(argc, argv, "o:fh", options, NULL)) != -1) {
		switch (c) {
		case ARG_FOR:
			a->o.program = optarg;
			break;
		case 'o':
			a->output = optarg;
			break;
		case ARG_VMLINUX:
			a->o.vmlinux = optarg;
			break;
		case 'f':
			a->force = true;
			break;
		case ARG_JSON:
			a->json = true;
			break;
		case ARG_NO_PAGER:
			break;
		case 'h':
			fputs(convert_help, stdout);
			return -1;
		case ARG_VERSION:
			puts("qcmdump " QCMD_VERSION);
			return -1;
		default:
			return usage_error("convert", NULL);
		}
	}
	return check_args(a, argc, argv);
}

static void print_result(const struct collection *c, const struct convert_args *a)
{
	char size[SIZE_TEXT_MAX];

	printf("Saved %zu regions, %s, to %s.\n", c->toc.n_regions, size_text(size, c->toc.bytes), a->output);
	for (size_t i = 0; i < c->made.what.n; i++) {
		_cleanup_free_ char *safe = escape_text(c->made.what.v[i], strlen(c->made.what.v[i]));

		printf("Added: %s\n", safe);
	}
	if (c->layout.gaps.n)
		printf("%s in %zu gaps were not saved in the crash: they read as zeros there.\n",
		       size_text(size, rangemap_total(&c->layout.gaps)), c->layout.gaps.n);
	for (size_t i = 0; i < c->toc.problems.n; i++) {
		_cleanup_free_ char *safe = escape_text(c->toc.problems.v[i], strlen(c->toc.problems.v[i]));

		printf("Problem: %s\n", safe);
	}
}

static void print_result_json(const struct collection *c, const struct convert_args *a)
{
	struct json_object *j = json_object_new_object(), *problems = json_object_new_array();

	json_add_text(j, "output", a->output);
	json_add_text(j, "source", a->source);
	json_add_text(j, "for", a->o.program);
	json_add_u64(j, "regions", c->toc.n_regions);
	json_add_u64(j, "region_bytes", c->toc.bytes);
	json_add_u64(j, "gaps", c->layout.gaps.n);
	json_add_u64(j, "gap_bytes", rangemap_total(&c->layout.gaps));
	for (size_t i = 0; i < c->toc.problems.n; i++)
		json_object_array_add(problems, json_text(c->toc.problems.v[i], strlen(c->toc.problems.v[i])));
	json_object_object_add(j, "problems", problems);
	json_print(j, stdout);
}

static int convert(const struct convert_args *a, struct derr *err)
{
	/* The file itself: the image may be what was decompressed of it. */
	_cleanup_close_ int source = open(a->source, O_PATH | O_CLOEXEC);
	struct outfile out = { .fd = -1 };
	struct collection c;
	int r;

	r = convert_prepare(&c, a->source, &a->o, err);
	if (r == 0)
		r = outfile_open(&out, a->output, a->force, source, err);
	if (r == 0)
		r = collect_write(&c, out.fd, err);
	if (r == 0)
		r = outfile_commit(&out, err);
	outfile_close(&out);
	if (r == 0) {
		if (a->json)
			print_result_json(&c, a);
		else
			print_result(&c, a);
	}
	collection_clear(&c);
	return r;
}

int cmd_convert(int argc, char *argv[])
{
	struct convert_args a;
	struct derr err;
	int r;

	r = parse_args(&a, argc, argv);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	r = convert(&a, &err);
	if (r < 0)
		fprintf(stderr, "qcmdump: %s\n", err.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
