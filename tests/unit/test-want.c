// SPDX-License-Identifier: GPL-2.0-only
/* What the module calls a part of a task, and the kinds of regions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/table/want.h"
#include "lib/cleanup.h"

/* After a restart regions are told apart by what the module says of them. */
static void test_parts(void **state)
{
	static const struct {
		enum region_kind kind;
		uint32_t part;
		bool current;
	} cases[] = {
		{ REGION_TASK, QCOM_MINIDUMP_TASK_STRUCT, false },
		{ REGION_STACK, QCOM_MINIDUMP_TASK_STACK, false },
		{ REGION_MM, QCOM_MINIDUMP_TASK_MM, false },
		{ REGION_CURRENT, QCOM_MINIDUMP_TASK_STRUCT, true },
		{ REGION_CURRENT_STACK, QCOM_MINIDUMP_TASK_STACK, true },
		{ _REGION_KIND_MAX, QCOM_MINIDUMP_TASK_MM, true },
		{ _REGION_KIND_MAX, QCOM_MINIDUMP_TASK_MM + 1, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct region_key key = { .kind = cases[i].kind };

		assert_int_equal(region_kind_of_part(cases[i].part, cases[i].current), key.kind);
		if (key.kind == _REGION_KIND_MAX)
			continue;
		assert_int_equal(region_part_of_kind(key.kind), cases[i].part);
		assert_int_equal(region_key_is_task(&key), !cases[i].current);
	}
	assert_int_equal(region_part_of_kind(REGION_SYMBOL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
