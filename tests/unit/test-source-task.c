// SPDX-License-Identifier: GPL-2.0-only
/* The source of tasks on the running kernel: what it wants when tasks come, change their names and parents, go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/qcom_minidump_table.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/source/sources.h"
#include "uapi/linux/qcom_minidump_table.h"

#define TRIES 200 /* turns of the loop of at most 50 ms */

/* Of this process, as the same test may run elsewhere on the machine. */
static char own_name[12];

/* The fourth call from now takes the place of this one. */
static char *named(const char *suffix)
{
	static char names[4][16];
	static size_t n;
	char *name = names[n++ % 4];

	snprintf(name, sizeof(names[0]), "%s%s", own_name, suffix);
	return name;
}

static char pattern[16], other_pattern[16];
static char *patterns[] = { pattern, NULL };
static char *others[] = { other_pattern, NULL };
static struct policy_section sections[] = {
	{
		.kind = POLICY_SOURCE_TASK,
		.line = 2,
		.path = (char *)"/x.conf",
		.task = { .comms = patterns,
			  .parts = POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT) |
				   POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STACK),
			  .max_tasks = 2 },
	},
};
static struct policy_section other_sections[] = {
	{
		.kind = POLICY_SOURCE_TASK,
		.line = 2,
		.path = (char *)"/x.conf",
		.task = { .comms = others, .parts = POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT), .max_tasks = 2 },
	},
};
static struct policy policy = { .name = (char *)"x", .priority = 7, .sections = sections, .n_sections = 1 };
static struct policy other_policy = { .name = (char *)"y", .sections = other_sections, .n_sections = 1 };
static const struct policy_set set = { .policies = &policy, .n_policies = 1 };
static const struct policy_set other_set = { .policies = &other_policy, .n_policies = 1 };

struct fixture {
	sd_event *event;
	struct source *source;
	struct wants wants;
	int changes;
};

static void on_changed(void *userdata)
{
	struct fixture *f = userdata;

	f->changes++;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct source_host host = { .changed = on_changed, .userdata = f };

	assert_non_null(f);
	*state = f;
	prctl(PR_SET_NAME, own_name);
	if (geteuid() != 0 || access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return 0;
	assert_true(sd_event_new(&f->event) >= 0);
	host.event = f->event;
	assert_int_equal(source_start(&source_task, &host, &set, &f->source), 0);
	assert_null(source_task.problem(f->source));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	source_stop(&source_task, f->source);
	sd_event_unref(f->event);
	wants_done(&f->wants);
	free(f);
	return 0;
}

static struct fixture *fixture(void **state)
{
	struct fixture *f = *state;

	if (!f->source) {
		print_message("needs root and a kernel with BTF\n");
		skip();
	}
	return f;
}

static const struct want *find(struct fixture *f, enum region_kind kind, pid_t pid)
{
	for (size_t i = 0; i < f->wants.n; i++)
		if (f->wants.items[i].key.kind == kind && f->wants.items[i].key.pid == (uint32_t)pid)
			return &f->wants.items[i];
	return NULL;
}

static void collect(struct fixture *f)
{
	wants_done(&f->wants);
	assert_int_equal(source_task.want(f->source, &set, &f->wants), 0);
	wants_settle(&f->wants);
}

/* Until the task is wanted, or is not any more. */
static void wait_until(struct fixture *f, pid_t pid, bool wanted)
{
	for (int i = 0; i < TRIES; i++) {
		collect(f);
		if (!!find(f, REGION_TASK, pid) == wanted)
			return;
		assert_true(sd_event_run(f->event, 50000) >= 0);
	}
	fail_msg("%d is %swanted", pid, wanted ? "not " : "");
}

/* All that was to be told has been, a second look at the children of who exited among it. */
static void settle(struct fixture *f)
{
	usleep(100000);
	while (sd_event_run(f->event, 0) > 0)
		;
}

/* A child of that name and user, which waits to be killed. */
static pid_t start_as(uid_t uid, const char *name)
{
	int pipes[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (uid && setresuid(uid, uid, uid) < 0)
			_exit(EXIT_FAILURE);
		prctl(PR_SET_NAME, name);
		close(pipes[0]);
		close(pipes[1]);
		for (;;)
			pause();
	}
	/* The end of the pipe says that it has its name. */
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &c, 1), 0);
	close(pipes[0]);
	return pid;
}

