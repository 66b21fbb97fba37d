// SPDX-License-Identifier: GPL-2.0-only
/* What tasks, regions and info print of a dump, whole and damaged. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dump-run.h"
#include "dump/core/tasks.h"

#define MIB_	   (1ULL << 20)
#define SEC	   1000000000ULL
#define PF_KTHREAD 0x00200000

static void add_tasks(struct di *d)
{
	struct di_task t = {
		.pid = 1, .tgid = 1, .state = 1, .start = SEC / 10, .comm = "systemd", .stack = 0xffffc90000000000
	};
	uint64_t init = di_task(d, &t);

	t = (struct di_task){ .pid = 712,
			      .tgid = 700,
			      .cpu = 1,
			      .state = 0,
			      .parent = init,
			      .start = 5 * SEC + 1500,
			      .comm = "worker\033[1m",
			      .on_cpu = true,
			      .stack = 0xffffc90000010000 };
	di_task(d, &t);
	t = (struct di_task){ .pid = 55,
			      .tgid = 55,
			      .state = 0x402,
			      .flags = PF_KTHREAD,
			      .parent = DI_DIRECT + 0x4000,
			      .comm = "kworker/0:1-eve",
			      .start = SEC,
			      .stack = 0xffffc90000020000 };
	di_task(d, &t);
	t = (struct di_task){
		.pid = 90, .tgid = 90, .state = 0x80, .exit_state = 0x20, .parent = init, .comm = "gone"
	};
	di_task(d, &t);
}

static void tasks(void **state)
{
	char out[64];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_task_keys(&d);
	add_tasks(&d);
	di_finish(&d);
	must_collect(&d, out);
	show_is(show_tasks, out, false, false,
		"PID  TGID  PPID  CPU  STATE        STARTED  COMM\n"
		"  1     1     0    0  S sleeping  0.100000  systemd\n"
		" 55    55     ?    0  I idle      1.000000  [kworker/0:1-eve]\n"
		"712   700     1   1*  R running   5.000001  worker\\x1b[1m\n");
	show_is(show_tasks, out, false, true,
		"PID  TGID  PPID  CPU  STATE        STARTED  COMM\n"
		"  1     1     0    0  S sleeping  0.100000  systemd\n"
		" 55    55     ?    0  I idle      1.000000  [kworker/0:1-eve]\n"
		" 90    90     1    0  Z zombie    0.000000  gone\n"
		"712   700     1   1*  R running   5.000001  worker\\x1b[1m\n");
	show_is(show_tasks, out, true, false,
		"[{\"pid\":1,\"tgid\":1,\"ppid\":0,\"comm\":\"systemd\",\"state\":\"S\",\"state_name\":\"sleeping\","
		"\"kernel_thread\":false,\"cpu\":0,\"on_cpu\":false,\"start_ns\":100000000,\"exited\":false,"
		"\"address\":18446612682071080960},\n"
		" {\"pid\":55,\"tgid\":55,\"ppid\":null,\"comm\":\"kworker/0:1-eve\","
		"\"state\":\"I\",\"state_name\":\"idle\","
		"\"kernel_thread\":true,\"cpu\":0,\"on_cpu\":false,\"start_ns\":1000000000,\"exited\":false,"
		"\"address\":18446612682071081984},\n"
		" {\"pid\":712,\"tgid\":700,\"ppid\":1,\"comm\":\"worker\\u001b[1m\","
		"\"state\":\"R\",\"state_name\":\"running\","
		"\"kernel_thread\":false,\"cpu\":1,\"on_cpu\":true,\"start_ns\":5000001500,\"exited\":false,"
		"\"address\":18446612682071081472}]\n");
	unlink(out);
	di_done(&d);
}

static void task_states(void **state)
{
	static const struct {
		uint32_t state, exit_state;
		char letter;
	} cases[] = {
		{ 0, 0, 'R' },	     { 1, 0, 'S' },	 { 2, 0, 'D' },
		{ 4, 0, 'T' },	     { 8, 0, 't' },	 { 0x80, 0x10, 'X' },
		{ 0x80, 0x20, 'Z' }, { 0x40, 0, 'P' },	 { 0x402, 0, 'I' },
		{ 0x102, 0, 'D' },   { 0x2001, 0, 'S' }, { 0x8000, 0, 'D' },
		{ 0x1000, 0, 'D' },  { 0x200, 0, 'R' },	 { 0xffffffff, 0xffffffff, 'I' },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct task t = { .state = cases[i].state, .exit_state = cases[i].exit_state };
		const char *word;

		assert_int_equal(task_state(&t, &word), cases[i].letter);
		assert_non_null(word);
	}
}

/* Keys that a kernel doesn't have: what they would tell is unknown, not wrong. */
static void tasks_with_few_keys(void **state)
{
	char out[64];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_note(&d, "SIZE(task_struct)=512\nOFFSET(task_struct.pid)=108\nOFFSET(task_struct.tgid)=112");
	di_note(&d, "OFFSET(task_struct.comm)=300\nOFFSET(task_struct.__state)=24");
	add_tasks(&d);
	di_finish(&d);
	must_collect(&d, out);
	show_is(show_tasks, out, false, false,
		"PID  TGID  PPID  CPU  STATE       STARTED  COMM\n"
		"  1     1     0    ?  S sleeping        ?  systemd\n"
		" 55    55     ?    ?  I idle            ?  kworker/0:1-eve\n"
		" 90    90     ?    ?  R running         ?  gone\n"
		"712   700     ?    ?  R running         ?  worker\\x1b[1m\n");
	unlink(out);
	di_done(&d);
}

