// SPDX-License-Identifier: GPL-2.0-only
/* Files of policies that come, change and go, and when that is told; qcmdd.conf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/autoreload.h"
#include "daemon/policy/config.h"

#define QUIET	 100000 /* microseconds */
#define PATIENCE (20 * QUIET)

struct fixture {
	char root[32];
	char etc[64]; /* <root>/etc/qcmd.d, which is not there at first */
	char usr[64];
	const char *dirs[3];
	sd_event *event;
	struct autoreload *a;
	int changes;
	int waits;
};

static void on_changed(void *userdata)
{
	struct fixture *f = userdata;

	f->changes++;
}

static void on_waiting(void *userdata)
{
	struct fixture *f = userdata;

	f->waits++;
}

static const struct autoreload_ops patient = { QUIET, 1000 * QUIET, on_changed, on_waiting };
static const struct autoreload_ops hasty = { QUIET, PATIENCE, on_changed, on_waiting };

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	*state = f;
	strcpy(f->root, "/tmp/qcmd-test-XXXXXX");
	assert_non_null(mkdtemp(f->root));
	snprintf(f->etc, sizeof(f->etc), "%s/etc/qcmd.d", f->root);
	snprintf(f->usr, sizeof(f->usr), "%s/usr", f->root);
	assert_int_equal(mkdir(f->usr, 0755), 0);
	f->dirs[0] = f->etc;
	f->dirs[1] = f->usr;
	assert_true(sd_event_new(&f->event) >= 0);
	assert_int_equal(autoreload_new(f->event, f->dirs, &patient, f, &f->a), 0);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[64];

	autoreload_free(f->a);
	sd_event_unref(f->event);
	snprintf(command, sizeof(command), "rm -r %s", f->root);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* How often that was told until nothing more is to come. */
static int changes(struct fixture *f)
{
	int n;

	do
		n = sd_event_run(f->event, 2 * QUIET);
	while (n > 0);
	assert_int_equal(n, 0);
	n = f->changes;
	f->changes = 0;
	return n;
}

static const char *in(const char *dir, const char *name)
{
	static char paths[2][256];
	static int i;
	char *path = paths[++i % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static int begin_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "[Prin", 5), 5);
	return fd;
}

static void write_file(const char *path)
{
	close(begin_file(path));
}

static void test_quiet(void **state)
{
	assert_int_equal(changes(*state), 0);
}

static void test_file(void **state)
{
	struct fixture *f = *state;

	write_file(in(f->usr, "a.conf"));
	write_file(in(f->usr, "b.conf"));
	assert_int_equal(changes(f), 1);
	write_file(in(f->usr, "a.conf"));
	assert_int_equal(changes(f), 1);
	assert_int_equal(unlink(in(f->usr, "a.conf")), 0);
	assert_int_equal(changes(f), 1);
	assert_int_equal(symlink("/dev/null", in(f->usr, "a.conf")), 0);
	assert_int_equal(changes(f), 1);
	assert_int_equal(chmod(in(f->usr, "b.conf"), 0600), 0);
	assert_int_equal(changes(f), 1);
}

/* Nothing is told while a file is open that has been written to, not even of another one. */
static void test_slow_writer(void **state)
{
	struct fixture *f = *state;
	int fd = begin_file(in(f->usr, "a.conf"));

	assert_int_equal(changes(f), 0);
	write_file(in(f->usr, "b.conf"));
	assert_int_equal(changes(f), 0);
	assert_int_equal(write(fd, "tk]\n", 4), 4);
	assert_int_equal(changes(f), 0);
	close(fd);
	assert_int_equal(changes(f), 1);
	/* One that was there before. */
	fd = open(in(f->usr, "a.conf"), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "[Ta", 3), 3);
	assert_int_equal(changes(f), 0);
	/* Gone before it was whole. */
	assert_int_equal(unlink(in(f->usr, "a.conf")), 0);
	assert_int_equal(changes(f), 1);
	close(fd);
}

