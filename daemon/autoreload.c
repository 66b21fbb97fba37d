// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "daemon/autoreload.h"
#include "lib/journal.h"
#include "lib/strv.h"
#include "lib/text.h"

#define BUFFER_SIZE  65536
#define EVENTS_ABOVE (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)
#define EVENTS	     (EVENTS_ABOVE | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_OPEN)

/* A folder: of policies, of drop-ins, or above one of policies, which may come or be replaced. */
struct watch {
	int wd;
	char *path;
	bool policies;
	bool dropins;
	bool seen; /* in this scan */
};

struct autoreload {
	sd_event_source *io;
	sd_event_source *timer;
	int fd;
	const char *const *dirs;
	const struct autoreload_ops *ops;
	uint64_t deadline; /* for what has changed to be told, be it quiet or not; 0: nothing has */
	bool waiting;	   /* for files that somebody is writing */
	struct watch *watches;
	size_t n_watches;
	char **made;	/* files that came since it was quiet, and that nobody was seen to open */
	char **writing; /* files that somebody has not closed yet */
	void *userdata;
};

static struct watch *find_watch(struct autoreload *a, int wd)
{
	for (size_t i = 0; i < a->n_watches; i++)
		if (a->watches[i].wd == wd)
			return &a->watches[i];
	return NULL;
}

static void forget_watch(struct autoreload *a, struct watch *w)
{
	free(w->path);
	*w = a->watches[--a->n_watches];
}

/* Whether it is there; or -ENOMEM. */
static int add_watch(struct autoreload *a, const char *path, bool policies, bool dropins)
{
	bool above = !policies && !dropins;
	int wd = inotify_add_watch(a->fd, path, (above ? EVENTS_ABOVE : EVENTS) | IN_ONLYDIR | IN_MASK_ADD);
	struct watch *w, *grown;

	if (wd < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			log_warning("Can't watch %s for changes: %s", path, strerror(errno));
		return 0;
	}
	w = find_watch(a, wd);
	if (!w) {
		grown = reallocarray(a->watches, a->n_watches + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		a->watches = grown;
		w = &a->watches[a->n_watches];
		*w = (struct watch){ .wd = wd, .path = strdup(path) };
		if (!w->path)
			return -ENOMEM;
		a->n_watches++;
	}
	w->policies |= policies;
	w->dropins |= dropins;
	w->seen = true;
	return 1;
}

/* The nearest folder above that there is: in it the next one will come. */
static int watch_above(struct autoreload *a, const char *dir)
{
	char path[PATH_MAX];
	int r = 0;

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return 0;
	while (r == 0 && path[0] == '/' && path[1]) {
		char *slash = strrchr(path, '/');

		slash[slash == path] = '\0';
		r = add_watch(a, path, false, false);
	}
	return r;
}

static int watch_dropins(struct autoreload *a, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int r = 0;

	while (d && r >= 0 && (entry = readdir(d))) {
		char path[PATH_MAX];

		if (entry->d_name[0] != '.' && ends_in(entry->d_name, ".conf.d") &&
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path))
			r = add_watch(a, path, false, true);
	}
	if (d)
		closedir(d);
	return r;
}

/* Watch the folders that there are now, and no others. */
static int scan(struct autoreload *a)
{
	int r = 0;

	for (size_t i = 0; i < a->n_watches; i++)
		a->watches[i].seen = a->watches[i].policies = a->watches[i].dropins = false;
	for (const char *const *dir = a->dirs; *dir && r >= 0; dir++) {
		r = watch_above(a, *dir);
		if (r >= 0)
			r = add_watch(a, *dir, true, false);
		if (r > 0)
			r = watch_dropins(a, *dir);
	}
	for (size_t i = a->n_watches; i > 0 && r >= 0; i--)
		if (!a->watches[i - 1].seen) {
			inotify_rm_watch(a->fd, a->watches[i - 1].wd);
			forget_watch(a, &a->watches[i - 1]);
		}
	if (r < 0)
		log_oom();
	return r < 0 ? r : 0;
}

static bool contains(char *const *list, const char *path)
{
	for (; list && *list; list++)
		if (!strcmp(*list, path))
			return true;
	return false;
}

static void add_path(char ***list, const char *path)
{
	if (!contains(*list, path) && strv_append(list, path) < 0)
		log_oom();
}

/* The file, or those in the folder. */
static void remove_path(char **list, const char *path)
{
	size_t n = strlen(path), kept = 0, all = strv_length(list);

	for (size_t i = 0; i < all; i++) {
		if (!strncmp(list[i], path, n) && (!list[i][n] || list[i][n] == '/'))
			free(list[i]);
		else
			list[kept++] = list[i];
	}
	if (list)
		list[kept] = NULL;
}

static bool is_above_some(const struct autoreload *a, const char *path)
{
	size_t n = strlen(path);

	for (const char *const *dir = a->dirs; *dir; dir++)
		if (!strncmp(*dir, path, n) && (!(*dir)[n] || (*dir)[n] == '/'))
			return true;
	return false;
}

static bool is_relevant(const struct autoreload *a, const struct watch *w, const char *name, const char *path)
{
	bool conf = (w->policies || w->dropins) && ends_in(name, ".conf");

	return is_above_some(a, path) || (name[0] != '.' && (conf || (w->policies && ends_in(name, ".conf.d"))));
}

static bool is_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Who makes a file opens it at once, before anybody else can. What is linked is whole, and nobody opens it. */
static bool on_open(struct autoreload *a, const char *path)
{
	if (!contains(a->made, path))
		return false;
	remove_path(a->made, path);
	add_path(&a->writing, path);
	return true;
}

