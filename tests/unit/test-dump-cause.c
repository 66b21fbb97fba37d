// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happened, in one sentence: of the logs in causes/, which kernels wrote that vm/causes killed, with what is to be
 * said of each in its first lines; of what no kernel writes; and what patterns match.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dump-run.h"
#include "dump/cause/cause.h"
#include "dump/cause/log-lines.h"
#include "dump/log/log.h"

#define CAUSES "tests/unit/causes"

static void cause_of_text(const char *text, struct cause *c)
{
	struct log log;

	log_read_text(text, strlen(text), &log);
	cause_of_log(&log, c);
	log_clear(&log);
}

static void says(const char *text, const char *kind, const char *sentence, const char *signature)
{
	struct cause c;

	cause_of_text(text, &c);
	assert_string_equal(c.sentence, sentence);
	assert_string_equal(c.kind, kind);
	assert_string_equal(c.signature ?: "none", signature);
	cause_clear(&c);
}

/* "WORD what it is to be", a line of a log's head. */
static char *expected(char **head, const char *word)
{
	char *line = strsep(head, "\n");

	if (!line || strncmp(line, word, strlen(word)) || line[strlen(word)] != ' ')
		fail_msg("a log has no line '%s …' at its place", word);
	return line + strlen(word) + 1;
}

static void check_log(const char *path)
{
	static char text[64 << 10];
	char *at = text, *kind, *sentence, *signature;
	FILE *f = fopen(path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	print_message("%s\n", path);
	kind = expected(&at, "kind");
	sentence = expected(&at, "sentence");
	signature = expected(&at, "signature");
	says(at, kind, sentence, signature);
}

static void logs(void **state)
{
	DIR *d = opendir(CAUSES);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[512];

		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), CAUSES "/%s", e->d_name);
		check_log(path);
		n++;
	}
	closedir(d);
	assert_true(n >= 14);
}

/* The report that a panic follows from is the last one before it, not what comes first in the log or after it. */
static void which_report(void **state)
{
	says("BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
	     "CPU: 0 PID: 7 Comm: a Not tainted 6.12\n"
	     "RIP: 0010:first+0x1/0x2\n"
	     "---[ end trace 0000000000000000 ]---\n"
	     "divide error: 0000 [#2] SMP\n"
	     "CPU: 1 PID: 8 Comm: b c Tainted: G D 6.12\n"
	     "RIP: 0010:second.isra.0.cold+0x1/0x2 [mod]\n"
	     "Call Trace:\n"
	     "  <TASK>\n"
	     "  ? not_sure+0x1/0x2\n"
	     "  third+0x1/0x2\n"
	     "  ksys_read+0x1/0x2\n"
	     "  do_syscall_64+0x1/0x2\n"
	     "  </TASK>\n"
	     "---[ end trace 0000000000000000 ]---\n"
	     "RIP: 0010:first+0x1/0x2\n"
	     "Kernel panic - not syncing: Fatal exception\n"
	     "BUG: kernel NULL pointer dereference, address: 0000000000000020\n",
	     "divide-error",
	     "Division by zero, or of what does not fit in second.isra.0.cold [mod], called from third, by b c "
	     "(PID 8) on CPU 1.",
	     "divide-error: second third sys_read");
	says("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n", "init-died",
	     "Init, the first process, ended: it was killed by signal 11 (SIGSEGV).", "none");
	says("INFO: task a:1 blocked in I/O wait for more than 120 seconds.\n"
	     "Call Trace:\n"
	     "  __schedule+0x1/0x2\n"
	     "  __mutex_lock.constprop.0+0x1/0x2\n"
	     "  waits+0x1/0x2 [mod 0123]\n"
	     "  __x64_sys_read+0x1/0x2\n"
	     "INFO: task a:1 is blocked on a mutex likely owned by task b:2.\n"
	     "task:b state:S stack:0 pid:2 tgid:2 ppid:1 task_flags:0x0 flags:0x0\n"
	     "Call Trace:\n"
	     "  schedule+0x1/0x2\n"
	     "  holds_it+0x1/0x2\n"
	     "Kernel panic - not syncing: hung_task: blocked tasks\n",
	     "hung-task",
	     "Task a:1 had waited for 120 s in waits [mod], called from __x64_sys_read for a mutex, which b "
	     "(PID 2) probably holds, itself in holds_it.",
	     "hung-task: waits sys_read");
	/* The name of a process is no report. */
	says("BUG: kernel NULL pointer dereference, address: 0000000000000010\n"
	     "CPU: 0 PID: 7 Comm: BUG: 0000 [#1 Not tainted 6.12\n"
	     "RIP: 0010:first+0x1/0x2\n"
	     "Kernel panic - not syncing: Fatal exception\n",
	     "null-pointer",
	     "NULL pointer dereference (address 0x0000000000000010) in first, by BUG: 0000 [#1 (PID 7) on CPU 0.",
	     "null-pointer: first");
	/* A lockup that was reported is not why it died of a fault; a fault is not why it died of a lockup. */
	says("INFO: task a:1 blocked for more than 120 seconds.\n"
	     "Kernel panic - not syncing: Fatal exception in interrupt\n",
	     "fault", "A fault in the kernel.", "none");
	says("kernel BUG at mm/a.c:1!\nKernel panic - not syncing: hung_task: blocked tasks\n", "hung-task",
	     "A task had waited too long.", "none");
	says("kernel BUG at mm/a.c:1!\n", "bug", "The log has no panic; the last that it reports: BUG at mm/a.c:1.",
	     "none");
}

