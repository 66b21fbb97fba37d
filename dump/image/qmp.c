// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "dump/image/qmp.h"
#include "lib/size.h"
#include "lib/text.h"

/* No message that we ask for has more than some KiB. */
#define MESSAGE_MAX (256 * KIB)
/* A busy host may need some time, but QEMU answers out of its main loop. */
#define ANSWER_MS   10000
#define GREETING_MS 5000

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int connect_error(const char *path, int r, struct derr *err)
{
	static const char busy[] = "It serves one client at a time, and another one has it, such as libvirt: give QEMU "
				   "one more with -qmp unix:PATH,server=on,wait=off.";

	switch (-r) {
	case EAGAIN:
	case ETIMEDOUT:
		return derr_set(err, r, "QEMU does not answer at %s. %s", path, busy);
	case ENOENT:
		return derr_set(err, r,
				"There is no socket %s: is the guest running, with -qmp unix:%s,server=on,wait=off?",
				path, path);
	case ECONNREFUSED:
		return derr_set(err, r, "Nobody listens at %s: the guest has ended, or it is no socket of QEMU.", path);
	case EACCES:
		return derr_set(err, r, "No permission to connect to %s: it takes the right to write to the socket.",
				path);
	case EPROTOTYPE:
		return derr_set(err, r, "%s is a socket of another type than QMP's.", path);
	default:
		return derr_set(err, r, "Cannot connect to %s: %s", path, strerror(-r));
	}
}

static int gone(const struct qmp *q, struct derr *err)
{
	return derr_set(err, -EPIPE, "QEMU has closed the connection at %s.", q->path);
}

static int not_qmp(const struct qmp *q, struct derr *err)
{
	return derr_set(err, -EPROTO, "What answers at %s does not speak QMP.", q->path);
}

static void on_event(struct qmp *q, const char *name, struct json_object *data)
{
	static const char *const deaths[] = { "GUEST_PANICKED", "GUEST_CRASHLOADED", "WATCHDOG" };
	struct json_object *result;
	const char *status;

	for (size_t i = 0; i < ARRAY_LEN(deaths); i++)
		if (!strcmp(name, deaths[i]))
			q->death = deaths[i];
	if (strcmp(name, "DUMP_COMPLETED"))
		return;
	q->dump_ended = true;
	free(q->dump_problem);
	q->dump_problem = NULL;
	result = data ? json_get_object(data, "result") : NULL;
	status = result ? json_get_string(result, "status") : NULL;
	if (!equal(status, "completed"))
		q->dump_problem = clean_text((data ? json_get_string(data, "error") : NULL) ?: "no reason given");
}

/* A line; answers are kept for whoever has asked. */
static int on_message(struct qmp *q, const char *line, size_t size, struct derr *err)
{
	struct json_tokener *tokener = json_tokener_new();
	_cleanup_(json_putp) struct json_object *o = NULL;
	const char *event;

	if (!tokener)
		return derr_set(err, -ENOMEM, "%s", strerror(ENOMEM));
	o = json_tokener_parse_ex(tokener, line, (int)size);
	json_tokener_free(tokener);
	if (!json_object_is_type(o, json_type_object))
		return not_qmp(q, err);
	event = json_get_string(o, "event");
	if (event) {
		on_event(q, event, json_get_object(o, "data"));
		return 0;
	}
	/* Nothing is asked before the last answer has come. */
	if (q->answer)
		return not_qmp(q, err);
	q->answer = json_object_get(o);
	return 0;
}

static int receive(struct qmp *q, struct derr *err)
{
	ssize_t n = recv(q->fd, q->buf + q->used, MESSAGE_MAX - q->used, MSG_DONTWAIT);
	char *line = q->buf, *end;
	int r = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0 && errno != ECONNRESET)
		return derr_set(err, -errno, "Cannot read from %s: %s", q->path, strerror(errno));
	if (n <= 0)
		return gone(q, err);
	q->used += n;
	while (r == 0 && (end = memchr(line, '\n', q->buf + q->used - line))) {
		size_t size = end - line;

		if (size && line[size - 1] == '\r')
			size--;
		if (size)
			r = on_message(q, line, size, err);
		line = end + 1;
	}
	q->used -= line - q->buf;
	memmove(q->buf, line, q->used);
	return r == 0 && q->used == MESSAGE_MAX ? not_qmp(q, err) : r;
}

int qmp_take(struct qmp *q, struct derr *err)
{
	int r = receive(q, err);

	return r == 0 && q->answer ? not_qmp(q, err) : r;
}