/* A link to a whole file that has lost its other name, as of one that never had any. */
static void test_link(void **state)
{
	struct fixture *f = *state;

	write_file(in(f->usr, ".new"));
	assert_int_equal(changes(f), 0);
	assert_int_equal(link(in(f->usr, ".new"), in(f->usr, "a.conf")), 0);
	assert_int_equal(unlink(in(f->usr, ".new")), 0);
	assert_int_equal(changes(f), 1);
	/* Who reads it is none of its writers. */
	close(open(in(f->usr, "a.conf"), O_RDONLY | O_CLOEXEC));
	assert_int_equal(changes(f), 0);
	write_file(in(f->usr, "b.conf"));
	assert_int_equal(changes(f), 1);
}

/* What looks like writing for ever is not waited for, for ever, and is told meanwhile. */
static void expect_wait(struct fixture *f, const char *path)
{
	assert_int_equal(changes(f), 0);
	assert_int_equal(f->waits, 1);
	assert_string_equal(autoreload_waits_for(f->a), path);
	while (!f->changes)
		assert_true(sd_event_run(f->event, 2 * PATIENCE) > 0);
	assert_null(autoreload_waits_for(f->a));
	f->changes = f->waits = 0;
}

static void test_patience(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *path = strdup(in(f->usr, "a.conf"));
	int fd;

	autoreload_free(f->a);
	assert_int_equal(autoreload_new(f->event, f->dirs, &hasty, f, &f->a), 0);
	/* A reader of a file that has just been linked, which is taken for who has made it. */
	write_file(in(f->usr, ".new"));
	assert_int_equal(link(in(f->usr, ".new"), path), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	expect_wait(f, path);
	close(fd);
	/* truncate(2) opens and closes nothing. */
	assert_int_equal(truncate(path, 3), 0);
	expect_wait(f, path);
	/* Somebody who does write: what there is counts, and again when all is there. */
	fd = begin_file(path);
	expect_wait(f, path);
	close(fd);
	assert_int_equal(changes(f), 1);
	assert_int_equal(f->waits, 0);
}

/* Nor is it for what changes again and again. */
static void test_restless(void **state)
{
	struct fixture *f = *state;
	int n;

	autoreload_free(f->a);
	assert_int_equal(autoreload_new(f->event, f->dirs, &hasty, f, &f->a), 0);
	for (n = 0; n < 8 * PATIENCE / QUIET && !f->changes; n++) {
		write_file(in(f->usr, "a.conf"));
		assert_true(sd_event_run(f->event, QUIET / 2) >= 0);
		usleep(QUIET / 4);
	}
	assert_true(n > 2);
	assert_int_equal(f->changes, 1);
}

/* Who has read all by then has nothing to wait for; what changes after that is told. */
static void test_forget(void **state)
{
	struct fixture *f = *state;
	int fd = begin_file(in(f->usr, "a.conf"));

	assert_int_equal(changes(f), 0);
	assert_non_null(autoreload_waits_for(f->a));
	autoreload_forget(f->a);
	assert_null(autoreload_waits_for(f->a));
	assert_int_equal(changes(f), 0);
	close(fd);
	assert_int_equal(changes(f), 1);
	/* Before it was quiet. */
	write_file(in(f->usr, "a.conf"));
	assert_true(sd_event_run(f->event, 0) > 0);
	autoreload_forget(f->a);
	assert_int_equal(changes(f), 0);
}

static void test_other_names(void **state)
{
	struct fixture *f = *state;
	int fd = begin_file(in(f->usr, ".a.conf.swp"));

	write_file(in(f->usr, "a.conf~"));
	write_file(in(f->usr, "4913"));
	write_file(in(f->usr, ".#a.conf"));
	write_file(in(f->root, "a.conf"));
	assert_int_equal(changes(f), 0);
	close(fd);
	assert_int_equal(changes(f), 0);
	assert_int_equal(rename(in(f->usr, "4913"), in(f->usr, "a.conf")), 0);
	assert_int_equal(changes(f), 1);
	assert_int_equal(rename(in(f->usr, "a.conf"), in(f->usr, "a.conf~")), 0);
	assert_int_equal(changes(f), 1);
}

static void test_folders(void **state)
{
	struct fixture *f = *state;
	char drop[80];

	/* Comes, step by step. */
	assert_int_equal(mkdir(in(f->root, "etc"), 0755), 0);
	assert_int_equal(mkdir(in(f->root, "other"), 0755), 0);
	changes(f);
	assert_int_equal(mkdir(f->etc, 0755), 0);
	assert_int_equal(changes(f), 1);
	write_file(in(f->etc, "a.conf"));
	assert_int_equal(changes(f), 1);
	/* Drop-ins. */
	snprintf(drop, sizeof(drop), "%s/a.conf.d", f->etc);
	assert_int_equal(mkdir(drop, 0755), 0);
	assert_int_equal(changes(f), 1);
	write_file(in(drop, "x.conf"));
	assert_int_equal(changes(f), 1);
	/* Replaced by another one, above too. */
	assert_int_equal(rename(f->etc, in(f->root, "old")), 0);
	assert_int_equal(changes(f), 1);
	write_file(in(f->root, "old/a.conf"));
	assert_int_equal(changes(f), 0);
	assert_int_equal(rename(in(f->root, "etc"), in(f->root, "away")), 0);
	changes(f);
	assert_int_equal(mkdir(in(f->root, "etc"), 0755), 0);
	assert_int_equal(rename(in(f->root, "old"), f->etc), 0);
	assert_int_equal(changes(f), 1);
	write_file(in(drop, "x.conf"));
	assert_int_equal(changes(f), 1);
}

static bool auto_reload(struct fixture *f, const char *text, char **ret_message)
{
	_cleanup_free_ char *path = strdup(in(f->root, "qcmdd.conf"));
	struct diags diags = {};
	struct config config = { .auto_reload = true };
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(config_load(path, &config, &diags), 0);
	*ret_message = diags.n ? strdup(diags.items[0].message) : NULL;
	diags_done(&diags);
	return config.auto_reload;
}

static void assert_config(struct fixture *f, const char *text, bool wanted, const char *message)
{
	_cleanup_free_ char *said = NULL;

	assert_int_equal(auto_reload(f, text, &said), wanted);
	if (message)
		assert_string_equal(said, message);
	else
		assert_null(said);
}

static void assert_log_level(struct fixture *f, const char *text, unsigned int level)
{
	const char *path = in(f->root, "qcmdd.conf");
	struct diags diags = {};
	struct config config;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(config_load(path, &config, &diags), 0);
	assert_int_equal(config.log_level, level);
	diags_done(&diags);
}

static void test_config(void **state)
{
	struct fixture *f = *state;
	struct diags diags = {};
	struct config config = { .auto_reload = true };

	assert_int_equal(config_load(in(f->root, "none"), &config, &diags), 0);
	assert_false(config.auto_reload);
	assert_int_equal(diags.n, 0);
	assert_config(f, "", false, NULL);
	assert_config(f, "[Daemon]\nAutoReload=yes\n", true, NULL);
	assert_config(f, "[Daemon]\nAutoReload=yes\nAutoReload=\n", false, NULL);
	assert_config(
		f, "[Daemon]\nAutoReload=yes\nAutoRelaod=no\n", false,
		"unknown key 'AutoRelaod=' in [Daemon], did you mean 'AutoReload='? (known: AutoReload=, LogLevel=)");
	assert_config(f, "[Task]\nComm=x\n", false, "unknown section [Task] (known: [Daemon])");
	assert_config(f, "AutoReload=yes\n", false,
		      "'AutoReload=' before any section: put its section header, such as [Daemon], above it");
	assert_config(f, "[Daemon]\nLogLevel=loud\n", false,
		      "LogLevel= takes debug, info, notice, warning, err, crit, alert or emerg, not 'loud'");
	assert_log_level(f, "", LOG_INFO);
	assert_log_level(f, "[Daemon]\nLogLevel=debug\n", LOG_DEBUG);
	assert_log_level(f, "[Daemon]\nLogLevel=err\nLogLevel=\n", LOG_INFO);
	assert_log_level(f, "[Daemon]\nLogLevel=err\nLogLevel=loud\n", LOG_INFO);
	assert_config(f, "[Daemon]\nAutoReload=perhaps\n", false, "AutoReload= takes yes or no, not 'perhaps'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_quiet),    TEST(test_file),	     TEST(test_slow_writer), TEST(test_link),
		TEST(test_patience), TEST(test_other_names), TEST(test_restless),    TEST(test_forget),
		TEST(test_folders),  TEST(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
