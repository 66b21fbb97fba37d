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
#include "policy-util.h"
#include "show-info.h"
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
	_cleanup_(freep) char *path = store_path(store, dump), *crash = NULL;
	struct json_object *o = json_object_new_object();
	struct corefile core;
	struct derr err;

	add_text(o, "id", dump->id);
	add_text(o, "path", path);
	/* TIME-ID: the beginning of the name, in the form of ISO 8601 */
	json_object_object_add(o, "time", json_object_new_string_len(dump->name, strcspn(dump->name, "-")));
	json_object_object_add(o, "size", json_object_new_int64((int64_t)dump->size));
	if (core_open(&core, path, &err) == 0) {
		crash = show_crash(&core);
		add_text(o, "crash", crash);
		add_text(o, "release", kv_get(&core.vmcoreinfo, "OSRELEASE"));
		add_text(o, "build_id", kv_get(&core.vmcoreinfo, "BUILD-ID"));
	} else {
		add_text(o, "error", err.text);
	}
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

/* Runs the first debugger that is installed. The dump is a descriptor that is left open: it may be decompressed. */
static char *start_debugger(const struct corefile *core, const char *vmlinux)
{
	_cleanup_(freep) char *dump = ctl_printf("/proc/self/fd/%d", core->fd);
	const char *const debuggers[][6] = {
		{ "drgn", "-c", dump, "-s", vmlinux },
		{ "crash", "--minimal", vmlinux, dump },
		{ "gdb", vmlinux, dump },
	};

	fcntl(core->fd, F_SETFD, 0);
	for (size_t i = 0; i < sizeof(debuggers) / sizeof(debuggers[0]); i++)
		execvp(debuggers[i][0], (char *const *)debuggers[i]);
	return ctl_printf("there is no debugger: install drgn (python3-drgn), crash or gdb");
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
		failure = start_debugger(&core, vmlinux);
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
	if (*ret_failure)
		return CTL_FAILURE;
	arguments[2] = json ? "--json" : path;
	arguments[3] = json ? path : NULL;
	return ctl_run_qcmdump(arguments, -1);
}