static void tasks_impossible(void **state)
{
	static const char *const keys[] = {
		"SIZE(x)=1",
		"SIZE(task_struct)=99999999999",
		"SIZE(task_struct)=-1",
		"SIZE(task_struct)=512",
		"SIZE(task_struct)=512\nOFFSET(task_struct.pid)=4294967296\nOFFSET(task_struct.tgid)=112",
	};
	char out[64];
	struct di d;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		di_init(&d, 8 * MIB_, 0, 0);
		di_note(&d, "%s", keys[i]);
		add_tasks(&d);
		di_finish(&d);
		must_collect(&d, out);
		show_fails(show_tasks, out, "does not say how tasks are laid out");
		unlink(out);
		di_done(&d);
	}
	/* Offsets beyond every region: nothing is read from elsewhere. */
	di_init(&d, 8 * MIB_, 0, 0);
	di_note(&d, "SIZE(task_struct)=512\nOFFSET(task_struct.pid)=510\nOFFSET(task_struct.tgid)=512");
	di_note(&d, "OFFSET(task_struct.comm)=511\nOFFSET(task_struct.__state)=65000");
	add_tasks(&d);
	di_finish(&d);
	must_collect(&d, out);
	show_is(show_tasks, out, true, false, "[]\n");
	unlink(out);
	di_done(&d);
}

/* Each place by itself is in a structure that could be, and they are in one another. */
static void tasks_of_impossible_size(void **state)
{
	const uint64_t size = 121000;
	uint64_t paddr;
	char out[64];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_task_keys(&d);
	di_note(&d, "BITS(task_struct.thread)=480000:0\nBITS(thread_struct.sp)=480000:64");
	paddr = di_alloc(&d, size, 64);
	di_add(&d, MINIDUMP_TASK_NAME, 0, paddr, DI_DIRECT + paddr, size);
	di_finish(&d);
	must_collect(&d, out);
	show_fails(show_tasks, out, "describes a task_struct of more than 65536 bytes");
	unlink(out);
	di_done(&d);
}

/* The same task in two slots, and a region that is too small for one. */
static void tasks_twice(void **state)
{
	char out[64];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_task_keys(&d);
	add_tasks(&d);
	di_add(&d, MINIDUMP_TASK_NAME, 9, d.slots[3].paddr, d.slots[3].vaddr, d.slots[3].size);
	di_add(&d, MINIDUMP_TASK_NAME, 10, 0x5000, DI_DIRECT + 0x5000, 200);
	di_finish(&d);
	{
		struct collection c;
		struct corefile core;
		struct task_list l;
		struct derr err;

		assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
		collection_clear(&c);
		assert_int_equal(core_open(&core, out, &err), 0);
		assert_int_equal(tasks_read(&core, &l, &err), 0);
		assert_int_equal(l.n, 4);
		assert_int_equal(l.unreadable, 1);
		tasks_clear(&l);
		core_close(&core);
	}
	unlink(out);
	di_done(&d);
}

