// SPDX-License-Identifier: GPL-2.0-only
/* qcmdump watch: waits for a guest's death, and collects it while QEMU still has its memory. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>

#include "dump/collect/collect-conf.h"
#include "dump/commands.h"
#include "dump/image/guest.h"
#include "dump/log/lastwords.h"

/* Between attempts to connect; each waits twice as long as the one before. */
#define WAIT_MIN_MS 500
#define WAIT_MAX_MS 30000

struct watcher {
	const struct options *o;
	struct collect_conf conf;
	struct qmp q;
	int wait_ms;
	char said[sizeof(((struct derr *)0)->text)]; /* why it can't connect: once */
	bool gave_up;				     /* on the guest as it stands there */
	bool journal;
};

_printf_(3, 4) static void say(const struct watcher *w, int level, const char *fmt, ...)
{
	va_list ap;

	if (w->journal)
		fprintf(stderr, "<%d>", level);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void say_collected(const struct watcher *w, const char *event, const char *path, const struct guest_copy *copy)
{
	struct last_words words = { 0 };
	struct corefile core;
	struct derr err;

	if (core_open(&core, path, &err) == 0)
		last_words_read(&core, &words);
	say(w, LOG_CRIT, "Collected the dump of the guest at %s, which stood still for %.1f s (%s): %s\n%s", w->o->qmp,
	    (double)copy->stopped_ms / 1000, event, words.crash ?: "of unknown cause", path);
	last_words_clear(&words);
	core_close(&core);
}

static int keep(struct watcher *w, struct collection *c, const char *event, const struct guest_copy *copy,
		struct derr *err)
{
	_cleanup_free_ char *path = NULL;
	char id[IDENTITY_TEXT];
	struct store s;
	int r = store_open(&s, w->o->output, true, err);

	if (r == 0) {
		identity_of_collection(c, id);
		path = store_new_path(&s, id, collect_time(c), w->conf.zstd);
	}
	if (r == 0 && store_knows(&s, id)) {
		say(w, LOG_NOTICE, "The guest at %s is as it was when it was collected (%s).", w->o->qmp, id);
	} else if (r == 0) {
		r = store_save(&s, path, w->conf.zstd, collect_write, c, &w->conf.limits, err);
		if (r == 0)
			say_collected(w, event, path, copy);
		if (r == 0)
			r = store_remember(&s, id, err);
	}
	store_close(&s);
	return r;
}

static int collect(struct watcher *w, const char *event, struct derr *err)
{
	struct collection c = { .img = IMAGE_CLOSED };
	struct guest_copy copy;
	int r = guest_copy(&w->q, &copy, err);

	if (r == 0)
		r = collect_guest(&c, &copy, w->o->qmp, &w->o->collect, err);
	if (r == 0)
		r = keep(w, &c, event, &copy, err);
	if (copy.problem)
		say(w, LOG_WARNING, "%s: %s", w->o->qmp, copy.problem);
	collection_clear(&c);
	guest_copy_clear(&copy);
	return r;
}

/* QEMU stopped it because it died: NULL if not. */
static const char *stopped_by(const char *status)
{
	if (!strcmp(status, "guest-panicked"))
		return "GUEST_PANICKED";
	return strcmp(status, "watchdog") ? NULL : "WATCHDOG";
}

/* A guest that nobody lets go on is of no use to anybody, collected or not. */
static int go_on(struct watcher *w, struct derr *err)
{
	char status[32];
	bool running;
	int r = qmp_status(&w->q, status, &running, err);

	if (r < 0 || running || !stopped_by(status) || !w->o->go_on)
		return r;
	return qmp_command(&w->q, "cont", NULL, -1, NULL, err);
}

/* What fails here fails again with the same memory. If the connection does, too, the next command tells. */
static int on_death(struct watcher *w, struct derr *err)
{
	const char *event = w->q.death;
	int r;

	say(w, LOG_NOTICE, "%s from the guest at %s.", event, w->o->qmp);
	w->q.death = NULL;
	r = collect(w, event, err);
	w->gave_up = r < 0;
	if (r < 0)
		say(w, LOG_ERR, "Cannot collect the guest at %s: %s", w->o->qmp, err->text);
	return go_on(w, err);
}

static int connect_guest(struct watcher *w, struct derr *err)
{
	char status[32];
	bool running;
	int r = qmp_open(&w->q, w->o->qmp, err);

	if (r == 0)
		r = qmp_status(&w->q, status, &running, err);
	if (r < 0)
		return r;
	say(w, LOG_INFO, "Watching the guest at %s (%s).", w->o->qmp, status);
	w->wait_ms = WAIT_MIN_MS;
	*w->said = '\0';
	/* It died while nobody watched. */
	if (running)
		w->gave_up = false;
	else if (!w->gave_up && !w->q.death)
		w->q.death = stopped_by(status);
	return 0;
}

/* As long as there is a connection */
static void serve(struct watcher *w, struct derr *err)
{
	int r = connect_guest(w, err);

	while (r == 0) {
		struct pollfd p = { .fd = w->q.fd, .events = POLLIN };

		if (w->q.death)
			r = on_death(w, err);
		else if (poll(&p, 1, -1) > 0)
			r = qmp_take(&w->q, err);
	}
	qmp_close(&w->q);
}

static int prepare(struct watcher *w, struct derr *err)
{
	struct store s;
	int r = collect_conf_read(&w->conf, w->o->config ?: COLLECT_CONF_PATH, err);

	for (size_t i = 0; i < w->conf.problems.n; i++)
		say(w, LOG_WARNING, "%s", w->conf.problems.v[i]);
	if (r < 0)
		return r;
	r = store_open(&s, w->o->output, true, err);
	store_close(&s);
	return r;
}

int cmd_watch(const struct corefile *core, const struct options *o, FILE *out, struct derr *err)
{
	struct watcher w = { .o = o, .q = QMP_CLOSED, .wait_ms = WAIT_MIN_MS, .journal = getenv("JOURNAL_STREAM") };
	int r = prepare(&w, err);

	while (r == 0) {
		serve(&w, err);
		if (strcmp(w.said, err->text))
			say(&w, LOG_WARNING, "%s Trying again.", err->text);
		strcpy(w.said, err->text);
		poll(NULL, 0, w.wait_ms);
		w.wait_ms = w.wait_ms * 2 < WAIT_MAX_MS ? w.wait_ms * 2 : WAIT_MAX_MS;
	}
	collect_conf_clear(&w.conf);
	return r;
}
