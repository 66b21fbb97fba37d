// SPDX-License-Identifier: GPL-2.0-only
/*
 * What qcmdctl shows for a description by the daemon: tests/unit/ctl/NAME.json and beside it NAME.status,
 * NAME.regions and NAME.policies. And what it says of files, without a daemon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ctl/ctl.h"
#include "lib/alloc.h"
#include "lib/table.h"
#include "lib/text.h"
#include "golden.h"
#include "uapi/linux/qcom_minidump_table.h"

static const struct style plain = { .legend = true, .utf8 = true };

typedef void (*print_function)(FILE *f, struct json_object *describe, const struct style *style);

static char *render(print_function print, struct json_object *describe, const struct style *style)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	print(f, describe, style);
	fclose(f);
	return text;
}

static struct json_object *fixture(const char *path)
{
	size_t size;
	_cleanup_free_ char *text = golden_read(path, &size);
	struct json_object *o = text ? json_tokener_parse(text) : NULL;

	if (!o)
		fail_msg("%s: not readable as JSON", path);
	return o;
}

/* No byte of what comes from outside may steer the terminal. */
static void assert_harmless(const char *text)
{
	for (const unsigned char *s = (const unsigned char *)text; *s; s++)
		if ((*s < 0x20 && *s != '\n') || *s == 0x7f || (*s == 0xc2 && s[1] < 0xa0))
			fail_msg("a control character in:\n%s", text);
}

static void compare(const char *json, const char *verb, print_function print, struct json_object *describe)
{
	_cleanup_free_ char *text = render(print, describe, &plain), *golden = NULL;

	golden = xprintf("%.*s.%s", (int)(strlen(json) - strlen(".json")), json, verb);
	assert_harmless(text);
	golden_compare(golden, text);
}

static void compare_all(const char *json)
{
	_cleanup_(json_putp) struct json_object *describe = fixture(json);

	compare(json, "status", ctl_status_print, describe);
	compare(json, "regions", ctl_regions_print, describe);
	compare(json, "policies", ctl_policies_print, describe);
}

static void test_golden(void **state)
{
	assert_true(golden_for_each("tests/unit/ctl", ".json", compare_all) >= 13);
}

static void test_exit_status(void **state)
{
	static const struct {
		const char *name;
		int status;
		const char *starts;
	} cases[] = {
		{ "ok", CTL_OK, "● A crash now would give a dump: dmesg, 2 tasks, 1 stack and KDRIVER (" },
		{ "kinds", CTL_OK,
		  "● A crash now would give a dump: dmesg, 2 running tasks, 1 trace buffer, 2 variables and "
		  "1 BPF map region (" },
		{ "ok-root", CTL_OK, "● A crash now would give a dump: " },
		{ "no-module", CTL_DEGRADED, "● A crash now would NOT give a dump: the kernel module " },
		{ "no-backend", CTL_DEGRADED, "● A crash now would NOT give a dump: no back end is bound" },
		{ "policy-error", CTL_DEGRADED, "● A crash now would give an incomplete dump: dmesg" },
		{ "reload-refused", CTL_DEGRADED, "● A crash now would give a dump: dmesg" },
		{ "table-full", CTL_DEGRADED, "● A crash now would give an incomplete dump: dmesg" },
		{ "no-policies", CTL_DEGRADED, "● A crash now would NOT give a dump: no policy asks for anything" },
		{ "empty", CTL_DEGRADED, "● A crash now would NOT give a dump: " },
		{ "wrong-types", CTL_DEGRADED, "● A crash now would NOT give a dump: " },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *path = xprintf("tests/unit/ctl/%s.json", cases[i].name), *text = NULL;
		_cleanup_(json_putp) struct json_object *describe = fixture(path);

		assert_int_equal(ctl_status_exit(describe), cases[i].status);
		text = render(ctl_status_print, describe, &plain);
		if (strncmp(text, cases[i].starts, strlen(cases[i].starts)) != 0)
			fail_msg("%s: %s", path, text);
	}
}

static void explain_all(FILE *f, struct json_object *describe, const struct style *style)
{
	_cleanup_(json_putp) struct json_object *stack = ctl_explain_find(describe, "11");

	ctl_explain_print(f, stack, style);
	ctl_explain_print(f, json_get_array(describe, "regions"), style);
}

