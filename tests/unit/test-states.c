// SPDX-License-Identifier: GPL-2.0-only
/*
 * docs/states.md: for each row a machine of those facts, in a folder that stands for its root, the daemon's judgement
 * of it on a bus of the test's own, and qcmdctl's code that asks there. There is no systemd on that bus, so what
 * qcmdctl asks it is answered here; tests/vm has both in earnest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fnmatch.h>
#include <sys/utsname.h>
#include <systemd/sd-bus.h>

#include "daemon/ctl/ctl.h"
#include "daemon/describe.h"
#include "daemon/policy/config.h"
#include "golden.h"
#include "lib/strv.h"
#include "lib/text.h"
#include "private-bus.h"
#include "uapi/linux/qcom_minidump_table.h"

#define TABLE	   "docs/states.md"
#define STATES_MIN 60
#define GUESTS_MIN 25
#define PORT	   1

#define SYSTEMD	     "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define UNIT_PATH    SYSTEMD_PATH "/unit/qcmdd_2eservice"

enum { NUMBER, FACTS, FIRST_LINE, EXIT, TO_DO, GUEST, CELLS };

static char root[] = "/tmp/test-states-XXXXXX";

/* The machine */

static void write_fact(const char *path, const char *text)
{
	_cleanup_free_ char *full = xprintf("%s%s", root, path), *command = NULL;
	FILE *f;

	command = xprintf("mkdir -p \"$(dirname %s)\"", full);
	assert_int_equal(system(command), 0);
	f = fopen(full, "we");
	assert_non_null(f);
	fprintf(f, "%s\n", text);
	assert_int_equal(fclose(f), 0);
}

static void empty_root(void)
{
	_cleanup_free_ char *command = xprintf("rm -rf %s/*", root);

	assert_int_equal(system(command), 0);
}

static bool has(char *const *facts, const char *fact)
{
	for (; facts && *facts; facts++)
		if (!strcmp(*facts, fact))
			return true;
	return false;
}

static const char *value_of(char *const *facts, const char *key, const char *standard)
{
	size_t n = strlen(key);

	for (; facts && *facts; facts++)
		if (!strncmp(*facts, key, n) && (*facts)[n] == '=')
			return *facts + n + 1;
	return standard;
}

static void write_modules(char *const *facts)
{
	const char *backend = value_of(facts, "backend", "ram"), *loaded = value_of(facts, "modules", NULL);
	_cleanup_free_ char *index = NULL, *module = NULL;
	struct utsname uts;

	assert_int_equal(uname(&uts), 0);
	index = xprintf("/lib/modules/%s/modules.dep", uts.release);
	write_fact(index, has(facts, "missing") ? "kernel/fs/fat/fat.ko:" : "updates/qcom_minidump.ko:");
	if (has(facts, "missing") || has(facts, "unloaded"))
		return;
	write_fact("/sys/module/qcom_minidump/version", "0.1");
	write_fact("/sys/module/qcom_minidump/parameters/backend", strcmp(backend, "none") ? backend : "");
	write_fact("/sys/module/qcom_minidump/parameters/own", value_of(facts, "own", "Y"));
	if (!has(facts, "no-panic"))
		write_fact("/sys/module/qcom_minidump_panic/refcnt", "0");
	if (loaded) {
		module = xprintf("/sys/module/qcom_minidump_%s/parameters/bound", loaded);
		write_fact(module, "N");
	}
}

static void write_machine(char *const *facts)
{
	static const char collect[] = "/systemd/system/qcmd-collect.service";
	const char *lockdown = value_of(facts, "lockdown", NULL), *download = value_of(facts, "download", NULL);
	_cleanup_free_ char *unit = xprintf("/usr/lib%s", collect), *mode = NULL;

	write_modules(facts);
	write_fact("/sys/kernel/kexec_crash_loaded", has(facts, "kdump") ? "1" : "0");
	write_fact("/proc/sys/kernel/modules_disabled", has(facts, "modules-disabled") ? "1" : "0");
	write_fact(unit, "[Unit]");
	if (!has(facts, "collect-disabled"))
		write_fact("/etc/systemd/system/multi-user.target.wants/qcmd-collect.service", "");
	if (has(facts, "scm"))
		write_fact("/sys/bus/platform/drivers/qcom_scm/firmware:scm/modalias", "");
	if (download)
		write_fact("/sys/module/qcom_scm/parameters/download_mode", download);
	if (lockdown) {
		mode = xprintf("none [%s]", lockdown);
		write_fact("/sys/kernel/security/lockdown", mode);
	}
}