static void regions(void **state)
{
	struct derr err;
	char out[64];
	struct di d;
	char *text;

	di_init(&d, 8 * MIB_, 0, 0);
	di_task_keys(&d);
	add_tasks(&d);
	di_add(&d, MINIDUMP_STACK_NAME, 0, 0x8000, 0xffffc90000010000, 4096);
	di_add(&d, MINIDUMP_STACK_NAME, 1, 0x6000, 0xffffc90000013000, 4096);
	di_add(&d, MINIDUMP_STACK_NAME, 2, 0xa000, 0xffffc90000014000, 4096);
	di_add(&d, "KSMALL", 4000000000, 0xc010, DI_IMAGE_VIRT - DI_PHYS_BASE + 0xc010, 32);
	di_finish(&d);
	must_collect(&d, out);
	text = run_show(show_regions, out, false, false, &err);
	assert_non_null(text);
	/* What the ELF header, VMCOREINFO and the note take is not the matter here. */
	assert_string_equal(
		strstr(text, "   3  " MINIDUMP_TASK_NAME),
		"   3  " MINIDUMP_TASK_NAME "                 0  0xffff888000100000  0x100000   512  0x5000  \n"
		"   4  " MINIDUMP_TASK_NAME "                 1  0xffff888000100200  0x100200   512  0x5200  \n"
		"   5  " MINIDUMP_TASK_NAME "                 2  0xffff888000100400  0x100400   512  0x5400  \n"
		"   6  " MINIDUMP_TASK_NAME "                 3  0xffff888000100600  0x100600   512  0x5600  \n"
		"   7  " MINIDUMP_STACK_NAME "                0  0xffffc90000010000    0x8000  4096  0x2000  \n"
		"   8  " MINIDUMP_STACK_NAME "                1  0xffffc90000013000    0x6000  4096  0x1000  \n"
		"   9  " MINIDUMP_STACK_NAME
		"                2  0xffffc90000014000    0xa000  4096  0x3000  not matched\n"
		"  10  KSMALL       4000000000  0xffffffff7fe0c010    0xc010    32  0x4010  \n");
	free(text);
	text = run_show(show_regions, out, true, false, &err);
	assert_non_null(text);
	assert_string_equal(strstr(text, " {\"slot\":9"),
			    " {\"slot\":9,\"name\":\"" MINIDUMP_STACK_NAME
			    "\",\"seq\":2,\"virtual\":18446683600570105856,\"physical\":40960,"
			    "\"size\":4096,\"offset\":12288,\"note\":\"not matched\"},\n"
			    " {\"slot\":10,\"name\":\"KSMALL\",\"seq\":4000000000,\"virtual\":18446744071560019984,"
			    "\"physical\":49168,"
			    "\"size\":32,\"offset\":16400}]\n");
	free(text);
	unlink(out);
	di_done(&d);
}

static void extract_is(const char *path, const char *wanted, const void *expected, size_t size)
{
	_cleanup_free_ char *region = xprintf("%s.region", path), *bytes = xcalloc(size + 1, 1);
	const struct options o = { .extract = wanted, .output = region };
	struct derr err = { 0 };
	char *said = run_show_with(show_regions, path, &o, &err);
	FILE *f = fopen(region, "r");

	if (!said || !f)
		fail_msg("%s", err.text);
	free(said);
	assert_int_equal(fread(bytes, 1, size + 1, f), size);
	assert_memory_equal(bytes, expected, size);
	fclose(f);
	unlink(region);
}

static void extract_fails(const char *path, const char *wanted, const char *expected)
{
	const struct options o = { .extract = wanted, .output = "-" };
	struct derr err = { 0 };

	assert_null(run_show_with(show_regions, path, &o, &err));
	assert_string_equal(err.text, expected);
}

