// SPDX-License-Identifier: GPL-2.0-only
/* The matcher of the BPF program against fnmatch(), and the program itself on the running kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/source/task-bpf.h"
#include "daemon/source/task-cgroup.h"

#define COMM	   "qcmd-test"
#define STORM	   2000 /* three events each: twice of what the ring takes, as some come late */
#define EVENTS_MAX 64

/* Matcher */

static bool kernel_matches(const char *pattern, const char *text)
{
	char comm[GLOB_TEXT_SIZE] = "";
	struct glob g;

	snprintf(comm, sizeof(comm), "%s", text);
	glob_compile(pattern, &g);
	return glob_match(&g, comm);
}

static void test_glob_examples(void **state)
{
	static const char *const patterns[] = {
		"",
		"*",
		"?",
		"a",
		"abc",
		"a*",
		"*a",
		"*a*",
		"a*c",
		"a?c",
		"**",
		"*?",
		"?*",
		"a**b",
		"*ab*ab*",
		"sshd*",
		"kworker/*",
		"systemd-journa",
		"systemd-journald",
		"???????????????",
		"????????????????",
		"*-*-*",
		"abcdefghijklmno",
		"abcdefghijklmn?",
		"abcdefghijklmn*",
		"a*b*c*d*e*f*g*h",
		"*a*b*c*d*e*f*g*",
	};
	static const char *const texts[] = {
		"",
		"a",
		"b",
		"ab",
		"abc",
		"aabb",
		"abab",
		"xababx",
		"sshd",
		"sshd-session",
		"kworker/0:1",
		"systemd-journal",
		"abcdefghijklmno",
		"abcdefgh",
		"xaxbxcxdxexfxgx",
		"-a-b-",
		"\xc3\xa4",
		"*",
		"?",
	};

	for (size_t p = 0; p < ARRAY_LEN(patterns); p++)
		for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
			bool exact = fnmatch(patterns[p], texts[t], 0) == 0;
			bool ours = kernel_matches(patterns[p], texts[t]);

			/* What is longer than the matcher's pattern matches more. */
			if (strlen(patterns[p]) > GLOB_SIZE ? exact && !ours : exact != ours)
				fail_msg("'%s' and '%s': fnmatch says %d, the matcher %d", patterns[p], texts[t], exact,
					 ours);
		}
}

static void random_text(char *text, size_t max, const char *alphabet)
{
	size_t n = rand() % (max + 1);

	for (size_t i = 0; i < n; i++)
		text[i] = alphabet[rand() % strlen(alphabet)];
	text[n] = '\0';
}

static void test_glob_random(void **state)
{
	char pattern[GLOB_SIZE + 1], text[GLOB_TEXT_SIZE];
	size_t matches = 0;

	srand(1);
	for (int i = 0; i < 200000; i++) {
		random_text(pattern, GLOB_SIZE, "ab*?");
		random_text(text, GLOB_TEXT_SIZE - 1, "ab");
		if ((fnmatch(pattern, text, 0) == 0) != kernel_matches(pattern, text))
			fail_msg("'%s' and '%s': fnmatch and the matcher differ", pattern, text);
		matches += kernel_matches(pattern, text);
	}
	assert_true(matches >= 1000 && matches <= 199000);
}

/* Bracket expressions, escapes and patterns that are too long match more, never less. */
static void test_glob_superset(void **state)
{
	char pattern[64], text[GLOB_TEXT_SIZE];
	size_t matches = 0;

	srand(2);
	for (int i = 0; i < 200000; i++) {
		random_text(pattern, 24, "ab*?[]!\\-");
		random_text(text, GLOB_TEXT_SIZE - 1, "ab-\\");
		if (fnmatch(pattern, text, 0) != 0)
			continue;
		matches++;
		if (!kernel_matches(pattern, text))
			fail_msg("'%s' matches '%s', and the matcher says no", pattern, text);
	}
	assert_true(matches >= 1000 && matches <= 199000);
	assert_false(kernel_matches("ab[c]", "ba"));
	assert_true(kernel_matches("ab[c]", "abd"));
}

/* The program */

struct seen {
	struct task_event events[EVENTS_MAX];
	size_t n;
};

struct fixture {
	struct task_watcher *w;
	struct seen seen;
	char dir[64];
	char link[96];
};

static void on_event(const struct task_event *e, void *userdata)
{
	struct fixture *f = userdata;

	if (f->seen.n < EVENTS_MAX)
		f->seen.events[f->seen.n++] = *e;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char *reason = NULL;

	assert_non_null(f);
	*state = f;
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0 || geteuid() != 0)
		return 0;
	if (task_watcher_new(on_event, f, &f->w, &reason) < 0)
		fail_msg("can't load the program: %s", reason);
	snprintf(f->dir, sizeof(f->dir), "/tmp/qcmd-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->link, sizeof(f->link), "%s/" COMM "-exec", f->dir);
	assert_int_equal(symlink("/bin/sleep", f->link), 0);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->link[0])
		unlink(f->link);
	if (f->dir[0])
		rmdir(f->dir);
	task_watcher_free(f->w);
	free(f);
	return 0;
}

