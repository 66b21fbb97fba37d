// SPDX-License-Identifier: GPL-2.0-only
/* Trace buffers: what is read from them, whole, used, damaged and hostile, and the trace.dat that is made of them. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "dump-run.h"
#include "dump-trace.h"
#include "dump/trace/trace.h"
#include "dump/trace/tracedat.h"

#define MIB_  (1ULL << 20)
#define SEC   1000000000ULL
#define LINES "ARRAY(0)=qcmd\nCLOCK(0)=local\nSUBBUF_SIZE(0)=4096\n"

/* More than 112 bytes have no room in the header of an event. */
#define LONG_TEXT                                                                             \
	"a text that is so long that its event has its length in a word of its own, as five " \
	"bits have no room for its number of words"

static struct dt_page pages[3];

static void begin(struct di *d)
{
	di_init(d, 8 * MIB_, 0, 0);
}

static void dump_of(struct di *d, char out[64])
{
	di_finish(d);
	must_collect(d, out);
	di_done(d);
}

/* The events as "TIME CPU COMM-PID NAME: TEXT" lines, then the problems. */
static char *events_of(const char *path)
{
	struct trace_event e;
	struct corefile core;
	struct trace *t;
	struct derr err;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(core_open(&core, path, &err), 0);
	if (trace_open(&t, &core, &err) < 0)
		fprintf(f, "%s\n", err.text);
	else
		while (trace_next(t, &e)) {
			if (e.lost)
				fprintf(f, "lost %" PRId64 "\n", e.lost);
			fprintf(f, "%" PRIu64 " %u %s-%" PRId32 " %s: %s\n", e.ts, e.cpu, e.comm, e.pid, e.name,
				e.text);
		}
	for (size_t i = 0; i < trace_problems(t)->n; i++)
		fprintf(f, "%s\n", trace_problems(t)->v[i]);
	trace_close(t);
	core_close(&core);
	fclose(f);
	return text;
}

static void events_are(struct di *d, const char *expected)
{
	char out[64], *text;

	dump_of(d, out);
	text = events_of(out);
	assert_string_equal(text, expected);
	free(text);
	unlink(out);
}

/* Two CPUs; one has three pages in two regions, the newest first, and what is not used of the ring. */
static void add_two_cpus(struct di *d)
{
	dt_page(&pages[0], 4096, 3 * SEC);
	dt_mark(&pages[0], 0, 7, 1, "third");
	dt_commit(&pages[0], 0);
	dt_page(&pages[1], 4096, 0);
	dt_add(d, MINIDUMP_TRACE_NAME "0C0", 0, pages, 2);
	dt_page(&pages[0], 4096, 1 * SEC);
	dt_switch(&pages[0], 0, 0, "swapper/0", 7, "worker");
	dt_mark(&pages[0], 500, 7, 2, "first");
	dt_extend(&pages[0], 1 * SEC);
	dt_discarded(&pages[0], 5, 24);
	dt_switch(&pages[0], 1000, 7, "worker", 8, "other");
	dt_commit(&pages[0], 0);
	dt_page(&pages[1], 4096, 2500000000);
	dt_stamp(&pages[1], 2600000000);
	dt_mark(&pages[1], 4, 8, 3, LONG_TEXT);
	dt_word(&pages[1], 29, 0);
	dt_commit(&pages[1], 0);
	dt_add(d, MINIDUMP_TRACE_NAME "0C0", 1, pages, 2);
	dt_page(&pages[0], 4096, 1000000100);
	dt_mark(&pages[0], 0, 9, 2, "\x1b[1mbold");
	dt_commit(&pages[0], 0);
	dt_add(d, MINIDUMP_TRACE_NAME "0C12", 0, pages, 1);
}

static const char two_cpus[] =
	"1000000000 0 <idle>-0 sched_switch: prev_comm=swapper/0 prev_pid=0 ==> next_comm=worker next_pid=7\n"
	"1000000100 12 <...>-9 mark: 2: \x1b[1mbold (two)\n"
	"1000000500 0 worker-7 mark: 2: first (two)\n"
	"2000001505 0 worker-7 sched_switch: prev_comm=worker prev_pid=7 ==> next_comm=other next_pid=8\n"
	"2600000004 0 other-8 mark: 3: " LONG_TEXT " (0x3)\n"
	"3000000000 0 worker-7 mark: 1: third (one)\n";

static void events(void **state)
{
	struct di d;

	for (int compressed = 0; compressed < 2; compressed++) {
		begin(&d);
		add_two_cpus(&d);
		dt_note(&d, LINES, "", compressed);
		events_are(&d, two_cpus);
	}
}