/* What CPUID says is of the machine of this test. */
static void read_machine(char *const *facts, struct machine *m)
{
	machine_read(m, root);
	snprintf(m->virtualization, sizeof(m->virtualization), "%s", has(facts, "bare-metal") ? "" : "kvm");
	m->encryption_sure = has(facts, "encrypted");
	snprintf(m->encryption, sizeof(m->encryption), "%s",
		 m->encryption_sure || has(facts, "maybe-encrypted") ? "sev-snp" : "");
}

/* The daemon */

static struct policy_section section = { .path = (char *)"/etc/qcmd.d/10-a.conf", .line = 4 };
static struct policy policies[] = {
	{ .name = (char *)"10-a", .path = (char *)"/etc/qcmd.d/10-a.conf", .sections = &section, .n_sections = 1 },
	{ .name = (char *)"20-b", .path = (char *)"/etc/qcmd.d/20-b.conf", .state = POLICY_ERROR },
};
static char *reload_errors[] = { (char *)"/etc/qcmd.d/20-b.conf:3:5: unknown key", NULL };
static const struct reload_info refused = { .done = true, .errors = reload_errors };

static struct module_segment segment;
/* The log, what a CPU runs and the layout are the module's own, whoever asks for them. */
static const struct module_region possible[] = {
	{ .id = 1, .name = MINIDUMP_ELF_HEADER_NAME, .size = 4096 },
	{ .id = 2, .name = MINIDUMP_CPU_REGS_NAME, .size = 600 },
	{ .id = 3, .name = MINIDUMP_LAYOUT_NAME, .size = 900 },
	{ .id = 4, .name = MINIDUMP_LOG_TEXT_NAME, .object = "printk_text", .size = 131072 },
	{ .id = 5, .name = MINIDUMP_LOG_DESCS_NAME, .object = "printk_descs", .size = 4096 },
	{ .id = 6, .name = MINIDUMP_LOG_INFOS_NAME, .object = "printk_infos", .size = 4096 },
	{ .id = 7, .name = MINIDUMP_LOG_RING_NAME, .object = "printk_ring", .size = 80 },
	{ .id = 8, .name = MINIDUMP_LOG_PRB_NAME, .object = "prb", .size = 8 },
	{ .id = 9, .name = MINIDUMP_TASK_NAME, .part = QCOM_MINIDUMP_TASK_STRUCT, .size = 9000 },
	{ .id = 10,
	  .owner = PORT,
	  .name = MINIDUMP_TASK_NAME,
	  .pid = 1,
	  .part = QCOM_MINIDUMP_TASK_STRUCT,
	  .size = 9000 },
};
static struct module_region regions[ARRAY_LEN(possible)];

/* Without own=Y the daemon asks for what it can. */
static bool set_region(struct module_region *r, bool own, bool empty)
{
	struct region_key key;

	if (!own && !strcmp(r->name, MINIDUMP_LAYOUT_NAME))
		return false;
	if (!own && region_key_of_own(r, &key))
		r->owner = PORT;
	return !empty || r->owner != PORT;
}

static size_t set_regions(char *const *facts, const struct machine *m)
{
	bool own = !strcmp(value_of(facts, "own", "Y"), "Y"), empty = has(facts, "empty") || has(facts, "no-policy");
	size_t n = 0;

	if (!m->loaded || (!m->backend[0] && !has(facts, "pending")))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(possible); i++) {
		regions[n] = possible[i];
		regions[n].segments = &segment;
		regions[n].n_segments = 1;
		regions[n].state = m->backend[0] ? QCOM_MINIDUMP_REGION_ACTIVE : QCOM_MINIDUMP_REGION_PENDING;
		n += set_region(&regions[n], own, empty);
	}
	return n;
}

