// SPDX-License-Identifier: GPL-2.0-only
/* The module is told what is to be different: removals, updates, additions, in that order. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/reconcile-private.h"
#include "lib/cleanup.h"
#include "lib/journal.h"

/* What comes and goes all the time is no news. */
static int level_of(const struct entry *e)
{
	return entry_traits(e)->quiet ? LOG_DEBUG : LOG_INFO;
}

static void request_add(struct reconcile *r, const struct entry *e, struct module_request *q)
{
	if (e->id && e->state == QCOM_MINIDUMP_REGION_HELD) {
		*q = (struct module_request){ .cmd = QCOM_MINIDUMP_CMD_REGION_UPDATE, .id = e->id, .activate = true };
		return;
	}
	*q = (struct module_request){
		.cmd = QCOM_MINIDUMP_CMD_REGION_ADD,
		.name = e->want.name,
		.comment = e->want.comment[0] ? e->want.comment : NULL,
		.tag = region_key_to_tag(&e->want.key),
		.hold = entry_traits(e)->held,
	};
	entry_traits(e)->fill(&e->want, &reconcile_note(r, e)->note, q);
}

static bool has_moved(const struct entry *e)
{
	return entry_traits(e)->movable && (e->want.address != e->address || e->want.size != e->size);
}

static bool is_renamed(const struct entry *e)
{
	return strcmp(e->comment, e->want.comment);
}

static void request_update(struct reconcile *r, const struct entry *e, struct module_request *q)
{
	*q = (struct module_request){ .cmd = QCOM_MINIDUMP_CMD_REGION_UPDATE, .id = e->id };
	if (entry_traits(e)->note) {
		entry_traits(e)->fill(&e->want, &reconcile_note(r, e)->note, q);
		return;
	}
	if (has_moved(e)) {
		q->address = e->want.address;
		q->size = e->want.size;
	}
	if (is_renamed(e))
		q->comment = e->want.comment;
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
	return e->id && !e->wanted && entry_traits(e)->held && entry_active(e);
}

/* On its way into the table. */
static bool is_coming(const struct entry *e)
{
	return e->wanted && !entry_withheld(e) && entry_traits(e)->held && !e->error && !e->want.unsure &&
	       (!e->id || e->state == QCOM_MINIDUMP_REGION_HELD);
}

/* Names say which trace array a page is of, by a number that is another one after a restart. */
static bool is_misnamed(const struct entry *e)
{
	return strcmp(e->name, e->want.name) != 0;
}

static bool is_stale(const struct entry *e)
{
	if (!e->id || e->own || is_left(e))
		return false;
	if (!e->wanted || entry_withheld(e))
		return true;
	/* Rejected: it is not in the table, so adding it anew loses nothing and tells whether there is room now. */
	if (e->state == QCOM_MINIDUMP_REGION_REJECTED)
		return !e->error;
	if (is_misnamed(e))
		return true;
	/* A map stays when nothing leads to it any more: its policy is there. */
	if (entry_traits(e)->movable)
		return e->want.error;
	return e->want.address && e->address && e->want.address != e->address;
}

static void removed(struct entry *e, const struct module_result *result)
{
	if (result->error < 0 && result->error != -ENOENT) {
		entry_log(LOG_ERR, e, "%s can't be removed: %s", entry_comment(e), result->message);
		return;
	}
	if (!e->wanted)
		entry_log(level_of(e), e, "%s is saved no more: it is gone, or no policy asks for it any more",
			  entry_comment(e));
	else if (entry_excluded(e))
		entry_log(level_of(e), e, "%s is saved no more: %s", entry_comment(e), e->want.problem);
	else if (entry_dry(e))
		entry_log(level_of(e), e, "%s is saved no more: its policy has DryRun=yes", entry_comment(e));
	else if (e->limited)
		entry_log(level_of(e), e, "%s is saved no more: %s", entry_comment(e), e->reason);
	else if (e->state == QCOM_MINIDUMP_REGION_REJECTED)
		entry_log(LOG_DEBUG, e, "%s is tried again, which was rejected", entry_comment(e));
	else if (is_misnamed(e))
		entry_log(level_of(e), e, "%s is saved under another name: it was called %s", entry_comment(e),
			  e->name);
	else
		entry_log(level_of(e), e, "%s is saved no more: %s", entry_comment(e),
			  e->want.error ? e->want.problem : entry_traits(e)->replaced);
	entry_clear_region(e);
}

int reconcile_remove(struct reconcile *r, bool (*which)(const struct entry *e))
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
		log_info("Removed %zu regions from before the restart that could not be identified", r->n_strays);
	r->n_strays = 0;
	if (s.n)
		reconcile_retry(r, true);
	return 0;
}