/* A region is there twice while it moves. */
static void moved(void **state)
{
	char out[64], *text;
	struct collection c;
	struct derr err;
	uint64_t paddr;
	struct di d;

	begin(&d);
	dt_note(&d, LINES, "", false);
	dt_page(&pages[0], 4096, SEC);
	dt_mark(&pages[0], 0, 1, 1, "once");
	dt_commit(&pages[0], 0);
	paddr = dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 0, pages, 1);
	di_add(&d, MINIDUMP_TRACE_NAME "0C0", 1, paddr, DI_DIRECT + paddr, 4096);
	di_finish(&d);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	collection_clear(&c);
	text = events_of(out);
	assert_string_equal(text, "1000000000 0 <...>-1 mark: 1: once (one)\n");
	free(text);
	unlink(out);
	di_done(&d);
}

/* Where the counters are in struct ring_buffer_per_cpu */
static void add_counters(struct di *d, uint64_t entries, uint64_t overrun, uint64_t read)
{
	uint64_t counters[8] = { 0, entries, overrun, read }, paddr = di_alloc(d, sizeof(counters), 64);

	di_write(d, paddr, counters, sizeof(counters));
	di_add(d, MINIDUMP_TRACE_CPU_NAME "0C0", 0, paddr, DI_DIRECT + paddr, sizeof(counters));
	di_note(d, "OFFSET(ring_buffer_per_cpu.entries)=8\n");
	di_note(d, "OFFSET(ring_buffer_per_cpu.overrun)=16\n");
	di_note(d, "OFFSET(ring_buffer_per_cpu.read)=24\n");
}

static void add_five(struct di *d)
{
	dt_note(d, LINES, "", false);
	dt_page(&pages[0], 4096, SEC);
	dt_mark(&pages[0], 0, 1, 1, "stale");
	dt_mark(&pages[0], 1, 1, 2, "read");
	dt_commit(&pages[0], 0);
	dt_page(&pages[1], 4096, 2 * SEC);
	dt_mark(&pages[1], 0, 1, 3, "read too");
	dt_extend(&pages[1], SEC);
	dt_mark(&pages[1], 5, 1, 4, "new");
	dt_mark(&pages[1], 6, 1, 5, "newest");
	dt_commit(&pages[1], 0);
	dt_add(d, MINIDUMP_TRACE_NAME "0C0", 0, pages, 2);
}

#define NEWEST "3000000011 0 <...>-1 mark: 5: newest (0x5)\n"
#define NEW    "3000000005 0 <...>-1 mark: 4: new (0x4)\n"

static void consumed(void **state)
{
	struct di d;

	begin(&d);
	add_five(&d);
	add_counters(&d, 14, 10, 2);
	events_are(&d, NEW NEWEST);

	/* Nothing is left. */
	begin(&d);
	add_five(&d);
	add_counters(&d, 14, 10, 4);
	events_are(&d, "");

	/* Counters that were torn, or lie, take nothing away. */
	begin(&d);
	add_five(&d);
	add_counters(&d, 14, 10, 5);
	events_are(&d, "1000000000 0 <...>-1 mark: 1: stale (one)\n"
		       "1000000001 0 <...>-1 mark: 2: read (two)\n"
		       "2000000000 0 <...>-1 mark: 3: read too (0x3)\n" NEW NEWEST);
}

/* What is true of the kernel is said once, not for each CPU. */
static void counters_of_another_kind(void **state)
{
	struct di d;

	begin(&d);
	dt_note(&d, LINES, "", false);
	di_note(&d, "BITS(ring_buffer_per_cpu.entries)=64:128");
	for (int cpu = 0; cpu < 3; cpu++) {
		uint64_t paddr = di_alloc(&d, 64, 64);
		char name[16];

		dt_page(&pages[0], 4096, (cpu + 1) * SEC);
		dt_mark(&pages[0], 0, 1, 1, "here");
		dt_commit(&pages[0], 0);
		snprintf(name, sizeof(name), MINIDUMP_TRACE_NAME "0C%d", cpu);
		dt_add(&d, name, 0, pages, 1);
		snprintf(name, sizeof(name), MINIDUMP_TRACE_CPU_NAME "0C%d", cpu);
		di_add(&d, name, 0, paddr, DI_DIRECT + paddr, 64);
	}
	events_are(&d, "1000000000 0 <...>-1 mark: 1: here (one)\n"
		       "2000000000 1 <...>-1 mark: 1: here (one)\n"
		       "3000000000 2 <...>-1 mark: 1: here (one)\n"
		       "This kernel has ring_buffer_per_cpu.entries as something else than a number: events that were "
		       "read while it ran are among these.\n");
}

