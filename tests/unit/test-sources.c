// SPDX-License-Identifier: GPL-2.0-only
/* The table of sources, and what becomes of one that can't be started. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/source/bpf-util.h"
#include "daemon/source/ktypes.h"
#include "daemon/source/sources.h"
#include "daemon/source/symbol-private.h"
#include "lib/cleanup.h"
#include "lib/journal.h"
#include "uapi/linux/qcom_minidump_table.h"

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

/* Returns what was allowed before. */
static struct rlimit allow_no_files(void)
{
	struct rlimit usual, tight;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	tight = usual;
	tight.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
	return usual;
}

/* One can't be started, as no more files can be opened: it is the one that has a problem, until it can be started. */
static void test_failure(void **state)
{
	struct policy_section sections[] = { { .kind = POLICY_SOURCE_PRINTK }, { .kind = POLICY_SOURCE_CURRENT } };
	struct policy policy = { .state = POLICY_ENABLED, .sections = sections, .n_sections = 2 };
	const struct policy_set policies = { .policies = &policy, .n_policies = 1 }, none = {};
	struct source_host host = { .changed = on_changed };
	struct sources s;
	_cleanup_(wants_done) struct wants wants = {};
	struct rlimit usual;
	struct source_stats stats;

	log_set_max_level("emerg");
	assert_int_equal(sd_event_new(&host.event), 0);
	assert_int_equal(sources_init(&s, &host), 0);
	usual = allow_no_files();
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

	assert_true(sources_failed(&s));
	sources_retry(&s, &policies);
	assert_null(sources_problem(&s, POLICY_SOURCE_CURRENT));
	sources_set(&s, &none);
	assert_null(s.running[POLICY_SOURCE_CURRENT]);
	sources_done(&s);
	sd_event_unref(host.event);
}

static int error_of(const struct sources *s, const struct policy_set *policies, const char *what)
{
	_cleanup_(wants_done) struct wants wants = {};

	assert_int_equal(sources_want(s, policies, &wants), 0);
	for (size_t i = 0; i < wants.n; i++)
		if (!strcmp(wants.items[i].key.what, what))
			return wants.items[i].error;
	fail_msg("nobody wants %s", what);
	return 0;
}

static char *namespaces[] = { (char *)"init_pid_ns", NULL };
static struct policy_section with_symbols[] = {
	{ .kind = POLICY_SOURCE_PRINTK },
	{ .kind = POLICY_SOURCE_SYMBOL, .symbol.names = namespaces },
};
static struct policy symbols_policy = { .state = POLICY_ENABLED, .sections = with_symbols, .n_sections = 2 };
static const struct policy_set symbols_policies = { .policies = &symbols_policy, .n_policies = 1 };

/* The kernel's symbols, memory and types can be read. */
static bool may_read(void)
{
	struct symbol_reader *r;
	struct symbol_place place;
	struct symbol_type type;
	bool read;

	assert_int_equal(symbol_reader_new(&r), 0);
	symbol_prepare(r, &symbols_policies);
	read = symbol_open_memory(r, &place) && symbol_type(r, "struct pid_namespace", NULL, &type, &place) &&
	       !symbol_failed(r);
	symbol_reader_free(r);
	ktypes_rest();
	return read;
}

/* Who needs symbols when none can be looked up starts all the same, and asks again. Not all kernels list these. */
static void test_no_symbols(void **state)
{
	struct source_host host = { .changed = on_changed };
	const struct policy_set none = {};
	struct rlimit usual;
	struct sources s;

	if (!may_read())
		skip();
	assert_int_equal(sd_event_new(&host.event), 0);
	assert_int_equal(sources_init(&s, &host), 0);
	usual = allow_no_files();
	sources_set(&s, &symbols_policies);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_int_equal(error_of(&s, &symbols_policies, "init_pid_ns"), -EMFILE);
	assert_int_equal(error_of(&s, &symbols_policies, "init_uts_ns"), -EMFILE);
	assert_true(sources_failed(&s));

	sources_retry(&s, &symbols_policies);
	assert_int_not_equal(error_of(&s, &symbols_policies, "init_pid_ns"), -EMFILE);
	assert_int_not_equal(error_of(&s, &symbols_policies, "init_uts_ns"), -EMFILE);
	assert_false(sources_failed(&s));
	sources_set(&s, &none);
	assert_false(sources_failed(&s));
	sources_done(&s);
	sd_event_unref(host.event);
}

