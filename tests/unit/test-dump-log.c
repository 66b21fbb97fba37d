// SPDX-License-Identifier: GPL-2.0-only
/* What log prints of a ring that is whole, wrapped around, torn or missing; and which records it leaves out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dump-run.h"
#include "dump/log/lastwords.h"
#include "dump/log/log.h"

#define MIB_ (1ULL << 20)
#define SEC  1000000000ULL

static void log_text(void **state)
{
	char out[64];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_ring(&d, 4, 9);
	di_print(&d, 0, 5, "Linux version 6.12", NULL, NULL);
	di_print(&d, 1234567890, 3, "two\nlines", NULL, NULL);
	di_print(&d, 2 * SEC, 6, "", NULL, NULL);
	di_print(&d, 3 * SEC + 999, 6, "clear \033[2J screen\tand \xc3\xa9", "usb", "+usb:1-1");
	di_set_state(&d, di_print(&d, 123456 * SEC, 1, "last words", NULL, NULL), 1);
	di_finish(&d);
	must_collect(&d, out);
	show_is(show_log, out, false, false,
		"[    0.000000] Linux version 6.12\n"
		"[    1.234567] two\n"
		"[    1.234567] lines\n"
		"[    2.000000] \n"
		"[    3.000000] clear \\x1b[2J screen\tand \xc3\xa9\n"
		"[123456.000000] last words\n");
	show_is(show_log, out, true, false,
		"[{\"seq\":0,\"timestamp_ns\":0,\"level\":5,\"facility\":3,\"caller\":\"T42\","
		"\"text\":\"Linux version 6.12\"},\n"
		" {\"seq\":1,\"timestamp_ns\":1234567890,\"level\":3,\"facility\":3,\"caller\":\"C1\","
		"\"text\":\"two\\nlines\"},\n"
		" {\"seq\":2,\"timestamp_ns\":2000000000,\"level\":6,\"facility\":3,\"caller\":\"T42\","
		"\"text\":\"\"},\n"
		" {\"seq\":3,\"timestamp_ns\":3000000999,\"level\":6,\"facility\":3,\"caller\":\"C1\","
		"\"text\":\"clear \\u001b[2J screen\\tand \xc3\xa9\",\"subsystem\":\"usb\",\"device\":\"+usb:1-1\"},\n"
		" {\"seq\":4,\"timestamp_ns\":123456000000000,\"level\":1,\"facility\":0,\"caller\":\"T42\","
		"\"text\":\"last words\"}]\n");
	unlink(out);
	di_done(&d);
}

/* Records that say on which CPU and in which thread, as kernels since 7.0 may have them. */
static void log_context(void **state)
{
	char out[64];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	d.has_context = true;
	di_ring(&d, 4, 9);
	di_print(&d, 0, 5, "in a thread\nwith two lines", NULL, NULL);
	di_print(&d, SEC, 3, "in an interrupt", "usb", "+usb:1-1");
	di_finish(&d);
	must_collect(&d, out);
	show_is(show_log, out, false, false,
		"[    0.000000] [C3 T42 fifteen letters] in a thread\n"
		"[    0.000000] [C3 T42 fifteen letters] with two lines\n"
		"[    1.000000] [C1 T376 swapper/\\x1b] in an interrupt\n");
	show_is(show_log, out, true, false,
		"[{\"seq\":0,\"timestamp_ns\":0,\"level\":5,\"facility\":3,\"caller\":\"T42\","
		"\"cpu\":3,\"pid\":42,\"comm\":\"fifteen letters\",\"text\":\"in a thread\\nwith two lines\"},\n"
		" {\"seq\":1,\"timestamp_ns\":1000000000,\"level\":3,\"facility\":3,\"caller\":\"C1\","
		"\"cpu\":1,\"pid\":376,\"comm\":\"swapper/\\u001b\","
		"\"text\":\"in an interrupt\",\"subsystem\":\"usb\",\"device\":\"+usb:1-1\"}]\n");
	unlink(out);
	di_done(&d);
}

/* A log with a record of each level at 0 s, 1 s, ..., and the panic's last. Even ones are of T42, odd ones of C1. */
static void build_levels(struct di *d)
{
	static const char *const texts[] = { "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug" };

	di_init(d, 8 * MIB_, 0, 0);
	di_ring(d, 5, 10);
	for (unsigned int i = 0; i < ARRAY_LEN(texts); i++)
		di_print(d, i * SEC + 500, i, texts[i], NULL, NULL);
	di_print(d, 8 * SEC + 250000000, 0, "Kernel panic - not syncing: \033", NULL, NULL);
}

