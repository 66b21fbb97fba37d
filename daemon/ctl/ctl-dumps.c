// SPDX-License-Identifier: GPL-2.0-only
/* The dumps of this machine's crashes, which qcmd-collect keeps. Needs no daemon. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/ctl/ctl.h"
#include "lib/table.h"
#include "dump/cause/cause.h"
#include "dump/core/elffile.h"
#include "dump/log/lastwords.h"
#include "dump/collect/store.h"
#include "dump/stack/vmlinuxfile.h"

static const char *store_folder(void)
{
	return secure_getenv("QCMD_DUMPS") ?: STORE_PATH;
}

static struct json_object *describe_dump(const struct store *store, const struct stored_dump *dump)
{
	_cleanup_free_ char *path = store_path(store, dump);
	struct cause cause = { .kind = "unknown" };
	struct last_words w = { 0 };
	struct json_object *o = json_object_new_object();
	struct corefile core;
	struct derr err;

	json_add_text(o, "id", dump->id);
	json_add_text(o, "path", path);
	/* TIME-ID: the beginning of the name, in the form of ISO 8601 */
	json_object_object_add(o, "time", json_object_new_string_len(dump->name, strcspn(dump->name, "-")));
	json_add_u64(o, "size", dump->size);
	if (core_open(&core, path, &err) == 0) {
		cause_read(&core, &cause);
		last_words_read(&core, &w);
		json_add_text(o, "source", kv_get(&core.collect_note, "SOURCE_KIND"));
		json_add_text(o, "kind", cause.kind);
		json_add_text(o, "sentence", cause.sentence);
		json_add_text(o, "signature", cause.signature);
		json_add_text(o, "crash", w.crash);
		json_add_text(o, "release", kv_get(&core.vmcoreinfo, "OSRELEASE"));
		json_add_text(o, "build_id", kv_get(&core.vmcoreinfo, "BUILD-ID"));
	} else {
		json_add_text(o, "error", err.text);
	}
	cause_clear(&cause);
	last_words_clear(&w);
	core_close(&core);
	return o;
}

struct json_object *ctl_dumps_list(char **ret_failure)
{
	struct json_object *list = NULL;
	struct store store;
	struct derr err;
	int r = store_open(&store, store_folder(), false, &err);

	/* Nothing has been collected yet, which is no fault. */
	if (r < 0 && r != -ENOENT) {
		*ret_failure = xprintf("%s", err.text);
	} else {
		list = json_object_new_array();
		for (size_t i = 0; i < store.n; i++)
			json_object_array_add(list, describe_dump(&store, &store.v[i]));
	}
	store_close(&store);
	return list;
}

/* 20261122T221459Z for people */
static char *when_text(const char *name)
{
	return strlen(name) == 16 ? xprintf("%.4s-%.2s-%.2s %.2s:%.2s:%.2s UTC", name, name + 4, name + 6, name + 9,
					    name + 11, name + 13) :
				    xprintf("%s", name);
}

void ctl_dumps_print(FILE *f, struct json_object *list, const struct style *style)
{
	static const struct table_column columns[] = {
		{ "TIME", false },   { "ID", false },	  { "SIZE", true },
		{ "SOURCE", false }, { "KERNEL", false }, { "CRASH", false },
	};
	struct table *t = table_new(columns, ARRAY_LEN(columns), 1);
	size_t n = json_array_length(list);

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		_cleanup_free_ char *when = when_text(json_get_string(o, "time"));

		table_add(t, when, NULL);
		table_add(t, json_get_string(o, "id"), NULL);
		table_addf(t, "%s", size_text(json_get_size(o, "size")).s);
		table_add(t, json_get_string(o, "source"), NULL);
		table_add(t, json_get_string(o, "release"), NULL);
		table_add(t, json_get_string(o, "sentence") ?: json_get_string(o, "error"), NULL);
	}
	if (n > 0)
		table_print(t, f, style);
	else if (style->legend)
		fprintf(f, "No dump has been collected, see qcmd-collect(8).\n");
	table_free(t);
}