static pid_t start(const char *name)
{
	return start_as(0, name);
}

static void stop_process(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_life(void **state)
{
	struct fixture *f = fixture(state);
	const struct want *w;
	char comment[64];
	pid_t pid = start(named("-a"));

	wait_until(f, pid, true);
	assert_true(f->changes > 0);
	w = find(f, REGION_TASK, pid);
	snprintf(comment, sizeof(comment), "%s-a (%d)", own_name, pid);
	assert_string_equal(w->comment, comment);
	assert_string_equal(w->name, MINIDUMP_TASK_NAME);
	assert_ptr_equal(w->policy, &policy);
	assert_int_equal(w->priority, 7);
	assert_int_equal(w->section->line, 2);
	assert_string_equal(find(f, REGION_STACK, pid)->name, MINIDUMP_STACK_NAME);
	/* We are its parent. */
	w = find(f, REGION_TASK, getpid());
	assert_non_null(w);
	assert_int_equal(w->rank, WANT_RANK_PARENT);
	snprintf(comment, sizeof(comment), "parent of %s-a (%d)", own_name, pid);
	assert_string_equal(w->comment, comment);
	assert_null(find(f, REGION_STACK, getpid()));
	stop_process(pid);
	wait_until(f, pid, false);
	assert_int_equal(f->wants.n, 0);
}

static void test_oldest_stay(void **state)
{
	struct fixture *f = fixture(state);
	pid_t a = start(named("-a")), b = start(named("-b")), c = start(named("-c"));

	wait_until(f, b, true);
	settle(f);
	collect(f);
	assert_non_null(find(f, REGION_TASK, a));
	assert_non_null(find(f, REGION_TASK, b));
	assert_null(find(f, REGION_TASK, c));
	assert_true(find(f, REGION_TASK, a)->order < find(f, REGION_TASK, b)->order);
	stop_process(a);
	wait_until(f, c, true);
	stop_process(b);
	stop_process(c);
	wait_until(f, b, false);
	wait_until(f, c, false);
}

/* A section in place of that of the fixture, until the next one. */
static void use(struct fixture *f, const struct policy_task *t)
{
	sections[0].task = *t;
	assert_int_equal(source_task.reload(f->source, &set), 0);
	collect(f);
}

static const struct policy_task usual = {
	.comms = patterns,
	.parts = POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT) | POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STACK),
	.max_tasks = 2,
};

static char other_program[32];

static void begin_other_program(int signal)
{
	execl(other_program, other_program, "1000", NULL);
	_exit(EXIT_FAILURE);
}

/* Of a process that begins another program it is another one. */
static void test_mm(void **state)
{
	struct fixture *f = fixture(state);
	struct policy_task t = usual;
	const struct want *w;
	uint64_t before;
	pid_t pid;

	snprintf(other_program, sizeof(other_program), "/tmp/%s", named("-a"));
	assert_int_equal(symlink("/bin/sleep", other_program), 0);
	signal(SIGUSR1, begin_other_program);
	pid = start(named("-a"));
	wait_until(f, pid, true);
	assert_null(find(f, REGION_MM, pid));
	t.parts = POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT) | POLICY_TASK_PART(QCOM_MINIDUMP_TASK_MM);
	use(f, &t);
	w = find(f, REGION_MM, pid);
	assert_non_null(w);
	assert_string_equal(w->name, MINIDUMP_MM_NAME);
	before = w->address;
	assert_int_not_equal(before, 0);
	assert_int_not_equal(before, find(f, REGION_TASK, pid)->address);
	/* Nothing else of it changes, not even its name: the daemon has to be told all the same. */
	settle(f);
	f->changes = 0;
	kill(pid, SIGUSR1);
	for (int i = 0; i < TRIES && !f->changes; i++)
		assert_true(sd_event_run(f->event, 50000) >= 0);
	assert_int_not_equal(f->changes, 0);
	collect(f);
	assert_non_null(find(f, REGION_MM, pid));
	assert_int_not_equal(find(f, REGION_MM, pid)->address, before);
	unlink(other_program);
	stop_process(pid);
	wait_until(f, pid, false);
	assert_null(find(f, REGION_MM, pid));

	/* kthreadd has none. */
	t = (struct policy_task){ .kernel_thread = POLICY_YES, .parts = t.parts, .max_tasks = 1 };
	use(f, &t);
	assert_non_null(find(f, REGION_TASK, 2));
	assert_null(find(f, REGION_MM, 2));
	use(f, &usual);
}

