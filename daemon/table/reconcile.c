// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/journal.h"
#include "qcmd_note.h"
#include "daemon/table/reconcile.h"
#include "uapi/linux/qcom_minidump_table.h"

struct reconcile {
	const struct reconcile_ops *ops;
	void *userdata;
	struct entry *entries; /* sorted by key */
	size_t n;
	uint32_t *strays; /* ids of ours that stand for nothing */
	size_t n_strays;
	struct note {
		char *text;
		size_t size;
		bool changed;
	} notes[_NOTE_KIND_MAX];
};

static const struct {
	const char *name; /* of the region */
	uint32_t type;
} note_kinds[] = {
	[NOTE_QCMD] = { MINIDUMP_NOTE_NAME, QCMD_NOTE_KERNEL },
	[NOTE_TRACE] = { QCMD_NOTE_TRACE_REGION, QCMD_NOTE_TRACE },
};

/* _NOTE_KIND_MAX: it is none of ours. */
static enum note_kind note_kind_of(const char *name)
{
	enum note_kind kind = 0;

	while (kind < _NOTE_KIND_MAX && strcmp(name, note_kinds[kind].name) != 0)
		kind++;
	return kind;
}

int reconcile_new(const struct reconcile_ops *ops, void *userdata, struct reconcile **ret)
{
	struct reconcile *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->ops = ops;
	r->userdata = userdata;
	*ret = r;
	return 0;
}

struct reconcile *reconcile_free(struct reconcile *r)
{
	if (!r)
		return NULL;
	free(r->entries);
	free(r->strays);
	for (int i = 0; i < _NOTE_KIND_MAX; i++)
		free(r->notes[i].text);
	free(r);
	return NULL;
}