static struct fixture *fixture(void **state)
{
	struct fixture *f = *state;

	if (!f->w) {
		print_message("needs root and a kernel with BTF\n");
		skip();
	}
	f->seen.n = 0;
	task_watcher_discard(f->w);
	return f;
}

static void set_selector(struct fixture *f, const struct policy_task *t)
{
	assert_int_equal(task_watcher_set_selectors(f->w, &t, t ? 1 : 0), 0);
}

static void set_patterns(struct fixture *f, const char *pattern)
{
	char *comms[] = { (char *)pattern, NULL };
	const struct policy_task t = { .comms = comms };

	set_selector(f, pattern ? &t : NULL);
}

/* The first event of that kind about pid, waited for. */
static const struct task_event *wait_event(struct fixture *f, enum task_event_kind kind, uint32_t pid)
{
	const time_t end = time(NULL) + 30;

	/* Others may have events, too: what counts is the time. */
	while (time(NULL) < end) {
		struct pollfd p = { .fd = task_watcher_fd(f->w), .events = POLLIN };

		for (size_t i = 0; i < f->seen.n; i++)
			if (f->seen.events[i].kind == kind && f->seen.events[i].pid == pid)
				return &f->seen.events[i];
		assert_true(poll(&p, 1, 100) >= 0);
		assert_true(task_watcher_dispatch(f->w) >= 0);
	}
	fail_msg("no event %d about %u came", kind, pid);
	return NULL;
}

static uint64_t sent(struct fixture *f)
{
	struct task_watcher_counters c;

	task_watcher_counters(f->w, &c);
	return c.sent;
}

/* Its memory is ours until it has ended. */
static pid_t child_that_does_nothing(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static void fork_storm(int n)
{
	for (int i = 0; i < n; i++) {
		pid_t pid = child_that_does_nothing();

		assert_true(pid > 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

static void test_no_pattern_no_event(void **state)
{
	struct fixture *f = fixture(state);
	uint64_t before;

	set_patterns(f, NULL);
	before = sent(f);
	fork_storm(300);
	assert_int_equal(sent(f), before);
}

static void test_other_names_no_event(void **state)
{
	struct fixture *f = fixture(state);
	uint64_t before;

	set_patterns(f, COMM "-nobody");
	before = sent(f);
	fork_storm(300);
	assert_int_equal(sent(f), before);
}

static void test_iterate(void **state)
{
	struct fixture *f = fixture(state);
	const struct task_event *e;

	set_patterns(f, COMM "-i[t]er");
	prctl(PR_SET_NAME, COMM "-iter");
	assert_int_equal(task_watcher_iterate(f->w), 0);
	prctl(PR_SET_NAME, COMM);
	assert_int_equal(f->seen.n, 1);
	e = &f->seen.events[0];
	assert_int_equal(e->kind, TASK_EVENT_ITER);
	assert_int_equal(e->pid, syscall(SYS_gettid));
	assert_int_equal(e->tgid, getpid());
	assert_int_equal(e->parent_tgid, getppid());
	assert_string_equal(e->comm, COMM "-iter");
	assert_true(e->start > 0 && e->parent_start > 0 && e->start >= e->parent_start);
	assert_true(e->task && e->stack);
	assert_int_equal(e->state, TASK_STATE_RUNNING);
}

/* More tasks than one read() takes. */
static void test_iterate_many(void **state)
{
	struct fixture *f = fixture(state);
	const struct task_event *e;
	pid_t pids[200];
	int pipes[2];
	char c;

	assert_int_equal(pipe(pipes), 0);
	prctl(PR_SET_NAME, COMM "-many");
	for (size_t i = 0; i < ARRAY_LEN(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			close(pipes[1]);
			_exit(read(pipes[0], &c, 1));
		}
	}
	set_patterns(f, COMM "-many");
	assert_int_equal(task_watcher_iterate(f->w), 0);
	prctl(PR_SET_NAME, COMM);
	close(pipes[1]);
	close(pipes[0]);
	for (size_t i = 0; i < ARRAY_LEN(pids); i++)
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
	assert_int_equal(f->seen.n, EVENTS_MAX);
	e = wait_event(f, TASK_EVENT_ITER, getpid());
	assert_string_equal(e->comm, COMM "-many");
}

static void test_life(void **state)
{
	struct fixture *f = fixture(state);
	const struct task_event *e;
	pid_t pid;

	set_patterns(f, COMM "-*");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_NAME, COMM "-child");
		prctl(PR_SET_NAME, "other");
		_exit(0);
	}
	e = wait_event(f, TASK_EVENT_RENAME, pid);
	assert_string_equal(e->comm, COMM "-child");
	assert_int_equal(e->parent_pid, getpid());
	wait_event(f, TASK_EVENT_EXIT, pid);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	e = wait_event(f, TASK_EVENT_FREE, pid);
	assert_string_equal(e->comm, "other");
}

/* Whoever throws events away has to know that looking at the tasks may be too early for some. */
static void test_discarded_ahead(void **state)
{
	struct fixture *f = fixture(state);
	bool ahead = false;
	pid_t pid;

	set_patterns(f, COMM "-*");
	assert_false(task_watcher_discard(f->w));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_NAME, COMM "-child");
		pause();
	}
	for (int i = 0; i < 200 && !ahead; i++) {
		usleep(10000);
		ahead = task_watcher_discard(f->w);
	}
	assert_true(ahead);
	assert_false(task_watcher_discard(f->w));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(task_watcher_discard(f->w));
}

