// SPDX-License-Identifier: GPL-2.0-only
/* The table of sources, and what becomes of one that can't be started. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "daemon/source/sources.h"
#include "lib/cleanup.h"
#include "lib/journal.h"

static void on_changed(void *userdata)
{
}

/* Each says by itself what is wrong, and no other one says the same. */
static void test_names(void **state)
{
	for (int i = 0; i < _POLICY_SOURCE_MAX; i++) {
		assert_non_null(source_table[i]->id);
		assert_non_null(source_table[i]->fault);
		assert_true(source_table[i]->size >= sizeof(struct source_host));
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(source_table[i]->id, source_table[j]->id);
			assert_string_not_equal(source_table[i]->fault, source_table[j]->fault);
		}
	}
}

/* One can't be started, as no more files can be opened: it is the one that has a problem, until it can be started. */
static void test_failure(void **state)
{
	struct policy_section sections[] = { { .kind = POLICY_SOURCE_PRINTK }, { .kind = POLICY_SOURCE_CURRENT } };
	struct policy policy = { .state = POLICY_ENABLED, .sections = sections, .n_sections = 2 };
	const struct policy_set policies = { .policies = &policy, .n_policies = 1 }, none = {};
	struct sources s = { .host.changed = on_changed };
	_cleanup_(wants_done) struct wants wants = {};
	struct rlimit usual, tight;
	struct source_stats stats;

	log_set_max_level("emerg");
	assert_int_equal(sd_event_new(&s.host.event), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	tight = usual;
	tight.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	sources_set(&s, &policies);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);

	for (int i = 0; i < _POLICY_SOURCE_MAX; i++)
		if (i != POLICY_SOURCE_CURRENT)
			assert_null(sources_problem(&s, i));
	assert_string_equal(sources_problem(&s, POLICY_SOURCE_CURRENT), strerror(EMFILE));
	/* The others go on. */
	assert_int_equal(sources_want(&s, &policies, &wants), 0);
	assert_true(wants.n > 0);
	sources_gone(&s, &wants.items[0].key);
	sources_stats(&s, &stats);
	assert_int_equal(stats.resyncs, 0);

	sources_set(&s, &policies);
	assert_null(sources_problem(&s, POLICY_SOURCE_CURRENT));
	sources_set(&s, &none);
	assert_null(s.running[POLICY_SOURCE_CURRENT]);
	sources_done(&s);
	sd_event_unref(s.host.event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
