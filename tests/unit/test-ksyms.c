// SPDX-License-Identifier: GPL-2.0-only
/* Variables found by name, in a table that is made up and on the running kernel, and its memory read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bpf/ksym-code.h"
#include "daemon/source/kread.h"
#include "daemon/source/ksyms.h"
#include "lib/cleanup.h"

static char table[] = "0 fixed_percpu_data \n"
		      "1c0 runqueues \n"
		      "ffffffff82000000 linux_banner \n"
		      "ffffffff82000100 alias_of_jiffies \n"
		      "ffffffff82000100 jiffies_64 \n"
		      "ffffffff82000108 twice \n"
		      "ffffffff82000110 twice \n"
		      "ffffffff82000180 init_uts_ns \n"
		      "no address\n"
		      "\n"
		      "ffffffff82000400 __bss_stop \n"
		      "ffffffffc0002040 second drv\n"
		      "ffffffffc0002000 first drv\n"
		      "ffffffffc0008ff0 first other\n";

/* As the iterator shows it where the section of variables may be executed: what that has gets the letter of code. */
static void test_code(void **state)
{
	static const struct {
		const char *name;
		const char *module;
		char type;
		bool is_code;
	} symbols[] = {
		{ "fixed_percpu_data", "", 'A', false },
		{ "_text", "", 'T', false },
		{ "_stext", "", 'T', true },
		{ "panic", "", 'T', true },
		{ "arch_panic", "", 'W', true },
		{ "_stext_of_ours", "", 't', true },
		{ "_etext", "", 'T', false },
		{ "linux_banner", "", 'D', false },
		{ "modules", "", 't', false },
		{ "jiffies_64", "", 'T', false },
		{ "panic_cpu", "", 'W', false },
		{ "_sinittext", "", 'T', true },
		{ "start_kernel", "", 'T', true },
		{ "_einittext", "", 'T', false },
		{ "init_uts_ns", "", 'T', false },
		{ "__bss_stop", "", 'B', false },
		{ "drv_init", "drv", 't', true },
		{ "drv_open", "drv", 'T', true },
		{ "_stext", "drv", 'd', false },
		{ "drv_cache", "drv", 'b', false },
	};
	bool in_code = false;

	for (size_t i = 0; i < ARRAY_LEN(symbols); i++)
		if (ksym_is_code(symbols[i].name, symbols[i].module, symbols[i].type, &in_code) != symbols[i].is_code)
			fail_msg("%s is taken for %s", symbols[i].name, symbols[i].is_code ? "data" : "code");
}

static struct ksym lookup(const char *name)
{
	FILE *f = fmemopen(table, sizeof(table) - 1, "r");
	struct ksym sym = {};

	assert_non_null(f);
	snprintf(sym.name, sizeof(sym.name), "%s", name);
	assert_int_equal(ksyms_parse(f, &sym, 1), 0);
	rewind(f);
	assert_int_equal(ksyms_guess(f, &sym, 1), 0);
	fclose(f);
	return sym;
}

