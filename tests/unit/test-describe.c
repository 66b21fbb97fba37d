// SPDX-License-Identifier: GPL-2.0-only
/* State and problems for each kind of trouble, and the JSON of Describe(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <json-c/json.h>
#include <linux/qcom_minidump_table.h>

#include "daemon/describe.h"
#include "daemon/policy/config.h"
#include "uapi/linux/qcom_minidump_table.h"

#define PORT 4711

static struct policy_section section = { .path = (char *)"/etc/qcmd.d/10-a.conf.d/x.conf", .line = 4 };
static struct policy policies[] = {
	{
		.name = (char *)"10-a",
		.path = (char *)"/etc/qcmd.d/10-a.conf",
		.description = (char *)"All",
		.priority = 900,
		.sections = &section,
		.n_sections = 1,
	},
	{
		.name = (char *)"20-b",
		.path = (char *)"/etc/qcmd.d/20-b.conf",
		.state = POLICY_ERROR,
		.reason = (char *)"2 errors",
	},
};
static struct diag diags[] = {
	{
		.path = (char *)"/etc/qcmd.d/20-b.conf",
		.line = 3,
		.column = 5,
		.error = true,
		.message = (char *)"unknown key 'Com='",
	},
};
static struct policy_set one_policy = { .policies = policies, .n_policies = 1 };
static struct policy_set two_policies = {
	.policies = policies,
	.n_policies = 2,
	.diags = { .items = diags, .n = 1 },
};
static struct policy_set no_policies;
static struct diag folder_diag = { .path = (char *)"/etc/qcmd.d", .error = true, .message = (char *)"more than 256" };
static struct diag config_diags[] = {
	{ .path = (char *)CONFIG_PATH, .line = 2, .column = 1, .error = true, .message = (char *)"unknown key" },
	{ .path = (char *)CONFIG_PATH, .error = true, .message = (char *)"can't be read" },
};
static struct policy_set with_bad_folder = { .policies = policies, .n_policies = 1, .diags = { &folder_diag, 1 } };
static struct policy_set with_bad_config = { .policies = policies, .n_policies = 1, .diags = { config_diags, 1 } };
static struct policy_set with_closed_config = {
	.policies = policies,
	.n_policies = 1,
	.diags = { config_diags + 1, 1 },
};

static struct entry entry(const char *name, uint32_t id, int error)
{
	struct entry e = {
		.want = {
			.key = { .kind = REGION_TASK, .pid = 42 }, .policy = &policies[0], .section = &section,
			.comment = "init (42)",
		},
		.wanted = true, .id = id, .error = error, .state = id ? QCOM_MINIDUMP_REGION_ACTIVE : 0,
	};

	strcpy(e.want.name, name);
	if (error)
		strcpy(e.reason, "the reason");
	return e;
}

static struct status good(void)
{
	return (struct status){
		.machine = { .loaded = true, .backend = "ram", .capture_kernel = true },
		.backend = { .name = "ram", .version = "0.1", .slots_max = 1024, .slots_used = 3 },
		.port = PORT,
		.policies = &one_policy,
	};
}

static void assert_problem(struct status *s, enum status_state state, const char *id, const char *words)
{
	status_judge(s);
	assert_string_equal(status_state_to_string(s->state), status_state_to_string(state));
	assert_int_equal(s->n_problems, 1);
	assert_string_equal(s->problems[0].id, id);
	assert_non_null(strstr(s->problems[0].message, words));
	assert_true(strlen(s->problems[0].hint) > 0);
	status_done(s);
}

static void test_ok(void **state)
{
	struct status s = good();

	status_judge(&s);
	assert_int_equal(s.state, STATUS_OK);
	assert_int_equal(s.n_problems, 0);
	status_done(&s);
}

static void test_problems(void **state)
{
	char *errors[] = { (char *)"/x.conf:1:2: nonsense", NULL };
	struct reload_info reload = { .done = true, .ok = false, .errors = errors };
	struct entry full = entry(MINIDUMP_TASK_NAME, 0, -ENOSPC), bad = entry(MINIDUMP_TASK_NAME, 0, -EINVAL);
	struct entry own = entry(MINIDUMP_LOG_PRB_NAME, 7, 0);
	struct status s = good();

	own.own = true;
	want_exclude(&own.want, &section);
	s.entries = &own;
	s.n_entries = 1;
	assert_problem(
		&s, STATUS_DEGRADED, "exclude",
		"1 excluded region is in the table, as the module has it of its own, LOG_PRB for one: excluded by "
		"/etc/qcmd.d/10-a.conf.d/x.conf:4");
	own = entry(MINIDUMP_LOG_PRB_NAME, 7, 0);
	s = good();
	s.machine.loaded = false;
	assert_problem(&s, STATUS_FAILED, "no-module", "not loaded");
	s = good();
	s.machine.backend[0] = '\0';
	assert_problem(&s, STATUS_FAILED, "no-backend", "No back end");
	s = good();
	strcpy(s.machine.backend, "smem");
	strcpy(s.machine.download, "full");
	assert_problem(&s, STATUS_FAILED, "not-armed", "\"full\"");
	s = good();
	s.policies = &two_policies;
	assert_problem(&s, STATUS_DEGRADED, "policy-error", "20-b.conf:3:5: unknown key");
	s = good();
	s.policies = &with_bad_folder;
	assert_problem(&s, STATUS_DEGRADED, "policy-folder", "policies in /etc/qcmd.d are used: more than 256");
	s.policies = &with_bad_config;
	assert_problem(&s, STATUS_DEGRADED, "config", "settings: " CONFIG_PATH ":2:1: unknown key");
	s.policies = &with_closed_config;
	assert_problem(&s, STATUS_DEGRADED, "config", "settings: " CONFIG_PATH ": can't be read");
	s = good();
	s.policies = &no_policies;
	assert_problem(&s, STATUS_FAILED, "no-policy", "No policy");
	own.own = true;
	s.entries = &own;
	s.n_entries = 1;
	assert_problem(&s, STATUS_DEGRADED, "no-policy", "No policy");
	own.state = QCOM_MINIDUMP_REGION_REJECTED;
	own.wanted = false;
	assert_problem(&s, STATUS_FAILED, "no-policy", "No policy");
	s = good();
	s.reload = &reload;
	assert_problem(&s, STATUS_DEGRADED, "reload", "/x.conf:1:2: nonsense");
	s = good();
	s.source_problems[POLICY_SOURCE_TASK] = "no BTF";
	assert_problem(&s, STATUS_DEGRADED, "bpf", "Tasks can't be watched: no BTF");
	s = good();
	s.source_problems[POLICY_SOURCE_MAP] = "no memory";
	assert_problem(&s, STATUS_DEGRADED, "map", "BPF maps can't be found: no memory");
	s = good();
	s.waits_for = "/etc/qcmd.d/a.conf";
	assert_problem(&s, STATUS_DEGRADED, "autoreload", "/etc/qcmd.d/a.conf is being written");
	s = good();
	s.error = -ENOBUFS;
	assert_problem(&s, STATUS_DEGRADED, "table", "No buffer space");
	s = good();
	s.bus_problem = "no bus";
	assert_problem(&s, STATUS_DEGRADED, "bus", "Nobody can ask qcmdd, which is tried again and again: no bus");
	s = good();
	s.entries = &full;
	s.n_entries = 1;
	assert_problem(&s, STATUS_DEGRADED, "table-full", "1 wanted region is");
	s.entries = &bad;
	assert_problem(&s, STATUS_DEGRADED, "rejected", "the reason");
}

/* More problems than are kept: the first ones are, and the state is right. */
static void test_many_problems(void **state)
{
	struct policy many[STATUS_PROBLEMS_MAX + 4] = {};
	struct policy_set set = { .policies = many, .n_policies = STATUS_PROBLEMS_MAX + 4 };
	struct status s = good();

	for (size_t i = 0; i < set.n_policies; i++)
		many[i] = policies[1];
	s.policies = &set;
	status_judge(&s);
	assert_int_equal(s.n_problems, STATUS_PROBLEMS_MAX);
	assert_int_equal(s.state, STATUS_FAILED);
	status_done(&s);
}