static void *exec_in_thread(void *link)
{
	usleep(20000);
	execl(link, link, "0", (char *)NULL);
	_exit(1);
}

/* A thread that calls execve() becomes the process: its own thread id is gone without an exit. */
static void test_exec_by_thread(void **state)
{
	struct fixture *f = fixture(state);
	const struct task_event *e;
	pid_t pid;

	set_patterns(f, COMM "-*");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, exec_in_thread, f->link);
		pthread_join(thread, NULL);
		_exit(1);
	}
	e = wait_event(f, TASK_EVENT_EXEC, pid);
	assert_string_equal(e->comm, COMM "-exec");
	assert_int_not_equal(e->old_pid, 0);
	assert_int_not_equal(e->old_pid, pid);
	wait_event(f, TASK_EVENT_EXIT, pid);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_lost_is_counted(void **state)
{
	struct fixture *f = fixture(state);
	struct task_watcher_counters c;

	prctl(PR_SET_NAME, COMM "-storm");
	set_patterns(f, COMM "-storm");
	fork_storm(STORM);
	prctl(PR_SET_NAME, COMM);
	task_watcher_counters(f->w, &c);
	assert_true(c.lost > 0);
	assert_int_equal(c.unwatched, 0);
	/* One turn takes a part only, and says that there is more. */
	assert_int_equal(task_watcher_dispatch(f->w), 1);
	task_watcher_discard(f->w);
	assert_int_equal(task_watcher_dispatch(f->w), 0);
}

static void test_too_many_patterns(void **state)
{
	struct fixture *f = fixture(state);
	char *comms[] = { (char *)COMM "-nobody", NULL };
	const struct policy_task t = { .comms = comms };
	const struct policy_task *selectors[TASK_FILTERS_MAX + 1];

	for (size_t i = 0; i <= TASK_FILTERS_MAX; i++)
		selectors[i] = &t;
	assert_int_equal(task_watcher_set_selectors(f->w, selectors, TASK_FILTERS_MAX + 1), 0);
	assert_int_equal(task_watcher_iterate(f->w), 0);
	assert_true(f->seen.n > 2);
}

static size_t iterate(struct fixture *f)
{
	f->seen.n = 0;
	assert_int_equal(task_watcher_iterate(f->w), 0);
	return f->seen.n;
}

/* One child of that name, and its threads. */
static void test_pid(void **state)
{
	struct fixture *f = fixture(state);
	unsigned int pids[] = { 4194304, getpid(), 0 };
	struct policy_task t = { .pids = pids };
	uint64_t before;

	set_selector(f, &t);
	assert_int_equal(iterate(f), 1);
	assert_int_equal(f->seen.events[0].pid, getpid());
	before = sent(f);
	fork_storm(100);
	assert_int_equal(sent(f), before);
	/* Both have to be true. */
	t.comms = (char *[]){ (char *)COMM "-nobody", NULL };
	set_selector(f, &t);
	assert_int_equal(iterate(f), 0);
	/* What was asked for before is forgotten. */
	t.comms = NULL;
	pids[1] = 0;
	set_selector(f, &t);
	assert_int_equal(iterate(f), 0);
}

static void test_kernel_thread(void **state)
{
	struct fixture *f = fixture(state);
	struct policy_task t = { .kernel_thread = POLICY_YES };

	set_selector(f, &t);
	assert_true(iterate(f) > 0);
	for (size_t i = 0; i < f->seen.n && i < EVENTS_MAX; i++)
		assert_true(f->seen.events[i].flags & TASK_PF_KTHREAD);
	t.kernel_thread = POLICY_NO;
	set_selector(f, &t);
	assert_true(iterate(f) > 0);
	for (size_t i = 0; i < f->seen.n && i < EVENTS_MAX; i++)
		assert_false(f->seen.events[i].flags & TASK_PF_KTHREAD);
}