static void test_explain(void **state)
{
	static const struct {
		const char *what;
		size_t n;
	} cases[] = { { "11", 1 },
		      { "systemd", 2 },
		      { "2", 2 },
		      { "systemd (1)", 0 },
		      { "(1)", 0 },
		      { MINIDUMP_STACK_NAME, 1 },
		      { MINIDUMP_TASK_NAME, 3 },
		      { "11x", 0 },
		      { "", 0 },
		      { "0", 0 },
		      { "99", 0 } };
	_cleanup_(json_putp) struct json_object *root = fixture("tests/unit/ctl/ok-root.json"),
						*hostile = fixture("tests/unit/ctl/hostile-text.json"),
						*full = fixture("tests/unit/ctl/table-full.json");
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(json_putp) struct json_object *found = ctl_explain_find(root, cases[i].what);

		assert_int_equal(json_array_length(found), cases[i].n);
	}
	compare("tests/unit/ctl/ok-root.json", "explain", explain_all, root);
	compare("tests/unit/ctl/table-full.json", "explain", explain_all, full);
	text = render(explain_all, hostile, &plain);
	assert_harmless(text);
}

/* Take away each key of each object in turn, and put another type in its place: nothing may crash. */
static void maim(struct json_object *whole, struct json_object *part)
{
	if (json_object_is_type(part, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(part); i++)
			maim(whole, json_object_array_get_idx(part, i));
		return;
	}
	if (!json_object_is_type(part, json_type_object))
		return;

	json_object_object_foreach (part, key, value) {
		struct json_object *const others[] = { NULL, json_object_new_int(7), json_object_new_string("x"),
						       json_object_new_array(), json_object_new_object() };

		maim(whole, value);
		json_object_get(value);
		for (size_t i = 0; i < ARRAY_LEN(others); i++) {
			json_object_object_add(part, key, others[i]);
			free(render(ctl_status_print, whole, &plain));
			free(render(ctl_regions_print, whole, &plain));
			free(render(ctl_policies_print, whole, &plain));
			free(render(explain_all, whole, &plain));
		}
		json_object_object_add(part, key, value);
	}
}

static void test_maimed(void **state)
{
	_cleanup_(json_putp) struct json_object *describe = fixture("tests/unit/ctl/table-full.json");

	maim(describe, describe);
}

static void test_changes(void **state)
{
	_cleanup_(json_putp) struct json_object *before = fixture("tests/unit/ctl/ok.json"),
						*after = fixture("tests/unit/ctl/policy-error.json"),
						*other = fixture("tests/unit/ctl/ok.json");
	_cleanup_free_ char *text = NULL, *small = NULL, *same = NULL;
	struct json_object *first = json_object_array_get_idx(json_get_array(after, "policies"), 0), *policy;
	char *changes = NULL;
	size_t size;
	FILE *f;

	json_object_object_add(first, "name", json_object_new_string("11-dmesg"));
	json_object_object_add(json_object_array_get_idx(json_get_array(after, "policies"), 1), "wanted",
			       json_object_new_int(6));

	f = open_memstream(&changes, &size);
	ctl_changes_print(f, before, after, &plain);
	fclose(f);
	text = changes;
	assert_string_equal(text, "- 10-dmesg: gone, with 5 regions\n"
				  "+ 11-dmesg: enabled, 5 regions\n"
				  "~ 20-tasks: 6 regions, was 4\n"
				  "+ 30-broken: error, 0 regions\n"
				  "+ 40-off: disabled, 0 regions\n"
				  "4 policies loaded.\n");

	/* What shows elsewhere than in the number of regions is a change as well. */
	policy = json_object_array_get_idx(json_get_array(other, "policies"), 0);
	json_object_object_add(policy, "priority", json_object_new_int(7));
	json_object_object_add(policy, "description", json_object_new_string("The log"));
	f = open_memstream(&changes, &size);
	ctl_changes_print(f, before, other, &plain);
	fclose(f);
	small = changes;
	assert_string_equal(small, "~ 10-dmesg: priority 7, was 200\n"
				   "~ 10-dmesg: another description\n"
				   "2 policies loaded.\n");

	f = open_memstream(&changes, &size);
	ctl_changes_print(f, before, before, &plain);
	fclose(f);
	same = changes;
	assert_string_equal(same, "No change that shows, 2 policies loaded.\n");
}