static json_object *get(json_object *o, const char *key)
{
	json_object *value = NULL;

	if (!json_object_object_get_ex(o, key, &value))
		fail_msg("no member '%s'", key);
	return value;
}

static void assert_string(json_object *o, const char *key, const char *expected)
{
	if (expected)
		assert_string_equal(json_object_get_string(get(o, key)), expected);
	else
		assert_null(get(o, key));
}

/* So many seconds after the boot. */
static void assert_since(const char *text, time_t seconds)
{
	struct timespec boot;
	struct tm tm = {};

	assert_non_null(text);
	assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &boot), 0);
	assert_true(labs(timegm(&tm) - (time(NULL) - boot.tv_sec + seconds)) <= 1);
}

static json_object *at(json_object *o, const char *key, size_t i)
{
	json_object *array = get(o, key);

	assert_true(json_object_is_type(array, json_type_array));
	assert_true(i < json_object_array_length(array));
	return json_object_array_get_idx(array, i);
}

static struct module_segment segments[] = {
	{ .placed = true, .slot = 5, .seq = 1, .addr = 0xffff888000001000ULL, .paddr = 0x1000, .size = 4096 },
	{ .addr = 0xffff888000009000ULL, .paddr = 0x9000, .size = 4096 },
};
static const struct module_region regions[] = {
	{
		.id = 9,
		.owner = PORT,
		.state = QCOM_MINIDUMP_REGION_ACTIVE,
		.name = MINIDUMP_TASK_NAME,
		.comment = "init (42)",
		.pid = 42,
		.part = QCOM_MINIDUMP_TASK_STRUCT,
		.addr = 0xffff888000001000ULL,
		.size = 8192,
		.moves = 2,
		.created = 5000000000,
		.segments = segments,
		.n_segments = 2,
	},
	{ .id = 1,
	  .state = QCOM_MINIDUMP_REGION_ACTIVE,
	  .name = MINIDUMP_ELF_HEADER_NAME,
	  .paddr = 0x5000,
	  .size = 64 },
	{ .id = 7, .state = QCOM_MINIDUMP_REGION_ACTIVE, .name = MINIDUMP_LOG_PRB_NAME, .object = "prb" },
	{ .id = 3, .owner = 99, .state = QCOM_MINIDUMP_REGION_REJECTED, .name = "X", .object = "prb", .error = "full" },
	{ .id = 2, .state = QCOM_MINIDUMP_REGION_ACTIVE, .name = MINIDUMP_LAYOUT_NAME },
};