/* What asks for a state is told of by the iterator alone. */
static void test_state(void **state)
{
	struct fixture *f = fixture(state);
	struct policy_task t = { .comms = (char *[]){ (char *)COMM "-*", NULL }, .states = TASK_STATE_STOPPED };
	uint64_t before;
	int status;
	pid_t pid;

	prctl(PR_SET_NAME, COMM "-state");
	set_selector(f, &t);
	before = sent(f);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	assert_int_equal(iterate(f), 0);
	kill(pid, SIGSTOP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_int_equal(sent(f), before);
	assert_int_equal(iterate(f), 1);
	assert_int_equal(f->seen.events[0].pid, pid);
	assert_int_equal(f->seen.events[0].state, TASK_STATE_STOPPED);
	prctl(PR_SET_NAME, COMM);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define CGROUP_ROOT "/sys/fs/cgroup/unified"

static void write_to(const char *path, int number)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "%d", number);
	assert_int_equal(fclose(f), 0);
}

/* A cgroup that comes after it was asked about, by a pattern for the one above; a task that enters and leaves. */
static void test_cgroup(void **state)
{
	struct fixture *f = fixture(state);
	const char *root = access(CGROUP_ROOT, X_OK) == 0 ? CGROUP_ROOT : "/sys/fs/cgroup";
	struct policy_task t = { .cgroups = (char *[]){ (char *)"/" COMM "-[a-c]*", NULL } };
	const struct task_event *e;
	char outer[128], inner[256], procs[300], rest[128];
	uint64_t before;
	pid_t pid;

	snprintf(outer, sizeof(outer), "%s/" COMM "-b%d", root, getpid());
	snprintf(inner, sizeof(inner), "%s/inner", outer);
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", inner);
	snprintf(rest, sizeof(rest), "%s/cgroup.procs", root);
	set_selector(f, &t);
	if (mkdir(outer, 0755) < 0) {
		print_message("needs a unified hierarchy of cgroups\n");
		skip();
	}
	wait_event(f, TASK_EVENT_CGROUP, 0);
	assert_int_equal(mkdir(inner, 0755), 0);
	before = sent(f);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		for (;;)
			pause();
	assert_int_equal(sent(f), before);
	write_to(procs, pid);
	e = wait_event(f, TASK_EVENT_MOVE, pid);
	assert_int_equal(e->cgroups, task_watcher_cgroups(f->w, &t));
	assert_int_equal(iterate(f), 1);
	assert_int_equal(f->seen.events[0].pid, pid);
	f->seen.n = 0;
	write_to(rest, pid);
	e = wait_event(f, TASK_EVENT_MOVE, pid);
	assert_int_equal(e->cgroups, 0);
	write_to(procs, pid);
	/* Found again by whoever comes later. */
	set_selector(f, &t);
	assert_int_equal(iterate(f), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(rmdir(inner), 0);
	assert_int_equal(rmdir(outer), 0);
}

static void test_too_many_cgroups(void **state)
{
	struct fixture *f = fixture(state);
	char *cgroups[CGROUP_PATTERNS_MAX + 2] = {};
	struct policy_task many = { .cgroups = cgroups };
	struct policy_task rest = { .comms = (char *[]){ (char *)COMM, NULL } };
	const struct policy_task *selectors[] = { &many, &rest };

	for (size_t i = 0; i <= CGROUP_PATTERNS_MAX; i++)
		assert_true(asprintf(&cgroups[i], "/" COMM "-%zu", i) > 0);
	assert_int_equal(task_watcher_set_selectors(f->w, selectors, 2), -E2BIG);
	assert_int_equal(iterate(f), 1);
	for (size_t i = 0; i <= CGROUP_PATTERNS_MAX; i++)
		free(cgroups[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glob_examples),
		cmocka_unit_test(test_glob_random),
		cmocka_unit_test(test_glob_superset),
		cmocka_unit_test(test_no_pattern_no_event),
		cmocka_unit_test(test_other_names_no_event),
		cmocka_unit_test(test_iterate),
		cmocka_unit_test(test_iterate_many),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_discarded_ahead),
		cmocka_unit_test(test_exec_by_thread),
		cmocka_unit_test(test_lost_is_counted),
		cmocka_unit_test(test_too_many_patterns),
		cmocka_unit_test(test_pid),
		cmocka_unit_test(test_kernel_thread),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_too_many_cgroups),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
