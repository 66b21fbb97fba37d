// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/log/lastwords.h"
#include "dump/log/log.h"
#include "lib/text.h"

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

static void summarise(struct last_words *w, const struct prb_record *r)
{
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
		w->crash = escape_text(r->text, eol ? (size_t)(eol - r->text) : r->text_len, TEXT_PRINTABLE);
		w->rank = i;
		w->crash_ts = r->ts_nsec;
		return;
	}
}

void last_words_of(const struct log *log, struct last_words *w)
{
	*w = (struct last_words){ .rank = ARRAY_LEN(last_words) };
	for (size_t i = 0; i < log->n; i++)
		summarise(w, &log->v[i]);
}

void last_words_read(const struct corefile *core, struct last_words *w)
{
	struct derr err;
	struct log log;
	int r = log_read(core, &log, &err);

	last_words_of(&log, w);
	if (r < 0)
		w->why_not = xstrndup(err.text, strlen(err.text));
	log_clear(&log);
	if (!w->crash && kv_get(&core->collect_note, "DIED"))
		w->crash = xprintf("the machine went down without a word");
}

void last_words_read_text(const char *text, size_t size, struct last_words *w)
{
	struct log log;

	log_read_text(text, size, &log);
	last_words_of(&log, w);
	log_clear(&log);
}

bool last_words_are(const struct last_words *w, const struct prb_record *r)
{
	_cleanup_free_ char *text = escape_text(r->text, r->text_len, TEXT_PRINTABLE);

	return w->crash && !strncmp(text, w->crash, strlen(w->crash));
}

bool last_words_in(const struct last_words *w, const struct corefile *core)
{
	bool found = false;
	struct derr err;
	struct log log;

	log_read(core, &log, &err);
	for (size_t i = 0; i < log.n && !found; i++)
		found = log.v[i].ts_nsec / 1000 == w->crash_ts / 1000 && last_words_are(w, &log.v[i]);
	log_clear(&log);
	return found;
}

void last_words_clear(struct last_words *w)
{
	free(w->crash);
	free(w->why_not);
}