static bool is_installed(const char *program)
{
	_cleanup_free_ char *path = xprintf("%s", getenv("PATH") ?: "");
	char *save = NULL;

	for (char *dir = strtok_r(path, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		_cleanup_free_ char *file = xprintf("%s/%s", dir, program);

		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* Each starts one with the dump and its kernel's symbols. Exit status; on a failure of our own, why. */
#define DUMP_FD "/proc/self/fd/3" /* as the dump may have been decompressed, into a file without a name */

static int run_drgn(const struct corefile *core, const char *vmlinux, char **ret_failure)
{
	return ctl_run("drgn", (const char *[]){ "drgn", "-c", DUMP_FD, "-s", vmlinux, NULL }, core->fd);
}

/* It wants a dump that has all pages: one is made, and removed afterwards. */
static int run_crash(const struct corefile *core, const char *vmlinux, char **ret_failure)
{
	char folder[] = "/var/tmp/qcmd-XXXXXX";
	_cleanup_free_ char *made = NULL;
	int r;

	if (!mkdtemp(folder)) {
		*ret_failure = xprintf("can't create a folder in /var/tmp: %s", strerror(errno));
		return CTL_FAILURE;
	}
	made = xprintf("%s/dump.elf", folder);
	r = ctl_run_qcmdump((const char *[]){ "qcmdump", "convert", "--for=crash", "-o", made, core->path, NULL }, -1);
	if (r == CTL_OK)
		r = ctl_run("crash", (const char *[]){ "crash", vmlinux, made, NULL }, -1);
	else
		*ret_failure = xprintf("the dump can't be converted for crash");
	unlink(made);
	rmdir(folder);
	return r;
}

/* It has to be told how far the kernel was moved; what the dump says of that is taken as a number, not as it is. */
static int run_gdb(const struct corefile *core, const char *vmlinux, char **ret_failure)
{
	uint64_t offset = strtoull(kv_get(&core->vmcoreinfo, "KERNELOFFSET") ?: "0", NULL, 16);
	_cleanup_free_ char *symbols = xprintf("symbol-file -o 0x%" PRIx64 " %s", offset, vmlinux);

	return ctl_run("gdb", (const char *[]){ "gdb", "-q", "-ex", "core-file " DUMP_FD, "-ex", symbols, NULL },
		       core->fd);
}

/* The first that is installed is taken. */
static const struct debugger {
	const char *name;
	const char *package;
	int (*run)(const struct corefile *core, const char *vmlinux, char **ret_failure);
} debuggers[] = {
	{ "drgn", "python3-drgn", run_drgn },
	{ "crash", "crash", run_crash },
	{ "gdb", "gdb", run_gdb },
};

bool ctl_is_debugger(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(debuggers); i++)
		if (strcmp(debuggers[i].name, name) == 0)
			return true;
	return false;
}

static const struct debugger *find_debugger(const char *wanted, char **ret_failure)
{
	for (size_t i = 0; i < ARRAY_LEN(debuggers); i++) {
		const struct debugger *d = &debuggers[i];

		if (wanted && strcmp(d->name, wanted) != 0)
			continue;
		if (is_installed(d->name))
			return d;
		if (wanted)
			*ret_failure = xprintf("%s is not installed: apt-get install %s", d->name, d->package);
	}
	if (!wanted)
		*ret_failure = xprintf("there is no debugger: install drgn (python3-drgn), crash or gdb");
	return NULL;
}

static int debug(const char *path, const char *wanted, char **ret_failure)
{
	const struct debugger *debugger;
	_cleanup_free_ char *vmlinux = NULL;
	struct corefile core;
	struct derr err;
	int r = CTL_FAILURE;

	if (core_open(&core, path, &err) < 0 || core_need_collected(&core, &err) < 0)
		*ret_failure = xprintf("%s", err.text);
	else if (!(vmlinux = vmlinux_find(&core)))
		*ret_failure = xprintf("there are no debug symbols of the kernel with the build ID %s. Install them: "
				       "apt-get install linux-image-%s-dbg",
				       kv_get(&core.vmcoreinfo, "BUILD-ID") ?: "(unknown)",
				       kv_get(&core.vmcoreinfo, "OSRELEASE") ?: "RELEASE");
	else if ((debugger = find_debugger(wanted, ret_failure)))
		r = debugger->run(&core, vmlinux, ret_failure);
	core_close(&core);
	return r;
}

static char *find_dump(const char *what, char **ret_failure)
{
	const struct stored_dump *dump = NULL;
	char *path = NULL;
	struct store store;
	struct derr err;
	int r = store_open(&store, store_folder(), false, &err);

	if (r == 0 || r == -ENOENT)
		dump = store_find(&store, what, &err);
	if (dump)
		path = store_path(&store, dump);
	else
		*ret_failure = xprintf("%s", err.text);
	store_close(&store);
	return path;
}

int ctl_dump(const char *verb, const char *what, const struct ctl_dump_options *o, char **ret_failure)
{
	const char *arguments[8] = { "qcmdump", verb };
	_cleanup_free_ char *path = find_dump(what, ret_failure);
	size_t n = 2;

	if (!path)
		return CTL_FAILURE;
	if (strcmp(verb, "debug") == 0)
		return debug(path, o->debugger, ret_failure);
	if (o->json)
		arguments[n++] = "--json";
	if (!o->pager)
		arguments[n++] = "--no-pager";
	if (o->force)
		arguments[n++] = "--force";
	if (o->output) {
		arguments[n++] = "-o";
		arguments[n++] = o->output;
	}
	arguments[n] = path;
	return ctl_run_qcmdump(arguments, -1);
}
