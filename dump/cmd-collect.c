// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "dump/commands.h"
#include "dump/collect/collect.h"
#include "lib/outfile.h"
#include "lib/output.h"
#include "dump/image/rawdump.h"
#include "lib/usage.h"
#include "dump/core/zstdfile.h"

#define DEFAULT_OUTPUT	    "minidump.elf"
#define DEFAULT_OUTPUT_ZSTD DEFAULT_OUTPUT ".zst"
#define MAPS_MAX	    64

static const char collect_help[] =
	"Usage: qcmdump collect [OPTION...] SOURCE\n"
	"\n"
	"Save the minidump of a crashed machine as an ELF core. SOURCE is told by its content:\n"
	"  a raw image of the machine's memory, or an ELF core of it (/proc/vmcore in a capture kernel, or\n"
	"  what QEMU's dump-guest-memory writes): the minidump table is looked for in it\n"
	"  a folder of md_*.BIN files, as a download over USB leaves them\n"
	"  a rawdump partition that boot firmware wrote, or an image of it\n"
	"\n"
	"  -o, --output=FILE         where to save it (default: " DEFAULT_OUTPUT ")\n"
	"  -f, --force               replace FILE if it exists\n"
	"      --compress=zstd       compress the dump; all commands read it as it is (default name:\n"
	"                            " DEFAULT_OUTPUT_ZSTD "). --compress=none: do not\n"
	"      --map=OFFSET:PADDR:SIZE\n"
	"                            SIZE bytes at OFFSET of a raw image are the memory at the physical address\n"
	"                            PADDR; can be given more than once. Without it the layout is found out\n"
	"      --table=PADDR         use the table at this physical address\n"
	"      --registers=FILE      use the table behind these registers: the memory that a virtual machine shares\n"
	"                            with its host for the back end mmio. The machine may be running\n"
	"      --list                only list the dumps in a rawdump partition\n"
	"      --dump=N              take this one of them (default: the first that is complete)\n"
	"      --vm=ID               take the regions of this virtual machine: md_ID_*.BIN, ID being two\n"
	"                            hexadecimal digits\n"
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
	char vm[PIECE_VM_SIZE];
	struct collect_options o;
	bool zstd;
	bool list;
	bool force;
	bool json;
};

static int add_map(struct collect_args *a, const char *arg)
{
	struct derr err;

	if (a->o.image.n_maps == MAPS_MAX)
		return usage_error("collect", "--map can be given at most %d times.", MAPS_MAX);
	if (image_parse_map(arg, &a->maps[a->o.image.n_maps], &err) < 0)
		return usage_error("collect", "%s", err.text);
	a->o.image.n_maps++;
	return 0;
}

static int set_dump(struct collect_args *a, const char *arg)
{
	uint64_t n;

	if (parse_size(arg, &n) < 0 || !n || n > RAWDUMPS_MAX)
		return usage_error("collect", "--dump=%s: expected a number from 1 on, as --list shows it.", arg);
	a->o.image.dump = n;
	return 0;
}

static int set_vm(struct collect_args *a, const char *arg)
{
	if (strlen(arg) != PIECE_VM_SIZE - 1 || strspn(arg, "0123456789abcdefABCDEF") != PIECE_VM_SIZE - 1)
		return usage_error(
			"collect",
			"--vm=%s: expected the two hexadecimal digits in the names of the files, for example 2d.", arg);
	for (size_t i = 0; arg[i]; i++)
		a->vm[i] = tolower((unsigned char)arg[i]);
	a->o.vm = a->vm;
	return 0;
}

static int set_compress(struct collect_args *a, const char *arg)
{
	if (strcmp(arg, "zstd") && strcmp(arg, "none"))
		return usage_error("collect", "--compress=%s: expected zstd or none.", arg);
	a->zstd = !strcmp(arg, "zstd");
	return 0;
}

static int set_table(struct collect_args *a, const char *arg)
{
	if (parse_size(arg, &a->table) < 0)
		return usage_error("collect", "--table=%s: expected a physical address, for example 0x7f000000.", arg);
	a->o.table = &a->table;
	return 0;
}

/* What is left when the options are parsed. */
static int take_source(struct collect_args *a, int argc, char *argv[])
{
	if (optind == argc)
		return usage_error("collect", "Name the memory image, vmcore, folder or partition to collect from.");
	if (optind + 1 < argc)
		return usage_error("collect", "One source at a time: what is '%s'?", argv[optind + 1]);
	if (!a->output)
		a->output = a->zstd ? DEFAULT_OUTPUT_ZSTD : DEFAULT_OUTPUT;
	if (!a->output[0])
		return usage_error("collect", "The name of the output file is empty.");
	a->source = argv[optind];
	return 0;
}