/* The first letters of the records that a filter leaves, or why there are none. */
static void log_has(const char *path, const struct log_filter *f, const char *expected)
{
	const struct options o = { .log = *f };
	struct derr err = { 0 };
	char *text = run_show_with(show_log, path, &o, &err), letters[16] = "";
	const char *at = text ? text : err.text;

	while (text && (at = strstr(at, "] ")))
		strncat(letters, (at += 2), 1);
	if (!strstr(text ? letters : err.text, expected) || (text && strcmp(letters, expected)))
		fail_msg("'%s' is not: %s", text ? letters : err.text, expected);
	free(text);
}

static void log_filters(void **state)
{
	static const struct {
		int (*parse)(struct log_filter *f, const char *arg);
		const char *arg;
		const char *expected; /* NULL: refused */
	} cases[] = {
		{ log_filter_levels, "warn", "eacewK" }, { log_filter_levels, "warn+", "eacewK" },
		{ log_filter_levels, "emerg", "eK" },	 { log_filter_levels, "debug", "eacewnidK" },
		{ log_filter_levels, "info,err", "ei" }, { log_filter_levels, "debug,crit+", "eacdK" },
		{ log_filter_levels, "", NULL },	 { log_filter_levels, "+", NULL },
		{ log_filter_levels, "warning", NULL },	 { log_filter_levels, "war", NULL },
		{ log_filter_levels, "err,", NULL },	 { log_filter_levels, "err++", NULL },
		{ log_filter_since, "0", "eacewnidK" },	 { log_filter_since, "7.000000", "dK" },
		{ log_filter_since, "7.000001", "K" },	 { log_filter_since, "9", "" },
		{ log_filter_since, "-1.25", "dK" },	 { log_filter_since, "-1.249999", "K" },
		{ log_filter_since, "-0", "K" },	 { log_filter_since, "-1000", "eacewnidK" },
		{ log_filter_since, "--1", NULL },	 { log_filter_since, "-", NULL },
		{ log_filter_since, "1s", NULL },	 { log_filter_since, "inf", NULL },
		{ log_filter_caller, "T42", "ecwiK" },	 { log_filter_caller, "C1", "aend" },
		{ log_filter_caller, "T1", "" },	 { log_filter_caller, "C42", "" },
		{ log_filter_caller, "42", NULL },	 { log_filter_caller, "T", NULL },
		{ log_filter_caller, "T-1", NULL },	 { log_filter_caller, "T2147483648", NULL },
	};
	struct log_filter f;
	char out[64];
	struct di d;

	build_levels(&d);
	di_finish(&d);
	must_collect(&d, out);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f = (struct log_filter){ 0 };
		assert_int_equal(cases[i].parse(&f, cases[i].arg), cases[i].expected ? 0 : -EINVAL);
		if (cases[i].expected)
			log_has(out, &f, cases[i].expected);
	}
	f = (struct log_filter){ 0 };
	log_filter_levels(&f, "notice");
	log_filter_since(&f, "-4");
	log_filter_caller(&f, "C1");
	log_has(out, &f, "n");
	unlink(out);
	di_done(&d);
}

/* What the dump does not tell is not guessed. */
static void log_filters_unknown(void **state)
{
	struct log_filter level = { 0 }, caller = { 0 };
	char out[64];
	struct di d;

	log_filter_levels(&level, "debug");
	log_filter_caller(&caller, "T42");
	build_levels(&d);
	*strstr(d.note, "BITS(printk_info.facility)") = '\0';
	di_finish(&d);
	must_collect(&d, out);
	log_has(out, &level, "levels of the records are not known");
	log_has(out, &caller, "ecwiK");
	unlink(out);
	di_done(&d);

	build_levels(&d);
	*strstr(d.vmcoreinfo, "OFFSET(printk_info.caller_id)") = '#';
	di_finish(&d);
	must_collect(&d, out);
	log_has(out, &level, "eacewnidK");
	log_has(out, &caller, "does not record callers");
	unlink(out);
	di_done(&d);
}