static void test_table(void **state)
{
	static const struct {
		const char *name;
		uint64_t address, size;
	} right[] = {
		{ "fixed_percpu_data", 0, 0x1c0 },	   { "linux_banner", 0xffffffff82000000, 0x100 },
		{ "jiffies_64", 0xffffffff82000100, 8 },   { "init_uts_ns", 0xffffffff82000180, 0x280 },
		{ "drv:first", 0xffffffffc0002000, 0x40 }, { "other:first", 0xffffffffc0008ff0, KSYM_SIZE_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_LEN(right); i++) {
		struct ksym sym = lookup(right[i].name);

		assert_int_equal(sym.n_found, 1);
		assert_int_equal(sym.address, right[i].address);
		assert_int_equal(sym.size, right[i].size);
		assert_string_equal(sym.meant, "");
	}
}

static void test_not_found(void **state)
{
	static const char *const wrong[][2] = {
		{ "jiffies_65", "jiffies_64" },
		{ "second", "drv:second" },
		{ "drv:init_uts_ns", "init_uts_ns" },
		{ "drv:secnd", "drv:second" },
		{ "qqq", "" },
		{ "dr:first", "other:first" },
		{ "", "" },
		{ ":", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct ksym sym = lookup(wrong[i][0]);

		assert_int_equal(sym.n_found, 0);
		assert_string_equal(sym.meant, wrong[i][1]);
	}
	assert_int_equal(lookup("twice").n_found, 2);
}

/* The running kernel */

struct kernel {
	struct ksyms *ksyms;
	struct kread *kread;
};

static int setup(void **state)
{
	static const char *const name = "init_uts_ns";
	static struct kernel kernel;
	const struct ksym *found;
	char *reason;

	*state = &kernel;
	if (geteuid() != 0 || access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return 0;
	assert_int_equal(ksyms_new(&kernel.ksyms), 0);
	assert_int_equal(kread_new(&kernel.kread, &reason), 0);
	assert_int_equal(ksyms_find(kernel.ksyms, &name, 1, &found, &reason), 0);
	/* Without CONFIG_KALLSYMS_ALL the table has functions only. */
	if (!found->n_found)
		kernel.ksyms = ksyms_free(kernel.ksyms);
	return 0;
}

static int teardown(void **state)
{
	struct kernel *kernel = *state;

	ksyms_free(kernel->ksyms);
	kread_free(kernel->kread);
	return 0;
}

static struct kernel *running(void **state)
{
	struct kernel *kernel = *state;

	if (!kernel->ksyms) {
		print_message("needs root and a kernel with BTF and CONFIG_KALLSYMS_ALL\n");
		skip();
	}
	return kernel;
}

static void find(struct kernel *kernel, const char *const *names, size_t n, const struct ksym **ret)
{
	char *reason;

	if (ksyms_find(kernel->ksyms, names, n, ret, &reason) < 0)
		fail_msg("%s", reason);
}

static void test_memory(void **state)
{
	static const char *const names[] = { "init_uts_ns", "no_such_variable_at_all" };
	struct kernel *kernel = running(state);
	const struct ksym *found[2], *again;
	struct utsname uts;
	uint64_t value;
	bool seen = false;
	char *reason;

	find(kernel, names, 2, found);
	assert_int_equal(found[0]->n_found, 1);
	assert_int_equal(found[1]->n_found, 0);
	assert_true(found[0]->size >= 6 * 65);

	/* A word of the release lies where uname -r says it does. */
	uname(&uts);
	for (size_t i = 0; i < 512 && !seen; i++) {
		assert_int_equal(kread_word(kernel->kread, found[0]->address + i, &value), 0);
		seen = !memcmp(&value, uts.release, sizeof(value) < strlen(uts.release) ? sizeof(value) : 1);
	}
	assert_true(seen);

	ksyms_forget_modules(kernel->ksyms);
	find(kernel, names, 1, &again);
	assert_int_equal(again->n_found, 1);

	{
		char longer[200];
		const char *name = longer;

		memset(longer, 'x', sizeof(longer) - 1);
		longer[sizeof(longer) - 1] = '\0';
		assert_int_equal(ksyms_find(kernel->ksyms, &name, 1, &again, &reason), -ENAMETOOLONG);
		free(reason);
	}
}

static void test_words(void **state)
{
	static const char *const names[] = { "linux_banner" };
	struct kread_word words[KREAD_WORDS_MAX + 3] = {};
	struct kernel *kernel = running(state);
	const struct ksym *found;

	find(kernel, names, 1, &found);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words[i].address = found->address;
	words[1].address = 0;
	assert_int_equal(kread_words(kernel->kread, words, ARRAY_LEN(words)), 0);
	assert_memory_equal(&words[0].value, "Linux ve", 8);
	assert_true(words[1].error < 0);
	assert_memory_equal(&words[KREAD_WORDS_MAX + 2].value, "Linux ve", 8);
}

/* A list that every kernel has; a string is none. */
static void test_list(void **state)
{
	static const char *const names[] = { "slab_caches", "linux_banner" };
	struct kernel *kernel = running(state);
	const struct ksym *found[2];
	uint64_t elements[KREAD_WORDS_MAX];
	size_t n;
	bool whole;

	find(kernel, names, 2, found);
	assert_int_equal(kread_list(kernel->kread, found[0]->address, elements, KREAD_WORDS_MAX, &n, &whole), 0);
	assert_true(whole);
	assert_true(n > 10);
	assert_int_equal(kread_list(kernel->kread, found[0]->address, elements, 5, &n, &whole), 0);
	assert_false(whole);
	assert_int_equal(n, 5);
	assert_int_equal(kread_list(kernel->kread, found[1]->address, elements, 5, &n, &whole), 0);
	assert_false(whole);
	assert_int_equal(kread_list(kernel->kread, 0, elements, 5, &n, &whole), -EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),   cmocka_unit_test(test_table), cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_memory), cmocka_unit_test(test_words), cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