/* "0 of 0" would look as if nothing had been found. */
static void test_nothing_of_its_own(void **state)
{
	_cleanup_(json_putp) struct json_object *describe = fixture("tests/unit/ctl/ok.json");
	struct json_object *policy = json_object_array_get_idx(json_get_array(describe, "policies"), 1);
	_cleanup_free_ char *text = NULL;

	json_object_object_add(policy, "wanted", json_object_new_int(0));
	json_object_object_add(policy, "registered", json_object_new_int(0));
	text = render(ctl_status_print, describe, &plain);
	assert_non_null(strstr(
		text, "20-tasks: nothing of its own: what it asks for is not there, or another policy saves it\n"));
}

#define NOT   "● A crash now would NOT give a dump: "
#define MAYBE "● Can't tell whether a crash now would give a dump: "
#define WELL  .loaded = true, .backend = "ram"

static void test_offline(void **state)
{
	static const struct {
		struct ctl_facts facts;
		const char *starts, *contains;
	} cases[] = {
		{ { .bus = false,
		    .error = (char *)"the system bus can't be reached: No such file or directory",
		    .machine = { WELL } },
		  MAYBE "qcmdd can't be asked: the system bus can't be reached: No such file or directory.\n",
		  "To do: systemctl start dbus.socket\n" },
		{ { .bus = false, .error = (char *)"the system bus can't be reached", .machine = { .loaded = true } },
		  NOT "no back end is bound, so there is no table to put anything in.\n",
		  "Also: qcmdd can't be asked: the system bus can't be reached.\n    To do: systemctl start dbus" },
		{ { .bus = true, .unit = CTL_UNIT_NOT_FOUND, .machine = { WELL } },
		  NOT "qcmdd is not installed: there is no qcmdd.service.\n",
		  "systemctl enable --now qcmdd\n" },
		{ { .bus = true, .unit = CTL_UNIT_INACTIVE, .machine = { WELL } },
		  NOT "qcmdd is not running.\n",
		  "To do: systemctl enable --now qcmdd\n" },
		{ { .bus = true, .unit = CTL_UNIT_INACTIVE, .unit_enabled = true, .machine = { WELL } },
		  NOT "qcmdd is not running.\n",
		  "To do: systemctl start qcmdd\n" },
		{ { .bus = true, .unit = CTL_UNIT_FAILED, .machine = { WELL } },
		  NOT "qcmdd has failed.\n",
		  "To do: journalctl -b -u qcmdd" },
		{ { .bus = true, .unit = CTL_UNIT_STARTING, .machine = { WELL } },
		  MAYBE "qcmdd is still starting.\n",
		  "Ask again" },
		{ { .bus = true,
		    .unit = CTL_UNIT_ACTIVE,
		    .error = (char *)"Connection timed out",
		    .machine = { WELL } },
		  MAYBE "qcmdd runs but does not answer (Connection timed out).\n",
		  "systemctl restart qcmdd\n" },
		{ { .bus = true,
		    .unit = CTL_UNIT_UNKNOWN,
		    .error = (char *)"Connection timed out",
		    .machine = { WELL } },
		  MAYBE "qcmdd runs but does not answer (Connection timed out).\n",
		  "systemctl restart qcmdd\n" },
		{ { .bus = true, .unit = CTL_UNIT_UNKNOWN, .machine = { WELL } },
		  NOT "qcmdd is not running.\n",
		  "Start it: " },
		{ { .bus = true, .unit = CTL_UNIT_INACTIVE },
		  NOT "the kernel module qcom_minidump is not loaded.\n",
		  "Also: qcmdd is not running.\n    To do: systemctl enable --now qcmdd\n" },
		{ { .bus = true, .unit = CTL_UNIT_INACTIVE, .machine = { .loaded = true } },
		  NOT "no back end is bound, so there is no table to put anything in.\n",
		  "Also: qcmdd is not running.\n" },
		{ { .bus = true, .unit = CTL_UNIT_INACTIVE, .machine = { WELL, .version = "0.1" } },
		  NOT "qcmdd is not running.\n",
		  "Module: qcom_minidump 0.1\n" },
		{ { .bus = true, .unit = CTL_UNIT_INACTIVE, .machine = { WELL } },
		  NOT "qcmdd is not running.\n",
		  "Also: Nobody is known to collect the dump" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(json_putp) struct json_object *describe = ctl_describe_offline(&cases[i].facts);
		_cleanup_free_ char *text = render(ctl_status_print, describe, &plain);
		bool sure = strncmp(cases[i].starts, NOT, strlen(NOT)) == 0;

		assert_int_equal(ctl_status_exit(describe), CTL_DEGRADED);
		assert_string_equal(json_get_string(describe, "state"), sure ? "failed" : "unknown");
		if (strncmp(text, cases[i].starts, strlen(cases[i].starts)) != 0 || !strstr(text, cases[i].contains))
			fail_msg("case %zu:\n%s", i, text);
	}
}

static char *table(const struct style *style)
{
	static const struct table_column columns[] = { { "NAME", false }, { "SIZE", true }, { "WHAT", false } };
	struct table *t = table_new(columns, 3, 1);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	table_add(t, "测试", sgr(style, COLOUR_BOLD_RED));
	table_addf(t, "1.5 KiB");
	table_add(t, "two wide characters", NULL);
	table_add(t, "e\xcc\x81", NULL); /* e and a combining accent */
	table_addf(t, "%d", 5);
	table_add(t, "接受 more", NULL);
	table_add(t, NULL, NULL);
	table_addf(t, "1023 B");
	table_add(t, "bad\xff\x1b[1mbytes", NULL);
	table_print(t, f, style);
	table_free(t);
	fclose(f);
	return text;
}

/* No line is wider than the terminal, and nothing is lost. */
static void test_wrapped(void **state)
{
	static const char *const names[] = { "ok", "policy-error", "table-full", "kinds", "no-backend" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		_cleanup_free_ char *path = xprintf("tests/unit/ctl/%s.json", names[i]), *wide = NULL, *narrow = NULL;
		_cleanup_(json_putp) struct json_object *describe = fixture(path);
		struct style style = { .legend = true, .utf8 = true, .width = 80 };
		char *at, *to;

		wide = render(ctl_status_print, describe, &plain);
		narrow = render(ctl_status_print, describe, &style);
		at = narrow;
		for (char *line; (line = strsep(&at, "\n"));) {
			if (text_width(line) > 80)
				fail_msg("%s: %zu cells in '%s'", names[i], text_width(line), line);
			if (at)
				at[-1] = ' ';
		}
		for (char **text = (char *[]){ wide, narrow, NULL }; *text; text++) {
			for (at = to = *text; *at; at++)
				if (*at != ' ' && *at != '\n')
					*to++ = *at;
			*to = '\0';
		}
		assert_string_equal(narrow, wide);
	}
}

static void test_verbose(void **state)
{
	_cleanup_(json_putp) struct json_object *describe = fixture("tests/unit/ctl/ok.json");
	struct style style = { .legend = true, .utf8 = true, .verbose = true };
	_cleanup_free_ char *text = render(ctl_status_print, describe, &style);

	assert_non_null(strstr(text, "   Events: 10 received, 0 lost, 1 resync\n"));
}

static void test_filter(void **state)
{
	static const struct {
		struct ctl_filter filter;
		size_t n;
	} cases[] = {
		{ {}, 11 },
		{ { .kind = "stack" }, 1 },
		{ { .kind = "task" }, 3 },
		{ { .policy = "20-tasks" }, 4 },
		{ { .policy = "kernel" }, 1 },
		{ { .policy = "20-tasks", .kind = "stack" }, 1 },
		{ { .state = "failed" }, 0 },
		{ { .state = "active" }, 11 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(json_putp) struct json_object *describe = fixture("tests/unit/ctl/ok-root.json");

		ctl_regions_filter(describe, &cases[i].filter);
		if (json_array_length(json_get_array(describe, "regions")) != cases[i].n)
			fail_msg("case %zu: %zu", i, json_array_length(json_get_array(describe, "regions")));
	}
	assert_true(ctl_is_region_state("dry-run"));
	assert_false(ctl_is_region_state("dead"));
}

static void test_table(void **state)
{
	_cleanup_free_ char *whole = table(&plain), *bare = NULL, *narrow = NULL, *ascii = NULL, *tiny = NULL,
			    *coloured = NULL;

	assert_string_equal(whole, "NAME    SIZE WHAT\n"
				   "测试 1.5 KiB two wide characters\n"
				   "e\xcc\x81          5 接受 more\n"
				   "-     1023 B bad\\xff\\x1b[1mbytes\n");
	bare = table(&(struct style){ .utf8 = true });
	assert_string_equal(bare, strchr(whole, '\n') + 1);

	narrow = table(&(struct style){ .utf8 = true, .width = 20 });
	assert_string_equal(narrow, "测试 1.5 KiB two wi…\n"
				    "e\xcc\x81          5 接受 m…\n"
				    "-     1023 B bad\\xf…\n");
	ascii = table(&(struct style){ .width = 20 });
	assert_string_equal(ascii, "测试 1.5 KiB two ...\n"
				   "e\xcc\x81          5 接受...\n"
				   "-     1023 B bad\\...\n");
	tiny = table(&(struct style){ .utf8 = true, .width = 5 });
	assert_string_equal(tiny, bare);

	coloured = table(&(struct style){ .utf8 = true, .colour = true });
	assert_non_null(strstr(coloured, "\x1b[1;31m测试\x1b[0m"));
}

/* What a function prints on stdout and stderr together. */
static char *captured;

static int capture(int (*run)(void *data), void *data)
{
	int saved_out, saved_err, r;
	FILE *f = tmpfile();
	size_t size;
	char path[64];

	assert_non_null(f);
	fflush(stdout);
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	dup2(fileno(f), STDOUT_FILENO);
	dup2(fileno(f), STDERR_FILENO);

	r = run(data);

	fflush(stdout);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fileno(f));
	free(captured);
	captured = golden_read(path, &size);
	fclose(f);
	return r;
}

struct check_arguments {
	char *files[4];
	size_t n;
	enum json_form json;
};

static int run_check(void *data)
{
	struct check_arguments *a = data;

	return ctl_check(a->files, a->n, a->json);
}

static int run_cat(void *data)
{
	struct check_arguments *a = data;

	return ctl_cat_config(a->files, a->n, &(struct style){ .legend = true });
}

static char root[] = "/tmp/test-ctl-XXXXXX";
static char *good, *bad, *missing;

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
}