/* Likewise the other things that are read of the kernel. */
static void test_no_memory_or_types(void **state)
{
	struct symbol_reader *r;
	struct symbol_place place;
	struct symbol_type type;
	struct rlimit usual;

	if (!may_read())
		skip();
	assert_int_equal(symbol_reader_new(&r), 0);
	for (int i = 0; i < 2; i++) {
		symbol_prepare(r, &symbols_policies);
		assert_false(symbol_failed(r));
		usual = allow_no_files();
		assert_false(i ? symbol_type(r, "struct pid_namespace", NULL, &type, &place) :
				 symbol_open_memory(r, &place));
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
		assert_true(symbol_failed(r));
	}
	symbol_prepare(r, &symbols_policies);
	assert_true(symbol_open_memory(r, &place));
	assert_true(symbol_type(r, "struct pid_namespace", NULL, &type, &place));
	assert_false(symbol_failed(r));
	symbol_reader_free(r);
	ktypes_rest();
}

/* What stands in the way of a BPF program is named, where it can be seen. */
static void test_load_reason(void **state)
{
	static const struct {
		const char *lockdown;
		bool has_btf;
		const char *right;
	} facts[] = {
		{ "none integrity [confidentiality]", true,
		  "the kernel is locked down (confidentiality): no BPF program may read its memory" },
		{ "none [integrity] confidentiality", false,
		  "the kernel has no type information (CONFIG_DEBUG_INFO_BTF)" },
		{ "none [integrity] confidentiality", true, "the kernel refuses the BPF program: Invalid argument" },
		{ "", true, "the kernel refuses the BPF program: Invalid argument" },
	};
	char root[] = "/tmp/test-sources-XXXXXX", command[512];

	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		_cleanup_free_ char *reason = NULL;

		snprintf(command, sizeof(command),
			 "cd %s && rm -rf sys && mkdir -p sys/kernel/security sys/kernel/btf && "
			 "echo '%s' >sys/kernel/security/lockdown && %s",
			 root, facts[i].lockdown, facts[i].has_btf ? "touch sys/kernel/btf/vmlinux" : "true");
		assert_int_equal(system(command), 0);
		reason = bpf_load_reason(root, -EINVAL);
		assert_string_equal(reason, facts[i].right);
	}
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

static char *pin[] = { (char *)"/sys/fs/bpf/none-such", NULL }, *other_pin[] = { (char *)"/sys/fs/bpf/other", NULL };
static char *pointer[] = { (char *)"none_such", NULL }, size[] = "8";
static struct policy_section with_timers[] = {
	{ .kind = POLICY_SOURCE_MAP, .map.pins = pin },
	{ .kind = POLICY_SOURCE_SYMBOL, .symbol.pointers = pointer, .symbol.size = size },
};
static struct policy timers_policy = { .state = POLICY_ENABLED, .sections = with_timers, .n_sections = 2 };
static const struct policy_set timers_policies = { .policies = &timers_policy, .n_policies = 1 };

/* After a stall each timer is due once, however often it would have been meanwhile. */
static void test_no_bursts(void **state)
{
	static const enum policy_source_kind kinds[] = { POLICY_SOURCE_MAP, POLICY_SOURCE_SYMBOL };
	struct source_host hosts[ARRAY_LEN(kinds)] = {};
	struct source *sources[ARRAY_LEN(kinds)] = {};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		hosts[i].changed = on_changed;
		assert_int_equal(sd_event_new(&hosts[i].event), 0);
		assert_int_equal(symbol_reader_new(&hosts[i].symbols), 0);
		if (source_start(source_table[kinds[i]], &hosts[i], &timers_policies, &sources[i]) < 0)
			skip(); /* it takes privileges */
	}
	while (sd_event_run(hosts[1].event, 0) > 0)
		;
	sleep(5);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		int n = 0;

		while (sd_event_run(hosts[i].event, 100000) > 0)
			n++;
		assert_int_equal(n, 1);
		source_stop(source_table[kinds[i]], sources[i]);
		symbol_reader_free(hosts[i].symbols);
		sd_event_unref(hosts[i].event);
	}
}

