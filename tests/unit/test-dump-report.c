// SPDX-License-Identifier: GPL-2.0-only
/* The page about a crash: what is in it, that hostile text stays text, and that a browser is content with it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "dump-run.h"
#include "report.h"

#define MIB_	(1ULL << 20)
#define SEC	1000000000ULL
#define HOSTILE "</script><img src=x onerror=document.title='taken'>"

static char folder[] = "/tmp/qcmd-test-XXXXXX";

/* The page about a dump, as a string. */
static char *page_of(const char *dump)
{
	struct backtrace b;
	struct corefile core;
	struct derr err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f;

	if (core_open(&core, dump, &err) < 0 || backtrace_open(&b, &core, NULL, NULL, &err) < 0)
		fail_msg("%s", err.text);
	f = open_memstream(&text, &size);
	report_write(&core, &b, f);
	fclose(f);
	backtrace_close(&b);
	core_close(&core);
	return text;
}

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

/* A machine that died in the hands of somebody who wants to be read by a browser. */
static char *hostile_page(void)
{
	struct di_task t = { .pid = 712, .tgid = 712, .cpu = 1, .comm = "<b>'\"&\033", .on_cpu = true };
	char out[64], *text;
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_ring(&d, 5, 12);
	di_print(&d, SEC, 6, HOSTILE, NULL, NULL);
	di_print(&d, SEC, 3, "an error", NULL, NULL);
	di_print(&d, 2 * SEC, 4, "CPU: 1 UID: 0 PID: 712 Comm: <b> Tainted: G", NULL, NULL);
	di_print(&d, 3 * SEC + 5000, 0, "Kernel panic - not syncing: " HOSTILE, NULL, NULL);
	di_key(&d, "CRASHTIME=1700000000");
	di_task_keys(&d);
	di_task(&d, &t);
	t = (struct di_task){ .pid = 9, .tgid = 9, .cpu = 0, .comm = "other", .on_cpu = true };
	di_task(&d, &t);
	di_note(&d, "POLICY(<i>)=/etc/qcmd.d/<i>.conf");
	di_finish(&d);
	must_collect(&d, out);
	text = page_of(out);
	unlink(out);
	di_done(&d);
	return text;
}

static void content(void **state)
{
	char *text = hostile_page();

	contains(text, "<title>Kernel panic - not syncing: &lt;/script&gt;&lt;img src=x "
		       "onerror=document.title=&#39;taken&#39;&gt; (Linux " DI_RELEASE ")</title>");
	contains(text, "Linux " DI_RELEASE ", on 2023-11-14 22:13:20 UTC, 3.000005 seconds after boot</p>");
	/* The task that the kernel named comes first. */
	contains(text, "<div class=\"cpus\">\n<article class=\"cpu crashed\">\n<h3>CPU 1: "
		       "&lt;b&gt;&#39;&quot;&amp;\\x1b, PID 712<span class=\"tag\">crashed here</span></h3>");
	contains(text, "<article class=\"cpu\">\n<h3>CPU 0: other, PID 9</h3>");
	contains(text, "<p>No trace is in the dump.");
	contains(text, "<li class=\"\" data-level=\"6\"><time>    1.000000</time><span>&lt;/script&gt;");
	contains(text, "<li class=\"err\" data-level=\"3\"><time>    1.000000</time><span>an error</span></li>");
	contains(text, "<li class=\"warn\" data-level=\"4\">");
	contains(text, "<li class=\"err cause\" data-level=\"0\">");
	contains(text, "<li>&lt;i&gt; (/etc/qcmd.d/&lt;i&gt;.conf)</li>");
	contains(text, "<code>KTASK</code></td><td class=\"n\">2</td><td class=\"n\">1.0 KiB</td>");
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "<b>"));
	assert_null(strstr(text, "<i>"));
	assert_null(strchr(text, '\033'));
	assert_int_equal(count(text, "<script"), 1);
	assert_int_equal(count(text, "</script"), 1);
	free(text);
}

/* Neither tasks nor a log: the page says so. */
static void nothing_there(void **state)
{
	char out[64], *text;
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_add(&d, "KBUF", 0, 0x5000, DI_DIRECT + 0x5000, 16);
	di_finish(&d);
	must_collect(&d, out);
	text = page_of(out);
	contains(text, "<h1>A kernel stopped, and did not say why</h1>");
	contains(text, "What the CPUs were running is not in the dump.");
	contains(text, "The log cannot be read:");
	contains(text, "does not say how tasks are laid out in memory");
	contains(text, "</html>");
	free(text);
	unlink(out);
	di_done(&d);
}

static char *slurp(const char *name)
{
	char path[256], *text;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	assert_non_null(f);
	text = NULL;
	if (getdelim(&text, &size, EOF, f) < 0)
		text[0] = '\0';
	fclose(f);
	unlink(path);
	return text;
}

static void save(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* The page as it is after its script has run; what the browser complained of is in console. */
static char *browse(const char *page, char **console)
{
	char command[1024];

	save("page.html", page);
	snprintf(command, sizeof(command),
		 "cd %s && HOME=%s timeout 120 chromium --headless --no-sandbox --disable-gpu "
		 "--user-data-dir=%s/profile --host-resolver-rules='MAP * ~NOTFOUND' --enable-logging=stderr "
		 "--virtual-time-budget=1000 --dump-dom file://%s/page.html >dom.txt 2>console.txt",
		 folder, folder, folder, folder);
	if (system(command) != 0)
		fail_msg("the browser failed: %s", slurp("console.txt"));
	*console = slurp("console.txt");
	return slurp("dom.txt");
}

/* Whatever it would load is against the page's policy, which the browser says on its console. */
static void in_a_browser(void **state)
{
	char *page, *dom, *console, *bad;

	if (system("command -v chromium >/dev/null") != 0) {
		print_message("chromium is not installed\n");
		skip();
	}
	page = hostile_page();
	dom = browse(page, &console);
	if (strstr(console, "CONSOLE"))
		fail_msg("%s", console);
	contains(dom, "<title>Kernel panic - not syncing: &lt;/script&gt;");
	contains(dom, "<form id=\"filter\" role=\"search\">");
	contains(dom, "crashed here");
	assert_null(strstr(dom, "<img"));
	free(dom);
	free(console);

	/* The browser would have said so. */
	if (asprintf(&bad, "%s<img src=http://example.invalid/x>", page) < 0)
		fail();
	dom = browse(bad, &console);
	contains(console, "CONSOLE");
	free(dom);
	free(console);
	free(bad);
	free(page);
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(in_a_browser),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
