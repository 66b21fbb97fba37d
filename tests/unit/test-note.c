// SPDX-License-Identifier: GPL-2.0-only
/* The note: structures of the running kernel, and policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "daemon/note.h"
#include "daemon/policy/policy.h"
#include "qcmd_note.h"

static char *layout_or_skip(void)
{
	char *layout = NULL;

	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0) {
		print_message("the kernel has no BTF\n");
		skip();
	}
	assert_int_equal(note_layout(&layout), 0);
	assert_non_null(layout);
	return layout;
}

/* The number behind KEY= at the start of a line, and what follows it. */
static long value_of(const char *text, const char *key, char *ret_rest, size_t size)
{
	size_t len = strlen(key);

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		char *end;
		long value;

		if (strncmp(p, key, len) || p[len] != '=')
			continue;
		value = strtol(p + len + 1, &end, 10);
		snprintf(ret_rest, size, "%.*s", (int)strcspn(end, "\n"), end);
		return value;
	}
	fail_msg("no %s", key);
	return -1;
}

static long size_of(const char *text, const char *structure)
{
	char key[64], rest[32];
	long value;

	snprintf(key, sizeof(key), "SIZE(%s)", structure);
	value = value_of(text, key, rest, sizeof(rest));
	assert_string_equal(rest, "");
	return value;
}

/* Bytes; its width is as of each kernel so far. */
static long offset_of(const char *text, const char *member, const char *width)
{
	char key[64], rest[32];
	long value;

	snprintf(key, sizeof(key), "BITS(%s)", member);
	value = value_of(text, key, rest, sizeof(rest));
	assert_string_equal(rest, width);
	assert_int_equal(value % 8, 0);
	return value / 8;
}

static void test_layout_task(void **state)
{
	static const char *const members[][2] = {
		{ "pid", ":32s" },	  { "tgid", ":32s" }, { "comm", ":128" },	{ "__state", ":32" },
		{ "exit_state", ":32s" }, { "flags", ":32" }, { "real_parent", ":64" }, { "start_boottime", ":64" },
		{ "start_time", ":64" },  { "stack", ":64" },
	};
	_cleanup_free_ char *layout = layout_or_skip();
	long offset, size = size_of(layout, "task_struct");
	char name[64];

	assert_true(size >= 1024 && size <= 65536);
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		snprintf(name, sizeof(name), "task_struct.%s", members[i][0]);
		offset = offset_of(layout, name, members[i][1]);
		assert_true(offset >= 1 && offset < size);
	}
	/* Neighbours in every kernel. */
	assert_int_equal(offset_of(layout, "task_struct.tgid", ":32s"),
			 offset_of(layout, "task_struct.pid", ":32s") + 4);
	assert_int_equal(offset_of(layout, "task_struct.start_boottime", ":64"),
			 offset_of(layout, "task_struct.start_time", ":64") + 8);
}

/* Bit-fields of one byte, behind the facility: u8 flags:5, level:3. */
static void test_layout_printk(void **state)
{
	_cleanup_free_ char *layout = layout_or_skip();
	long facility = offset_of(layout, "printk_info.facility", ":8");
	char rest[32];

	assert_true(facility >= 8 && facility <= size_of(layout, "printk_info") - 2);
	assert_int_equal(value_of(layout, "BITS(printk_info.flags)", rest, sizeof(rest)), (facility + 1) * 8);
	assert_string_equal(rest, ":5");
	assert_int_equal(value_of(layout, "BITS(printk_info.level)", rest, sizeof(rest)), (facility + 1) * 8 + 5);
	assert_string_equal(rest, ":3");
}

static void test_build(void **state)
{
	struct policy policies[] = {
		{ .name = (char *)"10-a", .path = (char *)"/usr/lib/qcmd.d/10-a.conf" },
		{ .name = (char *)"20-off", .path = (char *)"/dev/null", .state = POLICY_DISABLED },
		{ .name = (char *)"30-forged", .path = (char *)"/x\nSIZE(task_struct)=1" },
		{ .name = (char *)"40-b", .path = (char *)"/etc/qcmd.d/40-b.conf" },
	};
	struct policy_set set = { .policies = policies, .n_policies = 4 };
	_cleanup_free_ char *text = NULL, *expected = NULL;
	struct utsname uts;
	size_t size;

	assert_int_equal(uname(&uts), 0);
	assert_true(asprintf(&expected,
			     "QCMD_NOTE=1\nCREATOR=qcmdd " QCMD_VERSION "\nARCH=%s\nSIZE(x)=3\n"
			     "POLICY(10-a)=/usr/lib/qcmd.d/10-a.conf\nPOLICY(40-b)=/etc/qcmd.d/40-b.conf\n",
			     uts.machine) > 0);
	assert_int_equal(note_build("SIZE(x)=3\n", &set, &text, &size), 0);
	assert_string_equal(text, expected);
	assert_int_equal(size, strlen(text));
}

static void test_build_bounded(void **state)
{
	struct policy policies[64] = {};
	struct policy_set set = { .policies = policies, .n_policies = 64 };
	_cleanup_free_ char *text = NULL;
	char path[1001];
	size_t size;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	for (size_t i = 0; i < 64; i++) {
		policies[i].name = (char *)"name";
		policies[i].path = path;
	}
	assert_int_equal(note_build(NULL, &set, &text, &size), 0);
	assert_true(size >= QCMD_NOTE_MAX - 1024 && size <= QCMD_NOTE_MAX);
	assert_int_equal(text[size - 1], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout_task),
		cmocka_unit_test(test_layout_printk),
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_build_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