static void lost(void **state)
{
	uint64_t number = 42;
	struct di d;

	begin(&d);
	dt_note(&d, LINES, "", false);
	dt_page(&pages[0], 4096, SEC);
	dt_mark(&pages[0], 0, 1, 1, "a");
	dt_commit(&pages[0], 3U << 30);
	memcpy(pages[0].data + pages[0].end, &number, sizeof(number));
	/* As 6.1 does, and the number is not there. */
	dt_page(&pages[1], 4096, 2 * SEC);
	dt_mark(&pages[1], 0, 1, 1, "b");
	dt_commit(&pages[1], 0xffffffff80000000);
	dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 0, pages, 2);
	events_are(&d, "lost 42\n1000000000 0 <...>-1 mark: 1: a (one)\n"
		       "lost -1\n2000000000 0 <...>-1 mark: 1: b (one)\n");
}

#define DAMAGED(n, m)                                                                                               \
#n " of the " #m " pages of CPU 0 in trace array qcmd are damaged, or were being written when the machine " \
	   "stopped: what follows in them is left out.\n"

static void damaged(void **state)
{
	uint32_t huge = 0x7ffffff0;
	struct di d;

	begin(&d);
	dt_note(&d, LINES, "", false);
	/* An event that is longer than the page, one that ends behind what is committed, and a commit of nonsense */
	dt_page(&pages[0], 4096, SEC);
	dt_mark(&pages[0], 0, 1, 1, "good");
	dt_word(&pages[0], 0, 0);
	memcpy(pages[0].data + pages[0].end, &huge, 4);
	pages[0].end += 4;
	dt_commit(&pages[0], 0);
	dt_page(&pages[1], 4096, 2 * SEC);
	dt_mark(&pages[1], 0, 1, 2, "good too");
	dt_word(&pages[1], 28, 0);
	dt_commit(&pages[1], 0);
	dt_page(&pages[2], 4096, 3 * SEC);
	dt_mark(&pages[2], 0, 1, 1, "not seen");
	dt_commit(&pages[2], 0x123456789000);
	dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 0, pages, 3);
	events_are(&d, "1000000000 0 <...>-1 mark: 1: good (one)\n"
		       "2000000000 0 <...>-1 mark: 2: good too (two)\n" DAMAGED(3, 3));
}

static void large_pages(void **state)
{
	char text[2000];
	struct di d;

	begin(&d);
	dt_note(&d, "ARRAY(1)=big\nCLOCK(1)=mono\nSUBBUF_SIZE(1)=65536\n", "", false);
	dt_page(&pages[0], 65536, SEC);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 30; i++)
		dt_mark(&pages[0], 1, 1, 1, text);
	dt_mark(&pages[0], 1, 1, 1, "last");
	dt_commit(&pages[0], 0);
	assert_true(pages[0].end > 60000);
	dt_add(&d, MINIDUMP_TRACE_NAME "1C0", 0, pages, 1);
	/* One of an array that the note does not have */
	dt_add(&d, MINIDUMP_TRACE_NAME "2C0", 0, pages, 1);
	di_finish(&d);

	char out[64], *events;

	must_collect(&d, out);
	events = events_of(out);
	assert_non_null(strstr(events, "1000000031 0 <...>-1 mark: 1: last (one)\n"
				       "The pages in " MINIDUMP_TRACE_NAME "2C0 are of an unknown trace array.\n"));
	free(events);
	unlink(out);
	di_done(&d);
}

#define FORMAT(id, fields, print)                                              \
	"name: bad" #id "\nID: " #id "\nformat:\n"                             \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"           \
	"\tfield:unsigned int number;\toffset:8;\tsize:4;\tsigned:0;\n" fields "\nprint fmt: " print "\n"

