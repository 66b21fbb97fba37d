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
#include "dump-trace.h"
#include "dump/report/report.h"
#include "dump/report/timeline.h"

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

/* Collects the machine, and takes it away. */
static char *finished_page(struct di *d)
{
	char out[64], *text;

	di_finish(d);
	must_collect(d, out);
	text = page_of(out);
	unlink(out);
	di_done(d);
	return text;
}

#define LINES "ARRAY(0)=q<b>\nCLOCK(0)=local\nSUBBUF_SIZE(0)=65536\n"
#define MS    1000000

static struct dt_page ring_page;

/*
 * CPU 0 runs 7 and 8, and then nothing, from 40 ms before the last event on; CPU 2 has an event in the window alone,
 * and lost some.
 */
static void add_trace(struct di *d)
{
	dt_note(d, LINES, "", false);
	dt_page(&ring_page, DT_PAGE_MAX, SEC);
	dt_switch(&ring_page, 0, 0, "swapper/0", 7, "work<b>");
	dt_switch(&ring_page, 10 * MS, 7, "work<b>", 8, "other");
	dt_mark(&ring_page, 5 * MS, 8, 1, HOSTILE);
	dt_switch(&ring_page, 5 * MS, 8, "other", 0, "swapper/0");
	dt_commit(&ring_page, 0);
	dt_add(d, MINIDUMP_TRACE_NAME "0C0", 0, &ring_page, 1);
	dt_page(&ring_page, DT_PAGE_MAX, SEC);
	dt_switch(&ring_page, 30 * MS, 10, "late", 10, "late");
	dt_mark(&ring_page, 10 * MS, 10, 2, "last");
	dt_commit(&ring_page, 1U << 31);
	dt_add(d, MINIDUMP_TRACE_NAME "0C2", 0, &ring_page, 1);
}

/* A machine that died in the hands of somebody who wants to be read by a browser. */
static char *hostile_page(void)
{
	struct di_task t = { .pid = 712, .tgid = 712, .cpu = 1, .comm = "<b>'\"&\033", .on_cpu = true };
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
	add_trace(&d);
	return finished_page(&d);
}

static void content(void **state)
{
	char *text = hostile_page();

	contains(text, "<title>Panic: &quot;&lt;/script&gt;&lt;img src=x "
		       "onerror=document.title=&#39;taken&#39;&gt;&quot;. (Linux " DI_RELEASE ")</title>");
	contains(text, "Linux " DI_RELEASE ", on 2023-11-14 22:13:20 UTC, 3.000005 seconds after boot</p>");
	/* The task that the kernel named comes first. */
	contains(text, "<div class=\"cpus\">\n<article class=\"cpu crashed\">\n<h3>CPU 1: "
		       "&lt;b&gt;&#39;&quot;&amp;\\x1b, PID 712<span class=\"tag\">crashed here</span></h3>");
	contains(text, "<article class=\"cpu\">\n<h3>CPU 0: other, PID 9</h3>");
	contains(text, "<li class=\"\" data-level=\"6\"><time>    1.000000</time><span>&lt;/script&gt;");
	contains(text, "<li class=\"err\" data-level=\"3\"><time>    1.000000</time><span>an error</span></li>");
	contains(text, "<li class=\"warn\" data-level=\"4\">");
	contains(text, "<li class=\"err cause\" data-level=\"0\">");
	contains(text, "<li>&lt;i&gt; (/etc/qcmd.d/&lt;i&gt;.conf)</li>");
	contains(text, "<code>" MINIDUMP_TASK_NAME "</code></td><td class=\"n\">2</td><td class=\"n\">1.0 KiB</td>");
	assert_null(strstr(text, "<img"));
	assert_null(strstr(text, "<b>"));
	assert_null(strstr(text, "<i>"));
	assert_null(strchr(text, '\033'));
	assert_int_equal(count(text, "<script"), 1);
	assert_int_equal(count(text, "</script"), 1);
	free(text);
}

