// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "dump/image/guest.h"
#include "lib/file.h"
#include "lib/progress.h"
#include "lib/scratchfile.h"
#include "lib/size.h"
#include "lib/text.h"

#define CHUNK MIB
/* Without a byte or an event: QEMU or its host hangs. */
#define SILENCE_MS 60000
/* For what QEMU does after the last byte */
#define RESUME_MS      10000
#define RESUME_STEP_MS 50
/* What QEMU writes besides the memory that it tells of: headers, ROMs, the memory of a display */
#define BESIDES GIB

struct pump {
	struct qmp *q;
	int in;
	int out;
	char *buf;
	size_t used;
	uint64_t written;
	uint64_t max;
	struct progress progress;
};

static uint64_t since_ms(const struct timespec *start)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)((t.tv_sec - start->tv_sec) * 1000 + (t.tv_nsec - start->tv_nsec) / 1000000);
}

/* A guest that is on its way to another host, or comes from one, has its memory in both. */
static int refuse_migration(struct qmp *q, struct derr *err)
{
	static const char *const still[] = { "none", "completed", "failed", "cancelled" };
	_cleanup_(json_putp) struct json_object *migration = NULL;
	const char *status;
	int r = qmp_command(q, "query-migrate", NULL, -1, &migration, err);

	if (r < 0)
		return r;
	status = json_get_string(migration, "status");
	for (size_t i = 0; i < ARRAY_LEN(still); i++)
		if (!status || !strcmp(status, still[i]))
			return 0;
	return derr_set(err, -EBUSY, "The guest at %s is being migrated. Try again when that has ended.", q->path);
}

static int memory_size(struct qmp *q, uint64_t *ret, struct derr *err)
{
	_cleanup_(json_putp) struct json_object *summary = NULL;
	int r = qmp_command(q, "query-memory-size-summary", NULL, -1, &summary, err);
	uint64_t base, plugged;

	if (r < 0)
		return r;
	base = json_get_size(summary, "base-memory");
	plugged = json_get_size(summary, "plugged-memory");
	/* 64 bits minus room for sums */
	if (!base || base > INT64_MAX / 4 || plugged > INT64_MAX / 4)
		return derr_set(err, -EPROTO, "QEMU at %s does not say how much memory the guest has.", q->path);
	*ret = base + plugged;
	return 0;
}

static int check_room(int fd, uint64_t size, struct derr *err)
{
	struct statvfs st;
	uint64_t room;

	if (fstatvfs(fd, &st) < 0)
		return derr_set(err, -errno, "Cannot ask for the room of temporary files: %s", strerror(errno));
	room = (uint64_t)st.f_bavail * st.f_frsize;
	if (room >= size)
		return 0;
	return derr_set(
		err, -ENOSPC,
		"The guest has %s of memory, and only %s are free for a temporary copy of it. Name a folder with "
		"more room in TMPDIR.",
		size_text(size).s, size_text(room).s);
}

static int flush(struct pump *p, struct derr *err)
{
	int r = pwrite_sparse(p->out, p->buf, p->used, p->written);

	p->written += p->used;
	p->used = 0;
	progress_at(&p->progress, p->written);
	return r < 0 ? derr_set(err, r, "Cannot write the temporary copy of the guest's memory: %s", strerror(-r)) : r;
}

/* 1: all was read */
static int read_some(struct pump *p, struct derr *err)
{
	ssize_t n = read(p->in, p->buf + p->used, CHUNK - p->used);
	int r = 0;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ?
			       0 :
			       derr_set(err, -errno, "Cannot read what QEMU writes: %s", strerror(errno));
	p->used += n;
	if (p->written + p->used > p->max)
		return derr_set(err, -EFBIG, "QEMU at %s writes more than the guest has memory.", p->q->path);
	if (!n || p->used == CHUNK)
		r = flush(p, err);
	return r < 0 ? r : n == 0;
}

