// SPDX-License-Identifier: GPL-2.0-only
/* What is wanted against what is there, with a table of few slots in place of the module. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qcmdd-log.h"
#include "reconcile.h"
#include "uapi/linux/qcom_minidump_table.h"

#define PORT	    4711
#define REGIONS_MAX 64
#define LOG_MAX	    128
#define UNMOVABLE   0x9000 /* nothing can be moved there */

/* A table: stacks take four slots, all else takes one. */
struct table {
	struct md_region regions[REGIONS_MAX];
	size_t n;
	size_t slots;
	uint32_t next_id;
	char note[64];
	uint32_t missing_pid; /* its task is gone */
	const char *missing_object;
	int broken;	       /* what every call returns */
	char log[LOG_MAX][48]; /* of what changed */
	size_t n_log;
	struct region_key gone;
	struct reconcile *r;
};

static void record(struct table *t, const char *what, const struct md_region *r)
{
	assert_true(t->n_log < LOG_MAX);
	if (r->pid)
		snprintf(t->log[t->n_log++], sizeof(t->log[0]), "%s %s %u", what, r->name, r->pid);
	else
		snprintf(t->log[t->n_log++], sizeof(t->log[0]), "%s %s", what, r->name);
}

static void assert_log(struct table *t, const char *const *lines)
{
	size_t n = 0;

	for (; lines[n]; n++) {
		assert_true(n < t->n_log);
		assert_string_equal(t->log[n], lines[n]);
	}
	assert_int_equal(t->n_log, n);
	t->n_log = 0;
}

#define ASSERT_LOG(t, ...) assert_log(t, (const char *const[]){ __VA_ARGS__, NULL })
#define ASSERT_QUIET(t)	   assert_int_equal((t)->n_log, 0)

/* Another run has nothing to do. */
static void assert_settled(struct table *t)
{
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_QUIET(t);
}

static size_t slots_of(const struct md_region *r)
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

static struct md_region *by_id(struct table *t, uint32_t id)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->regions[i].id == id)
			return &t->regions[i];
	return NULL;
}

static struct md_region *by_name(struct table *t, const char *name, uint32_t pid)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->regions[i].name, name) && t->regions[i].pid == pid)
			return &t->regions[i];
	return NULL;
}

static int put(struct table *t, struct md_region *r, struct md_result *result)
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

static void set_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ?: "");
}

static int do_add(struct table *t, const struct md_request *q, struct md_result *result)
{
	struct md_region r = { .pid = q->pid, .start_time = q->start_time, .part = q->part };

	if (q->pid && q->pid == t->missing_pid)
		return -ESRCH;
	if (q->object && t->missing_object && !strcmp(q->object, t->missing_object))
		return -ENOENT;
	set_text(r.name, sizeof(r.name), q->name);
	set_text(r.object, sizeof(r.object), q->object);
	set_text(r.comment, sizeof(r.comment), q->comment);
	r.addr = q->address ?: 0x1000 + q->pid;
	r.size = q->size;
	r.state = q->hold ? QCOM_MINIDUMP_REGION_HELD : QCOM_MINIDUMP_REGION_ACTIVE;
	return put(t, &r, result);
}

static int do_delete(struct table *t, struct md_region *r)
{
	if (!r)
		return -ENOENT;
	record(t, "del", r);
	*r = t->regions[--t->n];
	return 0;
}