/* What a reload had no memory for is not known, but asked for. */
static void test_unknown_map(void **state)
{
	struct policy_section section = { .kind = POLICY_SOURCE_MAP, .map.pins = other_pin };
	struct policy policy = { .state = POLICY_ENABLED, .sections = &section, .n_sections = 1 };
	const struct policy_set others = { .policies = &policy, .n_policies = 1 };
	struct source_host host = { .changed = on_changed };
	_cleanup_(wants_done) struct wants wants = {};
	struct source *s;

	assert_int_equal(sd_event_new(&host.event), 0);
	assert_int_equal(symbol_reader_new(&host.symbols), 0);
	if (source_start(&source_map, &host, &timers_policies, &s) < 0)
		skip();
	assert_int_equal(source_map.want(s, &timers_policies, &wants), 0);
	assert_int_equal(wants.n, 1);
	assert_int_equal(source_map.want(s, &others, &wants), 0);
	assert_int_equal(wants.n, 1);
	source_stop(&source_map, s);
	symbol_reader_free(host.symbols);
	sd_event_unref(host.event);
}

static const char *name_of(const struct wants *wants, const char *what)
{
	for (size_t i = 0; i < wants->n; i++)
		if (!strcmp(wants->items[i].key.what, what))
			return wants->items[i].name;
	return NULL;
}

/* Compilers put more into names than "name.1"; what is behind the dot is a member where there can be one. */
static void test_dots_in_names(void **state)
{
	char *names[] = { (char *)"foo.llvm.1", NULL }, *pointers[] = { (char *)"foo.next", NULL };
	struct policy_section section = {
		.kind = POLICY_SOURCE_SYMBOL,
		.symbol = { .names = names, .pointers = pointers, .size = (char *)"8" },
	};
	struct policy policy = { .state = POLICY_ENABLED, .sections = &section, .n_sections = 1 };
	const struct policy_set policies = { .policies = &policy, .n_policies = 1 };
	struct source_host host = { .changed = on_changed };
	_cleanup_(wants_done) struct wants wants = {};
	struct source *s;

	assert_int_equal(sd_event_new(&host.event), 0);
	assert_int_equal(symbol_reader_new(&host.symbols), 0);
	assert_int_equal(source_start(&source_symbol, &host, &policies, &s), 0);
	assert_int_equal(source_symbol.want(s, &policies, &wants), 0);
	assert_string_equal(name_of(&wants, "foo.llvm.1"), MINIDUMP_SYMBOL_NAME "foo_llvm_1");
	assert_string_equal(name_of(&wants, "*foo.next"), MINIDUMP_SYMBOL_NAME "next");
	source_stop(&source_symbol, s);
	symbol_reader_free(host.symbols);
	sd_event_unref(host.event);
}

/* In a child, whose tracefs is another one: none. */
static _Noreturn void find_no_tracefs(void)
{
	struct policy_section section = { .kind = POLICY_SOURCE_FTRACE };
	struct policy policy = { .state = POLICY_ENABLED, .sections = &section, .n_sections = 1 };
	const struct policy_set policies = { .policies = &policy, .n_policies = 1 };
	struct source_host host = { .changed = on_changed };
	const char *problem;
	struct source *s;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/sys/kernel/tracing", "tmpfs", 0, NULL) < 0 || sd_event_new(&host.event) < 0 ||
	    source_start(&source_ftrace, &host, &policies, &s) < 0)
		_exit(77);
	problem = source_ftrace.problem(s);
	_exit(problem && strstr(problem, "there is no tracefs on /sys/kernel/tracing") ? 0 : 1);
}

/* What is found all the same, by BPF, is not all that there is to know. */
static void test_no_tracefs(void **state)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		find_no_tracefs();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_load_reason),
		cmocka_unit_test(test_no_bursts),
		cmocka_unit_test(test_unknown_map),
		cmocka_unit_test(test_no_tracefs),
		cmocka_unit_test(test_dots_in_names),
		cmocka_unit_test(test_no_symbols),
		cmocka_unit_test(test_no_memory_or_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