/* By its name, at once and whoever asks for it; it takes nobody's place, and is no one's parent. */
static void test_excluded(void **state)
{
	struct fixture *f = fixture(state);
	char name[16];
	char *names[] = { name, NULL };
	struct policy_section both[] = {
		sections[0],
		{ .kind = POLICY_EXCLUDE, .path = (char *)"/y.conf", .line = 3, .task.comms = names },
	};
	struct policy two[] = { policy, { .name = (char *)"y", .sections = &both[1], .n_sections = 1 } };
	const struct policy_set excluding = { .policies = two, .n_policies = 2 };
	pid_t a = start(named("-a")), b = start(named("-b")), c = start(named("-c"));

	snprintf(name, sizeof(name), "%s", named("-a"));
	assert_int_equal(source_task.reload(f->source, &excluding), 0);
	collect(f);
	assert_ptr_equal(find(f, REGION_TASK, a)->excluded, &both[1]);
	assert_ptr_equal(find(f, REGION_STACK, a)->excluded, &both[1]);
	assert_string_equal(find(f, REGION_STACK, a)->problem, "excluded by /y.conf:3");
	/* Two are all that the section may have. */
	assert_non_null(find(f, REGION_TASK, b));
	assert_null(find(f, REGION_TASK, b)->excluded);
	assert_non_null(find(f, REGION_TASK, c));
	assert_null(find(f, REGION_TASK, getpid())->excluded);

	snprintf(name, sizeof(name), "%s", own_name);
	assert_int_equal(source_task.reload(f->source, &excluding), 0);
	collect(f);
	assert_ptr_equal(find(f, REGION_TASK, getpid())->excluded, &both[1]);
	assert_null(find(f, REGION_TASK, a)->excluded);
	use(f, &usual);
	assert_null(find(f, REGION_TASK, getpid())->excluded);
	stop_process(a);
	stop_process(b);
	stop_process(c);
	wait_until(f, a, false);
	wait_until(f, b, false);
	wait_until(f, c, false);
}

static void test_newest_stay(void **state)
{
	struct fixture *f = fixture(state);
	struct policy_task t = usual;
	pid_t a = start(named("-a")), b = start(named("-b")), c;

	t.keep = POLICY_TASK_KEEP_NEWEST;
	use(f, &t);
	assert_non_null(find(f, REGION_TASK, a));
	c = start(named("-c"));
	wait_until(f, c, true);
	assert_null(find(f, REGION_TASK, a));
	assert_true(find(f, REGION_TASK, c)->order < find(f, REGION_TASK, b)->order);
	stop_process(c);
	wait_until(f, a, true);
	stop_process(a);
	stop_process(b);
	wait_until(f, b, false);
	use(f, &usual);
}

