// SPDX-License-Identifier: GPL-2.0-only
/* qcmdump: from the memory of a crashed machine to a dump that people can read. */
#include <getopt.h>
#include <string.h>

#include "dump/commands.h"
#include "dump/image/assembled.h"
#include "lib/outfile.h"
#include "lib/scratchfile.h"
#include "lib/pager.h"
#include "lib/terminal.h"

static const struct {
	command_fn *run;
	bool on_dump; /* it gets one that is open */
	bool lists;   /* it prints what is in the dump */
} commands[] = {
	[COLLECT] = { cmd_collect, false, false }, [WATCH] = { cmd_watch, false, false },
	[INFO] = { show_info, true, true },	   [LOG] = { show_log, true, true },
	[TASKS] = { show_tasks, true, true },	   [STACK] = { show_stack, true, true },
	[REPORT] = { cmd_report, true, false },	   [REGIONS] = { show_regions, true, true },
	[TRACE] = { cmd_trace, true, true },	   [CONVERT] = { cmd_convert, true, false },
	[REDACT] = { cmd_redact, true, false },
};

/* On stderr, whatever is asked of the dump: an answer from half of it is half an answer. */
static void warn_cut_off(const struct corefile *core)
{
	if (core->elf.missing)
		fprintf(stderr, "qcmdump: %s is cut off: the last %s of its memory are missing. Copy it again.\n",
			core->path, size_text(core->elf.missing).s);
}

static void print_remarks(const struct corefile *core)
{
	for (size_t i = 0; i < core->remarks.n; i++)
		fprintf(stderr, "qcmdump: %s: %s\n", core->path, core->remarks.v[i]);
}

static int collect_into(int fd, const char *path, struct derr *err)
{
	struct collection c;
	int r = collect_prepare(&c, path, &(struct collect_options){ 0 }, err);

	if (r == 0)
		r = collect_write(&c, fd, err);
	collection_clear(&c);
	return r;
}

/* Of what a host's tool put together the dump is collected first, into a file without a name. */
static int open_dump(struct corefile *core, const char *file, struct derr *err)
{
	_cleanup_close_ int fd = -1;
	struct pieces pieces = { 0 };
	char path[32];
	bool assembled;
	int r = core_open(core, file, err);

	if (r < 0 || core->collect_note.text)
		return r;
	assembled = assembled_read(core->fd, core->file_size, &core->elf, &pieces);
	pieces_clear(&pieces);
	if (!assembled)
		return 0;
	core_close(core);
	fd = scratch_open(err);
	r = fd < 0 ? fd : collect_into(fd, file, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = core_open(core, path, err);
	/* Messages are about the file that the user named. */
	free(core->path);
	core->path = xstrndup(file, strlen(file));
	return r;
}

/* Exit status */
static int run(int command, struct options *o)
{
	struct corefile core = { .fd = -1 };
	struct derr err;
	int r = 0, written;

	if (commands[command].on_dump)
		r = open_dump(&core, o->file, &err);
	print_remarks(&core);
	if (r == 0 && commands[command].lists) {
		warn_cut_off(&core);
		o->colour = !o->json && colour_wanted();
		if (!o->no_pager && !o->json && !o->output)
			pager_open();
	}
	if (r == 0)
		r = commands[command].run(commands[command].on_dump ? &core : NULL, o,
					  outfile_is_stdout(o->output) ? stderr : stdout, &err);
	written = pager_close();
	if (r == 0 && written < 0)
		r = derr_set(&err, written, "Cannot write the output: %s", strerror(-written));
	core_close(&core);
	if (r < 0)
		fprintf(stderr, "qcmdump: %s\n", err.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	struct options o = { 0 };
	int command = options_parse(&qcmdump, argc, argv, &o), status;

	o.file = argv[optind];
	status = command < 0 ? ~command : run(command, &o);
	free(o.pids);
	return status;
}