/* Until both the pipe and the event say that it is the end */
static int run_pump(struct pump *p, struct derr *err)
{
	bool end = false;
	int r = 0;

	while (r == 0 && !(end && p->q->dump_ended)) {
		/* poll() overlooks what is negative. */
		struct pollfd fds[] = { { .fd = end ? -1 : p->in, .events = POLLIN },
					{ .fd = p->q->fd, .events = POLLIN } };

		r = poll(fds, ARRAY_LEN(fds), SILENCE_MS);
		if (r < 0 && errno == EINTR) {
			r = 0;
			continue;
		}
		if (r <= 0)
			return derr_set(err, -ETIMEDOUT, "QEMU at %s has sent nothing of the memory for %d seconds.",
					p->q->path, SILENCE_MS / 1000);
		r = fds[1].revents ? qmp_take(p->q, err) : 0;
		if (r == 0 && fds[0].revents) {
			r = read_some(p, err);
			end = r > 0;
			r = r > 0 ? 0 : r;
		}
	}
	if (r == 0 && p->q->dump_problem)
		return derr_set(err, -EIO, "QEMU at %s could not write the guest's memory: %.300s", p->q->path,
				p->q->dump_problem);
	return r;
}

/* Asks for the dump; the end of the pipe that QEMU has not is then in *in. */
static int start_dump(struct qmp *q, int *in, struct derr *err)
{
	_cleanup_close_ int theirs = -1;
	struct json_object *o;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return derr_set(err, -errno, "Cannot make a pipe: %s", strerror(errno));
	*in = ends[0];
	theirs = ends[1];
	/* Fewer changes from one to the other; what is forbidden is no loss. QEMU's end has to block. */
	fcntl(theirs, F_SETPIPE_SZ, CHUNK);
	fcntl(*in, F_SETFL, O_NONBLOCK);
	o = json_object_new_object();
	json_add_text(o, "fdname", "qcmdump");
	r = qmp_command(q, "getfd", o, theirs, NULL, err);
	if (r < 0)
		return r;
	o = json_object_new_object();
	json_object_object_add(o, "paging", json_object_new_boolean(false));
	json_add_text(o, "protocol", "fd:qcmdump");
	json_object_object_add(o, "detach", json_object_new_boolean(true));
	q->dump_ended = false;
	r = qmp_command(q, "dump-guest-memory", o, -1, NULL, err);
	/* The guest stands still: what happened to it until now is in its memory. */
	q->death = NULL;
	return r;
}

static int copy(struct qmp *q, struct guest_copy *c, uint64_t size, struct derr *err)
{
	_cleanup_free_ char *buf = xcalloc(CHUNK, 1);
	struct pump p = { .q = q, .in = -1, .out = c->fd, .buf = buf, .max = 2 * size + BESIDES };
	struct timespec start;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &start);
	progress_start(&p.progress, "Copying the guest's memory", size);
	r = start_dump(q, &p.in, err);
	if (r == 0)
		r = run_pump(&p, err);
	progress_end(&p.progress);
	closep(&p.in);
	c->stopped_ms = since_ms(&start);
	/* Zeros at its end are a hole, too. */
	if (r == 0 && ftruncate(c->fd, (off_t)p.written) < 0)
		r = derr_set(err, -errno, "Cannot write the temporary copy of the guest's memory: %s", strerror(errno));
	return r;
}

/* QEMU lets it go on a moment after it has told of the dump's end. */
static int wait_for_resume(struct qmp *q, struct guest_copy *c, struct derr *err)
{
	char status[32];
	bool running = false;
	int r = 0;

	for (int ms = 0; r == 0 && !running && ms < RESUME_MS; ms += RESUME_STEP_MS) {
		if (ms)
			poll(NULL, 0, RESUME_STEP_MS);
		r = qmp_status(q, status, &running, err);
		/* A new death ends the wait, too. */
		if (r == 0 && q->death)
			return 0;
	}
	if (r == 0 && !running)
		c->problem = xprintf("the guest ran before, and is \"%s\" now", status);
	return r;
}

int guest_copy(struct qmp *q, struct guest_copy *c, struct derr *err)
{
	char status[32];
	bool running;
	uint64_t size = 0;
	int r;

	*c = (struct guest_copy){ .fd = -1 };
	r = refuse_migration(q, err);
	if (r == 0)
		r = memory_size(q, &size, err);
	if (r == 0)
		r = qmp_status(q, status, &running, err);
	if (r < 0)
		return r;
	c->fd = scratch_open(err);
	r = c->fd < 0 ? c->fd : check_room(c->fd, size, err);
	if (r == 0)
		r = copy(q, c, size, err);
	if (r == 0 && running)
		r = wait_for_resume(q, c, err);
	return r;
}

void guest_copy_clear(struct guest_copy *c)
{
	closep(&c->fd);
	free(c->problem);
	*c = (struct guest_copy){ .fd = -1 };
}
