// SPDX-License-Identifier: GPL-2.0-only
/* A guest's memory through QMP: what goes wrong, and what somebody answers who is no QEMU. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump/image/guest.h"
#include "lib/file.h"
#include "lib/size.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"
#define NOTHING	 "{\"return\": {}}\r\n"
#define PANIC	 "{\"event\": \"GUEST_PANICKED\", \"data\": {\"action\": \"pause\"}}\r\n"
#define ENDED	 "{\"event\": \"DUMP_COMPLETED\", \"data\": {\"result\": {\"status\": \"completed\"}}}\r\n"

/* What is answered to a command; NULL: the connection ends. */
struct answer {
	const char *command;
	const char *text;
};

struct server {
	const char *greeting;	/* NULL: says nothing and waits; empty: nothing, and ends */
	struct answer other[2]; /* than what QEMU says */
	size_t bytes;		/* of the dump */
	const char *end;	/* after it */
	int listener;
	int fd; /* that it was given */
	pthread_t thread;
};

static const struct answer usual[] = {
	{ "qmp_capabilities", NOTHING },
	{ "query-migrate", NOTHING },
	{ "query-memory-size-summary", "{\"return\": {\"base-memory\": 4194304, \"plugged-memory\": 0}}\r\n" },
	{ "query-status", "{\"return\": {\"status\": \"running\", \"running\": true}}\r\n" },
	{ "getfd", NOTHING },
	{ "dump-guest-memory", NOTHING },
};

static char path[] = "/tmp/qcmd-test-XXXXXX/qmp";

static const char *find(const struct answer *a, size_t n, const char *request, bool *found)
{
	for (size_t i = 0; i < n && a[i].command; i++) {
		char name[64];

		snprintf(name, sizeof(name), "\"%s\"", a[i].command);
		if (strstr(request, name)) {
			*found = true;
			return a[i].text;
		}
	}
	return NULL;
}

static bool tell(int fd, const char *text)
{
	size_t n = strlen(text);

	return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Some bytes at the beginning of each 64 KiB, and zeros */
static void fill(char *buf, size_t size)
{
	memset(buf, 0, size);
	for (size_t i = 0; i < size; i += 65536)
		buf[i] = (char)(1 + i / 65536);
}

static void write_dump(struct server *s, int client)
{
	char *buf = malloc(s->bytes + 1);
	ssize_t n = 0;

	fill(buf, s->bytes + 1);
	for (size_t done = 0; done < s->bytes && n >= 0; done += n)
		n = write(s->fd, buf + done, s->bytes - done);
	free(buf);
	/* As QEMU does: first the event, then the end of the file. */
	if (s->end)
		tell(client, s->end);
	close(s->fd);
	s->fd = -1;
}

static bool answer(struct server *s, int client)
{
	char request[1024], control[CMSG_SPACE(sizeof(int))];
	struct iovec v = { .iov_base = request, .iov_len = sizeof(request) - 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(client, &m, 0);
	bool found = false;
	const char *text;

	if (n <= 0)
		return false;
	request[n] = '\0';
	if (m.msg_controllen && CMSG_FIRSTHDR(&m))
		memcpy(&s->fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(s->fd));
	text = find(s->other, ARRAY_LEN(s->other), request, &found);
	if (!found)
		text = find(usual, ARRAY_LEN(usual), request, &found);
	if (!text || !tell(client, text))
		return false;
	if (strstr(request, "dump-guest-memory") && strstr(text, "return"))
		write_dump(s, client);
	return true;
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int client = accept(s->listener, NULL, NULL);
	char c;

	if (s->greeting && *s->greeting && tell(client, s->greeting))
		while (answer(s, client))
			;
	else if (!s->greeting)
		while (recv(client, &c, 1, 0) > 0)
			;
	close(client);
	return NULL;
}

static void start(struct server *s)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	s->fd = -1;
	strcpy(a.sun_path, path);
	unlink(path);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->listener, 1), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
	pthread_join(s->thread, NULL);
	closep(&s->listener);
	closep(&s->fd);
}

/* What the user is told; "" if all is well. */
static void run(struct server *s, struct guest_copy *c, struct derr *err)
{
	struct qmp q;
	int r;

	*err->text = '\0';
	start(s);
	r = qmp_open(&q, path, err);
	if (r == 0)
		r = guest_copy(&q, c, err);
	assert_true(r == 0 || (r < 0 && *err->text));
	if (r == 0)
		*err->text = '\0';
	qmp_close(&q);
	stop(s);
}

static void says_of(struct server s, const char *expected)
{
	struct guest_copy c = { .fd = -1 };
	struct derr err;

	run(&s, &c, &err);
	guest_copy_clear(&c);
	if (!strstr(err.text, expected))
		fail_msg("expected '%s', it says '%s'", expected, err.text);
}

