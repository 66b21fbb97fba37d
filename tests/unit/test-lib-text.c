// SPDX-License-Identifier: GPL-2.0-only
/* Text and sizes for people. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/json.h"
#include "lib/size.h"
#include "lib/text.h"

static void test_parse_size(void **state)
{
	uint64_t v;

	assert_int_equal(parse_size("4096", &v), 0);
	assert_int_equal(v, 4096);
	assert_int_equal(parse_size("0x1fK", &v), 0);
	assert_int_equal(v, 31 * 1024);
	assert_int_equal(parse_size("3G", &v), 0);
	assert_int_equal(v, 3ULL << 30);
	assert_int_equal(parse_size("", &v), -EINVAL);
	assert_int_equal(parse_size("-1", &v), -EINVAL);
	assert_int_equal(parse_size("1T", &v), -EINVAL);
	assert_int_equal(parse_size("1KK", &v), -EINVAL);
	assert_int_equal(parse_size("0x", &v), -EINVAL);
	assert_int_equal(parse_size("18446744073709551616", &v), -ERANGE);
	assert_int_equal(parse_size("17179869184G", &v), -ERANGE);
}

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },
		{ 1, "1 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 9792, "9.6 KiB" },
		{ 1048524, "1023.9 KiB" },
		{ 1048525, "1.0 MiB" },
		{ 1024 * 1024 - 1, "1.0 MiB" },
		{ 1241720, "1.2 MiB" },
		{ UINT64_C(1) << 30, "1.0 GiB" },
		{ UINT64_MAX, "16.0 EiB" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(size_text(cases[i].bytes).s, cases[i].text);
}

static void test_escapes(void **state)
{
	static const char nasty[] = "a\033[2J\tb\r\n\x7f\xc2\x9b\0z";
	/* An accent; two that change the direction of writing; a byte that is none; one that is cut off */
	static const char foreign[] = "caf\xc3\xa9 \xe2\x80\xae\xd8\x9c\xff\xe2\x82";
	char *s = escape_text(nasty, sizeof(nasty) - 1, TEXT_ASCII);

	assert_string_equal(s, "a\\x1b[2J\tb\\x0d\\x0a\\x7f\\xc2\\x9b\\x00z");
	free(s);
	s = escape_text(nasty, sizeof(nasty) - 1, TEXT_PRINTABLE);
	assert_string_equal(s, "a\\x1b[2J\tb\\x0d\\x0a\\x7f\\xc2\\x9b\\x00z");
	free(s);
	s = escape_text(foreign, sizeof(foreign) - 1, TEXT_PRINTABLE);
	assert_string_equal(s, "caf\xc3\xa9 \\xe2\\x80\\xae\\xd8\\x9c\\xff\\xe2\\x82");
	free(s);
	s = escape_text(foreign, sizeof(foreign) - 1, TEXT_ASCII);
	assert_string_equal(s, "caf\\xc3\\xa9 \\xe2\\x80\\xae\\xd8\\x9c\\xff\\xe2\\x82");
	free(s);
}

/* In a child, as a program asks once what its terminal shows. */
static bool shows_utf8(const char *all, const char *lang)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		unsetenv("LC_ALL");
		unsetenv("LC_CTYPE");
		unsetenv("LANG");
		if (all)
			setenv("LC_ALL", all, 1);
		if (lang)
			setenv("LANG", lang, 1);
		_exit(strcmp(clean_text("\xc3\xa9"), "\xc3\xa9") != 0);
	}
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
	return status == 0;
}

static void test_locales(void **state)
{
	assert_true(shows_utf8("C.UTF-8", "C"));
	assert_true(shows_utf8(NULL, "C.UTF-8"));
	assert_true(shows_utf8(NULL, NULL));
	assert_false(shows_utf8("C", "C.UTF-8"));
	assert_false(shows_utf8(NULL, "C"));
	assert_false(shows_utf8(NULL, "no_SUCH.UTF-8"));
}

static void test_quote(void **state)
{
	char longer[200];

	assert_string_equal(quote("a\x1b\xc3\xa9\xff", 5).s, "a\\x1b\xc3\xa9\\xff");
	memset(longer, '\x01', sizeof(longer));
	assert_string_equal(quote(longer, 17).s + 64, "\\x01");
	assert_string_equal(quote(longer, 18).s + 64, "\\x01...");
	assert_string_equal(quote(longer, sizeof(longer)).s + 64, "\\x01...");
}

static void test_json_text(void **state)
{
	/* Good, overlong, surrogate, cut off, beyond Unicode */
	static const char text[] = "\xc3\xa9\xc0\xaf\xed\xa0\x80\xf0\x9f\x98\x80\xf4\x90\x80\x80\xe2\x82";
	struct json_object *j = json_text(text, sizeof(text) - 1);

	assert_string_equal(json_object_get_string(j), "\xc3\xa9\\xc0\\xaf\\xed\\xa0\\x80\xf0\x9f\x98\x80"
						       "\\xf4\\x90\\x80\\x80\\xe2\\x82");
	json_object_put(j);
}

static void test_did_you_mean(void **state)
{
	static const char *const words[] = { "Comm", "Register", "MaxTasks", NULL };
	char large[64];

	assert_string_equal(did_you_mean("Com", words), "Comm");
	assert_string_equal(did_you_mean("comm", words), "Comm");
	assert_string_equal(did_you_mean("Ocmm", words), "Comm");
	assert_string_equal(did_you_mean("Command", words), "Comm");
	assert_string_equal(did_you_mean("max_tasks", words), "MaxTasks");
	assert_string_equal(did_you_mean("Reg", words), "Register");
	assert_null(did_you_mean("", words));
	assert_null(did_you_mean("Q", words));
	assert_null(did_you_mean("Instance", words));
	memset(large, 'C', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	assert_null(did_you_mean(large, words));
}

static void test_utf8(void **state)
{
	static const struct {
		const char *s;
		size_t len;
		unsigned int c;
	} cases[] = {
		{ "a", 1, 'a' },
		{ "\xc3\xa9", 2, 0xe9 },
		{ "\xe2\x82\xac", 3, 0x20ac },
		{ "\xf0\x9f\x98\x80", 4, 0x1f600 },
		{ "\x80", 0, 0 },
		{ "\xc3", 0, 0 },
		{ "\xc0\xaf", 0, 0 },
		{ "\xe0\x80\xaf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 },
		{ "\xff", 0, 0 },
		{ "\xe2\x28\xa1", 0, 0 },
		{ "", 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned int c = 0;

		assert_int_equal(utf8_char(cases[i].s, strlen(cases[i].s), &c), cases[i].len);
		assert_int_equal(c, cases[i].c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_size),   cmocka_unit_test(test_sizes), cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_locales),	     cmocka_unit_test(test_quote), cmocka_unit_test(test_json_text),
		cmocka_unit_test(test_did_you_mean), cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