static void regions_extract(void **state)
{
	static char bytes[200000];
	struct derr err;
	char out[64];
	struct di d;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = 1 + i % 251;
	di_init(&d, 8 * MIB_, 0, 0);
	di_write(&d, 0x10010, bytes, sizeof(bytes));
	di_add(&d, "KMAP", 0, 0x10010, 0, 70000);
	di_add(&d, "KMAP", 1, 0x21181, 0, 100);
	di_add(&d, "KOTHER_1", 0, 0x30011, 0, 1);
	di_add(&d, "KX", 4, 0x30012, 0, 2);
	di_finish(&d);
	must_collect(&d, out);
	extract_is(out, "KMAP_0", bytes, 70000);
	extract_is(out, "KMAP_1", bytes + 0x11171, 100);
	extract_is(out, "KOTHER_1", bytes + 0x20001, 1);
	extract_is(out, "KOTHER_1_0", bytes + 0x20001, 1);
	extract_fails(out, "KMAP", "There are several regions KMAP. Choose one of: KMAP_0, KMAP_1");
	extract_fails(out, "KMAP_2",
		      "There is no region KMAP_2 in the dump. There are: " MINIDUMP_ELF_HEADER_NAME
		      ", " MINIDUMP_VMCOREINFO_NAME ", " MINIDUMP_NOTE_NAME ", KMAP, "
		      "KOTHER_1, KX");
	extract_fails(out, "KOTHER",
		      "There is no region KOTHER in the dump. There are: " MINIDUMP_ELF_HEADER_NAME
		      ", " MINIDUMP_VMCOREINFO_NAME ", " MINIDUMP_NOTE_NAME ", KMAP, "
		      "KOTHER_1, KX");
	extract_fails(out, "",
		      "There is no region  in the dump. There are: " MINIDUMP_ELF_HEADER_NAME
		      ", " MINIDUMP_VMCOREINFO_NAME ", " MINIDUMP_NOTE_NAME ", KMAP, "
		      "KOTHER_1, KX");
	unlink(out);
	for (unsigned int i = 2; i < 14; i++)
		di_add(&d, "KMAP", i, 0x30020 + i * 16, 0, 16);
	di_finish(&d);
	{
		struct collection c;

		assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
		collection_clear(&c);
	}
	extract_fails(out, "KMAP",
		      "There are several regions KMAP. Choose one of: KMAP_0, KMAP_1, KMAP_2, KMAP_3, KMAP_4, KMAP_5, "
		      "KMAP_6, KMAP_7, KMAP_8, KMAP_9, KMAP_10, KMAP_11, and more (qcmdump regions lists them)");
	assert_int_equal(truncate(out, 4096), 0);
	extract_fails(out, "KMAP_13", "The region KMAP_13 is cut off: the file ends before it. Copy the dump again.");
	unlink(out);
	di_done(&d);
}