/* The module refused to move it, for example as it has more pieces than before. */
static bool is_stuck(const struct entry *e)
{
	return e->id && e->wanted && has_moved(e);
}

static bool needs_update(struct reconcile *r, const struct entry *e)
{
	if (!e->id || !e->wanted || e->own)
		return false;
	if (entry_traits(e)->note)
		return reconcile_note(r, e)->changed;
	return has_moved(e) || is_renamed(e);
}

static void note_sent(struct reconcile *r, const struct entry *e)
{
	if (entry_traits(e)->note)
		reconcile_note(r, e)->changed = false;
}

static void updated(struct reconcile *r, struct entry *e, const struct module_result *result)
{
	note_sent(r, e);
	if (result->error < 0) {
		entry_log(entry_traits(e)->movable ? LOG_INFO : LOG_ERR, e, "%s can't be updated: %s", entry_comment(e),
			  result->message);
		return;
	}
	if (entry_traits(e)->note)
		entry_log(LOG_INFO, e, "%s has changed", entry_comment(e));
	else if (has_moved(e))
		entry_log(LOG_INFO, e, "%s has moved, and has %" PRIu64 " bytes now", entry_comment(e), e->want.size);
	else
		entry_log(level_of(e), e, "%s is %s now", entry_comment(e), e->want.comment);
	if (result->region.id)
		entry_set_region(e, &result->region);
	if (!entry_traits(e)->note)
		snprintf(e->comment, sizeof(e->comment), "%s", e->want.comment);
}

static int update_entries(struct reconcile *r)
{
	_cleanup_(step_done) struct step s = {};
	int err = step_init(&s, r->n);

	if (err < 0)
		return err;
	for (size_t i = 0; i < r->n; i++) {
		if (!needs_update(r, &r->entries[i]))
			continue;
		s.entries[s.n] = &r->entries[i];
		request_update(r, &r->entries[i], &s.requests[s.n++]);
	}
	err = step_apply(r, &s);
	for (size_t i = 0; i < s.n && err >= 0; i++) {
		if (s.results[i].error == -ENOENT)
			return -ESTALE;
		updated(r, s.entries[i], &s.results[i]);
	}
	return err;
}

static void added(struct reconcile *r, struct entry *e, const struct module_result *result)
{
	/* The source learns of it in a moment, or by looking again. */
	if (result->error < 0 && result->error == entry_traits(e)->gone)
		r->ops->gone(&e->want.key, r->userdata);
	if (result->error == -ENOSPC && e->reason[0]) {
		e->error = -ENOSPC;
		return;
	}
	if (result->error < 0) {
		entry_fail(e, result->error, "%s", result->message);
		entry_log(entry_absent(e) ? LOG_DEBUG : level_of(e), e, "%s can't be saved: %s", entry_comment(e),
			  result->message);
		return;
	}
	entry_set_region(e, &result->region);
	e->confirmed = false;
	note_sent(r, e);
	if (e->state == QCOM_MINIDUMP_REGION_REJECTED)
		e->error = -EREMOTEIO;
	entry_log(level_of(e), e, "%s %s%s", entry_comment(e),
		  e->state == QCOM_MINIDUMP_REGION_PENDING  ? "waits for a back end" :
		  e->state == QCOM_MINIDUMP_REGION_HELD	    ? "is held" :
		  e->state == QCOM_MINIDUMP_REGION_REJECTED ? "is rejected: " :
							      "is saved",
		  e->state == QCOM_MINIDUMP_REGION_REJECTED ? e->reason : "");
}

int reconcile_add_one(struct reconcile *r, struct entry *e)
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

/* What the source knows to be in vain is not even tried. */
static void give_up(struct reconcile *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct entry *e = &r->entries[i];

		if (!e->wanted || e->id || !e->want.error ||
		    (e->error == e->want.error && !strcmp(e->reason, e->want.problem)))
			continue;
		entry_fail(e, e->want.error, "%s", e->want.problem);
		entry_log(entry_absent(e) ? LOG_DEBUG : level_of(e), e, "%s can't be saved: %s", entry_comment(e),
			  e->reason);
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
	if (full && reconcile_any(r, is_left)) {
		err = reconcile_remove(r, is_left);
		return err < 0 ? err : add_missing(r);
	}
	return full ? reconcile_make_room(r) : 0;
}

int reconcile_apply(struct reconcile *r)
{
	int err = reconcile_remove(r, is_stale);

	if (err >= 0)
		err = update_entries(r);
	if (err >= 0)
		err = reconcile_remove(r, is_stuck);
	if (err >= 0)
		err = add_missing(r);
	if (err >= 0 && !reconcile_any(r, is_coming))
		err = reconcile_remove(r, is_left);
	return err;
}
