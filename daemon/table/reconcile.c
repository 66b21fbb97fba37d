// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/table/reconcile-private.h"
#include "lib/journal.h"

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
	for (size_t i = 0; i < NOTES_MAX; i++)
		free((char *)r->notes[i].note.text);
	free(r);
	return NULL;
}

/* That of that name, or an empty one behind the last. */
static struct own_note *find_note(struct own_note *notes, const char *name)
{
	while (notes->note.name && strcmp(notes->note.name, name) != 0)
		notes++;
	return notes;
}

struct own_note *reconcile_note(struct reconcile *r, const struct entry *e)
{
	return find_note(r->notes, e->want.key.what);
}

int reconcile_set_note(struct reconcile *r, const struct note *note)
{
	struct own_note *own = find_note(r->notes, note->name);
	char *text;

	if (own->note.name && note->size == own->note.size && !memcmp(note->text, own->note.text, note->size))
		return 0;
	text = malloc(note->size + 1);
	if (!text)
		return -ENOMEM;
	free((char *)own->note.text);
	*own = (struct own_note){ .note = *note, .changed = true };
	own->note.text = memcpy(text, note->text, note->size);
	return 0;
}

struct entry *reconcile_find(const struct reconcile *r, const struct region_key *key)
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

bool reconcile_news(struct reconcile *r, const struct module_region *region, bool gone)
{
	struct entry *e = find_id(r, region->id);
	uint64_t address;
	int error;

	/* News may be older than what we know: an id that we don't have any more is none of ours. */
	if (!e)
		return false;
	if (gone) {
		entry_log(entry_traits(e)->fleeting ? LOG_DEBUG : LOG_WARNING, e,
			  "%s was removed from the table by the kernel", entry_comment(e));
		entry_clear_region(e);
		return true;
	}
	/* So may what was said of it when it was held, which it never is again. */
	if (region->state == QCOM_MINIDUMP_REGION_HELD)
		return false;
	error = e->error;
	/* It says no address, and the module doesn't move what we have given one. */
	address = e->address;
	entry_set_region(e, region);
	e->address = address;
	if (e->state != QCOM_MINIDUMP_REGION_REJECTED)
		return false;
	/* Once tried again is enough, until something changes. */
	e->error = error;
	return !error;
}

/* What is wanted has become something else, or it was too early, so that an old error says nothing. */
static bool is_news(const struct entry *old, const struct want *want)
{
	const struct region_traits *traits = entry_traits(old);

	return (traits->early && old->error == traits->early) ||
	       (traits->range &&
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
		return;
	}
	to->want.policy = NULL;
	to->want.section = to->want.excluded = NULL;
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

static bool is_held(const struct entry *e)
{
	return e->wanted && e->id && e->state == QCOM_MINIDUMP_REGION_HELD && !e->error;
}

bool reconcile_any(const struct reconcile *r, bool (*which)(const struct entry *e))
{
	for (size_t i = 0; i < r->n; i++)
		if (which(&r->entries[i]))
			return true;
	return false;
}

bool reconcile_holds(const struct reconcile *r)
{
	return reconcile_any(r, is_held);
}

int reconcile_run(struct reconcile *r)
{
	int err = limit_entries(r->entries, r->n);

	if (err >= 0)
		err = reconcile_apply(r);
	/* Now the sizes are known. */
	if (err >= 0)
		err = limit_entries(r->entries, r->n);
	return err > 0 ? reconcile_apply(r) : err;
}

static bool is_ours(const struct entry *e)
{
	return e->id && !e->own;
}

int reconcile_release(struct reconcile *r)
{
	struct wants none = {};
	int err = reconcile_set_wants(r, &none);

	return err < 0 ? err : reconcile_remove(r, is_ours);
}