int reconcile_set_note(struct reconcile *r, enum note_kind kind, const char *text, size_t size)
{
	struct note *note = &r->notes[kind];
	char *copy;

	if (note->text && size == note->size && !memcmp(text, note->text, size))
		return 0;
	copy = malloc(size + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	copy[size] = '\0';
	free(note->text);
	*note = (struct note){ .text = copy, .size = size, .changed = true };
	return 0;
}

/* Trace arrays change their pages all the time; what matters of that, their source tells. */
static int level_of(const struct entry *e)
{
	return e->want.key.kind == REGION_TRACE || e->want.key.kind == REGION_TRACE_CPU ? LOG_DEBUG : LOG_INFO;
}

static struct entry *find(const struct reconcile *r, const struct region_key *key)
{
	size_t from = 0, to = r->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int c = region_key_compare(key, &r->entries[middle].want.key);

		if (c == 0)
			return &r->entries[middle];
		if (c < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

const struct entry *reconcile_entries(const struct reconcile *r, size_t *ret_n)
{
	*ret_n = r->n;
	return r->entries;
}

static struct entry *find_id(const struct reconcile *r, uint32_t id)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->entries[i].id == id)
			return &r->entries[i];
	return NULL;
}

const struct entry *reconcile_find_id(const struct reconcile *r, uint32_t id)
{
	return find_id(r, id);
}

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* False: not something that this daemon adds. */
static bool key_of_region(const struct module_region *region, struct region_key *ret)
{
	*ret = (struct region_key){};
	if (region->object[0]) {
		ret->kind = REGION_OBJECT;
		memcpy(ret->object, region->object, sizeof(ret->object));
	} else if (region->pid) {
		ret->kind = region_kind_of_part(region->part, false);
		ret->pid = region->pid;
		ret->start = region->start_time;
	} else if (region->part) {
		ret->kind = region_kind_of_part(region->part, true);
		ret->cpu = region->cpu;
	} else if (note_kind_of(region->name) < _NOTE_KIND_MAX) {
		ret->kind = REGION_NOTE;
		snprintf(ret->object, sizeof(ret->object), "%s", region->name);
	} else if (starts_with(region->name, TRACE_NAME) || starts_with(region->name, TRACE_CPU_NAME)) {
		ret->kind = starts_with(region->name, TRACE_NAME) ? REGION_TRACE : REGION_TRACE_CPU;
		ret->address = region->addr;
		ret->size = region->size;
	} else if (region->addr && region->comment[0]) {
		ret->kind = starts_with(region->comment, LABEL_MAP) ? REGION_MAP : REGION_SYMBOL;
		ret->address = starts_with(region->comment, LABEL_ELEMENT) ? region->addr : 0;
		memcpy(ret->label, region->comment, sizeof(ret->label));
	} else {
		return false;
	}
	return ret->kind < _REGION_KIND_MAX;
}

static int add_stray(struct reconcile *r, uint32_t id)
{
	uint32_t *strays = reallocarray(r->strays, r->n_strays + 1, sizeof(*strays));

	if (!strays)
		return -ENOMEM;
	r->strays = strays;
	r->strays[r->n_strays++] = id;
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return region_key_compare(&x->want.key, &y->want.key);
}

static int append_unwanted(struct reconcile *r, const struct module_region *region, const struct region_key *key)
{
	struct entry *entries = reallocarray(r->entries, r->n + 1, sizeof(*entries));

	if (!entries)
		return -ENOMEM;
	r->entries = entries;
	r->entries[r->n] = (struct entry){ .want.key = *key };
	snprintf(r->entries[r->n].want.name, sizeof(r->entries[r->n].want.name), "%s", region->name);
	if (region_key_is_range(key))
		r->entries[r->n].address = region->addr;
	entry_set_region(&r->entries[r->n++], region);
	return 0;
}

static int adopt_one(struct reconcile *r, size_t n_known, const struct module_region *region)
{
	struct reconcile known = { .entries = r->entries, .n = n_known };
	struct region_key key;
	struct entry *e;

	if (!key_of_region(region, &key))
		return add_stray(r, region->id);
	e = find(&known, &key);
	if (!e)
		return append_unwanted(r, region, &key);
	if (e->id)
		return add_stray(r, region->id);
	entry_set_region(e, region);
	/* Whether a task_struct is that of the task we know can be seen; of other things it is taken for granted. */
	e->address = region_key_is_range(&key) || key.kind == REGION_TASK || key.kind == REGION_MM ? region->addr :
												     e->want.address;
	return 0;
}

int reconcile_adopt(struct reconcile *r, const struct module_region *regions, size_t n, uint32_t port)
{
	size_t n_known = r->n, kept = 0;
	int err = 0;

	r->n_strays = 0;
	for (size_t i = 0; i < r->n; i++)
		entry_clear_region(&r->entries[i]);
	for (size_t i = 0; i < n && err >= 0; i++)
		if (regions[i].owner == port)
			err = adopt_one(r, n_known, &regions[i]);
	if (r->n)
		qsort(r->entries, r->n, sizeof(*r->entries), compare_entries);
	/* Two regions for one key that nobody wants: the first one is an entry, the others go. */
	for (size_t i = 0; i < r->n; i++) {
		if (kept && !region_key_compare(&r->entries[kept - 1].want.key, &r->entries[i].want.key)) {
			err = err < 0 ? err : add_stray(r, r->entries[i].id);
			continue;
		}
		r->entries[kept++] = r->entries[i];
	}
	r->n = kept;
	return err;
}

void reconcile_reset(struct reconcile *r)
{
	r->n_strays = 0;
	for (size_t i = 0; i < r->n; i++)
		entry_clear_region(&r->entries[i]);
	reconcile_retry(r, false);
}

void reconcile_retry(struct reconcile *r, bool only_full)
{
	for (size_t i = 0; i < r->n; i++)
		if (!only_full || r->entries[i].error == -ENOSPC) {
			r->entries[i].error = 0;
			/* Who took its place is still what matters, if there is no room again. */
			if (!only_full)
				r->entries[i].reason[0] = '\0';
		}
}

/* A stack when its task exits, what a CPU runs when the CPU goes offline: that is no news. */
static bool goes_by_itself(const struct region_key *key)
{
	return key->kind == REGION_STACK || region_key_is_current(key);
}

bool reconcile_news(struct reconcile *r, const struct module_region *region, bool gone)
{
	struct entry *e = find_id(r, region->id);
	int error;

	/* News may be older than what we know: an id that we don't have any more is none of ours. */
	if (!e)
		return false;
	if (gone) {
		entry_log(goes_by_itself(&e->want.key) ? LOG_DEBUG : LOG_WARNING, e,
			  "%s was removed from the table by the kernel", entry_comment(e));
		entry_clear_region(e);
		return true;
	}
	/* So may what was said of it when it was held, which it never is again. */
	if (region->state == QCOM_MINIDUMP_REGION_HELD)
		return false;
	error = e->error;
	entry_set_region(e, region);
	if (e->state != QCOM_MINIDUMP_REGION_REJECTED)
		return false;
	/* Once tried again is enough, until something changes. */
	e->error = error;
	return !error;
}

/* A module or a CPU was on its way in or out: it may be there by now. */
static bool was_too_early(const struct entry *old)
{
	return region_key_is_range(&old->want.key) ? old->error == -EAGAIN :
						     region_key_is_current(&old->want.key) && old->error == -ENODEV;
}

/* What is wanted has become something else, or it was too early, so that an old error says nothing. */
static bool is_news(const struct entry *old, const struct want *want)
{
	return was_too_early(old) ||
	       (region_key_is_range(&want->key) &&
		(old->want.address != want->address || old->want.size != want->size || old->want.error != want->error));
}

/* What is known of the old entry stays; who wants it and why is new. */
static void merge_entry(struct entry *to, const struct entry *old, const struct want *want)
{
	*to = old ? *old : (struct entry){};
	to->wanted = want;
	if (want && old && is_news(old, want)) {
		to->error = 0;
		to->reason[0] = '\0';
	}
	to->confirmed = want && to->id && to->state == QCOM_MINIDUMP_REGION_HELD && !want->unsure;
	if (want) {
		to->want = *want;
		/* Adopted before anybody wanted it. */
		if (old && old->id && !old->wanted && !to->address)
			to->address = want->address;
		return;
	}
	to->want.policy = NULL;
	to->want.section = NULL;
	to->want.priority = 0;
}

/* An entry that nobody wants is kept for as long as the module has it. */
int reconcile_set_wants(struct reconcile *r, struct wants *wants)
{
	struct entry *entries;
	size_t i = 0, j = 0, n = 0;

	wants_settle(wants);
	entries = calloc(r->n + wants->n + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	while (i < r->n || j < wants->n) {
		int c = i == r->n     ? 1 :
			j == wants->n ? -1 :
					region_key_compare(&r->entries[i].want.key, &wants->items[j].key);

		if (c < 0 && !r->entries[i].id) {
			i++;
			continue;
		}
		merge_entry(&entries[n++], c <= 0 ? &r->entries[i] : NULL, c >= 0 ? &wants->items[j] : NULL);
		i += c <= 0;
		j += c >= 0;
	}
	free(r->entries);
	r->entries = entries;
	r->n = n;
	return 0;
}

static void request_note(const struct entry *e, const struct note *note, struct module_request *q)
{
	const char *name = e->want.key.object;

	*q = (struct module_request){
		.cmd = QCOM_MINIDUMP_CMD_NOTE_SET,
		.name = name,
		.note = note->text,
		.note_size = note->size,
		.note_type = note_kinds[note_kind_of(name)].type,
	};
}

static void request_add(const struct reconcile *r, const struct entry *e, struct module_request *q)
{
	const struct region_key *key = &e->want.key;

	if (e->id && e->state == QCOM_MINIDUMP_REGION_HELD) {
		*q = (struct module_request){ .cmd = QCOM_MINIDUMP_CMD_REGION_UPDATE, .id = e->id, .activate = true };
		return;
	}
	*q = (struct module_request){ .cmd = QCOM_MINIDUMP_CMD_REGION_ADD, .name = e->want.name };
	if (e->want.comment[0])
		q->comment = e->want.comment;
	switch (key->kind) {
	case REGION_NOTE:
		request_note(e, &r->notes[note_kind_of(key->object)], q);
		break;
	case REGION_TRACE:
		q->hold = true;
		/* fall through */
	case REGION_TRACE_CPU:
		q->address = key->address;
		q->size = key->size;
		break;
	case REGION_OBJECT:
		q->object = key->object;
		break;
	case REGION_TASK:
	case REGION_STACK:
	case REGION_MM:
		q->pid = key->pid;
		q->start_time = key->start;
		q->part = region_part_of_kind(key->kind);
		break;
	case REGION_CURRENT:
	case REGION_CURRENT_STACK:
		q->cpu = key->cpu;
		q->part = region_part_of_kind(key->kind);
		break;
	case REGION_MAP:
		q->map_fd = e->want.map_fd;
		/* fall through */
	case REGION_SYMBOL:
		q->address = e->want.address;
		q->size = e->want.size;
		break;
	case _REGION_KIND_MAX:
		break;
	}
}

/* A step: requests and the entries that they are about, in the same order. */
struct step {
	struct entry **entries;
	struct module_request *requests;
	struct module_result *results;
	size_t n;
};

static void step_done(struct step *s)
{
	if (s->results)
		module_results_done(s->results, s->n);
	free(s->entries);
	free(s->requests);
	free(s->results);
}

static int step_init(struct step *s, size_t max)
{
	s->entries = calloc(max + 1, sizeof(*s->entries));
	s->requests = calloc(max + 1, sizeof(*s->requests));
	s->results = calloc(max + 1, sizeof(*s->results));
	return s->entries && s->requests && s->results ? 0 : -ENOMEM;
}

static int step_apply(struct reconcile *r, struct step *s)
{
	return s->n ? r->ops->apply(s->requests, s->results, s->n, r->userdata) : 0;
}

/* Pages of a ring that it has given up: they go when those that it has instead are in the table. */
static bool is_left(const struct entry *e)
{
	return e->id && !e->wanted && e->want.key.kind == REGION_TRACE && entry_active(e);
}

/* On its way into the table. */
static bool is_coming(const struct entry *e)
{
	return e->wanted && !entry_withheld(e) && e->want.key.kind == REGION_TRACE && !e->error && !e->want.unsure &&
	       (!e->id || e->state == QCOM_MINIDUMP_REGION_HELD);
}

static bool is_held(const struct entry *e)
{
	return e->wanted && e->id && e->state == QCOM_MINIDUMP_REGION_HELD && !e->error;
}

static bool any(const struct reconcile *r, bool (*which)(const struct entry *e))
{
	for (size_t i = 0; i < r->n; i++)
		if (which(&r->entries[i]))
			return true;
	return false;
}

bool reconcile_holds(const struct reconcile *r)
{
	return any(r, is_held);
}

/* Names say which trace array a page is of, by a number that is another one after a restart. */
static bool is_misnamed(const struct entry *e)
{
	return strcmp(e->name, e->want.name) != 0;
}

static bool is_stale(const struct entry *e)
{
	if (!e->id || is_left(e))
		return false;
	if (!e->wanted || entry_withheld(e))
		return true;
	/* Rejected: it is not in the table, so adding it anew loses nothing and tells whether there is room now. */
	if (e->state == QCOM_MINIDUMP_REGION_REJECTED)
		return !e->error;
	if (is_misnamed(e))
		return true;
	/* A map stays when nothing leads to it any more: its policy is there. */
	if (e->want.key.kind == REGION_SYMBOL)
		return e->want.error;
	return e->want.address && e->address && e->want.address != e->address;
}

static void removed(struct entry *e, const struct module_result *result)
{
	if (result->error < 0 && result->error != -ENOENT) {
		entry_log(LOG_ERR, e, "Can't remove %s: %s", entry_comment(e), result->message);
		return;
	}
	if (!e->wanted)
		entry_log(level_of(e), e, "Removed %s: it is gone, or no policy asks for it any more",
			  entry_comment(e));
	else if (entry_dry(e))
		entry_log(LOG_INFO, e, "Removed %s: its policy has DryRun=yes", entry_comment(e));
	else if (e->limited)
		entry_log(LOG_INFO, e, "Removed %s: %s", entry_comment(e), e->reason);
	else if (e->state == QCOM_MINIDUMP_REGION_REJECTED)
		entry_log(LOG_DEBUG, e, "Trying %s again, which was rejected", entry_comment(e));
	else if (is_misnamed(e))
		entry_log(level_of(e), e, "Removed %s: it was called %s", entry_comment(e), e->name);
	else if (e->want.key.kind == REGION_MAP)
		entry_log(LOG_INFO, e, "Removed %s: it is another map now", entry_comment(e));
	else if (e->want.key.kind == REGION_SYMBOL)
		entry_log(LOG_INFO, e, "Removed %s: %s", entry_comment(e),
			  e->want.error ? e->want.problem : "it can't be moved, and is added anew");
	else
		entry_log(LOG_INFO, e, "Removed %s: another task has taken its place", entry_comment(e));
	entry_clear_region(e);
}

static int remove_entries(struct reconcile *r, bool (*which)(const struct entry *e))
{
	_cleanup_(step_done) struct step s = {};
	int err = step_init(&s, r->n + r->n_strays);

	if (err < 0)
		return err;
	for (size_t i = 0; i < r->n; i++) {
		if (!which(&r->entries[i]))
			continue;
		s.entries[s.n] = &r->entries[i];
		s.requests[s.n++] =
			r->entries[i].want.key.kind == REGION_NOTE ?
				(struct module_request){ .cmd = QCOM_MINIDUMP_CMD_NOTE_SET,
							 .name = r->entries[i].want.key.object,
							 .note = "" } :
				(struct module_request){ .cmd = QCOM_MINIDUMP_CMD_REGION_DEL, .id = r->entries[i].id };
	}
	for (size_t i = 0; i < r->n_strays; i++)
		s.requests[s.n++] = (struct module_request){ .cmd = QCOM_MINIDUMP_CMD_REGION_DEL, .id = r->strays[i] };
	err = step_apply(r, &s);
	if (err < 0)
		return err;
	for (size_t i = 0; i < s.n; i++)
		if (s.entries[i])
			removed(s.entries[i], &s.results[i]);
	if (r->n_strays)
		log_info("Removed %zu regions from before the restart that stand for nothing", r->n_strays);
	r->n_strays = 0;
	if (s.n)
		reconcile_retry(r, true);
	return 0;
}

static bool has_moved(const struct entry *e)
{
	return e->want.address != e->address || e->want.size != e->size;
}

/* The module refused to move it, for example as it has more pieces than before. */
static bool is_stuck(const struct entry *e)
{
	return e->id && e->wanted && e->want.key.kind == REGION_SYMBOL && has_moved(e);
}

static bool needs_update(const struct reconcile *r, const struct entry *e)
{
	if (!e->id || !e->wanted)
		return false;
	if (e->want.key.kind == REGION_NOTE)
		return r->notes[note_kind_of(e->want.key.object)].changed;
	if (e->want.key.kind == REGION_SYMBOL)
		return has_moved(e);
	return strcmp(e->comment, e->want.comment);
}

static void note_sent(struct reconcile *r, const struct entry *e)
{
	if (e->want.key.kind == REGION_NOTE)
		r->notes[note_kind_of(e->want.key.object)].changed = false;
}

static int update_entries(struct reconcile *r)
{
	_cleanup_(step_done) struct step s = {};
	int err = step_init(&s, r->n);

	if (err < 0)
		return err;
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = &r->entries[i];

		if (!needs_update(r, e))
			continue;
		s.entries[s.n] = e;
		if (e->want.key.kind == REGION_NOTE)
			request_add(r, e, &s.requests[s.n++]);
		else if (e->want.key.kind == REGION_SYMBOL)
			s.requests[s.n++] = (struct module_request){
				.cmd = QCOM_MINIDUMP_CMD_REGION_UPDATE,
				.id = e->id,
				.address = e->want.address,
				.size = e->want.size,
			};
		else
			s.requests[s.n++] = (struct module_request){
				.cmd = QCOM_MINIDUMP_CMD_REGION_UPDATE,
				.id = e->id,
				.comment = e->want.comment,
			};
	}
	err = step_apply(r, &s);
	if (err < 0)
		return err;
	for (size_t i = 0; i < s.n; i++) {
		struct entry *e = s.entries[i];

		if (s.results[i].error == -ENOENT)
			return -ESTALE;
		if (s.results[i].error < 0) {
			entry_log(e->want.key.kind == REGION_SYMBOL ? LOG_INFO : LOG_ERR, e, "Can't update %s: %s",
				  entry_comment(e), s.results[i].message);
			note_sent(r, e);
			continue;
		}
		if (e->want.key.kind == REGION_NOTE)
			entry_log(LOG_INFO, e, "Updated %s", entry_comment(e));
		else if (e->want.key.kind == REGION_SYMBOL)
			entry_log(LOG_INFO, e, "Moved %s, now %" PRIu64 " bytes", entry_comment(e), e->want.size);
		else
			entry_log(LOG_INFO, e, "Updated %s → %s", entry_comment(e), e->want.comment);
		if (s.results[i].region.id)
			entry_set_region(e, &s.results[i].region);
		e->address = e->want.address;
		note_sent(r, e);
		if (e->want.key.kind != REGION_NOTE)
			snprintf(e->comment, sizeof(e->comment), "%s", e->want.comment);
	}
	return 0;
}

static void added(struct reconcile *r, struct entry *e, const struct module_result *result)
{
	if (result->error == -ESRCH && region_key_is_task(&e->want.key)) {
		entry_fail(e, -ESRCH, "%s", result->message);
		r->ops->gone(&e->want.key, r->userdata);
		return;
	}
	/* The ring has freed the page meanwhile, which looking again will show. */
	if (result->error == -EBUSY && e->want.key.kind == REGION_TRACE)
		r->ops->gone(&e->want.key, r->userdata);
	if (result->error == -ENOSPC && e->reason[0]) {
		e->error = -ENOSPC;
		return;
	}
	if (result->error < 0) {
		entry_fail(e, result->error, "%s", result->message);
		entry_log(entry_absent(e) ? LOG_DEBUG : LOG_INFO, e, "Can't add %s: %s", entry_comment(e),
			  result->message);
		return;
	}
	entry_set_region(e, &result->region);
	e->confirmed = false;
	e->address = e->want.address;
	note_sent(r, e);
	if (e->state == QCOM_MINIDUMP_REGION_REJECTED)
		e->error = -EREMOTEIO;
	entry_log(level_of(e), e, "Added %s%s%s", entry_comment(e),
		  e->state == QCOM_MINIDUMP_REGION_PENDING  ? ", waiting for a back end" :
		  e->state == QCOM_MINIDUMP_REGION_HELD	    ? ", held" :
		  e->state == QCOM_MINIDUMP_REGION_REJECTED ? ", rejected: " :
							      "",
		  e->state == QCOM_MINIDUMP_REGION_REJECTED ? e->reason : "");
}

static int add_one(struct reconcile *r, struct entry *e)
{
	struct module_request q;
	struct module_result result = {};
	int err;

	request_add(r, e, &q);
	err = r->ops->apply(&q, &result, 1, r->userdata);
	if (err >= 0)
		added(r, e, &result);
	module_results_done(&result, 1);
	return err;
}

/* Of lower priority, or of less importance to the same policy. */
static bool may_push_out(const struct entry *e, const struct entry *v)
{
	return v->want.priority < e->want.priority ||
	       (v->wanted && v->want.policy == e->want.policy && want_compare(&v->want, &e->want) > 0);
}

/* The least important of ours in the table that e may push out. */
static struct entry *find_victim(struct reconcile *r, const struct entry *e)
{
	struct entry *victim = NULL;

	for (size_t i = 0; i < r->n; i++) {
		struct entry *v = &r->entries[i];

		if (entry_active(v) && may_push_out(e, v) && (!victim || want_compare(&v->want, &victim->want) > 0))
			victim = v;
	}
	return victim;
}

static int evict(struct reconcile *r, struct entry *victim, const struct entry *e)
{
	struct module_request q = { .cmd = QCOM_MINIDUMP_CMD_REGION_DEL, .id = victim->id };
	struct module_result result = {};
	int err;

	err = r->ops->apply(&q, &result, 1, r->userdata);
	if (err < 0)
		return err;
	if (result.error < 0 && result.error != -ENOENT)
		return -ESTALE;
	entry_log(LOG_INFO, victim, "Removed %s: the table is full, and %s matters more", entry_comment(victim),
		  e->want.name);
	entry_clear_region(victim);
	if (victim->want.policy && victim->want.policy == e->want.policy)
		entry_fail(victim, -ENOSPC, "the table is full, and %s of the same policy matters more",
			   entry_comment(e));
	else
		entry_fail(victim, -ENOSPC, "the table is full, and policy %s with Priority=%d needs the room",
			   e->want.policy ? e->want.policy->name : "(note)", e->want.priority);
	return 0;
}

/* The table is full: what matters less makes room, one region at a time. */
static int add_by_eviction(struct reconcile *r, struct entry *e, bool *evicted)
{
	struct entry *victim;
	int err;

	while (e->error == -ENOSPC) {
		victim = find_victim(r, e);
		if (!victim)
			return 0;
		err = evict(r, victim, e);
		if (err < 0)
			return err;
		*evicted = true;
		err = add_one(r, e);
		if (err < 0)
			return err;
	}
	return 0;
}

/* More may have been pushed out than was needed, as one region can take several slots. */
static int add_evicted(struct reconcile *r, struct entry **entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int err;

		if (entries[i]->error != -ENOSPC || (entries[i]->id && !entry_held_back(entries[i])))
			continue;
		err = add_one(r, entries[i]);
		if (err < 0)
			return err;
	}
	return 0;
}