/* What libtraceevent must not be asked to do: each with an event of that number. */
static void hostile_formats(void **state)
{
	static const char *const formats[] = {
		FORMAT(400, "", "\"%d\", REC->number / (REC->number - REC->number)"),
		FORMAT(401, "", "\"%2000000000d\", REC->number"),
		FORMAT(402, "", "\"%*d\", REC->number, REC->number"),
		FORMAT(403, "", "\"%s\", __print_array(REC->number, REC->number, 8)"),
		FORMAT(404, "\tfield:int a[4];\toffset:12;\tsize:16;\tsigned:1;\n", "\"%d\", REC->a[REC->number]"),
		FORMAT(405, "\tfield:int a;\toffset:2000000000;\tsize:4;\tsigned:1;\n", "\"%d\", REC->a"),
		FORMAT(406, "\tfield:int a;\toffset:40;\tsize:4;\tsigned:1;\n", "\"%d\", REC->a"),
		FORMAT(407, "", "\"%s\", __print_symbolic(REC->none, { 1, \"one\" })"),
	};
	static const char *const expected = "1000000000 0 <...>-1 bad400:  number=1000\n"
					    "1000000001 0 <...>-1 bad401:  number=1000\n"
					    "1000000002 0 <...>-1 bad402:  number=1000\n"
					    "1000000003 0 <...>-1 bad403:  number=1000\n"
					    "1000000004 0 <...>-1 bad404:  number=1000 a=ARRAY[00, 00, 00, 00, 61, 00, "
					    "00, 00, 00, 00, 00, 00, 00, 00, 00, 00]\n"
					    "1000000005 0 <...>-1 event-405: (its format is not in the dump)\n"
					    "1000000006 0 <...>-1 bad406: (cut off)\n"
					    "1000000007 0 <...>-1 bad407:  number=1000\n"
					    "1 of the formats of events are not understood.\n";
	char files[16384] = "", *end = files;
	struct di d;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		end += sprintf(end, "FILE(events/test/bad%zu/format)=%zu\n%s\n", i, strlen(formats[i]), formats[i]);
	begin(&d);
	dt_note(&d, LINES, files, true);
	dt_page(&pages[0], 4096, SEC);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		uint16_t id = 400 + i;
		uint32_t start = pages[0].end + 4, zero = 0;

		dt_mark(&pages[0], i > 0, 1, 1000, "a\0\0\0\0\0\0\0\0\0\0");
		memcpy(pages[0].data + start, &id, sizeof(id));
		memcpy(pages[0].data + start + 12, &zero, sizeof(zero));
		/* Room for the array of 404 */
		pages[0].end += 8;
		pages[0].data[start - 4] += 2;
	}
	dt_commit(&pages[0], 0);
	dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 0, pages, 1);
	events_are(&d, expected);
}

/* What a newer one may have changed is not known, and that is said. */
static void newer_note(void **state)
{
	char out[64], *text;
	uint64_t note;
	struct di d;

	begin(&d);
	note = dt_note(&d, LINES, "", false);
	di_write(&d, note + 20 + strlen("QCMD_TRACE="), "2", 1);
	dt_page(&pages[0], 4096, SEC);
	dt_mark(&pages[0], 0, 1, 1000, "a");
	dt_commit(&pages[0], 0);
	dt_add(&d, MINIDUMP_TRACE_NAME "0C0", 0, pages, 1);
	dump_of(&d, out);
	text = events_of(out);
	assert_non_null(strstr(text, "mark"));
	assert_non_null(strstr(text, "QCMD_TRACE has version 2"));
	free(text);
	unlink(out);
	di_done(&d);
}

static void array_names(void **state)
{
	static const char *const names[] = { "top", NULL, "qcmd" };
	struct corefile core;
	struct trace *t;
	struct derr err;
	char out[64];
	struct di d;

	begin(&d);
	dt_note(&d, "ARRAY(0)=\nSUBBUF_SIZE(0)=4096\nARRAY(2)=qcmd\nCLOCK(2)=counter\nSUBBUF_SIZE(2)=8192\n", "",
		false);
	dump_of(&d, out);
	assert_int_equal(core_open(&core, out, &err), 0);
	assert_int_equal(trace_open(&t, &core, &err), 0);
	assert_int_equal(trace_arrays(t), ARRAY_LEN(names));
	for (unsigned int i = 0; i < ARRAY_LEN(names); i++)
		if (names[i])
			assert_string_equal(trace_array_name(t, i), names[i]);
		else
			assert_null(trace_array_name(t, i));
	assert_true(trace_array_in_ns(t, 0));
	assert_false(trace_array_in_ns(t, 2));
	trace_close(t);
	core_close(&core);
	unlink(out);
}

static void fails(const char *lines, const char *files, const char *part)
{
	char out[64], *text;
	struct di d;

	begin(&d);
	dt_note(&d, lines, files, false);
	dump_of(&d, out);
	text = events_of(out);
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
	free(text);
	unlink(out);
}

