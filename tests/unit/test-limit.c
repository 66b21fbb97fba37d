// SPDX-License-Identifier: GPL-2.0-only
/* MaxRegions=, MaxSlots= and MaxBytes=, and what a policy without them wants, too. */
#include "fake-module.h"

#include <errno.h>

/* The most important ones stay, and another one comes when there is room. */
static void test_max_regions(void **state)
{
	struct table *t = *state;
	struct want late = task(9, REGION_TASK, 4);

	WANT(t, task(5, REGION_TASK, 4), task(7, REGION_TASK, 4), late, object("a", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add " MINIDUMP_TASK_NAME " 5", "add " MINIDUMP_TASK_NAME " 7", "add a");
	assert_true(entry_of(t, &late)->limited);
	assert_false(entry_failed(entry_of(t, &late)));
	assert_string_equal(entry_of(t, &late)->reason, "policy few has MaxRegions=2");
	reconcile_retry(t->r, false);
	assert_settled(t);
	assert_string_equal(entry_of(t, &late)->reason, "policy few has MaxRegions=2");

	WANT(t, object("b", 4), task(5, REGION_TASK, 4), late, object("a", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 7", "add b");
	WANT(t, task(5, REGION_TASK, 4), late, object("a", 0));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "del b", "add " MINIDUMP_TASK_NAME " 9");
	assert_string_equal(entry_of(t, &late)->reason, "");
}

/* How much a stack takes is known when the module has had one: the third one was too many. */
static void reach_limit(struct table *t, int level)
{
	WANT(t, task(5, REGION_STACK, level), task(6, REGION_STACK, level), task(7, REGION_STACK, level),
	     task(8, REGION_TASK, level));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add " MINIDUMP_STACK_NAME " 5", "add " MINIDUMP_STACK_NAME " 6", "add " MINIDUMP_STACK_NAME " 7",
		   "add " MINIDUMP_TASK_NAME " 8", "del " MINIDUMP_STACK_NAME " 7");
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
	ASSERT_LOG(t, "del " MINIDUMP_TASK_NAME " 8", "add large", "del large");
	assert_string_equal(entry_of(t, &large)->reason, "policy small has MaxBytes=40000");
	assert_settled(t);
}

/* What another policy asks for, which has no limit, is none of a limited one's affair. */
static void test_shared(void **state)
{
	struct table *t = *state;
	struct want both = task(9, REGION_TASK, 0);

	WANT(t, task(5, REGION_TASK, 4), task(6, REGION_TASK, 4), task(9, REGION_TASK, 4), both);
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add " MINIDUMP_TASK_NAME " 5", "add " MINIDUMP_TASK_NAME " 6", "add " MINIDUMP_TASK_NAME " 9");
	assert_string_equal(entry_of(t, &both)->want.policy->name, "low");
	/* It matters as much as to the policy of the higher priority. */
	assert_int_equal(entry_of(t, &both)->want.priority, policies[4].priority);
	assert_settled(t);
}

/* What can't be had takes nobody's place. */
static void test_in_vain(void **state)
{
	struct table *t = *state;
	struct want typo = symbol(0, 0);

	typo.policy = &policies[4];
	typo.priority = policies[4].priority;
	typo.error = -ENXIO;
	WANT(t, typo, task(5, REGION_TASK, 4), task(6, REGION_TASK, 4));
	assert_int_equal(reconcile_run(t->r), 0);
	ASSERT_LOG(t, "add " MINIDUMP_TASK_NAME " 5", "add " MINIDUMP_TASK_NAME " 6");
	/* Nor when everything is tried again. */
	reconcile_retry(t->r, false);
	assert_settled(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_max_regions), TEST(test_max_bytes), TEST(test_max_slots),
		TEST(test_shared),	TEST(test_in_vain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
