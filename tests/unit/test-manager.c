// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon does when the bus, its name on it, or systemd can't be had: it says so and tries again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>

#include "daemon/manager-private.h"
#include "lib/journal.h"
#include "private-bus.h"

#define SEC	       1000000ULL
#define EXIT_PRIVILEGE 4 /* see qcmdd(8) */

/* One that has looked at all there is, which without the module is nothing. */
static struct manager *new_manager(void)
{
	struct manager *m;
	sd_event *event;

	assert_true(sd_event_new(&event) >= 0);
	assert_true(manager_new(event, &m) >= 0);
	sd_event_unref(event);
	assert_int_equal(module_new(-1, &m->module), 0);
	m->reconciled = true;
	return m;
}

static void run_for(struct manager *m, uint64_t usec)
{
	uint64_t now, end;

	assert_true(sd_event_now(m->event, CLOCK_MONOTONIC, &end) >= 0);
	for (end += usec, now = 0; now < end;) {
		assert_true(sd_event_run(m->event, 50000) >= 0);
		sd_event_now(m->event, CLOCK_MONOTONIC, &now);
	}
}

static bool has_problem(struct manager *m, const char *id)
{
	struct status s;
	bool found = false;

	manager_status(m, &s);
	for (size_t i = 0; i < s.n_problems; i++)
		found |= !strcmp(s.problems[i].id, id);
	status_done(&s);
	return found;
}

static bool name_has_owner(void)
{
	sd_bus_message *reply = NULL;
	sd_bus *bus = NULL;
	int owned = 0;

	assert_true(sd_bus_open_system(&bus) >= 0);
	assert_true(sd_bus_call_method(bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", NULL,
				       &reply, "s", "org.qcmd1") >= 0);
	assert_true(sd_bus_message_read(reply, "b", &owned) >= 0);
	sd_bus_message_unref(reply);
	sd_bus_flush_close_unref(bus);
	return owned;
}

/* The second one ends; not at once, as the first may be about to. */
static void test_second(void **state)
{
	struct manager *first = new_manager(), *second = new_manager();

	manager_bus_start(first);
	run_for(first, SEC / 2);
	assert_true(name_has_owner());
	assert_false(has_problem(first, "bus"));

	manager_bus_start(second);
	run_for(second, SEC / 2);
	assert_true(has_problem(second, "bus"));
	assert_int_equal(sd_event_loop(second->event), -EEXIST);
	manager_free(second);
	manager_free(first);

	first = new_manager();
	second = new_manager();
	manager_bus_start(first);
	run_for(first, SEC / 2);
	manager_bus_start(second);
	run_for(second, SEC / 2);
	manager_free(first);
	run_for(second, 2 * SEC);
	assert_true(name_has_owner());
	assert_false(has_problem(second, "bus"));
	manager_free(second);
}

/* However often the bus was away before. */
static void test_second_after_failures(void **state)
{
	struct manager *first = new_manager(), *second = new_manager();

	manager_bus_start(first);
	run_for(first, SEC / 2);
	second->bus_failures = 2;
	manager_bus_start(second);
	run_for(second, SEC / 2);
	assert_true(has_problem(second, "bus"));
	assert_int_equal(sd_event_get_state(second->event), SD_EVENT_INITIAL);
	manager_free(second);
	manager_free(first);
}

/* A whole qcmdd ends with the status after which systemd does not start it again. */
static void test_second_process(void **state)
{
	struct manager *first = new_manager();
	int status;
	pid_t pid;

	manager_bus_start(first);
	run_for(first, SEC / 2);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		setenv("QCMD_POLICY_PATH", private_bus_folder, 1);
		execl("build/qcmdd", "qcmdd", NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	manager_free(first);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == EXIT_PRIVILEGE)
		skip();
	assert_int_equal(WEXITSTATUS(status), EX_UNAVAILABLE);
}

/* At the start as later: it is tried again, more than once, and is a problem meanwhile. */
static void test_bus_comes_late(void **state)
{
	_cleanup_free_ char *address = xprintf("%s", getenv("DBUS_SYSTEM_BUS_ADDRESS"));
	struct manager *m = new_manager();

	setenv("DBUS_SYSTEM_BUS_ADDRESS", "nonsense", 1);
	manager_bus_start(m);
	assert_true(has_problem(m, "bus"));
	assert_false(m->bus_pending);
	run_for(m, SEC + SEC / 2);
	assert_true(has_problem(m, "bus"));
	setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
	run_for(m, 2 * SEC);
	assert_true(name_has_owner());
	assert_false(has_problem(m, "bus"));
	manager_free(m);
}

/* As long as no more files can be opened not even a timer can be made: what is needed was made before. */
static void test_no_files(void **state)
{
	struct manager *m = new_manager();
	struct rlimit usual, tight;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	tight = usual;
	tight.rlim_cur = 0;
	setenv("NOTIFY_SOCKET", "@qcmd-test-nobody", 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	manager_bus_start(m);
	manager_tell_ready(m);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_true(has_problem(m, "bus"));
	assert_false(m->ready);
	unsetenv("NOTIFY_SOCKET");
	run_for(m, SEC + SEC / 2);
	assert_true(name_has_owner());
	assert_false(has_problem(m, "bus"));
	assert_true(m->ready);
	manager_free(m);
}

/* systemd can't be told, as no more files can be opened, for example: that is tried again. */
static void test_ready(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct manager *m = new_manager();
	char text[64] = "";
	int fd;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", private_bus_folder);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	manager_tell_ready(m);
	assert_false(m->ready);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	run_for(m, SEC + SEC / 2);
	assert_true(m->ready);
	assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, "READY=1");
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	unlink(address.sun_path);
	manager_free(m);
}