static void make_folder(const char *name)
{
	_cleanup_free_ char *path = xprintf("%s/%s", root, name);

	assert_int_equal(mkdir(path, 0755), 0);
}

static int tree_setup(void **state)
{
	_cleanup_free_ char *dropin = NULL, *masked = NULL, *null = NULL, *path = NULL;

	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root) || chmod(root, 0755) < 0)
		return -1;
	make_folder("etc");
	make_folder("lib");
	make_folder("etc/10-good.conf.d");
	good = xprintf("%s/lib/10-good.conf", root);
	bad = xprintf("%s/etc/20-bad.conf", root);
	missing = xprintf("%s/etc/30-missing.conf", root);
	dropin = xprintf("%s/etc/10-good.conf.d/more.conf", root);
	masked = xprintf("%s/lib/20-bad.conf", root);
	null = xprintf("%s/etc/40-null.conf", root);
	write_file(good, "[Printk]\n");
	write_file(dropin, "[Policy]\nPriority=200");
	write_file(bad, "[Task]\nRegister=nothing\nComm=a\n");
	write_file(masked, "[Printk]\n");
	path = xprintf("%s/etc:%s/lib", root, root);
	setenv("QCMD_POLICY_PATH", path, 1);
	return symlink("/dev/null", null);
}

static int tree_teardown(void **state)
{
	_cleanup_free_ char *command = xprintf("rm -rf '%s'", root);
	int r = system(command);

	unsetenv("QCMD_POLICY_PATH");
	free(good);
	free(bad);
	free(missing);
	free(captured);
	captured = NULL;
	return r;
}