static void notes(void **state)
{
	struct di d;

	begin(&d);
	di_add(&d, "KBUF", 0, 0x5000, DI_DIRECT + 0x5000, 16);
	char out[64], *text;

	dump_of(&d, out);
	text = events_of(out);
	assert_non_null(strstr(text, "No trace is in"));
	free(text);
	unlink(out);
	fails("", "", "names no trace array");
	fails("ARRAY(0)=a\nSUBBUF_SIZE(0)=5000\n", "", "names no trace array");
	fails("ARRAY(0)=a\nSUBBUF_SIZE(0)=4G\n", "", "names no trace array");
	fails(LINES, "FILE(a)=18446744073709551615\n", "damaged behind file 4");
	fails(LINES, "FILE(a)=100\nshort\n", "damaged behind file 4");
	fails(LINES, "FILE(a)=-1\n\n", "damaged behind file 4");
	fails(LINES, "nonsense\n", "damaged behind file 4");
}

/* Behind the number of the CPU trace-cmd 3.3 prints flags of the event, which others leave out: "[000] d..2. ". */
static void drop_flags(char *text)
{
	for (char *line = text; line; line = strchr(line, '\n')) {
		char *flags = strstr(line, "] ");
		size_t n = flags ? strcspn(flags + 2, " ") : 0;

		if (n && flags[1 + n] != ':')
			memmove(flags + 1, flags + 2 + n, strlen(flags + 2 + n) + 1);
		line += *line == '\n';
	}
}

/* What trace-cmd makes of a dump's trace.dat. */
static char *trace_cmd(const char *dump, long cpu)
{
	char command[128], dat[] = "/tmp/qcmd-test-XXXXXX";
	int fd = mkstemp(dat);
	struct corefile core;
	struct trace *t;
	struct derr err;
	size_t size = 0;
	char *text = NULL;
	FILE *f;

	assert_int_equal(core_open(&core, dump, &err), 0);
	assert_int_equal(trace_open(&t, &core, &err), 0);
	assert_int_equal(tracedat_write(t, 0, cpu, fd, &err), 0);
	trace_close(t);
	core_close(&core);
	close(fd);
	snprintf(command, sizeof(command), "trace-cmd report -N -t %s 2>&1", dat);
	f = popen(command, "r");
	if (getdelim(&text, &size, EOF, f) < 0)
		fail_msg("trace-cmd printed nothing");
	assert_int_equal(pclose(f), 0);
	drop_flags(text);
	unlink(dat);
	return text;
}

static void trace_dat(void **state)
{
	char out[64], *text;
	struct di d;

	begin(&d);
	add_two_cpus(&d);
	dt_note(&d, LINES, "", true);
	dump_of(&d, out);
	text = trace_cmd(out, -1);
	assert_string_equal(
		text,
		"cpus=13\n"
		"          <idle>-0     [000]     1.000000000: sched_switch:         prev_comm=swapper/0 prev_pid=0 "
		"==> next_comm=worker next_pid=7\n"
		"           <...>-9     [012]     1.000000100: mark:                 2: \x1b[1mbold (two)\n"
		"          worker-7     [000]     1.000000500: mark:                 2: first (two)\n"
		"          worker-7     [000]     2.000001505: sched_switch:         prev_comm=worker prev_pid=7 ==> "
		"next_comm=other next_pid=8\n"
		"           other-8     [000]     2.600000004: mark:                 3: " LONG_TEXT " (0x3)\n"
		"          worker-7     [000]     3.000000000: mark:                 1: third (one)\n");
	free(text);
	text = trace_cmd(out, 12);
	assert_string_equal(text, "cpus=13\n           <...>-9     [012]     1.000000100: mark:                 2: "
				  "\x1b[1mbold (two)\n");
	free(text);
	text = trace_cmd(out, 0);
	assert_memory_equal(text, "cpus=1\n", 7);
	assert_non_null(strstr(text, "first"));
	assert_null(strstr(text, "bold"));
	free(text);
	unlink(out);
}

/* The page begins with what nobody has read, behind an extended time. */
static void trace_dat_consumed(void **state)
{
	char out[64], *text;
	struct di d;

	begin(&d);
	add_five(&d);
	add_counters(&d, 14, 10, 2);
	dump_of(&d, out);
	text = trace_cmd(out, -1);
	assert_string_equal(text,
			    "cpus=1\n"
			    "           <...>-1     [000]     3.000000005: mark:                 4: new (0x4)\n"
			    "           <...>-1     [000]     3.000000011: mark:                 5: newest (0x5)\n");
	free(text);
	unlink(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(moved),
		cmocka_unit_test(consumed),
		cmocka_unit_test(counters_of_another_kind),
		cmocka_unit_test(lost),
		cmocka_unit_test(damaged),
		cmocka_unit_test(large_pages),
		cmocka_unit_test(newer_note),
		cmocka_unit_test(hostile_formats),
		cmocka_unit_test(notes),
		cmocka_unit_test(array_names),
		cmocka_unit_test(trace_dat),
		cmocka_unit_test(trace_dat_consumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
