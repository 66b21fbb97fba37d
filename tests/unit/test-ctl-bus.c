// SPDX-License-Identifier: GPL-2.0-only
/*
 * qcmdctl on a bus: a dbus-daemon of its own, and on it a service with qcmdd's name that answers as told.
 * qcmdd itself needs the kernel module; tests/vm has both together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "daemon/ctl/ctl.h"
#include "golden.h"
#include "private-bus.h"
#include "lib/alloc.h"

static pid_t service_pid;

/* What the service says. */
static const char *describe_answer;
static const char *reload_error, *reload_message;

static int method_describe(sd_bus_message *m, void *data, sd_bus_error *error)
{
	return sd_bus_reply_method_return(m, "s", describe_answer);
}

static int method_reload(sd_bus_message *m, void *data, sd_bus_error *error)
{
	if (reload_error)
		return sd_bus_error_set(error, reload_error, reload_message);
	return sd_bus_reply_method_return(m, "");
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Describe", "", "s", method_describe, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Reload", "", "", method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static _Noreturn void serve(int ready)
{
	sd_bus *bus = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sd_bus_open_system(&bus) < 0 ||
	    sd_bus_add_object_vtable(bus, NULL, "/org/qcmd1", "org.qcmd1.Manager", vtable, NULL) < 0 ||
	    sd_bus_request_name(bus, "org.qcmd1", 0) < 0 || write(ready, "", 1) != 1)
		_exit(1);

	for (;;)
		if (sd_bus_process(bus, NULL) == 0)
			sd_bus_wait(bus, UINT64_MAX);
}

static void start_service(void)
{
	int fds[2];
	char byte;

	assert_int_equal(pipe(fds), 0);
	service_pid = fork();
	if (service_pid == 0)
		serve(fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
}

static int stop_service(void **state)
{
	if (service_pid > 0) {
		kill(service_pid, SIGKILL);
		waitpid(service_pid, NULL, 0);
	}
	service_pid = 0;
	describe_answer = reload_error = reload_message = NULL;
	return 0;
}

static void test_absent(void **state)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	struct json_object *o;

	assert_true(ctl_bus_describe(&o, &error) < 0);
	assert_true(error.absent);
	ctl_bus_error_done(&error);
	assert_true(ctl_bus_reload(&error) < 0);
	assert_true(error.absent);
}

static void test_describe(void **state)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	_cleanup_(json_putp) struct json_object *o = NULL;

	describe_answer = "{\"schema\":1,\"state\":\"ok\"}";
	start_service();
	assert_int_equal(ctl_bus_describe(&o, &error), 0);
	assert_string_equal(json_get_string(o, "state"), "ok");
}

static void test_describe_garbage(void **state)
{
	static const char *const answers[] = { "", "{", "[]", "7", "null", "\"text\"" };

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
		struct json_object *o = NULL;

		describe_answer = answers[i];
		start_service();
		if (ctl_bus_describe(&o, &error) >= 0)
			fail_msg("'%s' was taken for a description", answers[i]);
		assert_false(error.absent);
		assert_non_null(strstr(error.message, "no JSON object"));
		stop_service(NULL);
	}
}

/* A daemon that is stopped is told from one that is not there, and soon. */
static void test_stopped(void **state)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	time_t start = time(NULL);
	struct json_object *o;

	start_service();
	assert_int_equal(kill(service_pid, SIGSTOP), 0);
	assert_true(ctl_bus_describe(&o, &error) < 0);
	assert_false(error.absent);
	assert_true(time(NULL) - start < 30);
}