static void info(void **state)
{
	struct derr err;
	char out[64];
	char *text;
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_ring(&d, 4, 9);
	di_print(&d, SEC, 1, "BUG: unable to handle page fault", NULL, NULL);
	di_print(&d, 2 * SEC, 0, "Kernel panic - not syncing: Fatal \033exception\nmore", NULL, NULL);
	di_print(&d, 3 * SEC, 0, "---[ end Kernel panic ]---", NULL, NULL);
	di_key(&d, "CRASHTIME=1700000000");
	di_note(&d, "POLICY(10-base)=/usr/lib/qcmd.d/10-base.conf");
	di_note(&d, "POLICY(my\ttasks)=/etc/qcmd.d/my.conf");
	di_add(&d, "KAWAY", 0, 1ULL << 40, 0, 16);
	di_finish(&d);
	{
		struct collection c;

		assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
		collection_clear(&c);
	}
	text = run_show(show_info, out, false, false, &err);
	assert_non_null(text);
	assert_non_null(strstr(text, "         Kernel: " DI_RELEASE "\n"));
	assert_non_null(strstr(text, "       Build ID: " DI_BUILD_ID "\n"));
	assert_non_null(strstr(text, "   Architecture: x86_64\n"));
	assert_non_null(strstr(text, "  What happened: Panic: \"Fatal \\x1bexception\".\n"));
	assert_non_null(strstr(text, "        Crashed: 2023-11-14 22:13:20 UTC\n"));
	assert_non_null(strstr(text, "            Log: 3 records, the last at 3.000000 s\n"));
	assert_non_null(strstr(text, "       Back end: ram\n"));
	assert_non_null(strstr(text, "      Registers: none: stacks are unwound from the stack alone\n"));
	assert_non_null(strstr(text, "    Page tables: made by qcmdump, of what is in the dump\n"));
	assert_non_null(strstr(text, "       Policies: 10-base (/usr/lib/qcmd.d/10-base.conf)\n"
				     "                 my\ttasks (/etc/qcmd.d/my.conf)\n"));
	assert_non_null(
		strstr(text, "       Problems: slot 8 (KAWAY): its memory, 16 bytes at 0x10000000000, is not in "));
	free(text);
	text = run_show(show_info, out, true, false, &err);
	assert_non_null(text);
	assert_non_null(strstr(text, "\"crash_time\": 1700000000,"));
	assert_non_null(strstr(text, "\"memory_bytes\": 8388608,"));
	assert_non_null(strstr(text, "\"name\": \"my\\ttasks\","));
	free(text);
	unlink(out);
	di_done(&d);
}

/* Cores that others made, and files that are none. */
static void other_files(void **state)
{
	const struct di_load all = { 0, 8 * MIB_ };
	struct notebuf b = { 0 };
	char core[64];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_ring(&d, 4, 9);
	di_finish(&d);
	show_fails(show_info, d.path, "qcmdump collect");
	di_elf(&d, &all, 1, "", 0, core);
	show_fails(show_info, core, "not of a kernel");
	unlink(core);
	notebuf_add(&b, "VMCOREINFO", 0, d.vmcoreinfo, strlen(d.vmcoreinfo));
	di_elf(&d, &all, 1, b.data, b.size, core);
	show_fails(show_tasks, core, "was not made by qcmdump collect");
	show_fails(show_regions, core, "was not made by qcmdump collect");
	show_fails(show_log, core, "the pointer to it");
	notebuf_clear(&b);
	unlink(core);
	show_fails(show_log, "/dev/null", "neither a file nor");
	show_fails(show_log, "/tmp", "directory");
	di_done(&d);
}

/* Every length that a copy can stop at: a message or what is there, never a crash. */
static void cut_off(void **state)
{
	static const show_fn shows[] = { show_info, show_log, show_regions, show_tasks };
	char out[64];
	struct di d;
	off_t size;
	int fd;

	di_init(&d, 8 * MIB_, 0, 0);
	di_ring(&d, 4, 9);
	di_print(&d, 1, 6, "record 0", NULL, NULL);
	di_task_keys(&d);
	add_tasks(&d);
	di_finish(&d);
	must_collect(&d, out);
	fd = open(out, O_RDWR);
	size = lseek(fd, 0, SEEK_END);
	for (off_t n = size; n > 0; n -= n > 8192 ? 517 : 61) {
		assert_int_equal(ftruncate(fd, n), 0);
		for (size_t i = 0; i < ARRAY_LEN(shows); i++) {
			struct derr err = { 0 };
			char *text = run_show(shows[i], out, i % 2, false, &err);

			assert_true(text || strlen(err.text) > 20);
			/* Behind the memory are only the section headers. */
			if (text && shows[i] == show_info && n < size / 2)
				assert_non_null(strstr(text, i % 2 ? "\"missing_bytes\"" : "Cut off: the last "));
			free(text);
		}
	}
	close(fd);
	unlink(out);
	di_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks),
		cmocka_unit_test(task_states),
		cmocka_unit_test(tasks_with_few_keys),
		cmocka_unit_test(tasks_impossible),
		cmocka_unit_test(tasks_of_impossible_size),
		cmocka_unit_test(tasks_twice),
		cmocka_unit_test(regions),
		cmocka_unit_test(regions_extract),
		cmocka_unit_test(info),
		cmocka_unit_test(other_files),
		cmocka_unit_test(cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