static void log_colours(void **state)
{
	const struct options o = { .colour = true };
	struct derr err = { 0 };
	char out[64], *text;
	struct di d;

	build_levels(&d);
	di_print(&d, 9 * SEC, 3, "two\nlines", NULL, NULL);
	di_finish(&d);
	must_collect(&d, out);
	text = run_show_with(show_log, out, &o, &err);
	assert_non_null(text);
	assert_string_equal(strstr(text, "\033[2m[    3.000000]"),
			    "\033[2m[    3.000000]\033[0m \033[31merr\033[0m\n"
			    "\033[2m[    4.000000]\033[0m \033[33mwarn\033[0m\n"
			    "\033[2m[    5.000000]\033[0m notice\n"
			    "\033[2m[    6.000000]\033[0m info\n"
			    "\033[2m[    7.000000]\033[0m debug\n"
			    "\033[2m[    8.250000]\033[0m \033[31m\033[1mKernel panic - not syncing: \\x1b\033[0m\n"
			    "\033[2m[    9.000000]\033[0m \033[31mtwo\033[0m\n"
			    "\033[2m[    9.000000]\033[0m \033[31mlines\033[0m\n");
	free(text);
	unlink(out);
	di_done(&d);
}

struct walked {
	uint64_t first, last, n;
	bool gap, wrong;
};

static void note_record(struct walked *w, const struct prb_record *r)
{
	char text[64];

	snprintf(text, sizeof(text), "record %llu%.*s", (unsigned long long)r->seq, (int)(r->seq % 23),
		 "......................");
	w->wrong |= r->text_len != strlen(text) || memcmp(r->text, text, r->text_len);
	if (!w->n++)
		w->first = r->seq;
	else
		w->gap |= r->seq != w->last + 1;
	w->last = r->seq;
}

static void walk(const char *path, struct walked *w, uint64_t *skipped)
{
	struct corefile core;
	struct derr err;
	struct log log;

	*w = (struct walked){ 0 };
	assert_int_equal(core_open(&core, path, &err), 0);
	assert_int_equal(log_read(&core, &log, &err), 0);
	for (size_t i = 0; i < log.n; i++)
		note_record(w, &log.v[i]);
	*skipped = log.skipped;
	log_clear(&log);
	core_close(&core);
}

/* The ring has gone round many times, at every possible place. */
static void wrap_log(bool fills_ring)
{
	uint64_t id = 0, skipped;
	struct walked w;
	char out[64];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	d.fills_ring = fills_ring;
	di_ring(&d, 5, 9);
	di_finish(&d);
	for (unsigned int i = 0; i < 300; i++) {
		char text[64];

		snprintf(text, sizeof(text), "record %u%.*s", i, (int)(i % 23), "......................");
		id = di_print(&d, i, 6, text, NULL, NULL);
		if (i % 7)
			continue;
		must_collect(&d, out);
		walk(out, &w, &skipped);
		assert_false(w.wrong);
		assert_false(w.gap);
		assert_int_equal(w.last, i);
		assert_int_equal(skipped, 0);
		assert_true(i < 8 || w.n >= 8);
		unlink(out);
	}
	/* The machine stopped while these two were written. */
	di_set_state(&d, id, 0);
	di_set_state(&d, id - 2, 0);
	must_collect(&d, out);
	walk(out, &w, &skipped);
	assert_false(w.wrong);
	assert_int_equal(skipped, 2);
	assert_int_equal(w.last, 298);
	unlink(out);
	di_done(&d);
}

static void log_wraps(void **state)
{
	wrap_log(false);
	wrap_log(true);
}

/* A machine with a log in the table; the dump of it after a change. */
static void logging_machine(struct di *d)
{
	di_init(d, 8 * MIB_, 0, 0);
	di_ring(d, 4, 9);
	di_finish(d);
	for (unsigned int i = 0; i < 10; i++) {
		char text[64];

		snprintf(text, sizeof(text), "record %u%.*s", i, (int)(i % 23), "......................");
		di_print(d, i, 6, text, NULL, NULL);
	}
}