static int make_room(struct reconcile *r)
{
	_cleanup_free_ struct entry **entries = calloc(r->n + 1, sizeof(*entries));
	bool evicted = false;
	size_t n = 0;
	int err;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < r->n; i++)
		if (r->entries[i].wanted && !entry_withheld(&r->entries[i]))
			entries[n++] = &r->entries[i];
	qsort(entries, n, sizeof(*entries), entry_compare_importance);
	for (size_t i = 0; i < n; i++) {
		err = add_by_eviction(r, entries[i], &evicted);
		if (err < 0)
			return err;
	}
	return evicted ? add_evicted(r, entries, n) : 0;
}

/* What the source knows to be in vain is not even tried. */
static void give_up(struct reconcile *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = &r->entries[i];

		if (!e->wanted || e->id || !e->want.error ||
		    (e->error == e->want.error && !strcmp(e->reason, e->want.problem)))
			continue;
		entry_fail(e, e->want.error, "%s", e->want.problem);
		entry_log(entry_absent(e) ? LOG_DEBUG : LOG_INFO, e, "Can't add %s: %s", entry_comment(e), e->reason);
	}
}

static bool is_missing(const struct entry *e)
{
	return e->wanted && !entry_withheld(e) && !e->error && !e->want.unsure && (!e->id || e->confirmed);
}

