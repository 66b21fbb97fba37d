// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "collect.h"
#include "outfile.h"
#include "output.h"

#define DEFAULT_OUTPUT "minidump.elf"
#define MAPS_MAX       64
#define EXIT_USAGE     2

const char collect_help[] =
	"Usage: qcmdump collect [OPTION...] SOURCE\n"
	"\n"
	"Find the minidump table in the memory of a crashed machine and save its regions as an ELF core.\n"
	"SOURCE is a raw image of the machine's memory, or an ELF core of it (/proc/vmcore in a capture\n"
	"kernel, or what QEMU's dump-guest-memory writes).\n"
	"\n"
	"  -o, --output=FILE         where to save it (default: " DEFAULT_OUTPUT ")\n"
	"  -f, --force               replace FILE if it exists\n"
	"      --map=OFFSET:PADDR:SIZE\n"
	"                            SIZE bytes at OFFSET of a raw image are the memory at the physical address\n"
	"                            PADDR; can be given more than once. Without it the layout is found out\n"
	"      --table=PADDR         use the table at this physical address\n"
	"      --json                print the result as JSON\n"
	"      --no-pager            no effect: this command uses no pager\n"
	"  -h, --help                show this help\n"
	"      --version             show the version\n"
	"\n"
	"Numbers may be hexadecimal (0x) and have a suffix K, M or G.\n";

struct collect_args {
	const char *source;
	const char *output;
	struct range maps[MAPS_MAX];
	uint64_t table;
	struct collect_options o;
	bool force;
	bool json;
};

static int usage(const char *fmt, ...) _printf_(1, 2);
static int usage(const char *fmt, ...)
{
	va_list ap;

	fputs("qcmdump collect: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\nTry 'qcmdump collect --help'.\n", stderr);
	return EXIT_USAGE;
}

static int add_map(struct collect_args *a, const char *arg)
{
	struct derr err;

	if (a->o.n_maps == MAPS_MAX)
		return usage("--map can be given at most %d times.", MAPS_MAX);
	if (image_parse_map(arg, &a->maps[a->o.n_maps], &err) < 0)
		return usage("%s", err.text);
	a->o.n_maps++;
	return 0;
}

/* 0: go on; -1: done, all is well; else the exit status. */
static int parse_args(struct collect_args *a, int argc, char *argv[])
{
	enum { ARG_MAP = 256, ARG_TABLE, ARG_JSON, ARG_NO_PAGER, ARG_VERSION };
	static const struct option options[] = { { "output", required_argument, NULL, 'o' },
						 { "force", no_argument, NULL, 'f' },
						 { "map", required_argument, NULL, ARG_MAP },
						 { "table", required_argument, NULL, ARG_TABLE },
						 { "json", no_argument, NULL, ARG_JSON },
						 { "no-pager", no_argument, NULL, ARG_NO_PAGER },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, ARG_VERSION },
						 { 0 } };
	int c, r;

	*a = (struct collect_args){ .output = DEFAULT_OUTPUT };
	a->o.maps = a->maps;
	while ((c = getopt_long(argc, argv, "o:fh", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			a->output = optarg;
			break;
		case 'f':
			a->force = true;
			break;
		case ARG_MAP:
			r = add_map(a, optarg);
			if (r)
				return r;
			break;
		case ARG_TABLE:
			if (parse_size(optarg, &a->table) < 0)
				return usage("--table=%s: expected a physical address, for example 0x7f000000.",
					     optarg);
			a->o.table = &a->table;
			break;
		case ARG_JSON:
			a->json = true;
			break;
		case ARG_NO_PAGER:
			break;
		case 'h':
			fputs(collect_help, stdout);
			return -1;
		case ARG_VERSION:
			puts("qcmdump " QCMD_VERSION);
			return -1;
		default:
			fputs("Try 'qcmdump collect --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return usage("Name the memory image or vmcore to collect from.");
	if (optind + 1 < argc)
		return usage("One source at a time: what is '%s'?", argv[optind + 1]);
	if (!a->output[0])
		return usage("The name of the output file is empty.");
	a->source = argv[optind];
	return 0;
}

static void print_result(const struct collection *c, const struct collect_args *a)
{
	const struct strlist *problems = &c->toc.problems;
	char size[SIZE_TEXT_MAX], of[SIZE_TEXT_MAX];

	printf("Table at 0x%" PRIx64 " (back end %s): %u of %u slots in use.\n", c->toc.header, COLLECT_BACKEND,
	       c->toc.slots_used, c->toc.slots_max);
	printf("Saved %zu regions, %s (%.2f %% of %s), to %s.\n", c->toc.n_regions, size_text(size, c->toc.bytes),
	       (double)c->toc.bytes * 100 / (double)c->ram, size_text(of, c->ram), a->output);
	if (problems->n)
		printf("%zu problem%s:\n", problems->n + problems->left_out,
		       problems->n + problems->left_out == 1 ? "" : "s");
	for (size_t i = 0; i < problems->n; i++) {
		_cleanup_free_ char *safe = escape_text(problems->v[i], strlen(problems->v[i]));

		printf("  %s\n", safe);
	}
	if (problems->left_out)
		printf("  and %zu more\n", problems->left_out);
	printf("Look at it with: qcmdump info %s\n", a->output);
}

static void print_result_json(const struct collection *c, const struct collect_args *a)
{
	struct json_object *j = json_object_new_object(), *problems = json_object_new_array();

	json_add_text(j, "output", a->output);
	json_add_text(j, "source", a->source);
	json_add_text(j, "backend", COLLECT_BACKEND);
	json_add_u64(j, "table", c->toc.header);
	json_add_u64(j, "slots_used", c->toc.slots_used);
	json_add_u64(j, "slots_max", c->toc.slots_max);
	json_add_u64(j, "regions", c->toc.n_regions);
	json_add_u64(j, "region_bytes", c->toc.bytes);
	json_add_u64(j, "memory_bytes", c->ram);
	for (size_t i = 0; i < c->toc.problems.n; i++)
		json_object_array_add(problems, json_text(c->toc.problems.v[i], strlen(c->toc.problems.v[i])));
	json_object_object_add(j, "problems", problems);
	json_add_u64(j, "problems_left_out", c->toc.problems.left_out);
	json_print(j, stdout);
}

static int collect(const struct collect_args *a, struct derr *err)
{
	struct outfile out = { .fd = -1 };
	struct collection c;
	int r;

	r = collect_prepare(&c, a->source, &a->o, err);
	if (r == 0)
		r = outfile_open(&out, a->output, a->force, c.img.fd, err);
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

int cmd_collect(int argc, char *argv[])
{
	struct collect_args a;
	struct derr err;
	int r;

	r = parse_args(&a, argc, argv);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	/* Before the search, which may take a minute. */
	if (!a.force && access(a.output, F_OK) == 0) {
		fprintf(stderr, "qcmdump: %s exists already. Replace it with --force, or give another name with -o.\n",
			a.output);
		return EXIT_FAILURE;
	}
	r = collect(&a, &err);
	if (r < 0)
		fprintf(stderr, "qcmdump: %s\n", err.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