/* Stopped for a second it is wanted, and not before; it goes on, and is not any more. Another name never is. */
static void test_state(void **state)
{
	struct fixture *f = fixture(state);
	struct policy_task t = usual;
	uint64_t begin, end;
	pid_t pid = start(named("-a")), other = start(own_name);

	t.states = TASK_STATE_STOPPED;
	t.state_sec = 1;
	use(f, &t);
	kill(other, SIGSTOP);
	kill(pid, SIGSTOP);
	sd_event_now(f->event, CLOCK_MONOTONIC, &begin);
	f->changes = 0;
	wait_until(f, pid, true);
	sd_event_now(f->event, CLOCK_MONOTONIC, &end);
	assert_true(end - begin >= 1000000);
	/* It is told when the state is looked at the next time. */
	for (int i = 0; i < TRIES && !f->changes; i++)
		assert_true(sd_event_run(f->event, 50000) >= 0);
	assert_true(f->changes > 0);
	assert_null(find(f, REGION_TASK, other));
	f->changes = 0;
	kill(pid, SIGCONT);
	wait_until(f, pid, false);
	assert_true(f->changes > 0);
	/* Nothing is wanted any more, so nothing changes. */
	f->changes = 0;
	for (int i = 0; i < 4; i++)
		assert_true(sd_event_run(f->event, 500000) >= 0);
	assert_int_equal(f->changes, 0);
	stop_process(pid);
	stop_process(other);
	use(f, &usual);
}

#define FORKS 300

/* One that has only been forked counts after a second, one that has begun a program at once. */
static void test_age(void **state)
{
	struct fixture *f = fixture(state);
	struct policy_task t = usual;
	struct source_stats before, after;
	uint64_t begin, end;
	pid_t pid;

	snprintf(other_program, sizeof(other_program), "/tmp/%s", named("-a"));
	assert_int_equal(symlink("/bin/sleep", other_program), 0);
	signal(SIGUSR1, begin_other_program);
	t.age_sec = POLICY_TASK_AGE_UNSET;
	use(f, &t);
	sd_event_now(f->event, CLOCK_MONOTONIC, &begin);
	pid = start(named("-a"));
	wait_until(f, pid, true);
	sd_event_now(f->event, CLOCK_MONOTONIC, &end);
	assert_true(end - begin >= 900000);
	stop_process(pid);
	wait_until(f, pid, false);

	sd_event_now(f->event, CLOCK_MONOTONIC, &begin);
	pid = start(named("-a"));
	kill(pid, SIGUSR1);
	wait_until(f, pid, true);
	sd_event_now(f->event, CLOCK_MONOTONIC, &end);
	assert_true(end - begin < 900000);
	stop_process(pid);
	wait_until(f, pid, false);

	/* With AgeSec= that makes no difference. */
	t.age_sec = 1;
	use(f, &t);
	sd_event_now(f->event, CLOCK_MONOTONIC, &begin);
	pid = start(named("-a"));
	kill(pid, SIGUSR1);
	wait_until(f, pid, true);
	sd_event_now(f->event, CLOCK_MONOTONIC, &end);
	assert_true(end - begin >= 900000);
	stop_process(pid);
	wait_until(f, pid, false);
	unlink(other_program);

	/* However many there are that don't live as long, they are no news, and one look a second is what they cost. */
	settle(f);
	source_task.stats(f->source, &before);
	f->changes = 0;
	sd_event_now(f->event, CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < FORKS; i++) {
		stop_process(start(named("-t")));
		assert_true(sd_event_run(f->event, 0) >= 0);
	}
	settle(f);
	sd_event_now(f->event, CLOCK_MONOTONIC, &end);
	source_task.stats(f->source, &after);
	assert_int_equal(f->changes, 0);
	assert_true(after.received > before.received);
	assert_true(after.received - before.received <= 4 * ((end - begin) / 1000000 + 2));
	use(f, &usual);
}

#define NOBODY	 65534
#define SOMEBODY 65533

/* What one section takes at once, another one takes later, and nothing else happens. */
static void test_age_of_another(void **state)
{
	struct fixture *f = fixture(state);
	struct policy_section both[] = { sections[0], sections[0] };
	struct policy two = policy;
	const struct policy_set later = { .policies = &two, .n_policies = 1 };
	pid_t pid;

	both[0].task.age_sec = 0;
	both[0].task.parts = POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT);
	both[1].task.age_sec = 1;
	both[1].task.parts = POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STACK);
	two.sections = both;
	two.n_sections = ARRAY_LEN(both);
	assert_int_equal(source_task.reload(f->source, &later), 0);
	/* Past the look that follows a reload */
	usleep(400000);
	settle(f);
	pid = start(named("-a"));
	f->changes = 0;
	for (int i = 0; i < TRIES && f->changes < 2; i++)
		assert_true(sd_event_run(f->event, 50000) >= 0);
	wants_done(&f->wants);
	assert_int_equal(source_task.want(f->source, &later, &f->wants), 0);
	assert_non_null(find(f, REGION_TASK, pid));
	assert_non_null(find(f, REGION_STACK, pid));
	assert_int_equal(f->changes, 2);
	stop_process(pid);
	use(f, &usual);
}

