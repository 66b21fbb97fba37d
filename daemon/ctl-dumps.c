// SPDX-License-Identifier: GPL-2.0-only
/* The dumps of this machine's crashes, which qcmd-collect keeps. Needs no daemon. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "ctl-table.h"
#include "elffile.h"
#include "lastwords.h"
#include "policy-util.h"
#include "store.h"

static const char *store_folder(void)
{
	return secure_getenv("QCMD_DUMPS") ?: STORE_PATH;
}

static void add_text(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, value ? json_object_new_string(value) : NULL);
}

static struct json_object *describe_dump(const struct store *store, const struct stored_dump *dump)
{
	_cleanup_(freep) char *path = store_path(store, dump);
	struct last_words w = { 0 };
	struct json_object *o = json_object_new_object();
	struct corefile core;
	struct derr err;

	add_text(o, "id", dump->id);
	add_text(o, "path", path);
	/* TIME-ID: the beginning of the name, in the form of ISO 8601 */
	json_object_object_add(o, "time", json_object_new_string_len(dump->name, strcspn(dump->name, "-")));
	json_object_object_add(o, "size", json_object_new_int64((int64_t)dump->size));
	if (core_open(&core, path, &err) == 0) {
		last_words_read(&core, &w);
		add_text(o, "crash", w.crash);
		add_text(o, "release", kv_get(&core.vmcoreinfo, "OSRELEASE"));
		add_text(o, "build_id", kv_get(&core.vmcoreinfo, "BUILD-ID"));
	} else {
		add_text(o, "error", err.text);
	}
	last_words_clear(&w);
	core_close(&core);
	return o;
}

struct json_object *ctl_dumps_list(char **ret_failure)
{
	struct json_object *list = NULL;
	struct store store;
	struct derr err;

	if (store_open(&store, store_folder(), false, &err) < 0) {
		*ret_failure = ctl_printf("%s", err.text);
	} else {
		list = json_object_new_array();
		for (size_t i = 0; i < store.n; i++)
			json_object_array_add(list, describe_dump(&store, &store.v[i]));
	}
	store_close(&store);
	return list;
}

/* 20261122T221459Z for people */
static char *time_text(const char *name)
{
	return strlen(name) == 16 ? ctl_printf("%.4s-%.2s-%.2s %.2s:%.2s:%.2s UTC", name, name + 4, name + 6, name + 9,
					       name + 11, name + 13) :
				    ctl_printf("%s", name);
}

void ctl_dumps_print(FILE *f, struct json_object *list, const struct ctl_style *style)
{
	static const struct ctl_column columns[] = {
		{ "TIME", false }, { "ID", false }, { "SIZE", true }, { "KERNEL", false }, { "CRASH", false },
	};
	struct ctl_table *t = ctl_table_new(columns, 5);
	size_t n = ctl_array_length(list);

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		_cleanup_(freep) char *when = time_text(ctl_get_string(o, "time"));

		ctl_table_add(t, when, NULL);
		ctl_table_add(t, ctl_get_string(o, "id"), NULL);
		ctl_table_add_size(t, ctl_get_size(o, "size"));
		ctl_table_add(t, ctl_get_string(o, "release"), NULL);
		ctl_table_add(t, ctl_get_string(o, "crash") ?: ctl_get_string(o, "error"), NULL);
	}
	ctl_table_print(t, f, style);
	ctl_table_free(t);
}

/* The symbols of exactly that kernel, where debug packages put them. */
static char *find_vmlinux(const struct corefile *core)
{
	const char *id = kv_get(&core->vmcoreinfo, "BUILD-ID");
	char *path;

	if (!id || strlen(id) < 3 || strspn(id, "0123456789abcdef") != strlen(id))
		return NULL;
	path = ctl_printf("/usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2);
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static bool is_installed(const char *program)
{
	_cleanup_(freep) char *path = ctl_printf("%s", getenv("PATH") ?: "");
	char *save = NULL;

	for (char *dir = strtok_r(path, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		_cleanup_(freep) char *file = ctl_printf("%s/%s", dir, program);

		if (access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* crash wants a dump that has all pages: one is made, and removed afterwards. */
static char *run_crash(const char *dump, const char *vmlinux)
{
	char folder[] = "/var/tmp/qcmd-XXXXXX";
	_cleanup_(freep) char *core = NULL;
	int r;

	if (!mkdtemp(folder))
		return ctl_printf("can't create a folder in /var/tmp: %s", strerror(errno));
	core = ctl_printf("%s/dump.elf", folder);
	r = ctl_run_qcmdump((const char *[]){ "qcmdump", "convert", "--for=crash", "-o", core, dump, NULL }, -1);
	if (r == CTL_OK)
		ctl_run("crash", (const char *[]){ "crash", vmlinux, core, NULL }, -1);
	unlink(core);
	rmdir(folder);
	return r == CTL_OK ? NULL : ctl_printf("the dump can't be converted for crash");
}

/* The first debugger that is installed. The dump is a descriptor that stays open, as it may have been decompressed. */
static char *run_debugger(const struct corefile *core, const char *vmlinux)
{
	const char *dump = "/proc/self/fd/3";

	if (is_installed("drgn"))
		ctl_run("drgn", (const char *[]){ "drgn", "-c", dump, "-s", vmlinux, NULL }, core->fd);
	else if (is_installed("crash"))
		return run_crash(core->path, vmlinux);
	else if (is_installed("gdb"))
		ctl_run("gdb", (const char *[]){ "gdb", vmlinux, dump, NULL }, core->fd);
	else
		return ctl_printf("there is no debugger: install drgn (python3-drgn), crash or gdb");
	return NULL;
}

static char *debug(const char *path)
{
	_cleanup_(freep) char *vmlinux = NULL;
	const char *release, *build_id;
	struct corefile core;
	struct derr err;
	char *failure;

	if (core_open(&core, path, &err) < 0) {
		failure = ctl_printf("%s", err.text);
	} else if ((vmlinux = find_vmlinux(&core))) {
		failure = run_debugger(&core, vmlinux);
	} else {
		release = kv_get(&core.vmcoreinfo, "OSRELEASE");
		build_id = kv_get(&core.vmcoreinfo, "BUILD-ID");
		failure = ctl_printf("there are no debug symbols of the kernel with the build ID %s. Install them: "
				     "apt-get install linux-image-%s-dbg",
				     build_id ?: "(unknown)", release ?: "RELEASE");
	}
	core_close(&core);
	return failure;
}

int ctl_dump(const char *verb, const char *what, bool json, char **ret_failure)
{
	const char *arguments[5] = { "qcmdump", verb };
	const struct stored_dump *dump = NULL;
	_cleanup_(freep) char *path = NULL;
	struct store store;
	struct derr err;

	if (store_open(&store, store_folder(), false, &err) == 0)
		dump = store_find(&store, what, &err);
	if (dump)
		path = store_path(&store, dump);
	store_close(&store);
	*ret_failure = path ? NULL : ctl_printf("%s", err.text);
	if (path && strcmp(verb, "debug") == 0)
		*ret_failure = debug(path);
	if (*ret_failure || strcmp(verb, "debug") == 0)
		return *ret_failure ? CTL_FAILURE : CTL_OK;
	arguments[2] = json ? "--json" : path;
	arguments[3] = json ? path : NULL;
	return ctl_run_qcmdump(arguments, -1);
}