static int on_properties(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *name, *interface;
	int *n = userdata;

	if (sd_bus_message_read(message, "s", &interface) < 0 ||
	    sd_bus_message_enter_container(message, 'a', "{sv}") < 0)
		return 0;
	while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
		assert_true(sd_bus_message_read(message, "s", &name) >= 0);
		*n += !strcmp(name, "Problems");
		assert_true(sd_bus_message_skip(message, "v") >= 0);
		assert_true(sd_bus_message_exit_container(message) >= 0);
	}
	return 0;
}

/* Whoever wants to know need not ask again and again. */
static void test_problems_signal(void **state)
{
	struct manager *m = new_manager();
	sd_bus *bus = NULL;
	int n = 0;

	assert_true(sd_bus_open_system(&bus) >= 0);
	assert_true(sd_bus_match_signal(bus, NULL, NULL, "/org/qcmd1", "org.freedesktop.DBus.Properties",
					"PropertiesChanged", on_properties, &n) >= 0);
	manager_bus_start(m);
	run_for(m, SEC / 2);
	manager_tell(m);
	run_for(m, SEC / 4);
	while (sd_bus_process(bus, NULL) > 0)
		;
	n = 0;
	manager_tell(m);
	m->error = -EBUSY;
	manager_tell(m);
	run_for(m, SEC / 4);
	while (sd_bus_process(bus, NULL) > 0)
		;
	assert_int_equal(n, 1);
	sd_bus_flush_close_unref(bus);
	manager_free(m);
}

/* How often systemd was told a status since the last time, and the last of them. */
static int statuses(int fd, char last[256])
{
	int n = 0;
	ssize_t size;

	while ((size = recv(fd, last, 255, 0)) > 0) {
		last[size] = '\0';
		n += !strncmp(last, "STATUS=", strlen("STATUS="));
	}
	return n;
}

/*
 * Each message costs systemd and the bus more than us: one a second at most, the last one is right, and none for
 * nothing. And what of the machine changes seldom is not read in each pass, but whenever somebody asks.
 */
static void test_many_passes(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct manager *m = new_manager();
	char text[256] = "";
	struct status s;
	int fd;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", private_bus_folder);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	manager_tell(m);
	assert_int_equal(statuses(fd, text), 1);
	strcpy(m->machine.version, "marked");
	for (int i = 0; i < 50; i++) {
		snprintf(m->machine.lockdown, sizeof(m->machine.lockdown), "%d", i);
		manager_tell(m);
	}
	assert_string_equal(m->machine.version, "marked");
	assert_int_equal(statuses(fd, text), 0);
	run_for(m, SEC + SEC / 4);
	assert_int_equal(statuses(fd, text), 1);
	assert_non_null(strstr(text, "(49)"));
	run_for(m, 2 * SEC);
	assert_int_equal(statuses(fd, text), 0);
	manager_status(m, &s);
	status_done(&s);
	assert_string_not_equal(m->machine.version, "marked");
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	unlink(address.sun_path);
	manager_free(m);
}

/* A source that could not be started, as above: without a reload it is, when that works. */
static void test_source_comes_late(void **state)
{
	static struct policy_section section = { .kind = POLICY_SOURCE_CURRENT, .path = (char *)"/x.conf" };
	static struct policy policy = {
		.name = (char *)"x",
		.path = (char *)"/x.conf",
		.state = POLICY_ENABLED,
		.sections = &section,
		.n_sections = 1,
	};
	static struct policy_set policies = { .policies = &policy, .n_policies = 1 };
	struct manager *m = new_manager();
	struct policy_set *none = m->policies;

	m->policies = &policies;
	m->sources.failures[POLICY_SOURCE_CURRENT] = strdup("Too many open files");
	assert_int_equal(manager_recollect(m), 0);
	assert_true(has_problem(m, "current"));
	run_for(m, SEC + SEC / 2);
	assert_false(has_problem(m, "current"));
	assert_non_null(m->sources.running[POLICY_SOURCE_CURRENT]);
	assert_int_equal(m->source_failures, 0);
	m->policies = none;
	manager_free(m);
}

static void on_autoreload(void *userdata)
{
}

/* All was read, with what somebody has not written to its end: then nobody waits for that any more. */
static void test_reload_ends_wait(void **state)
{
	static const struct autoreload_ops ops = { 1000, 100 * SEC, on_autoreload, on_autoreload };
	_cleanup_free_ char *folder = xprintf("%s/etc", private_bus_folder), *path = xprintf("%s/a.conf", folder);
	const char *const dirs[] = { folder, NULL };
	struct manager *m = new_manager();
	int fd;

	assert_int_equal(mkdir(folder, 0755), 0);
	setenv("QCMD_POLICY_PATH", folder, 1);
	assert_int_equal(autoreload_new(m->event, dirs, &ops, NULL, &m->autoreload), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "[Prin", 5), 5);
	run_for(m, SEC / 4);
	assert_string_equal(autoreload_waits_for(m->autoreload), path);
	assert_int_equal(manager_reload(m), -EBADMSG);
	assert_null(autoreload_waits_for(m->autoreload));
	close(fd);
	manager_free(m);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_second),
		cmocka_unit_test(test_second_after_failures),
		cmocka_unit_test(test_second_process),
		cmocka_unit_test(test_bus_comes_late),
		cmocka_unit_test(test_no_files),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_problems_signal),
		cmocka_unit_test(test_many_passes),
		cmocka_unit_test(test_source_comes_late),
		cmocka_unit_test(test_reload_ends_wait),
	};

	log_set_max_level("emerg");
	return cmocka_run_group_tests(tests, private_bus_start, private_bus_stop);
}