/* Captured text, with the folder of this test taken out. */
static void assert_captured(const char *expected)
{
	size_t len = strlen(root) + 1;
	char *to = captured;

	for (char *from = captured; *from;)
		if (strncmp(from, root, len - 1) == 0 && from[len - 1] == '/')
			from += len;
		else
			*to++ = *from++;
	*to = '\0';
	assert_string_equal(captured, expected);
}

static void test_check(void **state)
{
	struct check_arguments one = { .files = { good }, .n = 1 }, all = { .files = { good, bad, missing }, .n = 3 },
			       none = { .n = 0 }, json = { .files = { bad }, .n = 1, .json = JSON_SHORT };
	const char message[] = "etc/20-bad.conf:2:10: Register= takes task, stack, mm or several of them with blanks "
			       "between them, not 'nothing'\n";
	_cleanup_free_ char *three = xprintf("%setc/30-missing.conf: can't be read: No such file or directory\n"
					     "3 files checked: 2 errors, 0 warnings\n",
					     message);
	_cleanup_free_ char *installed = xprintf("%s3 policies checked: 1 error, 0 warnings\n", message);

	assert_int_equal(capture(run_check, &one), CTL_OK);
	assert_captured("1 file checked: no errors\n");
	assert_int_equal(capture(run_check, &all), CTL_FAILURE);
	assert_captured(three);
	assert_int_equal(capture(run_check, &none), CTL_FAILURE);
	assert_captured(installed);
	assert_int_equal(capture(run_check, &json), CTL_FAILURE);
	assert_captured("[{\"path\":\"etc/20-bad.conf\",\"line\":2,\"column\":10,\"severity\":\"error\","
			"\"message\":\"Register= takes task, stack, mm or several of them with blanks between them, "
			"not 'nothing'\"}]\n");
}