/* What a log can be whose machine was somebody else's. */
static void hostile(void **state)
{
	struct cause c;
	char *text = xcalloc(4 << 20, 1), *end = text;

	says("", "unknown", "", "none");
	/* A process wrote that; and what has the form of an oops is not one by that. */
	says("<12>[    1.000000] Kernel panic - not syncing: forged\n<30>[    1.000000] kernel BUG at forged.c:1!\n"
	     "<6>[    2.000000] usb 1-1: device [#1] found\n",
	     "unknown", "", "none");
	says("Kernel panic - not syncing: \n", "panic", "Panic: \"\".", "none");
	says("Kernel panic - not syncing: $1 $9 \033[2J%s\n", "panic", "Panic: \"$1 $9 \\x1b[2J%s\".", "none");
	says("[  pid  ] rss name\n[ 1] 99999999999999999999999 x\n[\n[ 2]\n"
	     "Kernel panic - not syncing: Out of memory: x\n",
	     "out-of-memory", "Out of memory (x); most of it had x (PID 1), 72057594037927935 MiB.", "none");
	for (size_t i = 0; i < 40000; i++)
		end = stpcpy(
			end,
			"kernel BUG at *********************************************************!\nCPU: x PID: \n");
	strcpy(end, "Kernel panic - not syncing: Fatal exception\n");
	cause_of_text(text, &c);
	assert_string_equal(c.kind, "bug");
	cause_clear(&c);
	memset(text, 'a', (4 << 20) - 1);
	memcpy(text, "BUG: KASAN: ", 12);
	cause_of_text(text, &c);
	cause_clear(&c);
	free(text);
}

static void patterns(void **state)
{
	static const struct {
		const char *line;
		const char *pattern;
		const char *first; /* NULL: it does not match */
		const char *second;
	} cases[] = {
		{ "abc", "abc", "", "" },
		{ "abcd", "abc", NULL, NULL },
		{ "ab", "abc", NULL, NULL },
		{ "abc", "a*", "bc", "" },
		{ "a", "a*", "", "" },
		{ "a: b: c", "*: *", "a", "b: c" },
		{ "x at y at!", "* at*!", "x", " y at" },
		{ "x!!", "x*!", "!", "" },
		{ "x", "x*!", NULL, NULL },
		{ "", "*", "", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct captures c;
		bool matches = line_matches(cases[i].line, cases[i].pattern, &c);

		if (matches != (cases[i].first != NULL))
			fail_msg("'%s' and '%s'", cases[i].line, cases[i].pattern);
		if (!matches)
			continue;
		assert_int_equal(c.len[0], strlen(cases[i].first));
		assert_memory_equal(c.start[0] ?: "", cases[i].first, strlen(cases[i].first));
		assert_int_equal(c.len[1], strlen(cases[i].second));
		assert_memory_equal(c.start[1] ?: "", cases[i].second, strlen(cases[i].second));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(logs),
		cmocka_unit_test(which_report),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