static int add_missing(struct reconcile *r)
{
	_cleanup_(step_done) struct step s = {};
	bool full = false;
	int err = step_init(&s, r->n);

	if (err < 0)
		return err;
	give_up(r);
	for (size_t i = 0; i < r->n; i++)
		if (is_missing(&r->entries[i]))
			s.entries[s.n++] = &r->entries[i];
	qsort(s.entries, s.n, sizeof(*s.entries), entry_compare_importance);
	for (size_t i = 0; i < s.n; i++)
		request_add(r, s.entries[i], &s.requests[i]);
	err = step_apply(r, &s);
	if (err < 0)
		return err;
	for (size_t i = 0; i < s.n; i++) {
		added(r, s.entries[i], &s.results[i]);
		full |= s.entries[i]->error == -ENOSPC;
	}
	if (full && any(r, is_left)) {
		err = remove_entries(r, is_left);
		return err < 0 ? err : add_missing(r);
	}
	return full ? make_room(r) : 0;
}

static int remove_and_add(struct reconcile *r)
{
	int err = remove_entries(r, is_stale);

	if (err >= 0)
		err = update_entries(r);
	if (err >= 0)
		err = remove_entries(r, is_stuck);
	if (err >= 0)
		err = add_missing(r);
	if (err >= 0 && !any(r, is_coming))
		err = remove_entries(r, is_left);
	return err;
}

int reconcile_run(struct reconcile *r)
{
	int err = limit_entries(r->entries, r->n);

	if (err >= 0)
		err = remove_and_add(r);
	/* Now the sizes are known. */
	if (err >= 0)
		err = limit_entries(r->entries, r->n);
	return err > 0 ? remove_and_add(r) : err;
}

static bool is_in_module(const struct entry *e)
{
	return e->id;
}

int reconcile_release(struct reconcile *r)
{
	struct wants none = {};
	int err = reconcile_set_wants(r, &none);

	return err < 0 ? err : remove_entries(r, is_in_module);
}