/* 0: go on; -1: done, all is well; else the exit status. */
static int parse_args(struct collect_args *a, int argc, char *argv[])
{
	enum {
		ARG_MAP = 256,
		ARG_COMPRESS,
		ARG_TABLE,
		ARG_REGISTERS,
		ARG_LIST,
		ARG_DUMP,
		ARG_VM,
		ARG_JSON,
		ARG_NO_PAGER,
		ARG_VERSION
	};
	static const struct option options[] = { { "output", required_argument, NULL, 'o' },
						 { "force", no_argument, NULL, 'f' },
						 { "compress", required_argument, NULL, ARG_COMPRESS },
						 { "map", required_argument, NULL, ARG_MAP },
						 { "table", required_argument, NULL, ARG_TABLE },
						 { "list", no_argument, NULL, ARG_LIST },
						 { "dump", required_argument, NULL, ARG_DUMP },
						 { "vm", required_argument, NULL, ARG_VM },
						 { "json", no_argument, NULL, ARG_JSON },
						 { "no-pager", no_argument, NULL, ARG_NO_PAGER },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, ARG_VERSION },
						 { "registers", required_argument, NULL, ARG_REGISTERS },
						 { 0 } };
	int c, r = 0;

	*a = (struct collect_args){ 0 };
	a->o.image.maps = a->maps;
	while (!r && (c = getopt_long(argc, argv, "o:fh", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			a->output = optarg;
			break;
		case 'f':
			a->force = true;
			break;
		case ARG_COMPRESS:
			r = set_compress(a, optarg);
			break;
		case ARG_MAP:
			r = add_map(a, optarg);
			break;
		case ARG_TABLE:
			r = set_table(a, optarg);
			break;
		case ARG_REGISTERS:
			a->o.image.registers = optarg;
			break;
		case ARG_LIST:
			a->list = true;
			break;
		case ARG_DUMP:
			r = set_dump(a, optarg);
			break;
		case ARG_VM:
			r = set_vm(a, optarg);
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
			return usage_error("collect", NULL);
		}
	}
	return r ? r : take_source(a, argc, argv);
}

static void print_list(const struct strlist *l, const char *one, const char *many)
{
	size_t n = l->n + l->left_out;

	if (n)
		printf("%zu %s:\n", n, n == 1 ? one : many);
	for (size_t i = 0; i < l->n; i++) {
		_cleanup_free_ char *safe = escape_text(l->v[i], strlen(l->v[i]));

		printf("  %s\n", safe);
	}
	if (l->left_out)
		printf("  and %zu more\n", l->left_out);
}

static void print_result(const struct collection *c, const struct collect_args *a)
{
	char size[SIZE_TEXT_MAX], of[SIZE_TEXT_MAX];

	size_text(size, c->toc.bytes);
	if (image_has_registers(&c->img))
		printf("Table behind the registers in %s (back end %s): %u slots in use.\n", a->o.image.registers,
		       collect_backend(c), c->toc.slots_used);
	else if (!image_has_pieces(&c->img))
		printf("Table at 0x%" PRIx64 " (back end %s): %u of %u slots in use.\n", c->toc.header,
		       collect_backend(c), c->toc.slots_used, c->toc.slots_max);
	if (image_has_pieces(&c->img))
		printf("Saved %zu regions%s, %s, to %s.\n", c->toc.n_regions,
		       c->img.snapshot ? " of the running machine" : " that firmware left", size, a->output);
	else
		printf("Saved %zu regions, %s (%.2f %% of %s), to %s.\n", c->toc.n_regions, size,
		       (double)c->toc.bytes * 100 / (double)c->ram, size_text(of, c->ram), a->output);
	print_list(&c->toc.problems, "problem", "problems");
	print_list(&c->img.left_out, "thing left out, no part of the minidump",
		   "things left out, no part of the minidump");
	printf("Look at it with: qcmdump info %s\n", a->output);
}

static struct json_object *json_list(const struct strlist *l)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < l->n; i++)
		json_object_array_add(list, json_text(l->v[i], strlen(l->v[i])));
	return list;
}