static void log_torn(void **state)
{
	uint64_t skipped, desc;
	struct walked w;
	char out[64];
	struct di d;

	logging_machine(&d);
	desc = d.descs + d.head_id % 16 * 24;
	/* Positions of the newest: no block, an impossible one, one of another record, text of no length */
	static const uint64_t positions[][2] = { { 1, 1 }, { 8, 0 }, { 1000, 8 }, { 0, 1ULL << 40 } };

	for (size_t i = 0; i < ARRAY_LEN(positions); i++) {
		di_write64(&d, desc + 8, positions[i][0]);
		di_write64(&d, desc + 16, positions[i][1]);
		must_collect(&d, out);
		walk(out, &w, &skipped);
		assert_false(w.wrong);
		assert_int_equal(w.n, 9);
		assert_int_equal(skipped, 1);
		unlink(out);
	}
	/* A whole block, which the record before it has written: its text is not said twice. */
	uint64_t other[2];

	di_read(&d, d.descs + (d.head_id - 1) % 16 * 24 + 8, other, sizeof(other));
	di_write(&d, desc + 8, other, sizeof(other));
	must_collect(&d, out);
	walk(out, &w, &skipped);
	assert_int_equal(w.n, 9);
	assert_int_equal(skipped, 1);
	unlink(out);
	di_done(&d);

	/* The tail is nonsense: the newest are still there. */
	logging_machine(&d);
	di_write64(&d, d.ring + 32, 12345);
	must_collect(&d, out);
	walk(out, &w, &skipped);
	assert_int_equal(w.last, 9);
	assert_int_equal(w.n, 10);
	unlink(out);
	di_done(&d);
}

static void log_fails_with(struct di *d, const char *part)
{
	char out[64];

	must_collect(d, out);
	show_fails(show_log, out, part);
	unlink(out);
	di_done(d);
}

static void log_missing(void **state)
{
	static const char *const regions[][2] = {
		{ MINIDUMP_LOG_PRB_NAME, "the pointer to it" }, { MINIDUMP_LOG_RING_NAME, "its control structure" },
		{ MINIDUMP_LOG_DESCS_NAME, "its descriptors" }, { MINIDUMP_LOG_INFOS_NAME, "its record headers" },
		{ MINIDUMP_LOG_TEXT_NAME, "its text" },
	};
	struct di d;

	for (unsigned int i = 0; i < ARRAY_LEN(regions); i++) {
		uint8_t zero[40] = { 0 };

		logging_machine(&d);
		di_write(&d, d.regions + (3 + i) * 40, zero, sizeof(zero));
		log_fails_with(&d, regions[i][1]);
	}
	di_init(&d, 8 * MIB_, 0, 0);
	di_add(&d, "KBUF", 0, 0x5000, DI_DIRECT + 0x5000, 16);
	di_finish(&d);
	log_fails_with(&d, "VMCOREINFO has no size of printk_ringbuffer");
	logging_machine(&d);
	di_write32(&d, d.ring, 40);
	log_fails_with(&d, "impossible sizes");
	logging_machine(&d);
	di_write32(&d, d.ring + 48, 26);
	log_fails_with(&d, "more than the dump has");
}

/* What a kernel says first of an error is often less than what follows, and what follows that is less again. */
static void log_last_words(void **state)
{
	static const char *const said[] = { "sysrq: Trigger a crash",
					    "Oops: 0002 [#1] SMP",
					    "BUG: kernel NULL pointer",
					    "Oops: 0002 [#2] SMP",
					    "Kernel panic - not syncing: Fatal",
					    "BUG: a task is left",
					    "Kernel panic - not syncing: again" };
	static const size_t telling[] = { 0, 1, 2, 2, 4, 4, 6 };

	for (size_t n = 1; n <= ARRAY_LEN(said); n++) {
		struct last_words w;
		struct corefile core;
		struct derr err;
		char out[64];
		struct di d;

		di_init(&d, 8 * MIB_, 0, 0);
		di_ring(&d, 4, 9);
		for (size_t i = 0; i < n; i++)
			di_print(&d, i * SEC, 0, said[i], NULL, NULL);
		di_finish(&d);
		must_collect(&d, out);
		assert_int_equal(core_open(&core, out, &err), 0);
		last_words_read(&core, &w);
		assert_string_equal(w.crash, said[telling[n - 1]]);
		assert_int_equal(w.crash_ts, telling[n - 1] * SEC);
		last_words_clear(&w);
		core_close(&core);
		unlink(out);
		di_done(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_context),	  cmocka_unit_test(log_text),
		cmocka_unit_test(log_filters),	  cmocka_unit_test(log_filters_unknown),
		cmocka_unit_test(log_colours),	  cmocka_unit_test(log_wraps),
		cmocka_unit_test(log_torn),	  cmocka_unit_test(log_missing),
		cmocka_unit_test(log_last_words),
	};

	setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