static int do_update(struct table *t, const struct md_request *q, struct md_result *result)
{
	struct md_region *r = by_id(t, q->id);

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

static int do_note(struct table *t, const struct md_request *q, struct md_result *result)
{
	struct md_region *old = by_name(t, MINIDUMP_NOTE_NAME, 0), r = {};

	if (!q->note_size)
		return do_delete(t, old);
	snprintf(t->note, sizeof(t->note), "%.*s", (int)q->note_size, q->note);
	if (old) {
		record(t, "update", old);
		result->region = *old;
		return 0;
	}
	set_text(r.name, sizeof(r.name), MINIDUMP_NOTE_NAME);
	return put(t, &r, result);
}

static int apply(const struct md_request *requests, struct md_result *results, size_t n, void *userdata)
{
	struct table *t = userdata;

	memset(results, 0, n * sizeof(*results));
	for (size_t i = 0; i < n && !t->broken; i++) {
		const struct md_request *q = &requests[i];

		results[i].error = q->cmd == QCOM_MINIDUMP_CMD_REGION_ADD    ? do_add(t, q, &results[i]) :
				   q->cmd == QCOM_MINIDUMP_CMD_REGION_UPDATE ? do_update(t, q, &results[i]) :
				   q->cmd == QCOM_MINIDUMP_CMD_NOTE_SET	     ? do_note(t, q, &results[i]) :
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

static const struct reconcile_ops ops = { .apply = apply, .gone = gone };

static const struct policy_section section = { .path = (char *)"/etc/qcmd.d/test.conf", .line = 3 };
static const struct policy policies[] = {
	{ .name = (char *)"low", .priority = 10 },
	{ .name = (char *)"middle", .priority = 20 },
	{ .name = (char *)"high", .priority = 30 },
	{ .name = (char *)"dry", .priority = 40, .dry_run = true },
	{ .name = (char *)"few", .priority = 20, .max_regions = 2 },
	{ .name = (char *)"small", .priority = 20, .max_bytes = 40000 },
	{ .name = (char *)"narrow", .priority = 20, .max_slots = 9 },
};

static struct want object(const char *name, int level)
{
	struct want w = {
		.key.kind = REGION_OBJECT,
		.policy = &policies[level],
		.section = &section,
		.priority = policies[level].priority,
		.rank = WANT_RANK_OBJECT,
	};

	set_text(w.key.object, sizeof(w.key.object), name);
	set_text(w.name, sizeof(w.name), name);
	set_text(w.comment, sizeof(w.comment), name);
	return w;
}

static struct want task(uint32_t pid, enum region_kind kind, int level)
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

	set_text(w.name, sizeof(w.name), kind == REGION_STACK ? "KSTACK" : "KTASK");
	snprintf(w.comment, sizeof(w.comment), "t (%u)", pid);
	return w;
}

static struct want symbol(uint64_t address, uint64_t size)
{
	struct want w = {
		.key.kind = REGION_SYMBOL,
		.policy = &policies[1],
		.section = &section,
		.priority = policies[1].priority,
		.address = address,
		.size = size,
	};

	set_text(w.name, sizeof(w.name), "Kpointer");
	set_text(w.comment, sizeof(w.comment), "what pointer points to");
	set_text(w.key.label, sizeof(w.key.label), w.comment);
	return w;
}

static struct want note(void)
{
	struct want w = { .key = { .kind = REGION_NOTE, .object = MINIDUMP_NOTE_NAME }, .priority = 5000 };

	set_text(w.name, sizeof(w.name), MINIDUMP_NOTE_NAME);
	return w;
}

static struct want trace(unsigned int cpu)
{
	struct want w = { .key = { .kind = REGION_TRACE, .address = 0x100000 * (cpu + 1), .size = 4096 } };

	snprintf(w.name, sizeof(w.name), TRACE_NAME "0C%u", cpu);
	return w;
}

static struct want unsure(struct want w)
{
	w.unsure = true;
	return w;
}

static void set_wants(struct table *t, const struct want *items, size_t n)
{
	struct wants wants = {};

	for (size_t i = 0; i < n; i++)
		assert_int_equal(wants_add(&wants, &items[i]), 0);
	assert_int_equal(reconcile_set_wants(t->r, &wants), 0);
	wants_done(&wants);
}

#define WANT(t, ...)                                                      \
	do {                                                              \
		const struct want items_[] = { __VA_ARGS__ };             \
		set_wants(t, items_, sizeof(items_) / sizeof(items_[0])); \
	} while (0)

static const struct entry *entry_of(struct table *t, const struct want *w)
{
	size_t n;
	const struct entry *e = reconcile_entries(t->r, &n);

	for (size_t i = 0; i < n; i++)
		if (!region_key_compare(&e[i].want.key, &w->key))
			return &e[i];
	fail_msg("no entry for %s", w->name);
	return NULL;
}

static int setup(void **state)
{
	struct table *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	log_set_max_level("emerg");
	t->slots = 16;
	assert_int_equal(reconcile_new(&ops, t, &t->r), 0);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct table *t = *state;

	reconcile_free(t->r);
	free(t);
	return 0;
}

static void test_add_in_order(void **state)
{
	struct table *t = *state;

	WANT(t, task(7, REGION_TASK, 0), object("b", 1), task(5, REGION_TASK, 0), object("a", 2));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add a", "add b", "add KTASK 5", "add KTASK 7");
	assert_settled(t);
}

static void test_duplicates(void **state)
{
	struct table *t = *state;
	struct want parent = task(5, REGION_TASK, 0), wanted = task(5, REGION_TASK, 0);

	parent.rank = WANT_RANK_PARENT;
	set_text(parent.comment, sizeof(parent.comment), "parent of x");
	WANT(t, parent, wanted, parent);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add KTASK 5");
	assert_string_equal(by_name(t, "KTASK", 5)->comment, "t (5)");
	/* The policy of the higher priority is to blame. */
	WANT(t, task(5, REGION_TASK, 0), task(5, REGION_TASK, 2));
	assert_string_equal(entry_of(t, &wanted)->want.policy->name, "high");
}

/* What is only to be shown is not registered, takes no room, and gives way to what is. */
static void test_dry_run(void **state)
{
	struct table *t = *state;
	struct want a = object("a", 3);

	t->slots = 1;
	WANT(t, a, object("b", 0), task(5, REGION_STACK, 3), object("b", 3));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add b");
	assert_true(entry_dry(entry_of(t, &a)));
	assert_false(entry_failed(entry_of(t, &a)));

	/* Registered before, and not any more; and the other way round. */
	WANT(t, a, object("b", 3));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del b");
	WANT(t, object("a", 0), object("b", 3));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add a");
	assert_settled(t);
}

/* The most important ones stay, and another one comes when there is room. */
static void test_max_regions(void **state)
{
	struct table *t = *state;
	struct want late = task(9, REGION_TASK, 4);

	WANT(t, task(5, REGION_TASK, 4), task(7, REGION_TASK, 4), late, object("a", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add KTASK 5", "add KTASK 7", "add a");
	assert_true(entry_of(t, &late)->limited);
	assert_false(entry_failed(entry_of(t, &late)));
	assert_string_equal(entry_of(t, &late)->reason, "policy few has MaxRegions=2");
	reconcile_retry(t->r, false);
	assert_settled(t);
	assert_string_equal(entry_of(t, &late)->reason, "policy few has MaxRegions=2");

	WANT(t, object("b", 4), task(5, REGION_TASK, 4), late, object("a", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 7", "add b");
	WANT(t, task(5, REGION_TASK, 4), late, object("a", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del b", "add KTASK 9");
	assert_string_equal(entry_of(t, &late)->reason, "");
}

/* How much a stack takes is known when the module has had one: the third one was too many. */
static void reach_limit(struct table *t, int level)
{
	WANT(t, task(5, REGION_STACK, level), task(6, REGION_STACK, level), task(7, REGION_STACK, level),
	     task(8, REGION_TASK, level));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add KSTACK 5", "add KSTACK 6", "add KSTACK 7", "add KTASK 8", "del KSTACK 7");
	assert_settled(t);
}

static void test_max_slots(void **state)
{
	struct want third = task(7, REGION_STACK, 6);

	reach_limit(*state, 6);
	assert_string_equal(entry_of(*state, &third)->reason, "policy narrow has MaxSlots=9");
}

static void test_max_bytes(void **state)
{
	struct table *t = *state;
	struct want large = object("large", 5);

	reach_limit(t, 5);
	WANT(t, task(5, REGION_STACK, 5), task(6, REGION_STACK, 5), task(9, REGION_STACK, 5), large);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 8", "add large", "del large");
	assert_string_equal(entry_of(t, &large)->reason, "policy small has MaxBytes=40000");
	assert_settled(t);
}

static void test_remove_and_update(void **state)
{
	struct table *t = *state;
	struct want renamed = task(5, REGION_TASK, 0);

	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	set_text(renamed.comment, sizeof(renamed.comment), "other (5)");
	WANT(t, renamed);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 6", "update KTASK 5");
	assert_string_equal(by_name(t, "KTASK", 5)->comment, "other (5)");
	assert_settled(t);
}

/* The same pid and start time at another address: a thread became the leader of its group. */
static void test_replaced_task(void **state)
{
	struct table *t = *state;
	struct want other = task(5, REGION_TASK, 0);

	WANT(t, task(5, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	other.address = 0x9999;
	WANT(t, other);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 5", "add KTASK 5");
	assert_settled(t);
}

/* After a restart: what is there and wanted is not touched, what is there and not wanted goes. */
static void test_adopt(void **state)
{
	struct table *t = *state;
	struct md_region foreign = { .id = 90, .owner = PORT + 1, .state = QCOM_MINIDUMP_REGION_ACTIVE, .name = "X" };
	struct md_region stray = { .id = 91, .owner = PORT, .state = QCOM_MINIDUMP_REGION_ACTIVE, .name = "Y" };

	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0), object("a", 0), task(7, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	t->regions[t->n++] = foreign;
	t->regions[t->n++] = stray;
	t->n_log = 0;
	reconcile_free(t->r);
	assert_int_equal(reconcile_new(&ops, t, &t->r), 0);

	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0), object("a", 0), task(8, REGION_TASK, 0));
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0), object("a", 0), task(8, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 7", "del Y", "add KTASK 8");
	assert_non_null(by_id(t, 90));
	/* Listing again changes nothing. */
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	assert_settled(t);
}

/* Regions that were taken over before anybody wanted them, some of them twice. */
static void test_adopt_first(void **state)
{
	struct table *t = *state;
	struct md_region twin;

	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	twin = *by_name(t, "KTASK", 5);
	twin.id = 77;
	t->regions[t->n++] = twin;
	t->n_log = 0;
	reconcile_free(t->r);
	assert_int_equal(reconcile_new(&ops, t, &t->r), 0);
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 5");
	assert_int_equal(t->n, 2);
}

static void test_task_gone(void **state)
{
	struct table *t = *state;
	struct want w = task(5, REGION_TASK, 0);

	t->missing_pid = 5;
	WANT(t, w, task(6, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add KTASK 6");
	assert_int_equal(t->gone.pid, 5);
	assert_false(entry_failed(entry_of(t, &w)));
}

static void test_missing_object(void **state)
{
	struct table *t = *state;
	struct want needed = object("a", 0), optional = object("a", 0);

	optional.optional = true;
	t->missing_object = "a";
	WANT(t, needed);
	assert_int_equal(reconcile_run(t->r), 0);
	assert_true(entry_failed(entry_of(t, &needed)));
	WANT(t, optional);
	assert_false(entry_failed(entry_of(t, &optional)));
	/* Not asked for again until something changes. */
	t->missing_object = NULL;
	assert_settled(t);
	reconcile_retry(t->r, false);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add a");
}

static void test_full_priority_wins(void **state)
{
	struct table *t = *state;
	struct want first = task(5, REGION_TASK, 0), second = task(6, REGION_TASK, 0);

	t->slots = 2;
	WANT(t, first, second);
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	WANT(t, first, second, object("a", 2));
	assert_int_equal(reconcile_run(t->r), 0);
	/* The younger one goes, and the reason is told. */
	ASSERT_LOG(t, "del KTASK 6", "add a");
	assert_true(entry_failed(entry_of(t, &second)));
	assert_int_equal(entry_of(t, &second)->error, -ENOSPC);
	assert_non_null(strstr(entry_of(t, &second)->reason, "policy high"));
	assert_settled(t);
	/* Room again. */
	WANT(t, first, second);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del a", "add KTASK 6");
}

/* Who was there first stays, of policies with equal priorities. */
static void test_full_equal_priority(void **state)
{
	struct table *t = *state;
	struct policy other = policies[1];
	struct want late = task(4, REGION_TASK, 1);

	other.name = (char *)"other";
	late.policy = &other;
	t->slots = 2;
	WANT(t, task(5, REGION_TASK, 1), task(6, REGION_TASK, 1));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	WANT(t, task(5, REGION_TASK, 1), task(6, REGION_TASK, 1), late);
	assert_settled(t);
	assert_int_equal(entry_of(t, &late)->error, -ENOSPC);
}

/* What comes later and matters more to the same policy takes the place of what matters least to it. */
static void test_full_same_policy(void **state)
{
	struct table *t = *state;
	struct want parent = task(3, REGION_TASK, 1), newer = task(7, REGION_TASK, 1);

	parent.rank = WANT_RANK_PARENT;
	t->slots = 2;
	WANT(t, task(5, REGION_TASK, 1), parent);
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	WANT(t, task(5, REGION_TASK, 1), parent, task(6, REGION_TASK, 1));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 3", "add KTASK 6");
	assert_non_null(strstr(entry_of(t, &parent)->reason, "t (6) of the same policy"));
	/* Younger ones don't push out older ones, unless the policy says so by their order. */
	WANT(t, task(5, REGION_TASK, 1), task(6, REGION_TASK, 1), newer);
	assert_settled(t);
	newer.order = 1;
	WANT(t, task(5, REGION_TASK, 1), task(6, REGION_TASK, 1), newer);
	reconcile_retry(t->r, true);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 6", "add KTASK 7");
	assert_settled(t);
}

/* Pushing out all that may be pushed out does not help: they come back. */
static void test_full_in_vain(void **state)
{
	struct table *t = *state;
	struct want stack = task(9, REGION_STACK, 2);

	t->slots = 3;
	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_TASK, 1));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_TASK, 1), stack);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 5", "del KTASK 6", "add KTASK 6", "add KTASK 5");
	assert_int_equal(entry_of(t, &stack)->error, -ENOSPC);
	assert_settled(t);
}

/* Rejected when a back end with less room was bound. */
static void test_rejected(void **state)
{
	struct table *t = *state;
	struct want high = object("a", 2), low = task(5, REGION_TASK, 0);

	t->slots = 1;
	WANT(t, low);
	assert_int_equal(reconcile_run(t->r), 0);
	t->regions[t->n++] = (struct md_region){
		.id = 50,
		.owner = PORT,
		.name = "a",
		.object = "a",
		.comment = "a",
		.state = QCOM_MINIDUMP_REGION_REJECTED,
		.error = "the table is full",
	};
	t->n_log = 0;
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	WANT(t, low, high);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del a", "del KTASK 5", "add a");
	assert_true(entry_active(entry_of(t, &high)));
	assert_true(entry_failed(entry_of(t, &low)));
}

static void test_note(void **state)
{
	struct table *t = *state;

	t->slots = 1;
	WANT(t, task(5, REGION_TASK, 2));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	assert_int_equal(reconcile_set_note(t->r, NOTE_QCMD, "one", 3), 0);
	WANT(t, task(5, REGION_TASK, 2), note());
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KTASK 5", "add KQCMD_NOTE");
	assert_string_equal(t->note, "one");
	assert_int_equal(reconcile_set_note(t->r, NOTE_QCMD, "one", 3), 0);
	assert_settled(t);
	assert_int_equal(reconcile_set_note(t->r, NOTE_QCMD, "two", 3), 0);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "update KQCMD_NOTE");
	assert_string_equal(t->note, "two");
}

/* Pages go in only if they are wanted by who looked again when they were held. */
static void test_held(void **state)
{
	struct table *t = *state;
	struct md_region late;

	WANT(t, trace(0), trace(1));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add KFT0C0", "add KFT0C1");
	assert_true(reconcile_holds(t->r));
	assert_settled(t);
	WANT(t, unsure(trace(0)), unsure(trace(1)));
	assert_settled(t);
	WANT(t, trace(0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KFT0C1", "activate KFT0C0");
	assert_false(reconcile_holds(t->r));
	assert_settled(t);
	/* News from before it was activated. */
	late = t->regions[0];
	late.state = QCOM_MINIDUMP_REGION_HELD;
	assert_false(reconcile_news(t->r, &late, false));
	assert_false(reconcile_holds(t->r));
}

/* The old pages stay until the new ones are in. */
static void test_held_instead(void **state)
{
	struct table *t = *state;

	WANT(t, trace(0));
	assert_int_equal(reconcile_run(t->r), 0);
	WANT(t, trace(0));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	WANT(t, trace(1));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add KFT0C1");
	WANT(t, trace(1));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "activate KFT0C1", "del KFT0C0");
}

/* Unless the table is full. */
static void test_held_full(void **state)
{
	struct table *t = *state;

	t->slots = 1;
	WANT(t, trace(0));
	assert_int_equal(reconcile_run(t->r), 0);
	WANT(t, trace(0));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	WANT(t, trace(1));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del KFT0C0", "add KFT0C1");
	/* Held and not activated, it takes no slot: more than fit can be. */
	WANT(t, trace(1), trace(2));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "activate KFT0C1");
	assert_int_equal(entry_of(t, &(struct want){ .key = trace(2).key })->error, -ENOSPC);
}

static void test_news(void **state)
{
	struct table *t = *state;
	struct want w = task(5, REGION_TASK, 0);
	struct md_region r;

	WANT(t, w);
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	r = t->regions[0];
	r.state = QCOM_MINIDUMP_REGION_PENDING;
	assert_false(reconcile_news(t->r, &r, false));
	assert_int_equal(entry_of(t, &w)->state, QCOM_MINIDUMP_REGION_PENDING);
	/* An id that is not ours says nothing. */
	r.id = 999;
	assert_false(reconcile_news(t->r, &r, true));
	/* Gone without our doing: it is put back. */
	t->n = 0;
	r.id = entry_of(t, &w)->id;
	assert_true(reconcile_news(t->r, &r, true));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add KTASK 5");
}

static void test_module_lost(void **state)
{
	struct table *t = *state;

	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n = 0;
	t->n_log = 0;
	reconcile_reset(t->r);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add KTASK 5", "add KTASK 6");
}

/* An answer that got lost: nothing is taken for granted, and listing again puts things right. */
static void test_broken_connection(void **state)
{
	struct table *t = *state;

	WANT(t, task(5, REGION_TASK, 0));
	t->broken = -ENOBUFS;
	assert_int_equal(reconcile_run(t->r), -ENOBUFS);
	t->broken = 0;
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add KTASK 5");
}

static void test_release(void **state)
{
	struct table *t = *state;

	assert_int_equal(reconcile_set_note(t->r, NOTE_QCMD, "x", 1), 0);
	WANT(t, task(5, REGION_TASK, 0), note(), object("a", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	assert_int_equal(t->n, 3);
	assert_int_equal(reconcile_release(t->r), 0);
	assert_int_equal(t->n, 0);
}

/* What a variable leads to moves in one operation, or else goes and comes; where there is none, the reason is told. */
static void test_symbol(void **state)
{
	struct table *t = *state;
	struct want none = symbol(0, 0);

	WANT(t, symbol(0x5000, 16));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add Kpointer");
	assert_settled(t);

	WANT(t, symbol(0x6000, 32));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "update Kpointer");
	assert_int_equal(t->regions[0].addr, 0x6000);
	assert_int_equal(t->regions[0].size, 32);

	WANT(t, symbol(UNMOVABLE, 32));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del Kpointer", "add Kpointer");
	assert_int_equal(t->regions[0].addr, UNMOVABLE);

	/* Another daemon takes over what is there. */
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	WANT(t, symbol(UNMOVABLE, 32));
	assert_settled(t);

	none.error = -ENXIO;
	set_text(none.problem, sizeof(none.problem), "there is no such variable");
	WANT(t, none);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del Kpointer");
	assert_true(entry_failed(entry_of(t, &none)));
	assert_string_equal(entry_of(t, &none)->reason, "there is no such variable");

	WANT(t, symbol(0x7000, 8));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add Kpointer");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_in_order),
		TEST(test_duplicates),
		TEST(test_dry_run),
		TEST(test_max_regions),
		TEST(test_max_bytes),
		TEST(test_max_slots),
		TEST(test_remove_and_update),
		TEST(test_replaced_task),
		TEST(test_adopt),
		TEST(test_adopt_first),
		TEST(test_task_gone),
		TEST(test_missing_object),
		TEST(test_full_priority_wins),
		TEST(test_full_equal_priority),
		TEST(test_full_same_policy),
		TEST(test_full_in_vain),
		TEST(test_rejected),
		TEST(test_note),
		TEST(test_held),
		TEST(test_held_instead),
		TEST(test_held_full),
		TEST(test_news),
		TEST(test_module_lost),
		TEST(test_broken_connection),
		TEST(test_release),
		TEST(test_symbol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