/* The daemon knows of the module's own, and its policy asks for it, if there is one. */
static size_t set_entries(struct entry *entries, size_t n, bool wanted)
{
	size_t n_entries = 0;

	for (size_t i = 0; i < n; i++) {
		struct entry *e = &entries[n_entries];
		struct region_key key;

		if (!region_key_of_own(&regions[i], &key))
			continue;
		*e = (struct entry){ .wanted = wanted, .want.key = key };
		if (wanted) {
			e->want = want_of(key.kind, &policies[0], &section);
			e->want.key = key;
		}
		entry_set_region(e, &regions[i]);
		n_entries++;
	}
	return n_entries;
}

static struct module_backend backend_of(const struct machine *m)
{
	struct module_backend b = { .slots_max = 1024, .slots_used = 7, .name_max = 11, .align = 4, .bytes = 155000 };

	snprintf(b.name, sizeof(b.name), "%s", m->backend);
	return b;
}

static void set_problem(struct status *s, const char *problem, struct entry *entry, struct diag *diag)
{
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++)
		if (!strcmp(source_table[i]->id, problem))
			s->source_problems[i] = "it is not there";
	if (!strcmp(problem, "reload"))
		s->reload = &refused;
	if (!strcmp(problem, "autoreload"))
		s->waits_for = "/etc/qcmd.d/10-a.conf";
	if (!strcmp(problem, "table"))
		s->error = -ENOBUFS;
	if (!strcmp(problem, "policy-folder") || !strcmp(problem, "config"))
		*diag = (struct diag){ .path = strcmp(problem, "config") ? (char *)"/etc/qcmd.d" : (char *)CONFIG_PATH,
				       .error = true,
				       .message = (char *)"can't be read" };
	if (!strcmp(problem, "table-full") || !strcmp(problem, "rejected")) {
		*entry = (struct entry){ .wanted = true, .error = strcmp(problem, "rejected") ? -ENOSPC : -EINVAL };
		entry->want = want_of(REGION_TASK, &policies[0], &section);
		strcpy(entry->reason, "the reason");
	}
}

/* All that is asked for is what the module has, and what a problem is about. */
static char *describe(char *const *facts, const struct machine *m)
{
	struct entry entries[ARRAY_LEN(possible) + 1] = {}, *entry;
	struct diag diag = {};
	struct policy_set set = { .policies = policies, .n_policies = has(facts, "policy-error") ? 2 : 1 };
	struct status s = { .machine = *m, .backend = backend_of(m), .policies = &set, .port = PORT };
	size_t n = set_regions(facts, m);
	json_object *o;
	char *text;

	/* The sandbox of its unit hides these. */
	s.machine.modules_disabled = s.machine.missing = false;
	if (has(facts, "no-policy"))
		set.n_policies = 0;
	entry = &entries[set_entries(entries, n, set.n_policies > 0)];
	for (char *const *fact = facts; fact && *fact; fact++)
		if (!strncmp(*fact, "problem=", 8))
			set_problem(&s, *fact + 8, entry, &diag);
	set.diags = (struct diags){ .items = &diag, .n = diag.path ? 1 : 0 };
	s.entries = entries;
	s.n_entries = entry - entries + entry->wanted;
	status_judge(&s);
	o = status_describe(&s, regions, n, false);
	assert_non_null(o);
	text = xprintf("%s", json_object_to_json_string(o));
	json_object_put(o);
	status_done(&s);
	return text;
}

/* The bus */

static char *answer;
static char *unit_load, *unit_active, *unit_file;
static pid_t service_pid;

static int method_describe(sd_bus_message *m, void *data, sd_bus_error *error)
{
	return sd_bus_reply_method_return(m, "s", answer);
}

static int method_load_unit(sd_bus_message *m, void *data, sd_bus_error *error)
{
	return sd_bus_reply_method_return(m, "o", UNIT_PATH);
}

static int get_pid(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
		   void *data, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "u", service_pid);
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
		    void *data, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", *(char **)data);
}

