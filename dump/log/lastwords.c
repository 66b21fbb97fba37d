// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/log/lastwords.h"
#include "dump/log/log.h"

/* How the last words of a kernel start, the most telling first. */
static const char *const last_words[] = {
	"Kernel panic - not syncing",
	"BUG: ",
	"Oops",
	"Unable to handle kernel",
	"general protection fault",
	"watchdog: BUG",
	"sysrq: Trigger a crash",
};

/* "CPU: 1 UID: 0 PID: 355 Comm: crash Tainted: ...", at the head of the kernel's reports about a task. */
static void note_task(struct last_words *w, const struct prb_record *r)
{
	static const char start[] = "CPU: ", pid[] = " PID: ";
	char line[64] = "";
	const char *at;

	if (r->text_len < sizeof(start) || memcmp(r->text, start, sizeof(start) - 1))
		return;
	memcpy(line, r->text, r->text_len < sizeof(line) ? r->text_len : sizeof(line) - 1);
	at = strstr(line, pid);
	if (at && sscanf(at + strlen(pid), "%" SCNd32, &w->pid) == 1)
		w->has_pid = true;
}

static void summarise(void *arg, const struct prb_record *r)
{
	struct last_words *w = arg;

	w->records++;
	w->last_ts = r->ts_nsec;
	note_task(w, r);
	for (size_t i = 0; i <= w->rank && i < ARRAY_LEN(last_words); i++) {
		size_t n = strlen(last_words[i]);
		const char *eol;

		if (r->text_len < n || memcmp(r->text, last_words[i], n))
			continue;
		eol = memchr(r->text, '\n', r->text_len);
		free(w->crash);
		w->crash = escape_text(r->text, eol ? (size_t)(eol - r->text) : r->text_len);
		w->rank = i;
		w->crash_ts = r->ts_nsec;
		return;
	}
}

void last_words_read(const struct corefile *core, struct last_words *w)
{
	uint64_t skipped;
	struct derr err;

	*w = (struct last_words){ .rank = ARRAY_LEN(last_words) };
	if (log_walk(core, summarise, w, &skipped, &err) < 0)
		w->why_not = dump_strdup(err.text, strlen(err.text));
}

bool last_words_are(const struct last_words *w, const struct prb_record *r)
{
	_cleanup_free_ char *text = escape_text(r->text, r->text_len);

	return w->crash && !strncmp(text, w->crash, strlen(w->crash));
}

void last_words_read_text(const char *text, size_t size, struct last_words *w)
{
	*w = (struct last_words){ .rank = ARRAY_LEN(last_words) };
	log_walk_text(text, size, summarise, w);
}

struct search {
	const struct last_words *w;
	bool found;
};

static void compare(void *arg, const struct prb_record *r)
{
	struct search *s = arg;

	s->found |= r->ts_nsec / 1000 == s->w->crash_ts / 1000 && last_words_are(s->w, r);
}

bool last_words_in(const struct last_words *w, const struct corefile *core)
{
	struct search s = { .w = w };
	uint64_t skipped;
	struct derr err;

	log_walk(core, compare, &s, &skipped, &err);
	return s.found;
}

void last_words_clear(struct last_words *w)
{
	free(w->crash);
	free(w->why_not);
}