static void test_reload(void **state)
{
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };

	start_service();
	assert_int_equal(ctl_bus_reload(&error), 0);
	stop_service(NULL);

	reload_error = "org.qcmd1.Error.InvalidPolicy";
	reload_message = "/etc/qcmd.d/a.conf:1:1: wrong\n/etc/qcmd.d/a.conf:2:1: wrong too";
	start_service();
	assert_true(ctl_bus_reload(&error) < 0);
	assert_string_equal(error.name, "org.qcmd1.Error.InvalidPolicy");
	assert_string_equal(error.message, "/etc/qcmd.d/a.conf:1:1: wrong\n/etc/qcmd.d/a.conf:2:1: wrong too");
	assert_false(error.absent);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static void expect_file(const char *path, const char *text)
{
	size_t size;
	_cleanup_free_ char *found = golden_read(path, &size);

	if (text)
		assert_string_equal(found, text);
	else
		assert_null(found);
}

/* What a refused reload was to carry out is not left for the next one; what nobody has refused stays. */
static void test_disable(void **state)
{
	_cleanup_free_ char *policies = xprintf("%s/etc", private_bus_folder),
			    *policy = xprintf("%s/on.conf", policies);
	_cleanup_free_ char *in = xprintf("%s.d", policy), *dropin = xprintf("%s/zz-qcmdctl.conf", in);
	const char *kept = "[Policy]\nEnabled=no\n# mine\n";

	assert_int_equal(mkdir(policies, 0755), 0);
	write_file(policy, "[Printk]\n");
	setenv("QCMD_POLICY_PATH", policies, 1);
	describe_answer = "{\"schema\":1,\"state\":\"ok\"}";
	reload_error = "org.qcmd1.Error.InvalidPolicy";
	reload_message = "/etc/qcmd.d/a.conf:1:1: wrong";
	start_service();
	assert_int_not_equal(system("build/qcmdctl disable on on 2>/dev/null"), 0);
	expect_file(dropin, NULL);
	assert_int_equal(access(in, F_OK), -1);

	assert_int_equal(mkdir(in, 0755), 0);
	write_file(dropin, kept);
	assert_int_not_equal(system("build/qcmdctl enable on 2>/dev/null"), 0);
	expect_file(dropin, kept);
	stop_service(NULL);

	describe_answer = "{\"schema\":1,\"state\":\"ok\"}";
	start_service();
	assert_int_equal(system("build/qcmdctl enable on >/dev/null"), 0);
	expect_file(dropin, NULL);
	assert_int_equal(system("build/qcmdctl disable on >/dev/null"), 0);
	expect_file(dropin, "# Made by qcmdctl(1).\n[Policy]\nEnabled=no\n");
	unsetenv("QCMD_POLICY_PATH");
	unlink(dropin);
	rmdir(in);
	unlink(policy);
	rmdir(policies);
}

/* No systemd on this bus: nothing is known about the unit, and that is no reason to fail. */
static void test_facts(void **state)
{
	struct ctl_facts facts = { .unit = CTL_UNIT_ACTIVE };

	ctl_bus_facts(&facts);
	assert_true(facts.bus);
	assert_int_equal(facts.unit, CTL_UNIT_UNKNOWN);
}

static void test_no_bus(void **state)
{
	_cleanup_free_ char *address = xprintf("%s", getenv("DBUS_SYSTEM_BUS_ADDRESS"));
	_cleanup_(ctl_bus_error_done) struct ctl_bus_error error = { .name = NULL };
	struct ctl_facts facts = { .bus = true };
	struct json_object *o;

	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	assert_int_equal(ctl_bus_describe(&o, &error), -ENOENT);
	assert_false(error.absent);
	assert_string_equal(error.message, "the system bus can't be reached: No such file or directory");
	ctl_bus_facts(&facts);
	assert_false(facts.bus);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absent),
		cmocka_unit_test_teardown(test_describe, stop_service),
		cmocka_unit_test_teardown(test_describe_garbage, stop_service),
		cmocka_unit_test_teardown(test_stopped, stop_service),
		cmocka_unit_test_teardown(test_reload, stop_service),
		cmocka_unit_test_teardown(test_disable, stop_service),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_no_bus),
	};

	return cmocka_run_group_tests(tests, private_bus_start, private_bus_stop);
}