static const sd_bus_vtable daemon_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Describe", "", "s", method_describe, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
static const sd_bus_vtable systemd_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("LoadUnit", "s", "o", method_load_unit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
static const sd_bus_vtable unit_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("LoadState", "s", get_text, 0, 0),
	SD_BUS_PROPERTY("ActiveState", "s", get_text, sizeof(char *), 0),
	SD_BUS_PROPERTY("UnitFileState", "s", get_text, 2 * sizeof(char *), 0),
	SD_BUS_VTABLE_END,
};
static const sd_bus_vtable service_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("MainPID", "u", get_pid, 0, 0),
	SD_BUS_VTABLE_END,
};

static int add_daemon(sd_bus *bus)
{
	int r = sd_bus_add_object_vtable(bus, NULL, "/org/qcmd1", "org.qcmd1.Manager", daemon_vtable, NULL);

	return r < 0 ? r : sd_bus_request_name(bus, "org.qcmd1", 0);
}

static int add_systemd(sd_bus *bus)
{
	static char *texts[3];
	int r;

	memcpy(texts, (char *[]){ unit_load, unit_active, unit_file }, sizeof(texts));
	r = sd_bus_add_object_vtable(bus, NULL, SYSTEMD_PATH, SYSTEMD ".Manager", systemd_vtable, NULL);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, UNIT_PATH, SYSTEMD ".Unit", unit_vtable, texts);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, UNIT_PATH, SYSTEMD ".Service", service_vtable, NULL);
	return r < 0 ? r : sd_bus_request_name(bus, SYSTEMD, 0);
}