/* What is whole now, or gone, or of another name. */
static void settle_path(struct autoreload *a, const char *path)
{
	remove_path(a->made, path);
	remove_path(a->writing, path);
}

/* Whether it has to do with policies. */
static bool on_entry(struct autoreload *a, const struct watch *w, const struct inotify_event *e)
{
	char path[PATH_MAX];
	const char *dir = strcmp(w->path, "/") ? w->path : "";

	if (snprintf(path, sizeof(path), "%s/%s", dir, e->name) >= (int)sizeof(path) ||
	    !is_relevant(a, w, e->name, path))
		return false;
	if (e->mask & IN_OPEN)
		return on_open(a, path);
	if (e->mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE))
		settle_path(a, path);
	else if (e->mask & IN_CREATE && is_file(path))
		add_path(&a->made, path);
	else if (e->mask & IN_MODIFY)
		add_path(&a->writing, path);
	if (e->mask & IN_ISDIR || is_above_some(a, path))
		scan(a);
	return true;
}

static bool on_change(struct autoreload *a, const struct inotify_event *e)
{
	struct watch *w = find_watch(a, e->wd);

	if (e->mask & IN_Q_OVERFLOW) {
		log_notice("Changes of policies were lost: all are read anew");
		a->writing = strv_free(a->writing);
		scan(a);
		return true;
	}
	if (!w)
		return false;
	if (e->mask & IN_IGNORED) {
		forget_watch(a, w);
		return false;
	}
	if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
		settle_path(a, w->path);
		scan(a);
		return true;
	}
	return e->len && on_entry(a, w, e);
}

static void set_timer(struct autoreload *a, uint64_t time)
{
	int r = sd_event_source_set_time(a->timer, time < a->deadline ? time : a->deadline);

	if (r >= 0)
		r = sd_event_source_set_enabled(a->timer, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("Can't set a timer: %s", strerror(-r));
}

/* Who changes something again and again does not put it off for ever. */
static void wait_for_quiet(struct autoreload *a)
{
	uint64_t now;

	sd_event_now(sd_event_source_get_event(a->timer), CLOCK_MONOTONIC, &now);
	if (!a->deadline)
		a->deadline = now + a->ops->patience;
	/* Else it is due, and stays so only if it is left alone. */
	if (now < a->deadline)
		set_timer(a, now + a->ops->quiet);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	static char buffer[BUFFER_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct autoreload *a = userdata;
	bool changed = false;
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		for (char *p = buffer; p < buffer + n;) {
			const struct inotify_event *e = (const void *)p;

			changed |= on_change(a, e);
			p += sizeof(*e) + e->len;
		}
	if (changed)
		wait_for_quiet(a);
	return 0;
}

static bool is_patient(struct autoreload *a, uint64_t now)
{
	if (!a->writing || !a->writing[0])
		return false;
	if (now < a->deadline && !a->waiting) {
		a->waiting = true;
		log_info("%s is being written: the policies are reloaded when it is closed", a->writing[0]);
		a->ops->waiting(a->userdata);
	}
	return now < a->deadline;
}

const char *autoreload_waits_for(const struct autoreload *a)
{
	return a->waiting && a->writing ? a->writing[0] : NULL;
}

void autoreload_forget(struct autoreload *a)
{
	a->deadline = 0;
	a->waiting = false;
	a->made = strv_free(a->made);
	a->writing = strv_free(a->writing);
	sd_event_source_set_enabled(a->timer, SD_EVENT_OFF);
}

static int on_quiet(sd_event_source *source, uint64_t due, void *userdata)
{
	struct autoreload *a = userdata;
	uint64_t now;

	sd_event_now(sd_event_source_get_event(source), CLOCK_MONOTONIC, &now);
	scan(a);
	a->made = strv_free(a->made);
	if (is_patient(a, now)) {
		set_timer(a, a->deadline);
		return 0;
	}
	if (a->writing && a->writing[0])
		log_notice("%s is still being written: the policies are reloaded as they are", a->writing[0]);
	autoreload_forget(a);
	a->ops->changed(a->userdata);
	return 0;
}

static int start(struct autoreload *a, sd_event *event)
{
	int r;

	a->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (a->fd < 0)
		return -errno;
	r = sd_event_add_io(event, &a->io, a->fd, EPOLLIN, on_io, a);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &a->timer, CLOCK_MONOTONIC, a->ops->quiet, 1000, on_quiet, a);
	if (r >= 0)
		r = sd_event_source_set_enabled(a->timer, SD_EVENT_OFF);
	if (r < 0)
		return r;
	sd_event_source_set_description(a->io, "policy-files");
	sd_event_source_set_description(a->timer, "policy-quiet");
	return scan(a);
}

int autoreload_new(sd_event *event, const char *const *dirs, const struct autoreload_ops *ops, void *userdata,
		   struct autoreload **ret)
{
	struct autoreload *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	*a = (struct autoreload){ .fd = -1, .dirs = dirs, .ops = ops, .userdata = userdata };
	r = start(a, event);
	if (r < 0) {
		autoreload_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

struct autoreload *autoreload_free(struct autoreload *a)
{
	if (!a)
		return NULL;
	sd_event_source_disable_unref(a->io);
	sd_event_source_disable_unref(a->timer);
	closep(&a->fd);
	while (a->n_watches)
		forget_watch(a, &a->watches[0]);
	free(a->watches);
	strv_free(a->made);
	strv_free(a->writing);
	free(a);
	return NULL;
}
