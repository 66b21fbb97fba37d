// SPDX-License-Identifier: GPL-2.0-only
#include "fake-module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/journal.h"
#include "qcmd_note.h"

static void record(struct table *t, const char *what, const struct module_region *r)
{
	assert_true(t->n_log < LOG_MAX);
	if (r->pid)
		snprintf(t->log[t->n_log++], sizeof(t->log[0]), "%s %s %u", what, r->name, r->pid);
	else
		snprintf(t->log[t->n_log++], sizeof(t->log[0]), "%s %s", what, r->name);
}

void assert_log(struct table *t, const char *const *lines)
{
	size_t n = 0;

	for (; lines[n]; n++) {
		assert_true(n < t->n_log);
		assert_string_equal(t->log[n], lines[n]);
	}
	assert_int_equal(t->n_log, n);
	t->n_log = 0;
}

void assert_settled(struct table *t)
{
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_QUIET(t);
}

static size_t slots_of(const struct module_region *r)
{
	return r->part == QCOM_MINIDUMP_TASK_STACK ? 4 : 1;
}

static size_t used(const struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->regions[i].state == QCOM_MINIDUMP_REGION_ACTIVE ? slots_of(&t->regions[i]) : 0;
	return n;
}

struct module_region *by_id(struct table *t, uint32_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->regions[i].id == id)
			return &t->regions[i];
	return NULL;
}

struct module_region *by_name(struct table *t, const char *name, uint32_t pid)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->regions[i].name, name) && t->regions[i].pid == pid)
			return &t->regions[i];
	return NULL;
}

struct module_region news_of(const struct module_region *r)
{
	struct module_region news = *r;

	news.addr = news.paddr = 0;
	news.tag.size = 0;
	return news;
}

static int put(struct table *t, struct module_region *r, struct module_result *result)
{
	if (used(t) + slots_of(r) > t->slots)
		return -ENOSPC;
	assert_true(t->n < REGIONS_MAX);
	r->id = ++t->next_id;
	r->size = r->size ?: !strcmp(r->name, "large") ? 100000 : slots_of(r) * 4096;
	r->n_segments = slots_of(r);
	r->owner = PORT;
	r->state = r->state ?: QCOM_MINIDUMP_REGION_ACTIVE;
	t->regions[t->n++] = *r;
	result->region = *r;
	record(t, "add", r);
	return 0;
}

void set_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ?: "");
}

static int do_add(struct table *t, const struct module_request *q, struct module_result *result)
{
	struct module_region r = { .pid = q->pid, .start_time = q->start_time, .part = q->part, .tag = q->tag };

	if (q->pid && q->pid == t->missing_pid)
		return -ESRCH;
	if (q->object && t->missing_object && !strcmp(q->object, t->missing_object))
		return -ENOENT;
	if (q->address && q->address == t->refused_address)
		return t->refused_error;
	set_text(r.name, sizeof(r.name), q->name);
	set_text(r.object, sizeof(r.object), q->object);
	set_text(r.comment, sizeof(r.comment), q->comment);
	r.addr = q->address ?: t->task_address ?: 0x1000 + q->pid;
	r.size = q->size;
	r.state = q->hold ? QCOM_MINIDUMP_REGION_HELD : QCOM_MINIDUMP_REGION_ACTIVE;
	return put(t, &r, result);
}

static int do_delete(struct table *t, struct module_region *r)
{
	if (!r)
		return -ENOENT;
	record(t, "del", r);
	*r = t->regions[--t->n];
	return 0;
}

static int do_update(struct table *t, const struct module_request *q, struct module_result *result)
{
	struct module_region *r = by_id(t, q->id);

	if (!r)
		return -ENOENT;
	if (q->address == UNMOVABLE)
		return -E2BIG;
	if (q->activate && used(t) == t->slots)
		return -ENOSPC;
	if (q->activate)
		r->state = QCOM_MINIDUMP_REGION_ACTIVE;
	if (q->address) {
		r->addr = q->address;
		r->size = q->size;
	}
	if (q->comment)
		set_text(r->comment, sizeof(r->comment), q->comment);
	record(t, q->activate ? "activate" : "update", r);
	result->region = *r;
	return 0;
}

static int apply(const struct module_request *requests, struct module_result *results, size_t n, void *userdata)
{
	struct table *t = userdata;

	memset(results, 0, n * sizeof(*results));
	for (size_t i = 0; i < n && !t->broken; i++) {
		const struct module_request *q = &requests[i];

		if (q->note)
			snprintf(t->note, sizeof(t->note), "%.*s", (int)q->note_size, q->note);
		results[i].error = q->cmd == QCOM_MINIDUMP_CMD_REGION_ADD    ? do_add(t, q, &results[i]) :
				   q->cmd == QCOM_MINIDUMP_CMD_REGION_UPDATE ? do_update(t, q, &results[i]) :
									       do_delete(t, by_id(t, q->id));
		if (results[i].error)
			snprintf(results[i].message, sizeof(results[i].message), "%s", strerror(-results[i].error));
	}
	return t->broken;
}