static void test_cat_config(void **state)
{
	struct check_arguments all = { .n = 0 }, one = { .files = { (char *)"10-good" }, .n = 1 },
			       wrong = { .files = { (char *)"10-god" }, .n = 1 };

	assert_int_equal(capture(run_cat, &all), CTL_OK);
	assert_captured("# lib/10-good.conf\n[Printk]\n\n"
			"# etc/10-good.conf.d/more.conf\n[Policy]\nPriority=200\n\n"
			"# etc/20-bad.conf\n[Task]\nRegister=nothing\nComm=a\n"
			"# lib/20-bad.conf is masked by etc/20-bad.conf\n\n"
			"# etc/40-null.conf is a link to /dev/null: this disables it\n");

	assert_int_equal(capture(run_cat, &one), CTL_OK);
	assert_captured("# lib/10-good.conf\n[Printk]\n\n# etc/10-good.conf.d/more.conf\n[Policy]\nPriority=200\n");

	assert_int_equal(capture(run_cat, &wrong), CTL_FAILURE);
	assert_captured("qcmdctl: there is no policy '10-god', did you mean '10-good'?\n");

	assert_int_equal(chmod(bad, 0666), 0);
	all.files[0] = (char *)"20-bad.conf";
	all.n = 1;
	assert_int_equal(capture(run_cat, &all), CTL_FAILURE);
	assert_captured("# etc/20-bad.conf is not read: others than its owner can write to it (mode 0666): "
			"chmod go-w\n# lib/20-bad.conf is masked by etc/20-bad.conf\n");
}

/* A file of the kernel's that has a size and nothing in it, as one that is emptied at that moment. */
static char *find_hollow(void)
{
	glob_t found = {};
	char *path = NULL;

	glob("/sys/kernel/irq/*/actions", 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc && !path; i++) {
		_cleanup_close_ int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		char byte;

		if (fd >= 0 && read(fd, &byte, 1) == 0)
			path = xprintf("%s", found.gl_pathv[i]);
	}
	globfree(&found);
	return path;
}

static void test_hollow_file(void **state)
{
	_cleanup_free_ char *hollow = find_hollow(), *path = xprintf("%s/etc/50-hollow.conf", root);
	struct check_arguments one = { .files = { (char *)"50-hollow" }, .n = 1 };

	if (!hollow)
		skip();
	assert_int_equal(symlink(hollow, path), 0);
	assert_int_equal(capture(run_cat, &one), CTL_OK);
	assert_captured("# etc/50-hollow.conf is empty: this disables it\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_exit_status),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_maimed),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_nothing_of_its_own),
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_verbose),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_table),
		cmocka_unit_test_setup_teardown(test_check, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_cat_config, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_hollow_file, tree_setup, tree_teardown),
	};

	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