static json_object *describe(bool addresses)
{
	static struct entry entries[3];
	static struct status s;
	json_object *o, *copy;

	entries[0] = entry(MINIDUMP_TASK_NAME, 9, 0);
	entries[1] = entry(MINIDUMP_STACK_NAME, 0, -ENOSPC);
	entries[1].want.key.kind = REGION_STACK;
	entries[2] = entry(MINIDUMP_LOG_PRB_NAME, 7, 0);
	entries[2].want.key.kind = REGION_OBJECT;
	entries[2].own = true;
	s = good();
	s.policies = &two_policies;
	s.entries = entries;
	s.n_entries = 3;
	s.stats = (struct source_stats){ .received = 10, .lost = 1, .resyncs = 2 };
	status_judge(&s);
	o = status_describe(&s, regions, ARRAY_LEN(regions), addresses);
	assert_non_null(o);
	status_done(&s);
	/* As a reader has it. */
	copy = json_tokener_parse(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	assert_non_null(copy);
	json_object_put(o);
	return copy;
}

static void test_describe_top(void **state)
{
	json_object *o = describe(true), *p;

	assert_int_equal(json_object_get_int(get(o, "schema")), 1);
	assert_string(o, "version", QCMD_VERSION);
	assert_string(o, "state", "degraded");
	assert_int_equal(json_object_array_length(get(o, "problems")), 2);
	assert_string(at(o, "problems", 0), "id", "policy-error");
	assert_true(json_object_get_boolean(get(get(o, "module"), "loaded")));
	assert_string(get(o, "backend"), "name", "ram");
	assert_int_equal(json_object_get_int(get(get(o, "backend"), "slots_max")), 1024);
	assert_int_equal(json_object_get_int(get(get(o, "events"), "received")), 10);
	assert_null(get(o, "reload"));
	assert_int_equal(json_object_array_length(get(o, "notes")), 1);
	assert_string(at(o, "notes", 0), "id", "no-registers");
	p = at(o, "policies", 0);
	assert_string(p, "state", "enabled");
	assert_string(p, "reason", NULL);
	assert_int_equal(json_object_get_int(get(p, "wanted")), 3);
	assert_int_equal(json_object_get_int(get(p, "registered")), 2);
	assert_int_equal(json_object_get_int(get(p, "own")), 1);
	p = at(o, "policies", 1);
	assert_string(p, "state", "error");
	assert_string(p, "reason", "2 errors");
	assert_non_null(strstr(json_object_get_string(at(p, "diagnostics", 0)), "/etc/qcmd.d/20-b.conf:3:5: "));
	json_object_put(o);
}

static void test_describe_regions(void **state)
{
	json_object *o = describe(true), *r = at(o, "regions", 0);

	assert_int_equal(json_object_array_length(get(o, "regions")), 6);
	assert_string(r, "name", MINIDUMP_TASK_NAME);
	assert_string(r, "owner", "qcmdd");
	assert_string(r, "policy", "10-a");
	assert_string(r, "path", "/etc/qcmd.d/10-a.conf.d/x.conf");
	assert_int_equal(json_object_get_int(get(r, "line")), 4);
	assert_string(r, "kind", "task");
	assert_string(r, "address", "0xffff888000001000");
	assert_int_equal(json_object_get_int(get(r, "slots")), 2);
	assert_since(json_object_get_string(get(r, "since")), 5);
	assert_string(at(o, "regions", 1), "since", NULL);
	assert_int_equal(json_object_get_int(get(at(r, "segments", 0), "slot")), 5);
	assert_string(at(r, "segments", 1), "paddr", "0x0000000000009000");
	assert_false(json_object_object_get_ex(at(r, "segments", 1), "slot", NULL));
	r = at(o, "regions", 1);
	assert_string(r, "owner", "kernel");
	assert_string(r, "kind", "range");
	assert_string(r, "policy", NULL);
	r = at(o, "regions", 2);
	assert_string(r, "owner", "module");
	assert_string(r, "kind", "object");
	assert_string(r, "policy", "10-a");
	r = at(o, "regions", 3);
	assert_string(r, "owner", "other");
	assert_string(r, "kind", "object");
	assert_string(r, "state", "rejected");
	assert_string(r, "reason", "full");
	r = at(o, "regions", 4);
	assert_string(r, "owner", "module");
	assert_string(r, "policy", NULL);
	r = at(o, "regions", 5);
	assert_null(get(r, "id"));
	assert_string(r, "kind", "stack");
	assert_string(r, "state", "failed");
	assert_string(r, "reason", "the reason");
	json_object_put(o);
}

static void test_addresses_hidden(void **state)
{
	json_object *o = describe(false);

	assert_null(strstr(json_object_to_json_string(o), "0x"));
	assert_string(at(o, "regions", 0), "address", NULL);
	assert_string(at(at(o, "regions", 0), "segments", 0), "paddr", NULL);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ok),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_many_problems),
		cmocka_unit_test(test_describe_top),
		cmocka_unit_test(test_describe_regions),
		cmocka_unit_test(test_addresses_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