/* 10 ms are a quarter of the lane; CPU 2 is empty before its first event. */
static void timeline(void **state)
{
	char *text = hostile_page();

	contains(text, ">CPU 0</text>\n"
		       "<g><title>work&lt;b&gt;, PID 7: from 40.000000 to 30.000000 ms before the end</title>"
		       "<rect class=\"run\" style=\"--h:239\" x=\"70.0\" y=\"30.0\" width=\"253.75\" height=\"20\"/>"
		       "<text class=\"label\" x=\"74.0\" y=\"44.0\">work&lt;b&gt;</text></g>\n"
		       "<g><title>other, PID 8: from 30.000000 to 20.000000 ms before the end</title>"
		       "<rect class=\"run\" style=\"--h:16\" x=\"323.8\"");
	contains(text, "<g><title>&lt;idle&gt;, PID 0: from 20.000000 to 0.000000 ms before the end</title>"
		       "<rect class=\"idle\" x=\"577.5\" y=\"30.0\" width=\"507.50\" height=\"20\"/></g>\n"
		       "<line class=\"event\" x1=\"450.6\"");
	contains(text, "<title>mark: 1: &lt;/script&gt;&lt;img src=x onerror=document.title=&#39;taken&#39;&gt; (one)"
		       "</title></line>\n"
		       "<text x=\"4\" y=\"74.0\">CPU 2</text>\n"
		       "<g><title>late, PID 10: from 10.000000 to 0.000000 ms before the end</title>");
	contains(text, "text-anchor=\"middle\">-40</text>");
	assert_int_equal(count(text, "<rect"), 4);
	contains(text, "<summary>The 6 events in it</summary>");
	contains(text,
		 "<tr><td class=\"n\">10.000000</td><td class=\"n\">2</td><td>late, 10</td><td>sched_switch</td><td>"
		 "Events were lost before this. prev_comm=late");
	contains(text, "trace array q&lt;b&gt;.");
	contains(text, "<p class=\"note\">CPU 1 has no events in this trace.</p>");
	assert_null(strstr(text, "CPU 0 has no events"));
	assert_null(strstr(text, "No trace is in the dump"));
	free(text);
}

/* Who ran before events were lost is known up to the last event before them. */
static void timeline_gap(void **state)
{
	char *text;
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	dt_note(&d, LINES, "", false);
	dt_page(&ring_page, DT_PAGE_MAX, SEC);
	dt_switch(&ring_page, 0, 0, "swapper/0", 7, "worker");
	dt_mark(&ring_page, 4 * MS, 7, 1, "before");
	dt_commit(&ring_page, 0);
	dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 0, &ring_page, 1);
	dt_page(&ring_page, DT_PAGE_MAX, SEC + 8 * MS);
	dt_mark(&ring_page, 0, 8, 1, "behind");
	dt_mark(&ring_page, 2 * MS, 8, 1, "last");
	dt_commit(&ring_page, 1U << 31);
	dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 1, &ring_page, 1);
	text = finished_page(&d);
	contains(text, "worker, PID 7: from 10.000000 to 6.000000 ms");
	contains(text, "PID 8: from 2.000000 to 0.000000 ms");
	assert_int_equal(count(text, "<rect"), 2);
	free(text);
}

/* n switches, one in each ms: the window ends the page at the last 200, or at the last 20 ms. */
static void timeline_window(void **state)
{
	static const struct {
		unsigned int n, delta, events;
		const char *says;
	} cases[] = {
		{ 300, MS, 200, "The last 199 ms before" },
		{ 1000, MS / 20, 401, "The last 20 ms before" },
		{ 1000, MS / 200, 1000, "The last 4.995 ms before" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char summary[64], *text;
		struct di d;

		di_init(&d, 8 * MIB_, 0, 0);
		dt_note(&d, LINES, "", false);
		dt_page(&ring_page, DT_PAGE_MAX, SEC);
		for (unsigned int j = 0; j < cases[i].n; j++)
			dt_switch(&ring_page, j ? cases[i].delta : 0, j, "a", j + 1, "a");
		dt_commit(&ring_page, 0);
		dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 0, &ring_page, 1);
		text = finished_page(&d);
		contains(text, cases[i].says);
		snprintf(summary, sizeof(summary), "<summary>The %u events in it</summary>", cases[i].events);
		contains(text, summary);
		assert_null(strstr(text, "Only its last"));
		assert_int_equal(count(text, "<rect"), cases[i].events - 1);
		free(text);
	}
}