/* The answer is taken from q, and to be put; NULL with err. -ETIMEDOUT is for the caller to explain. */
static int wait_for_answer(struct qmp *q, unsigned int ms, struct json_object **ret, struct derr *err)
{
	uint64_t end = now_ms() + ms, now;
	int r = 0;

	while (r == 0 && !q->answer) {
		struct pollfd p = { .fd = q->fd, .events = POLLIN };

		now = now_ms();
		if (now >= end)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)(end - now)) > 0)
			r = receive(q, err);
	}
	if (r < 0)
		return r;
	*ret = q->answer;
	q->answer = NULL;
	return 0;
}

static int send_all(struct qmp *q, const char *text, int fd, struct derr *err)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec v = { .iov_base = (char *)text, .iov_len = strlen(text) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS,
						   .cmsg_len = CMSG_LEN(sizeof(int)) };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	/* Some hundred bytes: they fit, or else nobody reads. */
	n = sendmsg(q->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
		return gone(q, err);
	if (n < 0 || (size_t)n < v.iov_len)
		return derr_set(err, n < 0 ? -errno : -EAGAIN, "Cannot write to %s: %s", q->path,
				strerror(n < 0 ? errno : EAGAIN));
	return 0;
}

static int judge_answer(const struct qmp *q, const char *name, struct json_object *answer, struct json_object **ret,
			struct derr *err)
{
	struct json_object *error = json_get_object(answer, "error"), *result;
	_cleanup_free_ char *why = NULL;

	if (error) {
		why = clean_text(json_get_string(error, "desc") ?: "no reason given");
		return derr_set(err,
				equal(json_get_string(error, "class"), "CommandNotFound") ? -EOPNOTSUPP : -EREMOTEIO,
				"QEMU at %s refuses %s: %.300s", q->path, name, why);
	}
	if (!json_object_object_get_ex(answer, "return", &result))
		return not_qmp(q, err);
	if (ret)
		*ret = json_object_is_type(result, json_type_object) ? json_object_get(result) :
								       json_object_new_object();
	return 0;
}

int qmp_command(struct qmp *q, const char *name, struct json_object *arguments, int fd, struct json_object **ret,
		struct derr *err)
{
	_cleanup_(json_putp) struct json_object *request = json_object_new_object(), *answer = NULL;
	_cleanup_free_ char *text = NULL;
	int r;

	json_add_text(request, "execute", name);
	if (arguments)
		json_object_object_add(request, "arguments", arguments);
	text = xprintf("%s\n", json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN));
	r = send_all(q, text, fd, err);
	if (r == 0)
		r = wait_for_answer(q, ANSWER_MS, &answer, err);
	if (r == -ETIMEDOUT)
		return derr_set(err, r, "QEMU at %s has not answered %s for %d seconds.", q->path, name,
				ANSWER_MS / 1000);
	return r < 0 ? r : judge_answer(q, name, answer, ret, err);
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	strcpy(a.sun_path, path);
	/* A full queue of a server that serves another one is an error, then, and nothing to wait for. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int qmp_open(struct qmp *q, const char *path, struct derr *err)
{
	_cleanup_(json_putp) struct json_object *greeting = NULL;
	int r;

	*q = QMP_CLOSED;
	r = connect_to(path);
	if (r < 0)
		return connect_error(path, r, err);
	q->fd = r;
	q->path = xstrndup(path, strlen(path));
	q->buf = xcalloc(MESSAGE_MAX, 1);
	r = wait_for_answer(q, GREETING_MS, &greeting, err);
	if (r == -ETIMEDOUT)
		return connect_error(path, r, err);
	if (r == 0 && !json_get_object(greeting, "QMP"))
		return not_qmp(q, err);
	return r < 0 ? r : qmp_command(q, "qmp_capabilities", NULL, -1, NULL, err);
}

void qmp_close(struct qmp *q)
{
	closep(&q->fd);
	free(q->path);
	free(q->buf);
	free(q->dump_problem);
	json_object_put(q->answer);
	*q = QMP_CLOSED;
}

int qmp_status(struct qmp *q, char ret[static 32], bool *running, struct derr *err)
{
	_cleanup_(json_putp) struct json_object *status = NULL;
	_cleanup_free_ char *word = NULL;
	int r = qmp_command(q, "query-status", NULL, -1, &status, err);

	if (r < 0)
		return r;
	word = clean_text(json_get_string(status, "status") ?: "unknown");
	snprintf(ret, 32, "%s", word);
	*running = json_get_bool(status, "running", false);
	return 0;
}
