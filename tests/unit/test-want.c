// SPDX-License-Identifier: GPL-2.0-only
/* The kinds of regions, what the module calls a part of a task, and the tags by which regions are known again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/table/want.h"
#include "uapi/linux/qcom_minidump_table.h"

static void test_parts(void **state)
{
	static const struct {
		enum region_kind kind;
		uint32_t part;
		bool current;
		const char *name;
	} cases[] = {
		{ REGION_TASK, QCOM_MINIDUMP_TASK_STRUCT, false, "task" },
		{ REGION_STACK, QCOM_MINIDUMP_TASK_STACK, false, "stack" },
		{ REGION_MM, QCOM_MINIDUMP_TASK_MM, false, "mm" },
		{ REGION_CURRENT, QCOM_MINIDUMP_TASK_STRUCT, true, "current task" },
		{ REGION_CURRENT_STACK, QCOM_MINIDUMP_TASK_STACK, true, "current stack" },
		{ _REGION_KIND_MAX, QCOM_MINIDUMP_TASK_MM, true, "task" },
		{ _REGION_KIND_MAX, QCOM_MINIDUMP_TASK_MM + 1, false, "task" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum region_kind kind = cases[i].kind;

		const struct module_region region = { .part = cases[i].part, .pid = cases[i].current ? 0 : 1 };

		assert_string_equal(region_kind_to_string(&region), cases[i].name);
		if (kind == _REGION_KIND_MAX)
			continue;
		assert_int_equal(region_traits[kind].part, cases[i].part);
		assert_int_equal(region_kind_is_task(kind), !cases[i].current);
	}
	assert_int_equal(region_traits[REGION_SYMBOL].part, 0);
}

/* Host tools and readers of older dumps go by them. */
static void test_names(void **state)
{
	static const char *const names[][2] = {
		{ MINIDUMP_ELF_PREFIX, "KELF" },
		{ MINIDUMP_ELF_HEADER_NAME, "KELF_HEADER" },
		{ MINIDUMP_VMCOREINFO_NAME, "KVMCOREINFO" },
		{ MINIDUMP_NOTE_NAME, "KQCMD_NOTE" },
		{ MINIDUMP_TRACE_NOTE_NAME, "KQCMD_TRACE" },
		{ MINIDUMP_LOG_TEXT_NAME, "KLOGBUF" },
		{ MINIDUMP_LOG_DESCS_NAME, "LOG_DESC" },
		{ MINIDUMP_LOG_INFOS_NAME, "LOG_INFO" },
		{ MINIDUMP_LOG_RING_NAME, "LOG_RING" },
		{ MINIDUMP_LOG_PRB_NAME, "LOG_PRB" },
		{ MINIDUMP_UTS_NAME, "KUTSNAME" },
		{ MINIDUMP_CPU_REGS_NAME, "KCPUREGS" },
		{ MINIDUMP_NODE_STATES_NAME, "KNODESTATES" },
		{ MINIDUMP_MEM_SECTION_NAME, "KMEMSECTION" },
		{ MINIDUMP_MEM_ROOTS_NAME, "KMEMROOTS" },
		{ MINIDUMP_MEM_SECTIONS_NAME, "KMEMSECTS" },
		{ MINIDUMP_TASK_NAME, "KTASK" },
		{ MINIDUMP_STACK_NAME, "KSTACK" },
		{ MINIDUMP_MM_NAME, "KMM" },
		{ MINIDUMP_TRACE_NAME, "KFT" },
		{ MINIDUMP_TRACE_CPU_NAME, "KFR" },
		{ MINIDUMP_SYMBOL_NAME, "K" },
		{ MINIDUMP_BANNER_NAME, "KBANNER" },
		{ MINIDUMP_PRESENT_NAME, "KPRESENT" },
		{ MINIDUMP_MAP_NAME, "Kmap" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(names[i][0], names[i][1]);
}

/* Qualcomm's ramdump parser takes a byte below '0' for the end of a name. */
static void test_host_name(void **state)
{
	struct want want = { .name = "Kcache-0.1_2" };
	struct wants wants = {};

	assert_int_equal(wants_add(&wants, &want), 0);
	assert_string_equal(wants.items[0].name, "Kcache_0_1_2");
	wants_done(&wants);
}

/* By the names of regions and objects; of a variable its source knows more than a name that is cut. */
static void test_exclude(void **state)
{
	char *regions[] = { (char *)"KFT*", (char *)"Kone", (char *)"KQCMD_*", NULL };
	char *names[] = { (char *)"init_uts_ns", (char *)"var", NULL };
	struct policy_section by[] = {
		{ .kind = POLICY_EXCLUDE, .path = (char *)"/x.conf", .line = 2, .regions = regions },
		{ .kind = POLICY_EXCLUDE, .path = (char *)"/x.conf", .line = 4, .symbol.names = names },
	};
	struct policy policy = { .state = POLICY_ENABLED, .sections = by, .n_sections = 2 };
	const struct policy_set set = { .policies = &policy, .n_policies = 1 };
	const struct want asked[] = {
		{ .key.kind = REGION_TRACE, .name = "KFT0C1", .policy = &policy },
		{ .key.kind = REGION_SYMBOL, .name = "Kone", .policy = &policy, .error = -1 },
		{ .key.kind = REGION_OBJECT, .key.what = "init_uts_ns", .name = "KUTSNAME", .policy = &policy },
		/* And not these */
		{ .key.kind = REGION_SYMBOL, .key.what = "init_uts_ns", .name = "Kother", .policy = &policy },
		{ .key.kind = REGION_TRACE, .name = "KFR0C1", .policy = &policy },
		{ .key.kind = REGION_NOTE, .name = "KQCMD_NOTE" },
	};
	struct wants wants = {};

	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		assert_int_equal(wants_add(&wants, &asked[i]), 0);
	wants_exclude(&wants, &set);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		assert_ptr_equal(wants.items[i].excluded, i < 2 ? &by[0] : i < 3 ? &by[1] : NULL);
	assert_string_equal(wants.items[1].problem, "excluded by /x.conf:2");
	assert_int_equal(wants.items[1].error, 0);
	wants_done(&wants);

	assert_ptr_equal(policy_set_excludes_symbol(&set, "-var"), &by[1]);
	assert_ptr_equal(policy_set_excludes_symbol(&set, "var.member"), &by[1]);
	assert_ptr_equal(policy_set_excludes_symbol(&set, "var:struct x.y"), &by[1]);
	assert_null(policy_set_excludes_symbol(&set, "var.1"));
	assert_null(policy_set_excludes_symbol(&set, "mod:var"));
	assert_null(policy_set_excludes_symbol(&set, "va"));
	policy.dry_run = true;
	assert_null(policy_set_excludes_symbol(&set, "var"));
}

/* A tag, and with it its number, is for ever. */
static void test_traits(void **state)
{
	static const uint8_t tags[_REGION_KIND_MAX] = {
		[REGION_NOTE] = 1, [REGION_OBJECT] = 2,	    [REGION_TASK] = 3,		[REGION_STACK] = 4,
		[REGION_MM] = 5,   [REGION_CURRENT] = 6,    [REGION_CURRENT_STACK] = 7, [REGION_SYMBOL] = 8,
		[REGION_MAP] = 9,  [REGION_TRACE_CPU] = 10, [REGION_TRACE] = 11,
	};

	for (enum region_kind kind = 0; kind < _REGION_KIND_MAX; kind++) {
		assert_int_equal(region_traits[kind].tag, tags[kind]);
		assert_non_null(region_traits[kind].name);
		assert_non_null(region_traits[kind].fill);
	}
}

/* What the module finds by itself it is told by name, and of the rest where that is. */
static void test_object(void **state)
{
	struct want want = { .key.kind = REGION_OBJECT };
	struct module_request q = {};

	region_key_set_what(&want.key, "printk_text");
	region_traits[REGION_OBJECT].fill(&want, NULL, &q);
	assert_string_equal(q.object, "printk_text");
	assert_int_equal(q.address, 0);

	want.address = 0xffffffff82000180;
	want.size = 432;
	q = (struct module_request){};
	region_traits[REGION_OBJECT].fill(&want, NULL, &q);
	assert_null(q.object);
	assert_int_equal(q.address, 0xffffffff82000180);
	assert_int_equal(q.size, 432);
}

/* The very bytes: whoever changes them has to read these, too. */
static void test_tag(void **state)
{
	static const uint8_t expected[QCOM_MINIDUMP_TAG_MAX] = {
		1,    8,    0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33,
		0x22, 0x11, 0xf0, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12, 'a',  'b',
	};
	struct region_key key = {
		.kind = REGION_SYMBOL, .pid = 0x11223344, .start = 0x1122334455667788, .address = 0x123456789abcdef0,
	}, back;
	struct module_tag tag;

	region_key_set_what(&key, "a%c", 'b');
	tag = region_key_to_tag(&key);
	assert_int_equal(tag.size, QCOM_MINIDUMP_TAG_MAX);
	assert_memory_equal(tag.bytes, expected, sizeof(expected));
	assert_true(region_key_from_tag(&tag, &back));
	assert_int_equal(region_key_compare(&key, &back), 0);

	/* None of ours, or of a qcmdd that is not known here. */
	for (size_t i = 0; i < 2; i++) {
		struct module_tag other = tag;

		other.bytes[i] = 99;
		assert_false(region_key_from_tag(&other, &back));
	}
	memset(tag.bytes + 22, 'x', REGION_WHAT_SIZE);
	assert_false(region_key_from_tag(&tag, &back));
	tag.size--;
	assert_false(region_key_from_tag(&tag, &back));
	assert_false(region_key_from_tag(&(struct module_tag){}, &back));
}

/* Long texts differ by any of their bytes, and stay what they are. */
static void test_long_what(void **state)
{
	static const uint8_t expected[8] = { 0x46, 0x81, 0xcf, 0x75, 0x86, 0xbe, 0xe1, 0x1e };
	struct region_key keys[5] = {}, back;
	struct module_tag tag;

	region_key_set_what(&keys[0], "/sys/fs/bpf/%0*d/counters", 60, 1);
	region_key_set_what(&keys[1], "/sys/fs/bpf/%0*d/counters", 60, 2);
	region_key_set_what(&keys[2], "/sys/fs/bpf/%0*d/counters", 61, 1);
	region_key_set_what(&keys[3], "/sys/fs/bpf/%0*d", 29, 1);
	region_key_set_what(&keys[4], "/sys/fs/bpf/%0*d", 30, 1);
	for (size_t i = 0; i < 5; i++) {
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(region_key_compare(&keys[i], &keys[j]), 0);
		tag = region_key_to_tag(&keys[i]);
		assert_true(region_key_from_tag(&tag, &back));
		assert_memory_equal(back.what, keys[i].what, sizeof(back.what));
	}
	assert_string_equal(keys[3].what, "/sys/fs/bpf/00000000000000000000000000001");
	assert_string_equal(keys[4].what, "/sys/fs/bpf/000000000000000000000");
	assert_memory_equal(keys[4].what + REGION_WHAT_SIZE - sizeof(expected), expected, sizeof(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),	  cmocka_unit_test(test_names),	  cmocka_unit_test(test_host_name),
		cmocka_unit_test(test_traits),	  cmocka_unit_test(test_object),  cmocka_unit_test(test_tag),
		cmocka_unit_test(test_long_what), cmocka_unit_test(test_exclude),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