static void print_result_json(const struct collection *c, const struct collect_args *a)
{
	struct json_object *j = json_object_new_object();

	json_add_text(j, "output", a->output);
	json_add_text(j, "source", a->source);
	json_add_text(j, "source_kind", image_kind_name(&c->img));
	json_add_text(j, "backend", collect_backend(c));
	if (!image_has_pieces(&c->img)) {
		json_add_u64(j, "slots_used", c->toc.slots_used);
		if (!image_has_registers(&c->img)) {
			json_add_u64(j, "table", c->toc.header);
			json_add_u64(j, "slots_max", c->toc.slots_max);
		}
	}
	json_add_u64(j, "regions", c->toc.n_regions);
	json_add_u64(j, "region_bytes", c->toc.bytes);
	if (c->ram)
		json_add_u64(j, "memory_bytes", c->ram);
	json_object_object_add(j, "problems", json_list(&c->toc.problems));
	json_add_u64(j, "problems_left_out", c->toc.problems.left_out);
	json_object_object_add(j, "left_out", json_list(&c->img.left_out));
	json_print(j, stdout);
}

static void print_dump(const struct rawdump *d, unsigned int number, FILE *out)
{
	const struct rawdump_header *h = &d->header;

	fprintf(out, "%4u  0x%010" PRIx64 "  %8u  %14" PRIu64 "  %14" PRIu64 "  %s%s\n", number, d->at, h->sections,
		h->dump_size, h->size_required, rawdump_state(d), d->wiped ? ", marked as copied" : "");
}

static void print_dump_json(const struct rawdump *d, unsigned int number, struct json_object *list)
{
	struct json_object *j = json_object_new_object();

	json_add_u64(j, "dump", number);
	json_add_u64(j, "offset", d->at);
	json_add_u64(j, "sections", d->header.sections);
	json_add_u64(j, "size", d->header.dump_size);
	json_add_u64(j, "size_required", d->header.size_required);
	json_add_text(j, "state", rawdump_state(d));
	json_object_object_add(j, "copied", json_object_new_boolean(d->wiped));
	json_object_array_add(list, j);
}

static int list_dumps(const struct collect_args *a, struct derr *err)
{
	struct rawdump *dumps = dump_alloc(RAWDUMPS_MAX, sizeof(*dumps));
	struct json_object *list = a->json ? json_object_new_array() : NULL;
	_cleanup_close_ int fd = -1;
	uint64_t size;
	int n;

	fd = n = dumpfile_open(a->source, &size, err);
	if (n >= 0 && !rawdump_detect(fd, size))
		n = derr_set(err, -EINVAL, "%s is no rawdump partition: it does not start with \"%s\".", a->source,
			     RAWDUMP_MAGIC);
	if (n >= 0)
		n = rawdump_list(fd, a->source, size, dumps, err);
	if (n >= 0 && !a->json)
		printf("DUMP  %12s  SECTIONS  %14s  %14s  STATE\n", "OFFSET", "SIZE", "NEEDED");
	for (int i = 0; i < n; i++) {
		if (a->json)
			print_dump_json(&dumps[i], i + 1, list);
		else
			print_dump(&dumps[i], i + 1, stdout);
	}
	if (n >= 0 && a->json)
		json_print(list, stdout);
	else
		json_object_put(list);
	free(dumps);
	return n < 0 ? n : 0;
}

static bool is_registers(const struct collection *c, const struct stat *st)
{
	struct stat registers;

	return image_has_registers(&c->img) && fstat(c->img.registers_fd, &registers) == 0 &&
	       registers.st_dev == st->st_dev && registers.st_ino == st->st_ino;
}

/* A folder has many files that must not be lost, and the registers are somebody's. */
static int refuse_piece(const struct collection *c, const char *path, struct derr *err)
{
	struct stat st;

	if (stat(path, &st) < 0 || !(is_registers(c, &st) || (c->img.blobs && blobs_have_file(c->img.blobs, &st))))
		return 0;
	return derr_set(err, -EEXIST,
			"%s is one of the files that the dump is collected from. Give another name with -o.", path);
}

static int collect(const struct collect_args *a, struct derr *err)
{
	/* The file itself: the image may be what was decompressed of it. */
	_cleanup_close_ int source = open(a->source, O_PATH | O_CLOEXEC);
	struct outfile out = { .fd = -1 };
	struct collection c;
	int r;

	r = collect_prepare(&c, a->source, &a->o, err);
	if (r == 0)
		r = refuse_piece(&c, a->output, err);
	if (r == 0)
		r = outfile_open(&out, a->output, a->force, source, err);
	if (r == 0)
		r = a->zstd ? zstd_write(collect_write, &c, out.fd, err) : collect_write(&c, out.fd, err);
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
	if (a.list) {
		r = list_dumps(&a, &err);
		if (r < 0)
			fprintf(stderr, "qcmdump: %s\n", err.text);
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
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
