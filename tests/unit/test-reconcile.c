// SPDX-License-Identifier: GPL-2.0-only
/* What is wanted against what is there. */
#include "fake-module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/journal.h"

static void test_add_in_order(void **state)
{
	struct table *t = *state;

	WANT(t, task(7, REGION_TASK, 0), object("b", 1), task(5, REGION_TASK, 0), object("a", 2));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add a", "add b", "add " MINIDUMP_TASK_NAME " 5", "add " MINIDUMP_TASK_NAME " 7");
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
	ASSERT_LOG(t, "add " MINIDUMP_TASK_NAME " 5");
	assert_string_equal(by_name(t, MINIDUMP_TASK_NAME, 5)->comment, "t (5)");
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

/* Excluded, it is there for nobody, and has nobody's place; when it is not any more, it is there again. */
static void test_excluded(void **state)
{
	static const struct policy_section by = { .kind = POLICY_EXCLUDE, .path = (char *)"/x.conf", .line = 7 };
	struct table *t = *state;
	struct want a = object("a", 2), without = object("a", 0), few = object("d", 4);

	want_exclude(&without, &by);
	WANT(t, a, object("b", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add a", "add b");
	WANT(t, a, without, object("b", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del a");
	assert_true(entry_excluded(entry_of(t, &a)));
	assert_false(entry_failed(entry_of(t, &a)));
	assert_string_equal(entry_of(t, &a)->want.problem, "excluded by /x.conf:7");
	assert_settled(t);

	/* After a restart it is not taken for what is wanted. */
	WANT(t, a, object("b", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add a");
	reconcile_free(t->r);
	assert_int_equal(reconcile_new(&module_ops, t, &t->r), 0);
	WANT(t, a, without, object("b", 0));
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del a");

	/* Two regions are all that the policy may have. */
	want_exclude(&few, &by);
	WANT(t, few, object("e", 4), object("f", 4));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del b", "add e", "add f");
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
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 6", "update " MINIDUMP_TASK_NAME " 5");
	assert_string_equal(by_name(t, MINIDUMP_TASK_NAME, 5)->comment, "other (5)");
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
	other.address = t->task_address = 0x9999;
	WANT(t, other);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 5", "add " MINIDUMP_TASK_NAME " 5");
	assert_settled(t);
}

/* After a restart: what is there and wanted is not touched, what is there and not wanted goes. */
static void test_adopt(void **state)
{
	struct table *t = *state;
	struct module_region foreign = {
		.id = 90, .owner = PORT + 1, .state = QCOM_MINIDUMP_REGION_ACTIVE, .name = "X"
	};
	struct module_region stray = { .id = 91, .owner = PORT, .state = QCOM_MINIDUMP_REGION_ACTIVE, .name = "Y" };

	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0), object("a", 0), task(7, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	t->regions[t->n++] = foreign;
	t->regions[t->n++] = stray;
	t->n_log = 0;
	reconcile_free(t->r);
	assert_int_equal(reconcile_new(&module_ops, t, &t->r), 0);

	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0), object("a", 0), task(8, REGION_TASK, 0));
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0), object("a", 0), task(8, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 7", "del Y", "add " MINIDUMP_TASK_NAME " 8");
	assert_non_null(by_id(t, 90));
	/* Listing again changes nothing. */
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	assert_settled(t);
}

/* What the module has of its own is not asked for again, not changed and not removed, whoever wants it. */
static void test_own(void **state)
{
	struct table *t = *state;
	struct want w = object("a", 0), cpu = { .key = { .kind = REGION_CURRENT_STACK, .cpu = 1 }, .name = "KSTACK" };
	struct module_region r;

	t->regions[t->n++] = (struct module_region){
		.id = 90, .state = QCOM_MINIDUMP_REGION_ACTIVE, .name = "LOG", .object = "a", .n_segments = 1
	};
	t->regions[t->n++] = (struct module_region){ .id = 91,
						     .state = QCOM_MINIDUMP_REGION_PENDING,
						     .name = "KSTACK",
						     .part = QCOM_MINIDUMP_TASK_STACK,
						     .cpu = 1,
						     .n_segments = 4 };
	t->regions[t->n++] = (struct module_region){ .id = 92, .name = "KELF_HEADER", .n_segments = 1 };
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	set_text(cpu.comment, sizeof(cpu.comment), "another one");
	WANT(t, w, cpu);
	assert_settled(t);
	assert_true(entry_of(t, &w)->own && entry_active(entry_of(t, &w)));
	assert_int_equal(entry_of(t, &cpu)->id, 91);

	/* Nor does a policy that excludes it. */
	want_exclude(&w, &(struct policy_section){ .path = (char *)"/x.conf", .line = 1 });
	WANT(t, w, cpu);
	assert_settled(t);
	assert_true(entry_excluded(entry_of(t, &w)) && entry_active(entry_of(t, &w)));
	w.excluded = NULL;

	/* Full as the table is, nothing pushes it out; and rejected it is no reason to do anything. */
	t->slots = 1;
	WANT(t, w, cpu, object("b", 2));
	assert_settled(t);
	r = news_of(by_id(t, 91));
	r.state = QCOM_MINIDUMP_REGION_REJECTED;
	set_text(r.error, sizeof(r.error), "no room");
	reconcile_news(t->r, &r, false);
	assert_settled(t);
	assert_true(entry_failed(entry_of(t, &cpu)));

	/* The CPU goes, and comes back. */
	assert_true(reconcile_news(t->r, &r, true));
	assert_false(entry_of(t, &cpu)->own);
	WANT(t);
	assert_int_equal(reconcile_release(t->r), 0);
	ASSERT_QUIET(t);
	assert_non_null(by_id(t, 90));
}

/* Each kind, and maps whose regions are called like those of others: a restart changes nothing. */
static void test_adopt_each_kind(void **state)
{
	struct table *t = *state;
	struct want wants[_REGION_KIND_MAX + 8] = { note(), trace(0), symbol(0x5000, 16) }, *w = wants + 3;
	static const char *const pins[] = { "/FTmap", "/FReelist", "/QCMD_TRACE", "/TASK", "/QCMD_NOTE" };
	struct module_region before[REGIONS_MAX];

	assert_int_equal(give_note(t, "one"), 0);
	*w++ = object("prb", 1);
	for (enum region_kind kind = REGION_TASK; kind <= REGION_MM; kind++)
		*w++ = task(5, kind, 1);
	for (enum region_kind kind = REGION_CURRENT; kind <= REGION_CURRENT_STACK; kind++) {
		*w = (struct want){ .key = { .kind = kind, .cpu = 1 } };
		set_text(w->name, sizeof(w->name), region_traits[kind].region);
		w++;
	}
	*w = trace(1);
	w->key.kind = REGION_TRACE_CPU;
	snprintf(w->name, sizeof(w->name), MINIDUMP_TRACE_CPU_NAME "0C0");
	w++;
	for (size_t i = 0; i < ARRAY_LEN(pins); i++, w++) {
		*w = symbol(0x10000 * (i + 1), 64);
		w->key.kind = REGION_MAP;
		region_key_set_what(&w->key, "/sys/fs/bpf%s", pins[i]);
		snprintf(w->name, sizeof(w->name), MINIDUMP_SYMBOL_NAME "%s", pins[i] + 1);
	}
	t->slots = 64;
	set_wants(t, wants, w - wants);
	assert_int_equal(reconcile_run(t->r), 0);
	/* What is held is activated. */
	set_wants(t, wants, w - wants);
	assert_int_equal(reconcile_run(t->r), 0);
	assert_int_equal(t->n, w - wants);
	memcpy(before, t->regions, sizeof(before));
	t->n_log = 0;

	for (size_t wanted_first = 0; wanted_first < 2; wanted_first++) {
		reconcile_free(t->r);
		assert_int_equal(reconcile_new(&module_ops, t, &t->r), 0);
		if (wanted_first)
			set_wants(t, wants, w - wants);
		assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
		set_wants(t, wants, w - wants);
		assert_settled(t);
		assert_memory_equal(before, t->regions, sizeof(before));
	}
}

/* Comments are for people: another one is told to the module, and the region stays. */
static void test_adopt_other_words(void **state)
{
	struct table *t = *state;
	struct want pointer = symbol(0x5000, 16);

	WANT(t, pointer);
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	reconcile_free(t->r);
	assert_int_equal(reconcile_new(&module_ops, t, &t->r), 0);
	set_text(pointer.comment, sizeof(pointer.comment), "other words");
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	WANT(t, pointer);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "update Kpointer");
	assert_string_equal(t->regions[0].comment, "other words");
	assert_settled(t);
}

/* Regions that were taken over before anybody wanted them, some of them twice. */
static void test_adopt_first(void **state)
{
	struct table *t = *state;
	struct module_region twin;

	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	twin = *by_name(t, MINIDUMP_TASK_NAME, 5);
	twin.id = 77;
	t->regions[t->n++] = twin;
	t->n_log = 0;
	reconcile_free(t->r);
	assert_int_equal(reconcile_new(&module_ops, t, &t->r), 0);
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	WANT(t, task(5, REGION_TASK, 0), task(6, REGION_STACK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 5");
	assert_int_equal(t->n, 2);
}

/* After a restart a trace array can have another number, which names of its regions tell. */
static void test_adopt_renamed(void **state)
{
	struct table *t = *state;
	struct want page = trace(0);

	WANT(t, page, task(5, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	WANT(t, page, task(5, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	reconcile_free(t->r);
	assert_int_equal(reconcile_new(&module_ops, t, &t->r), 0);
	set_text(page.name, sizeof(page.name), MINIDUMP_TRACE_NAME "1C0");
	WANT(t, page, task(5, REGION_TASK, 0));
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del " MINIDUMP_TRACE_NAME "0C0", "add " MINIDUMP_TRACE_NAME "1C0");
	assert_non_null(by_name(t, MINIDUMP_TRACE_NAME "1C0", 0));
}

static void test_task_gone(void **state)
{
	struct table *t = *state;
	struct want w = task(5, REGION_TASK, 0);

	t->missing_pid = 5;
	WANT(t, w, task(6, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add " MINIDUMP_TASK_NAME " 6");
	assert_int_equal(t->gone.pid, 5);
	assert_false(entry_failed(entry_of(t, &w)));
}

/* A page that the ring has given up already, and that somebody else holds: only who looks again finds the new one. */
static void test_page_given_up(void **state)
{
	struct table *t = *state;
	struct want w = trace(1);

	t->refused_address = w.key.address;
	t->refused_error = -EBUSY;
	WANT(t, trace(0), w);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add " MINIDUMP_TRACE_NAME "0C0");
	assert_int_equal(t->gone.kind, REGION_TRACE);
	assert_int_equal(t->gone.address, w.key.address);
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
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 6", "add a");
	assert_true(entry_failed(entry_of(t, &second)));
	assert_int_equal(entry_of(t, &second)->error, -ENOSPC);
	assert_non_null(strstr(entry_of(t, &second)->reason, "policy high"));
	assert_settled(t);
	/* Room again. */
	WANT(t, first, second);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del a", "add " MINIDUMP_TASK_NAME " 6");
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
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 3", "add " MINIDUMP_TASK_NAME " 6");
	assert_non_null(strstr(entry_of(t, &parent)->reason, "t (6) of the same policy"));
	/* Younger ones don't push out older ones, unless the policy says so by their order. */
	WANT(t, task(5, REGION_TASK, 1), task(6, REGION_TASK, 1), newer);
	assert_settled(t);
	newer.order = 1;
	WANT(t, task(5, REGION_TASK, 1), task(6, REGION_TASK, 1), newer);
	reconcile_retry(t->r, true);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 6", "add " MINIDUMP_TASK_NAME " 7");
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
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 5", "del " MINIDUMP_TASK_NAME " 6", "add " MINIDUMP_TASK_NAME " 6",
		   "add " MINIDUMP_TASK_NAME " 5");
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
	t->regions[t->n++] = (struct module_region){
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
	ASSERT_LOG(t, "del a", "del " MINIDUMP_TASK_NAME " 5", "add a");
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
	assert_int_equal(give_note(t, "one"), 0);
	WANT(t, task(5, REGION_TASK, 2), note());
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 5", "add " MINIDUMP_NOTE_NAME);
	assert_string_equal(t->note, "one");
	assert_int_equal(give_note(t, "one"), 0);
	assert_settled(t);
	assert_int_equal(give_note(t, "two"), 0);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "update " MINIDUMP_NOTE_NAME);
	assert_string_equal(t->note, "two");
}

/* Pages go in only if they are wanted by who looked again when they were held. */
static void test_held(void **state)
{
	struct table *t = *state;
	struct module_region late;

	WANT(t, trace(0), trace(1));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add " MINIDUMP_TRACE_NAME "0C0", "add " MINIDUMP_TRACE_NAME "0C1");
	assert_true(reconcile_holds(t->r));
	assert_settled(t);
	WANT(t, unsure(trace(0)), unsure(trace(1)));
	assert_settled(t);
	WANT(t, trace(0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del " MINIDUMP_TRACE_NAME "0C1", "activate " MINIDUMP_TRACE_NAME "0C0");
	assert_false(reconcile_holds(t->r));
	assert_settled(t);
	/* News from before it was activated. */
	late = news_of(&t->regions[0]);
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
	ASSERT_LOG(t, "add " MINIDUMP_TRACE_NAME "0C1");
	WANT(t, trace(1));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "activate " MINIDUMP_TRACE_NAME "0C1", "del " MINIDUMP_TRACE_NAME "0C0");
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
	ASSERT_LOG(t, "del " MINIDUMP_TRACE_NAME "0C0", "add " MINIDUMP_TRACE_NAME "0C1");
	/* Held and not activated, it takes no slot: more than fit can be. */
	WANT(t, trace(1), trace(2));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "activate " MINIDUMP_TRACE_NAME "0C1");
	assert_int_equal(entry_of(t, &(struct want){ .key = trace(2).key })->error, -ENOSPC);
}

static void test_news(void **state)
{
	struct table *t = *state;
	struct want w = task(5, REGION_TASK, 0);
	struct module_region r;

	WANT(t, w);
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	r = news_of(&t->regions[0]);
	r.state = QCOM_MINIDUMP_REGION_PENDING;
	assert_false(reconcile_news(t->r, &r, false));
	assert_int_equal(entry_of(t, &w)->state, QCOM_MINIDUMP_REGION_PENDING);
	assert_int_equal(entry_of(t, &w)->address, t->regions[0].addr);
	/* An id that is not ours says nothing. */
	r.id = 999;
	assert_false(reconcile_news(t->r, &r, true));
	/* Gone without our doing: it is put back. */
	t->n = 0;
	r.id = entry_of(t, &w)->id;
	assert_true(reconcile_news(t->r, &r, true));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add " MINIDUMP_TASK_NAME " 5");
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
	ASSERT_LOG(t, "add " MINIDUMP_TASK_NAME " 5", "add " MINIDUMP_TASK_NAME " 6");
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
	ASSERT_LOG(t, "add " MINIDUMP_TASK_NAME " 5");
}

static void test_release(void **state)
{
	struct table *t = *state;

	assert_int_equal(give_note(t, "x"), 0);
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

/* What was there when the list was made is not any more, and nobody said so: it takes another look, and is put back. */
static void test_update_of_nothing(void **state)
{
	struct table *t = *state;
	struct module_region *r;

	WANT(t, symbol(0x5000, 16), task(5, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), 0);
	t->n_log = 0;
	r = by_name(t, "Kpointer", 0);
	*r = t->regions[--t->n];
	WANT(t, symbol(0x6000, 16), task(5, REGION_TASK, 0));
	assert_int_equal(reconcile_run(t->r), -ESTALE);
	assert_int_equal(reconcile_adopt(t->r, t->regions, t->n, PORT), 0);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add Kpointer");
	assert_settled(t);
}

/* The module cannot say yet where it is: it is asked again when something has changed, unlike after other errors. */
static void test_too_early(void **state)
{
	struct table *t = *state;
	struct want w = symbol(0x5000, 16);

	t->refused_address = w.address;
	t->refused_error = -EAGAIN;
	WANT(t, w);
	assert_int_equal(reconcile_run(t->r), 0);
	assert_int_equal(entry_of(t, &w)->error, -EAGAIN);
	t->refused_error = -EINVAL;
	assert_int_equal(reconcile_run(t->r), 0);
	assert_int_equal(entry_of(t, &w)->error, -EAGAIN);
	WANT(t, w);
	assert_int_equal(reconcile_run(t->r), 0);
	assert_int_equal(entry_of(t, &w)->error, -EINVAL);
	t->refused_address = 0;
	WANT(t, w);
	assert_settled(t);
	assert_int_equal(entry_of(t, &w)->error, -EINVAL);
}

/* They begin with what has happened, and to what. What comes and goes all the time is told at the level debug. */
static void assert_logged(struct table *t, const char *level, const char *line, const char *absent)
{
	int saved = dup(STDERR_FILENO);
	char text[4096] = "";
	FILE *f = tmpfile();

	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	log_set_max_level(level);
	WANT(t, task(5, REGION_TASK, 0), object("a", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	set_wants(t, NULL, 0);
	assert_int_equal(reconcile_run(t->r), 0);
	log_set_max_level("emerg");
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	t->n_log = 0;
	if (!strstr(text, line) || (absent && strstr(text, absent)))
		fail_msg("at the level %s:\n%s", level, text);
}

static void test_log_lines(void **state)
{
	struct table *t = *state;

	assert_logged(t, "info", "a is saved: a, policy ", "t (5)");
	assert_logged(t, "debug", "t (5) is saved: " MINIDUMP_TASK_NAME ", policy ", NULL);
	assert_logged(t, "debug", "t (5) is saved no more: it is gone, or no policy asks for it any more: ", NULL);
	assert_logged(t, "notice", "", "is saved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_in_order),
		TEST(test_duplicates),
		TEST(test_dry_run),
		TEST(test_excluded),
		TEST(test_remove_and_update),
		TEST(test_replaced_task),
		TEST(test_adopt),
		TEST(test_own),
		TEST(test_adopt_each_kind),
		TEST(test_adopt_other_words),
		TEST(test_adopt_first),
		TEST(test_adopt_renamed),
		TEST(test_task_gone),
		TEST(test_page_given_up),
		TEST(test_update_of_nothing),
		TEST(test_too_early),
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
		TEST(test_log_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