/* More events than the page shows, all at one time and over some time. */
static void timeline_bounds(void **state)
{
	for (unsigned int delta = 0; delta < 2; delta++) {
		char *text;
		struct di d;

		di_init(&d, 8 * MIB_, 0, 0);
		dt_note(&d, LINES, "", false);
		for (unsigned int i = 0; i < 3; i++) {
			dt_page(&ring_page, DT_PAGE_MAX, SEC + i * 1000 * delta);
			for (unsigned int j = 0; j < 1000; j++)
				dt_switch(&ring_page, delta, j, "a", j + 1, "a");
			dt_commit(&ring_page, 0);
			dt_add(&d, MINIDUMP_TRACE_NAME "0C0", i, &ring_page, 1);
		}
		text = finished_page(&d);
		contains(text, "<summary>The 2000 events in it</summary>");
		assert_int_equal(count(text, "<rect"), delta ? TIMELINE_EVENTS_MAX - 1 : 0);
		if (delta)
			contains(text, "Only its last 2000 events");
		free(text);
	}
}

static char *page_of_marks(const char *lines, bool switches)
{
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	dt_note(&d, lines, "", false);
	dt_page(&ring_page, DT_PAGE_MAX, SEC);
	if (switches)
		dt_switch(&ring_page, 0, 0, "swapper/0", 7, "worker");
	dt_mark(&ring_page, 0, 7, 1, "alone");
	dt_commit(&ring_page, 0);
	dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 0, &ring_page, 1);
	return finished_page(&d);
}

/* Of two arrays, the one with the last switch; what is wrong with it is said. */
static void timeline_arrays(void **state)
{
	char *text;
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	dt_note(&d, LINES "ARRAY(1)=second\nCLOCK(1)=mono\nSUBBUF_SIZE(1)=65536\n", "", false);
	dt_page(&ring_page, DT_PAGE_MAX, SEC);
	dt_switch(&ring_page, 0, 0, "swapper/0", 7, "first");
	dt_mark(&ring_page, 9 * MS, 7, 1, "not drawn");
	dt_commit(&ring_page, 0);
	dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 0, &ring_page, 1);
	dt_page(&ring_page, DT_PAGE_MAX, SEC);
	dt_switch(&ring_page, MS, 0, "swapper/4", 8, "drawn");
	dt_word(&ring_page, 28, 0);
	dt_commit(&ring_page, 0);
	dt_add(&d, MINIDUMP_TRACE_NAME "1C4", 0, &ring_page, 1);
	text = finished_page(&d);
	contains(text, "trace array second.");
	contains(text, ">CPU 4</text>");
	contains(text, "<summary>The 1 events in it</summary>");
	assert_null(strstr(text, ">CPU 0</text>"));
	contains(text, "<p class=\"problem\">1 of the 1 pages of CPU 4 in trace array second are damaged");
	free(text);
}

/* A trace that nothing can be drawn of; one that is damaged. */
static void timeline_none(void **state)
{
	char *text;

	text = page_of_marks(LINES, false);
	contains(text, "no array that counts nanoseconds has the event <code>sched:sched_switch</code>");
	assert_null(strstr(text, "<svg"));
	free(text);
	text = page_of_marks("ARRAY(0)=a\nCLOCK(0)=counter\nSUBBUF_SIZE(0)=65536\n", true);
	contains(text, "no array that counts nanoseconds");
	assert_null(strstr(text, "<svg"));
	free(text);
	text = page_of_marks("", true);
	contains(text, "<p class=\"problem\">");
	contains(text, "names no trace array");
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
	contains(text, "<h1>Not known why: there is no log.</h1>");
	contains(text, "What the CPUs were running is not in the dump.");
	contains(text, "The log cannot be read:");
	contains(text, "<p>No trace is in the dump.");
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
	contains(dom, "<title>Panic: ");
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
		cmocka_unit_test(content),	   cmocka_unit_test(timeline),	      cmocka_unit_test(timeline_gap),
		cmocka_unit_test(timeline_window), cmocka_unit_test(timeline_bounds), cmocka_unit_test(timeline_arrays),
		cmocka_unit_test(timeline_none),   cmocka_unit_test(nothing_there),   cmocka_unit_test(in_a_browser),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