/* Whose they are; and one who has many of that name does not take the places of others. */
static void test_users(void **state)
{
	struct policy_user_range ranges[] = { { 1, 3 }, { 5, 5 }, { 7, 7 }, { 9, 9 }, { NOBODY, NOBODY } };
	struct fixture *f = fixture(state);
	struct policy_task t = usual;
	pid_t mine = start(named("-a")), first = start_as(NOBODY, named("-b")), second = start_as(NOBODY, named("-c")),
	      other = start_as(SOMEBODY, named("-d"));

	t.max_tasks = 10;
	for (size_t n = 5; n > 0; n = n == 5 ? 1 : 0) {
		t.users = (struct policy_users){ ranges + 5 - n, n };
		use(f, &t);
		assert_null(find(f, REGION_STACK, mine));
		assert_null(find(f, REGION_STACK, other));
		assert_non_null(find(f, REGION_STACK, first));
		assert_non_null(find(f, REGION_STACK, second));
	}
	t.users.n = 0;
	t.max_per_user = 1;
	use(f, &t);
	assert_non_null(find(f, REGION_STACK, mine));
	assert_non_null(find(f, REGION_STACK, first));
	assert_null(find(f, REGION_STACK, second));
	assert_non_null(find(f, REGION_STACK, other));
	stop_process(first);
	wait_until(f, second, true);
	stop_process(mine);
	stop_process(second);
	stop_process(other);
	use(f, &usual);
}

/* Its parent ends: who has it then is wanted instead. */
static void test_reparented(void **state)
{
	struct fixture *f = fixture(state);
	pid_t parent, child;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	parent = fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child = fork();
		if (child == 0) {
			prctl(PR_SET_NAME, named("-c"));
			for (;;)
				pause();
		}
		_exit(write(pipes[1], &child, sizeof(child)) != sizeof(child) || pause());
	}
	assert_int_equal(read(pipes[0], &child, sizeof(child)), sizeof(child));
	wait_until(f, child, true);
	assert_non_null(find(f, REGION_TASK, parent));
	assert_null(find(f, REGION_TASK, getpid()));
	stop_process(parent);
	wait_until(f, getpid(), true);
	assert_null(find(f, REGION_TASK, parent));
	stop_process(child);
	wait_until(f, child, false);
	close(pipes[0]);
	close(pipes[1]);
}

/* The module does not know it: it is not asked for again. */
static void test_gone(void **state)
{
	struct fixture *f = fixture(state);
	pid_t pid = start(named("-a"));
	struct region_key key;

	wait_until(f, pid, true);
	key = find(f, REGION_TASK, pid)->key;
	key.start++;
	source_task.gone(f->source, &key);
	collect(f);
	assert_non_null(find(f, REGION_TASK, pid));
	key.start--;
	source_task.gone(f->source, &key);
	collect(f);
	assert_null(find(f, REGION_TASK, pid));
	stop_process(pid);
}

/* More events than the ring takes: all tasks are looked at again, and what is wanted is right. */
static void test_lost_events(void **state)
{
	struct fixture *f = fixture(state);
	struct source_stats before, after;
	pid_t pid;

	source_task.stats(f->source, &before);
	do {
		prctl(PR_SET_NAME, named("-s"));
		for (int i = 0; i < 200; i++)
			stop_process(start(named("-t")));
		prctl(PR_SET_NAME, own_name);
		source_task.stats(f->source, &after);
	} while (after.lost == before.lost);
	pid = start(named("-a"));
	wait_until(f, pid, true);
	for (int i = 0; i < TRIES && after.resyncs == before.resyncs; i++) {
		assert_true(sd_event_run(f->event, 50000) >= 0);
		source_task.stats(f->source, &after);
	}
	assert_true(after.resyncs > before.resyncs);
	collect(f);
	/* Task and stack, and the parent. */
	assert_int_equal(f->wants.n, 3);
	stop_process(pid);
	wait_until(f, pid, false);
}