/* A process that answers, once it has its name. */
static pid_t serve(int (*add)(sd_bus *bus))
{
	sd_bus *bus = NULL;
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (sd_bus_open_system(&bus) < 0 || add(bus) < 0 || write(fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			if (sd_bus_process(bus, NULL) == 0)
				sd_bus_wait(bus, UINT64_MAX);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

static void end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The table */

static char **split(const char *text, const char *separators)
{
	_cleanup_free_ char *copy = xprintf("%s", text);
	char **list = NULL, *at = copy, *item;

	while ((item = strsep(&at, separators))) {
		while (*item == ' ')
			item++;
		for (size_t n = strlen(item); n > 0 && (item[n - 1] == ' ' || item[n - 1] == '\n'); n--)
			item[n - 1] = '\0';
		if (*item || *separators == '|')
			assert_int_equal(strv_append(&list, item), 0);
	}
	return list;
}

/* What fnmatch() takes for a text with … for anything, which goes on. */
static char *pattern_of(const char *text)
{
	char *pattern = xcalloc(2 * strlen(text) + 2, 1), *to = pattern;

	for (const char *s = text; *s; s++) {
		if (!strncmp(s, "…", strlen("…"))) {
			s += strlen("…") - 1;
			*to++ = '*';
			continue;
		}
		if (strchr("*?[\\", *s))
			*to++ = '\\';
		*to++ = *s;
	}
	*to = '*';
	return pattern;
}

static void check_text(char *const *cells, const char *text)
{
	_cleanup_free_ char *first = xstrndup(text, strcspn(text, "\n")), *pattern = pattern_of(cells[FIRST_LINE]);
	_cleanup_free_ char *to_do = NULL, *hint = xprintf("%s", cells[TO_DO]);

	if (strncmp(first, "● ", strlen("● ")) || fnmatch(pattern, first + strlen("● "), 0))
		fail_msg("state %s: '%s' does not begin with '%s'", cells[NUMBER], first, cells[FIRST_LINE]);
	if (!*hint)
		return;
	if (*hint == '`') {
		memmove(hint, hint + 1, strlen(hint));
		hint[strcspn(hint, "`")] = '\0';
	}
	to_do = xprintf("To do: %s", hint);
	if (!strstr(text, to_do))
		fail_msg("state %s lacks '%s':\n%s", cells[NUMBER], to_do, text);
}

static char *ask(struct ctl_facts *facts, int *ret_exit)
{
	static const struct style plain = { .legend = true, .utf8 = true };
	_cleanup_(json_putp) struct json_object *o = ctl_ask(facts);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	ctl_status_print(f, o, &plain);
	assert_int_equal(fclose(f), 0);
	*ret_exit = ctl_status_exit(o);
	return text;
}

static void set_unit(char *const *facts, const char *daemon)
{
	bool runs = !strcmp(daemon, "runs") || !strcmp(daemon, "stopped") || !strcmp(daemon, "garbage");

	unit_load = (char *)(strcmp(daemon, "not-found") ? "loaded" : "not-found");
	unit_active = (char *)(runs ? "active" : daemon);
	unit_file = (char *)(has(facts, "enabled") ? "enabled" : "disabled");
	service_pid = 0;
	if (runs)
		service_pid = serve(add_daemon);
	if (!strcmp(daemon, "stopped"))
		assert_int_equal(kill(service_pid, SIGSTOP), 0);
}

static void check_state(char *const *cells)
{
	_cleanup_free_ char *address = xprintf("%s", getenv("DBUS_SYSTEM_BUS_ADDRESS")), *text = NULL;
	_cleanup_(strv_freep) char **facts = split(cells[FACTS], " ");
	const char *daemon = value_of(facts, "daemon", "runs");
	struct ctl_facts known = {};
	pid_t systemd;
	int status;

	write_machine(facts);
	read_machine(facts, &known.machine);
	answer = strcmp(daemon, "garbage") ? describe(facts, &known.machine) : xprintf("[");
	set_unit(facts, daemon);
	systemd = serve(add_systemd);
	if (has(facts, "no-bus"))
		setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	if (has(facts, "root")) {
		known.listed = known.machine.loaded;
		known.backend = backend_of(&known.machine);
		known.regions = regions;
		known.n_regions = set_regions(facts, &known.machine);
	}
	text = ask(&known, &status);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
	end(service_pid);
	end(systemd);
	free(answer);
	empty_root();
	check_text(cells, text);
	if (status != atoi(cells[EXIT]))
		fail_msg("state %s: the exit status is %d\n%s", cells[NUMBER], status, text);
}

static void test_states(void **state)
{
	_cleanup_fclose_ FILE *f = fopen(TABLE, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int n = 0, guests = 0;

	assert_non_null(f);
	while (getline(&line, &size, f) > 0) {
		_cleanup_(strv_freep) char **cells = NULL;
		_cleanup_free_ char *test = NULL;

		if (line[0] != '|')
			continue;
		cells = split(line + 1, "|");
		/* Behind the last one there is nothing. */
		assert_int_equal(strv_length(cells), CELLS + 1);
		if (!atoi(cells[NUMBER]))
			continue;
		assert_int_equal(atoi(cells[NUMBER]), ++n);
		check_state(cells);
		guests += *cells[GUEST] != '\0';
		test = xprintf("tests/vm/test-%s.sh", cells[GUEST]);
		assert_true(!*cells[GUEST] || access(test, F_OK) == 0);
	}
	assert_true(n >= STATES_MIN);
	assert_true(guests >= GUESTS_MIN);
}

/* A daemon that is stopped is no reason to wait for long, and it is said to be stopped. */
static void test_stopped_soon(void **state)
{
	struct ctl_facts known = { .machine = { .loaded = true, .backend = "ram" } };
	_cleanup_free_ char *text = NULL;
	time_t start = time(NULL);
	pid_t systemd;
	int status;

	answer = xprintf("{}");
	set_unit(NULL, "stopped");
	systemd = serve(add_systemd);
	text = ask(&known, &status);
	assert_true(time(NULL) - start < 10);
	assert_non_null(strstr(text, "(it is stopped, as by the signal SIGSTOP)"));
	end(service_pid);
	end(systemd);
	free(answer);
}

static int start_all(void **state)
{
	return mkdtemp(root) ? private_bus_start(state) : -1;
}

static int stop_all(void **state)
{
	rmdir(root);
	return private_bus_stop(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_stopped_soon),
	};

	return cmocka_run_group_tests(tests, start_all, stop_all);
}