static void gone(const struct region_key *key, void *userdata)
{
	struct table *t = userdata;

	t->gone = *key;
}

const struct reconcile_ops module_ops = { .apply = apply, .gone = gone };

static const struct policy_section section = { .path = (char *)"/etc/qcmd.d/test.conf", .line = 3 };
const struct policy policies[] = {
	{ .name = (char *)"low", .priority = 10 },
	{ .name = (char *)"middle", .priority = 20 },
	{ .name = (char *)"high", .priority = 30 },
	{ .name = (char *)"dry", .priority = 40, .dry_run = true },
	{ .name = (char *)"few", .priority = 20, .max_regions = 2 },
	{ .name = (char *)"small", .priority = 20, .max_bytes = 40000 },
	{ .name = (char *)"narrow", .priority = 20, .max_slots = 9 },
};

struct want object(const char *name, int level)
{
	struct want w = {
		.key.kind = REGION_OBJECT,
		.policy = &policies[level],
		.section = &section,
		.priority = policies[level].priority,
		.rank = WANT_RANK_OBJECT,
	};

	region_key_set_what(&w.key, "%s", name);
	set_text(w.name, sizeof(w.name), name);
	set_text(w.comment, sizeof(w.comment), name);
	return w;
}

struct want task(uint32_t pid, enum region_kind kind, int level)
{
	struct want w = {
		.key = { .kind = kind, .pid = pid, .start = 100 + pid },
		.policy = &policies[level],
		.section = &section,
		.priority = policies[level].priority,
		.rank = WANT_RANK_TASK,
		.order = 100 + pid,
		.address = 0x1000 + pid,
	};

	set_text(w.name, sizeof(w.name), region_traits[kind].region);
	snprintf(w.comment, sizeof(w.comment), "t (%u)", pid);
	return w;
}

struct want symbol(uint64_t address, uint64_t size)
{
	struct want w = {
		.key.kind = REGION_SYMBOL,
		.policy = &policies[1],
		.section = &section,
		.priority = policies[1].priority,
		.address = address,
		.size = size,
	};

	set_text(w.name, sizeof(w.name), MINIDUMP_SYMBOL_NAME "pointer");
	set_text(w.comment, sizeof(w.comment), "what pointer points to");
	region_key_set_what(&w.key, "*pointer");
	return w;
}

struct want note(void)
{
	struct want w = { .key = { .kind = REGION_NOTE, .what = MINIDUMP_NOTE_NAME }, .priority = 5000 };

	set_text(w.name, sizeof(w.name), MINIDUMP_NOTE_NAME);
	return w;
}

struct want trace(unsigned int cpu)
{
	struct want w = { .key = { .kind = REGION_TRACE, .address = 0x100000 * (cpu + 1), .size = 4096 } };

	snprintf(w.name, sizeof(w.name), MINIDUMP_TRACE_NAME "0C%u", cpu);
	return w;
}

struct want unsure(struct want w)
{
	w.unsure = true;
	return w;
}

int give_note(struct table *t, const char *text)
{
	return reconcile_set_note(t->r, &(struct note){ MINIDUMP_NOTE_NAME, QCMD_NOTE_KERNEL, text, strlen(text) });
}

void set_wants(struct table *t, const struct want *items, size_t n)
{
	struct wants wants = {};

	for (size_t i = 0; i < n; i++)
		assert_int_equal(wants_add(&wants, &items[i]), 0);
	assert_int_equal(reconcile_set_wants(t->r, &wants), 0);
	wants_done(&wants);
}

const struct entry *entry_of(struct table *t, const struct want *w)
{
	size_t n;
	const struct entry *e = reconcile_entries(t->r, &n);

	for (size_t i = 0; i < n; i++)
		if (!region_key_compare(&e[i].want.key, &w->key))
			return &e[i];
	fail_msg("no entry for %s", w->name);
	return NULL;
}

int setup(void **state)
{
	struct table *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	log_set_max_level("emerg");
	t->slots = 16;
	assert_int_equal(reconcile_new(&module_ops, t, &t->r), 0);
	*state = t;
	return 0;
}

int teardown(void **state)
{
	struct table *t = *state;

	reconcile_free(t->r);
	free(t);
	return 0;
}