static void test_reload(void **state)
{
	struct fixture *f = fixture(state);
	pid_t pid = start(named("-a")), other = start(named("-z"));
	struct source_stats before, after = {};

	wait_until(f, pid, true);
	assert_int_equal(source_task.reload(f->source, &other_set), 0);
	wants_done(&f->wants);
	assert_int_equal(source_task.want(f->source, &other_set, &f->wants), 0);
	assert_null(find(f, REGION_TASK, pid));
	assert_non_null(find(f, REGION_TASK, other));
	assert_null(find(f, REGION_STACK, other));
	/* What was told of while there were no filters is looked for once more. */
	source_task.stats(f->source, &before);
	for (int i = 0; i < TRIES && after.resyncs <= before.resyncs; i++) {
		assert_true(sd_event_run(f->event, 50000) >= 0);
		source_task.stats(f->source, &after);
	}
	assert_int_equal(after.resyncs, before.resyncs + 1);
	stop_process(pid);
	stop_process(other);
}

#define UNIFIED "/sys/fs/cgroup/unified"
#define CGROUPS 200

/* Who makes many cgroups that a section asks for, as a user in a tree of their own, makes no look at all tasks each. */
static void test_many_cgroups(void **state)
{
	const char *root = access(UNIFIED, X_OK) == 0 ? UNIFIED : "/sys/fs/cgroup";
	char *globs[] = { (char[32]){ "" }, NULL };
	struct policy_section section = {
		.kind = POLICY_SOURCE_TASK,
		.task = { .cgroups = globs, .parts = POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT), .max_tasks = 2 },
	};
	struct policy by_cgroup = { .sections = &section, .n_sections = 1 };
	const struct policy_set policies = { .policies = &by_cgroup, .n_policies = 1 };
	struct fixture *f = fixture(state);
	struct source_stats before, after;
	char path[128];
	size_t made = 0;
	uint64_t start, end;

	snprintf(globs[0], 32, "/%s-*", own_name);
	assert_int_equal(source_task.reload(f->source, &policies), 0);
	source_task.stats(f->source, &before);
	sd_event_now(f->event, CLOCK_MONOTONIC, &start);
	for (int i = 0; i < CGROUPS; i++) {
		snprintf(path, sizeof(path), "%s/%s-%d", root, own_name, i);
		made += mkdir(path, 0755) == 0;
		assert_true(sd_event_run(f->event, 1000) >= 0);
	}
	settle(f);
	source_task.stats(f->source, &after);
	sd_event_now(f->event, CLOCK_MONOTONIC, &end);
	for (int i = 0; i < CGROUPS; i++) {
		snprintf(path, sizeof(path), "%s/%s-%d", root, own_name, i);
		rmdir(path);
	}
	if (!made || source_task.problem(f->source)) {
		print_message("needs a unified hierarchy of cgroups\n");
		skip();
	}
	assert_true(after.received > before.received);
	/* At most four times a second. */
	assert_true(after.resyncs - before.resyncs <= (end - start) / 250000 + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_life),	   TEST(test_oldest_stay),  TEST(test_mm),   TEST(test_newest_stay),
		TEST(test_state),	   TEST(test_reparented),   TEST(test_gone), TEST(test_lost_events),
		TEST(test_reload),	   TEST(test_many_cgroups), TEST(test_age),  TEST(test_users),
		TEST(test_age_of_another), TEST(test_excluded),
	};

	snprintf(own_name, sizeof(own_name), "qs%d", getpid());
	snprintf(pattern, sizeof(pattern), "%s-?", own_name);
	snprintf(other_pattern, sizeof(other_pattern), "%s-[z]", own_name);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