static void test_copy(void **state)
{
	struct server s = { .greeting = GREETING PANIC, .bytes = 5 * MIB / 2 + 5, .end = PANIC ENDED };
	char *expected = malloc(s.bytes), *got = malloc(s.bytes);
	struct guest_copy c;
	struct derr err;
	struct stat st;

	run(&s, &c, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(fstat(c.fd, &st), 0);
	assert_int_equal(st.st_size, s.bytes);
	/* Zeros are holes. */
	assert_in_range(st.st_blocks, 1, 2048);
	fill(expected, s.bytes);
	assert_int_equal(pread_full(c.fd, got, s.bytes, 0), 0);
	assert_memory_equal(expected, got, s.bytes);
	assert_null(c.problem);
	guest_copy_clear(&c);
	free(expected);
	free(got);
}

static void test_no_server(void **state)
{
	struct qmp q;
	struct derr err;
	int fd;

	unlink(path);
	assert_int_equal(qmp_open(&q, path, &err), -ENOENT);
	assert_non_null(strstr(err.text, "is the guest running"));
	qmp_close(&q);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(qmp_open(&q, path, &err), -ECONNREFUSED);
	assert_non_null(strstr(err.text, "Nobody listens"));
	qmp_close(&q);
	close(fd);
}

/* It serves somebody else: the connection is in its queue, or that is full. */
static void test_busy(void **state)
{
	struct server s = { 0 };
	time_t before = time(NULL);

	says_of(s, "one client at a time");
	assert_in_range(time(NULL) - before, 4, 30);
}

static void test_no_qmp(void **state)
{
	char *endless = malloc(2 * MIB);
	char *deep = malloc(2000);

	says_of((struct server){ .greeting = "220 mail.example ESMTP\r\n" }, "does not speak QMP");
	says_of((struct server){ .greeting = "{\"return\": 1}\r\n" }, "does not speak QMP");
	says_of((struct server){ .greeting = "[1]\n" }, "does not speak QMP");
	says_of((struct server){ .greeting = "" }, "closed the connection");
	memset(endless, 'x', 2 * MIB - 1);
	endless[2 * MIB - 1] = '\0';
	says_of((struct server){ .greeting = endless }, "does not speak QMP");
	memset(deep, '[', 1998);
	strcpy(deep + 1998, "\n");
	says_of((struct server){ .greeting = deep }, "does not speak QMP");
	/* An answer that nobody has asked for */
	says_of((struct server){ .greeting = GREETING NOTHING NOTHING }, "does not speak QMP");
	free(endless);
	free(deep);
}

static void test_refusals(void **state)
{
#define REFUSES(command, text, expected) \
	says_of((struct server){ .greeting = GREETING, .other = { { command, text } } }, expected)
	REFUSES("getfd", "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no \\u001b[31m getfd\"}}\r\n",
		"refuses getfd: no \\x1b[31m getfd");
	REFUSES("dump-guest-memory", "{\"error\": {\"class\": \"GenericError\", \"desc\": \"a dump in process\"}}\r\n",
		"refuses dump-guest-memory: a dump in process");
	REFUSES("qmp_capabilities", "{\"error\": {}}\r\n", "no reason given");
	REFUSES("query-migrate", "{\"return\": {\"status\": \"active\"}}\r\n", "is being migrated");
	REFUSES("query-memory-size-summary", "{\"return\": {\"base-memory\": -1}}\r\n", "how much memory");
	REFUSES("query-memory-size-summary", "{\"return\": {\"base-memory\": 9223372036854775807}}\r\n",
		"how much memory");
	REFUSES("query-memory-size-summary", "{\"return\": {\"base-memory\": 1125899906842624}}\r\n", "TMPDIR");
	REFUSES("query-status", NULL, "closed the connection");
	REFUSES("query-status", "{\"id\": 1}\r\n", "does not speak QMP");
}

static void test_bad_dump(void **state)
{
	says_of(
		(struct server){
			.greeting = GREETING,
			.bytes = 100000,
			.end = "{\"event\": \"DUMP_COMPLETED\", \"data\": {\"result\": {\"status\": \"failed\"}, "
			       "\"error\": \"dump: failed\"}}\r\n" },
		"could not write the guest's memory: dump: failed");
	/* 2 * 4 MiB, and 1 GiB for what there may be besides */
	says_of((struct server){ .greeting = GREETING, .bytes = GIB + 9 * MIB, .end = ENDED },
		"more than the guest has");
	says_of((struct server){ .greeting = GREETING, .bytes = MIB, .end = NOTHING }, "does not speak QMP");
}

/* What happened before the dump is in it; what comes after is another death. */
static void test_deaths(void **state)
{
	struct server s = { .greeting = GREETING PANIC, .bytes = 3 * MIB, .end = ENDED PANIC };
	struct guest_copy c;
	struct derr err;
	struct qmp q;

	start(&s);
	assert_int_equal(qmp_open(&q, path, &err), 0);
	assert_string_equal(q.death, "GUEST_PANICKED");
	assert_int_equal(guest_copy(&q, &c, &err), 0);
	assert_string_equal(q.death ?: "", "GUEST_PANICKED");
	guest_copy_clear(&c);
	qmp_close(&q);
	stop(&s);
}

static int make_folder(void **state)
{
	char *slash = strrchr(path, '/');

	*slash = '\0';
	assert_non_null(mkdtemp(path));
	*slash = '/';
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static int remove_folder(void **state)
{
	unlink(path);
	*strrchr(path, '/') = '\0';
	return rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy),   cmocka_unit_test(test_no_server), cmocka_unit_test(test_busy),
		cmocka_unit_test(test_no_qmp), cmocka_unit_test(test_refusals),	 cmocka_unit_test(test_bad_dump),
		cmocka_unit_test(test_deaths),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
