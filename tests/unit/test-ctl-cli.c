// SPDX-License-Identifier: GPL-2.0-only
/* The command line of build/qcmdctl: exit status, messages, pager, colours; and that the documents know it all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/ctl/ctl.h"
#include "daemon/table/kind.h"
#include "golden.h"
#include "lib/alloc.h"
#include "lib/text.h"
#include "terminal.h"

static char *output; /* of the last run, stdout and stderr together */

/* Runs a shell command; returns its exit status. */
static int run(const char *command)
{
	_cleanup_free_ char *line = xprintf("( %s ) 2>&1", command);
	FILE *f = popen(line, "re");
	int status;

	assert_non_null(f);
	free(output);
	output = read_all(f);
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The same on a terminal. */
static int run_on_terminal(const char *command)
{
	return terminal_run(command, &output);
}

static void expect(int status, const char *command, const char *text)
{
	int r = run(command);

	if (r != status || strcmp(output, text) != 0)
		fail_msg("%s: exit status %d, not %d, with\n%s--- expected\n%s", command, r, status, output, text);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_help(void **state)
{
	_cleanup_free_ char *by_verb = NULL;

	assert_int_equal(run("build/qcmdctl help"), CTL_OK);
	golden_compare("tests/unit/ctl/help.txt", output);
	by_verb = output;
	output = NULL;
	assert_int_equal(run("build/qcmdctl --help"), CTL_OK);
	assert_string_equal(output, by_verb);
	expect(CTL_OK, "build/qcmdctl --version", "qcmdctl " QCMD_VERSION "\n");
}

/* Each command and option that --help lists is in the manual page and in the completion. */
static void test_documents(void **state)
{
	size_t size, found = 0;
	_cleanup_free_ char *page = golden_read("docs/man/qcmdctl.1.rst", &size);
	_cleanup_free_ char *completion = golden_read("docs/completion/qcmdctl", &size);
	char *save = NULL;

	assert_non_null(page);
	assert_non_null(completion);
	assert_int_equal(run("build/qcmdctl --help"), CTL_OK);
	for (char *line = strtok_r(output, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *word = strstr(line, "--") ?: line + strspn(line, " ");
		_cleanup_free_ char *heading = NULL;

		if (line[0] != ' ')
			continue;
		word[strcspn(word, " =")] = '\0';
		heading = word[0] == '-' ? xprintf("%s", word) : xprintf("\n**%s**", word);
		if (!strstr(page, heading))
			fail_msg("docs/man/qcmdctl.1.rst does not have %s", word);
		if (!strstr(completion, word))
			fail_msg("docs/completion/qcmdctl does not have %s", word);
		found++;
	}
	assert_int_equal(found, 25);
}

/* What bash offers behind "regions --OPTION=", one in each line. */
static void complete(const char *option)
{
	_cleanup_free_ char *command =
		xprintf("bash -c '. docs/completion/qcmdctl; COMP_WORDS=(qcmdctl regions --%s = \"\"); COMP_CWORD=4; "
			"_qcmdctl; printf \"%%s\\n\" \"${COMPREPLY[@]}\"'",
			option);

	assert_int_equal(run(command), 0);
}

static void assert_offered(const char *word)
{
	_cleanup_free_ char *line = xprintf("%s\n", word);
	const char *found = strstr(output, line);

	if (!found || (found > output && found[-1] != '\n'))
		fail_msg("'%s' is not offered, but\n%s", word, output);
}

/* Each kind of region, with its blanks escaped, and each owner. */
static void test_completion(void **state)
{
	complete("kind");
	assert_offered("range");
	for (int i = 0; i < _REGION_KIND_MAX; i++) {
		const char *name = region_traits[i].name, *blank = strchr(name, ' ');
		_cleanup_free_ char *word =
			blank ? xprintf("%.*s\\%s", (int)(blank - name), name, blank) : xprintf("%s", name);

		assert_offered(word);
	}
	complete("policy");
	for (const char *const *owner = (const char *const[]){ "kernel", "module", "other", "qcmdd", NULL }; *owner;
	     owner++)
		assert_offered(*owner);
}

#define TRY "\nTry 'qcmdctl --help'.\n"

static void test_usage(void **state)
{
	static const char *const cases[][2] = {
		{ "stauts", "unknown command 'stauts', did you mean 'status'?" },
		{ "xyzzy", "unknown command 'xyzzy'" },
		{ "regions 7", "'regions' takes no argument '7'" },
		{ "explain", "'explain' needs an argument: WHAT" },
		{ "explain a b", "'explain' takes no further argument 'b'" },
		{ "--json=yaml status", "--json=yaml: expected short, pretty or off" },
		{ "cat-config --json", "cat-config shows files as they are, it has no JSON form" },
		{ "dump logs", "'dump' takes info, log, tasks, stack, trace, regions, report or debug, not 'logs'" },
		{ "dump log -f", "--output= and --force are for 'snapshot' and 'dump report' only" },
		{ "dump log --debugger=gdb", "--debugger= is for 'dump debug' only" },
		{ "dump debug --debugger=vi", "--debugger=vi: expected drgn, crash or gdb" },
		{ "status --output=x", "'status' takes no option --output" },
		{ "-f", "'status' takes no option -f" },
		{ "--frobnicate", "unknown option '--frobnicate'" },
		{ "-x regions", "unknown option '-x'" },
		{ "--no-leg=x regions", "option '--no-leg' takes no argument" },
		{ "regions --no", "ambiguous option '--no'" },
		{ "dumps --no-pagre", "unknown option '--no-pagre', did you mean '--no-pager'?" },
		{ "snapshot -fo", "option '-o' needs an argument" },
		{ "-o", "'status' takes no option -o" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_free_ char *command = xprintf("build/qcmdctl %s", cases[i][0]);
		_cleanup_free_ char *expected = xprintf("qcmdctl: %s" TRY, cases[i][1]);

		expect(CTL_USAGE, command, expected);
	}
}

/* Takes path over. */
static void expect_mode(char *path, const char *mode)
{
	_cleanup_free_ char *command = xprintf("stat -c %%a %s", path);

	free(path);
	expect(0, command, mode);
}

/* Where there is no room for all of a drop-in there is the one of before, or none. The largest file has some bytes. */
static void expect_restored(const char *etc)
{
	static const char script[] = "trap '' XFSZ; exec prlimit --fsize=24 build/qcmdctl disable on";
	_cleanup_free_ char *folder = xprintf("%s/on.conf.d", etc), *path = xprintf("%s/zz-qcmdctl.conf", folder),
			    *absent = xprintf("test ! -e %s", folder),
			    *write = xprintf("mkdir %s && printf '[Policy]\nEnabled=no\n' >%s", folder, path),
			    *same = xprintf("cat %s", path);

	assert_int_equal(run(script), CTL_FAILURE);
	assert_non_null(strstr(output, "zz-qcmdctl.conf can't be written: File too large"));
	assert_int_equal(run(absent), 0);
	assert_int_equal(run(write), 0);
	assert_int_equal(run(script), CTL_FAILURE);
	expect(0, same, "[Policy]\nEnabled=no\n");
}

/* A policy of a package, with and without drop-ins of the administrator. */
static void test_enable(void **state)
{
	char root[] = "/tmp/test-ctl-cli-XXXXXX";
	_cleanup_free_ char *etc = NULL, *dropin = NULL, *path = NULL, *command = NULL, *policy = NULL;
	size_t size;

	assert_non_null(mkdtemp(root));
	etc = xprintf("%s/etc", root);
	dropin = xprintf("%s/off.conf.d/zz-qcmdctl.conf", etc);
	path = xprintf("%s:%s/lib", etc, root);
	command = xprintf("cd %s && mkdir etc lib && echo '[Printk]' >lib/on.conf && "
			  "printf '[Policy]\nEnabled=no\n[Printk]\n' >lib/off.conf && echo '[X' >lib/bad.conf && "
			  "ln -s /dev/null etc/masked.conf && echo '[Printk]' >lib/masked.conf",
			  root);
	assert_int_equal(run(command), 0);
	setenv("QCMD_POLICY_PATH", path, 1);

	/* What the files say already takes no drop-in; on its way back it goes. */
	assert_int_equal(run("build/qcmdctl enable on"), CTL_FAILURE);
	assert_non_null(strstr(output, "can't talk to qcmdd"));
	policy = xprintf("test ! -e %s/on.conf.d", etc);
	assert_int_equal(run(policy), 0);
	/* Whoever may not look into the folder can't read the policy either: no umask is to make it so. */
	run("umask 077; build/qcmdctl disable on");
	expect_mode(xprintf("%s/on.conf.d", etc), "755\n");
	expect_mode(xprintf("%s/on.conf.d/zz-qcmdctl.conf", etc), "644\n");
	assert_int_equal(run("build/qcmdctl cat-config on"), CTL_OK);
	assert_non_null(strstr(output, "Enabled=no"));
	run("build/qcmdctl enable on");
	assert_int_equal(run(policy), 0);

	run("build/qcmdctl enable off");
	free(policy);
	policy = golden_read(dropin, &size);
	assert_non_null(policy);
	assert_string_equal(policy, "# Made by qcmdctl(1).\n[Policy]\nEnabled=yes\n");
	assert_int_equal(run("build/qcmdctl check"), CTL_FAILURE); /* bad.conf */

	expect(CTL_FAILURE, "build/qcmdctl disable offf", "qcmdctl: there is no policy 'offf', did you mean 'off'?\n");
	assert_int_equal(run("build/qcmdctl disable bad"), CTL_FAILURE);
	assert_non_null(strstr(output, "bad has errors, see 'qcmdctl check': a section header without ']'"));
	assert_int_equal(run("build/qcmdctl enable masked"), CTL_FAILURE);
	assert_non_null(strstr(output, "masked.conf is a link to /dev/null: remove it"));
	assert_int_equal(run("build/qcmdctl enable ../lib/on"), CTL_FAILURE);
	assert_non_null(strstr(output, "there is no policy"));

	/* Of several, those that can be. */
	assert_int_equal(run("build/qcmdctl disable on masked off"), CTL_FAILURE);
	assert_int_equal(run("build/qcmdctl enable on masked off"), CTL_FAILURE);
	assert_non_null(strstr(output, "masked.conf is a link to /dev/null: remove it"));
	free(policy);
	policy = xprintf("test ! -e %s/on.conf.d -a -e %s", etc, dropin);
	assert_int_equal(run(policy), 0);

	expect_restored(etc);

	unsetenv("QCMD_POLICY_PATH");
	free(command);
	command = xprintf("rm -r %s", root);
	assert_int_equal(run(command), 0);
}

static void test_without_bus(void **state)
{
	struct json_object *o;

	assert_int_equal(run("build/qcmdctl"), CTL_DEGRADED);
	/* Which of the two comes first depends on the machine. */
	assert_non_null(strstr(output, "qcmdd can't be asked: the system bus"));
	assert_int_equal(run("build/qcmdctl status --json=short"), CTL_DEGRADED);
	assert_int_equal(count_lines(output), 1);
	o = json_tokener_parse(output);
	assert_true(equal(json_get_string(o, "state"), "failed") || equal(json_get_string(o, "state"), "unknown"));
	json_object_put(o);

	expect(CTL_FAILURE, "build/qcmdctl regions",
	       "qcmdctl: can't talk to qcmdd: the system bus can't be reached: No such file or directory\n");
	assert_int_equal(run("build/qcmdctl policies"), CTL_FAILURE);
	assert_int_equal(run("build/qcmdctl reload"), CTL_FAILURE);
}

/* As on a machine that has never crashed, or collects nothing. */
static void test_no_dumps(void **state)
{
	setenv("QCMD_DUMPS", "/nonexistent/dumps", 1);
	expect(CTL_OK, "build/qcmdctl dumps", "No dump has been collected, see qcmd-collect(8).\n");
	expect(CTL_OK, "build/qcmdctl dumps --no-legend", "");
	assert_int_equal(run("build/qcmdctl dumps --json=short"), CTL_OK);
	assert_string_equal(output, "[]\n");
	expect(CTL_FAILURE, "build/qcmdctl dump info", "qcmdctl: There is no dump 'latest': none was collected yet.\n");
	setenv("QCMD_DUMPS", "/dev/null", 1);
	assert_int_equal(run("build/qcmdctl dumps"), CTL_FAILURE);
	unsetenv("QCMD_DUMPS");
}

static void test_check(void **state)
{
	expect(CTL_OK, "build/qcmdctl check systemd/qcmd.d/*.conf", "8 files checked: no errors\n");
	assert_int_equal(run("build/qcmdctl check tests/unit/policy/unknown-key.conf 2>/dev/null"), CTL_FAILURE);
	assert_string_equal(output, "1 file checked: 8 errors, 0 warnings\n");
	expect(CTL_FAILURE, "build/qcmdctl check /nonexistent.conf 2>&1 >/dev/null",
	       "/nonexistent.conf: can't be read: No such file or directory\n");
	expect(CTL_FAILURE, "build/qcmdctl check docs 2>&1 >/dev/null",
	       "docs: not a regular file: replace it with one, or with a link to /dev/null\n");
	expect(CTL_FAILURE, "build/qcmdctl help >/dev/full",
	       "qcmdctl: can't write the output: No space left on device\n");
}

#define AS_INSTALLED "unshare -m sh -c 'mount --bind $ROOT/passwd /etc/passwd && "

/* What the daemon's user can't read is an error, whoever asks; the user is made up, for these commands alone. */
static void test_check_installed(void **state)
{
	char root[] = "/tmp/test-ctl-cli-XXXXXX";
	_cleanup_free_ char *make = NULL, *path = NULL, *said = NULL, *command = NULL;

	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(root));
	make = xprintf("cd %s && chmod 755 . && mkdir etc etc/b.conf.d && echo '[Printk]' | tee etc/a.conf etc/b.conf "
		       "new.conf && chmod 600 etc/a.conf new.conf && chmod 700 etc/b.conf.d && "
		       "{ cat /etc/passwd && echo qcmd:x:65533:65533::/:/bin/false; } >passwd",
		       root);
	assert_int_equal(run(make), 0);
	path = xprintf("%s/etc", root);
	setenv("ROOT", root, 1);
	setenv("QCMD_POLICY_PATH", path, 1);

	expect(CTL_FAILURE, AS_INSTALLED "build/qcmdctl check' 2>/dev/null",
	       "2 policies checked: 2 errors, 0 warnings\n");
	said = xprintf("%s/etc/b.conf.d: the folder can't be read by the user qcmd: Permission denied\n"
		       "%s/etc/a.conf: can't be read by the user qcmd: Permission denied\n",
		       root, root);
	expect(CTL_FAILURE, AS_INSTALLED "build/qcmdctl check' 2>&1 >/dev/null", said);
	expect(CTL_FAILURE, AS_INSTALLED "build/qcmdctl check $ROOT/etc/*.conf' 2>/dev/null",
	       "2 files checked: 1 error, 0 warnings\n");
	/* It is yet to be installed. */
	expect(CTL_OK, AS_INSTALLED "build/qcmdctl check $ROOT/new.conf'", "1 file checked: no errors\n");

	/* The daemon's own settings are no policy, but where policies are. */
	expect(CTL_OK, "echo '[Daemon]' >$ROOT/qcmdd.conf && build/qcmdctl check $ROOT/qcmdd.conf",
	       "1 file checked: no errors\n");
	assert_int_equal(run("echo AutoReload=7 >>$ROOT/qcmdd.conf && build/qcmdctl check $ROOT/qcmdd.conf"),
			 CTL_FAILURE);
	assert_non_null(strstr(output, "/qcmdd.conf:2:12: AutoReload= takes yes or no, not '7'"));
	assert_int_equal(run("cp $ROOT/qcmdd.conf $ROOT/etc && build/qcmdctl check $ROOT/etc/qcmdd.conf"), CTL_FAILURE);
	assert_non_null(strstr(output, "unknown section [Daemon]"));

	unsetenv("QCMD_POLICY_PATH");
	command = xprintf("rm -r %s", root);
	assert_int_equal(run(command), 0);
}

#define CAT "QCMD_POLICY_PATH=systemd/qcmd.d TERM=xterm build/qcmdctl cat-config minimal"

static void test_pager(void **state)
{
	setenv("PAGER", "sed s/^/paged:/", 1);
	assert_int_equal(run(CAT), CTL_OK);
	assert_null(strstr(output, "paged:"));
	assert_int_equal(run_on_terminal(CAT), CTL_OK);
	assert_non_null(strstr(output, "paged:Description="));
	assert_int_equal(run_on_terminal(CAT " --no-pager"), CTL_OK);
	assert_null(strstr(output, "paged:"));
	assert_int_equal(run_on_terminal("SUDO_UID=1000 " CAT), CTL_OK);
	assert_null(strstr(output, "paged:"));
	assert_non_null(strstr(output, "Description="));
	assert_int_equal(run_on_terminal("PAGER= " CAT), CTL_OK);
	assert_null(strstr(output, "paged:"));

	/* who leaves the pager early still gets the answer in the exit status */
	assert_int_equal(run_on_terminal("PAGER=true " CAT), CTL_OK);
	assert_int_equal(run_on_terminal("PAGER=true build/qcmdctl status"), CTL_DEGRADED);
	unsetenv("PAGER");
}

static void test_colours(void **state)
{
	assert_int_equal(run_on_terminal(CAT " --no-pager"), CTL_OK);
	assert_non_null(strstr(output, "\x1b["));
	assert_int_equal(run(CAT), CTL_OK);
	assert_null(strstr(output, "\x1b["));
	assert_int_equal(run("SYSTEMD_COLORS=1 " CAT), CTL_OK);
	assert_non_null(strstr(output, "\x1b["));
	assert_int_equal(run_on_terminal("NO_COLOR=1 " CAT " --no-pager"), CTL_OK);
	assert_null(strstr(output, "\x1b["));
	assert_int_equal(run_on_terminal("SYSTEMD_COLORS=no " CAT " --no-pager"), CTL_OK);
	assert_null(strstr(output, "\x1b["));
}

static void test_locale(void **state)
{
	assert_int_equal(run("env -u LC_ALL -u LC_CTYPE -u LANG build/qcmdctl status"), CTL_DEGRADED);
	assert_int_equal(strncmp(output, "● ", strlen("● ")), 0);
	assert_int_equal(run("LC_ALL=C build/qcmdctl status"), CTL_DEGRADED);
	assert_int_equal(strncmp(output, "* ", 2), 0);
}

static int setup(void **state)
{
	static const char *const variables[] = { "PAGER",    "LESS",	   "NO_COLOR", "SYSTEMD_COLORS",
						 "SUDO_UID", "PKEXEC_UID", "COLUMNS",  "QCMD_POLICY_PATH" };

	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	return setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
}

static int teardown(void **state)
{
	free(output);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_completion),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_without_bus),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_no_dumps),
		cmocka_unit_test(test_pager),
		cmocka_unit_test(test_check_installed),
		cmocka_unit_test(test_enable),
		cmocka_unit_test(test_colours),
		cmocka_unit_test(test_locale),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
