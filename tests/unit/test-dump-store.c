// SPDX-License-Identifier: GPL-2.0-only
/* qcmd-collect: what it keeps of made-up rawdump partitions and pstore folders, once, and within its limits. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump/collect/collect-conf.h"
#include "dump/core/corefile.h"
#include "dump-firmware.h"
#include "lib/hash.h"

#define RAM (8 * MIB)

static char folder[] = "/tmp/qcmd-test-XXXXXX";
static char said[8192];

/* A machine that died, and said so; its firmware writes to a new partition, or behind what is in one. */
static void crash(const char *words, const char *partition, char path[64])
{
	struct di d;
	struct df f;

	di_init(&d, RAM, 0, 0);
	di_key(&d, "CRASHTIME=1700000000");
	di_ring(&d, 4, 9);
	di_print(&d, 1, 0, words, NULL, NULL);
	di_finish(&d);
	df_init(&f, &d);
	df_rawdump(&f, partition);
	strcpy(path, f.path);
	df_done(&f);
	di_done(&d);
}

/* Runs it in the folder with this configuration; the exit status. */
static int collect(const char *before, const char *config)
{
	char command[1024];
	FILE *p;
	size_t n;
	int r;

	snprintf(command, sizeof(command), "printf '[Collect]\\n%s\\n' >%s/conf", config, folder);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command),
		 "%s TMPDIR=%s build/qcmd-collect --config=%s/conf --folder=%s --vmcore=/nonexistent --keep=%s/keep "
		 "2>&1",
		 before, folder, folder, folder, folder);
	unsetenv("JOURNAL_STREAM");
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(said, 1, sizeof(said) - 1, p);
	said[n] = '\0';
	r = pclose(p);
	return WIFEXITED(r) ? WEXITSTATUS(r) : -1;
}

static int collect_from(const char *before, const char *partition, const char *config)
{
	char text[256];

	snprintf(text, sizeof(text), "Pstore=none\\nRawdump=%s\\n%s", partition, config);
	return collect(before, text);
}

static void has_said(const char *words)
{
	if (!strstr(said, words))
		fail_msg("'%s' is not in: %s", words, said);
}

/* Everything but the configuration, so that what is left over is counted, too. */
static size_t files(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 3;
}

static uint64_t identity_of(const struct corefile *core)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < core->n_regions; i++) {
		const struct region *r = &core->regions[i];
		char *data = xcalloc(r->size, 1);

		hash = hash_add(hash, r->name, strlen(r->name) + 1);
		hash = hash_add(hash, &r->paddr, sizeof(r->paddr));
		hash = hash_add(hash, &r->size, sizeof(r->size));
		assert_int_equal(rangemap_read(&core->phys, core->fd, r->paddr, data, r->size), 0);
		hash = hash_add(hash, data, r->size);
		free(data);
	}
	return hash;
}

static void once(void **state)
{
	char path[64], name[512];
	struct corefile core;
	struct store s;
	struct derr err;

	crash("Kernel panic - not syncing: first", NULL, path);
	assert_int_equal(collect_from("", path, ""), 0);
	has_said("Collected the dump of a crash: Panic: \"first\".");
	assert_int_equal(files(), 2);
	assert_int_equal(collect_from("", path, ""), 0);
	assert_string_equal(said, "");

	assert_int_equal(store_open(&s, folder, false, &err), 0);
	assert_int_equal(s.n, 1);
	assert_memory_equal(s.v[0].name, "20231114T221320Z-", 17);
	assert_ptr_equal(store_find(&s, "latest", &err), &s.v[0]);
	assert_ptr_equal(store_find(&s, "", &err), NULL);
	assert_ptr_equal(store_find(&s, s.v[0].id, &err), &s.v[0]);
	assert_ptr_equal(store_find(&s, "zzz", &err), NULL);
	/* A dump tells the same identity as what it was collected from. */
	snprintf(name, sizeof(name), "%s/%s", folder, s.v[0].name);
	assert_int_equal(core_open(&core, name, &err), 0);
	assert_int_equal(strtoull(s.v[0].id, NULL, 16), identity_of(&core));
	core_close(&core);

	/* Not even if it is gone. */
	assert_int_equal(unlink(name), 0);
	assert_int_equal(collect_from("", path, ""), 0);
	assert_string_equal(said, "");
	assert_int_equal(files(), 1);
	store_close(&s);

	/* The next crash goes behind the first one. */
	crash("Kernel panic - not syncing: second", path, path);
	assert_int_equal(collect_from("", path, "Compress=none"), 0);
	has_said("\"second\".\n");
	has_said(".elf\n");
	assert_int_equal(files(), 2);
	unlink(path);
}

/* Two that collect at once would not know of each other's dumps. */
static void one_at_a_time(void **state)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[64];

	crash("Kernel panic - not syncing: first", NULL, path);
	assert_int_equal(flock(dir, LOCK_EX), 0);
	assert_int_equal(collect_from("timeout 1 env", path, ""), 124);
	assert_int_equal(files(), 0);
	close(dir);
	assert_int_equal(collect_from("", path, ""), 0);
	assert_int_equal(files(), 2);
	unlink(path);
}

/* The oldest go, and none goes in vain. */
static void limits(void **state)
{
	char path[64], config[64];
	struct store s;
	struct derr err;

	crash("Kernel panic - not syncing: 1", NULL, path);
	crash("Kernel panic - not syncing: 2", path, path);
	crash("Kernel panic - not syncing: 3", path, path);
	assert_int_equal(collect_from("", path, "MaxDumps=2"), 0);
	has_said(": \"1\".\n");
	has_said(": \"3\".\n");
	assert_int_equal(files(), 3);

	crash("Kernel panic - not syncing: 4", path, path);
	assert_int_equal(collect_from("", path, "MaxUse=1K"), 1);
	has_said("more than MaxUse=");
	assert_int_equal(files(), 3);
	assert_int_equal(collect_from("", path, "KeepFree=1000000G"), 1);
	has_said("too full");
	assert_int_equal(files(), 3);
	/* The disk is full, or so it seems. */
	assert_int_equal(collect_from("ulimit -f 2; trap '' XFSZ;", path, ""), 1);
	has_said("Cannot ");
	assert_int_equal(files(), 3);
	/* It is not lost; and takes the place of one that is as large. */
	assert_int_equal(store_open(&s, folder, false, &err), 0);
	assert_int_equal(s.n, 2);
	snprintf(config, sizeof(config), "MaxUse=%llu\\nMaxDumps=100", (unsigned long long)(s.v[0].size + s.v[1].size));
	store_close(&s);
	assert_int_equal(collect_from("", path, config), 0);
	has_said(": \"4\".\n");
	assert_int_equal(files(), 3);
	unlink(path);
}

static void damaged(void **state)
{
	static const char garbage[600] = "Raw_Dmp!";
	char path[64], empty[] = "/tmp/qcmd-test-XXXXXX";
	int fd = mkstemp(empty);

	assert_int_equal(ftruncate(fd, MIB), 0);
	assert_int_equal(collect_from("", empty, ""), 0);
	assert_string_equal(said, "");
	assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 0), sizeof(garbage));
	assert_int_equal(collect_from("", empty, ""), 1);
	has_said("There are no regions and no memory");
	assert_int_equal(files(), 0);
	/* What is behind it is found. */
	crash("Kernel panic - not syncing: behind", empty, path);
	assert_int_equal(collect_from("", empty, ""), 1);
	has_said("Panic: \"behind\".");
	assert_int_equal(files(), 2);
	close(fd);
	unlink(empty);
	assert_int_equal(collect_from("", "/nonexistent", ""), 1);
	has_said("Cannot open /nonexistent");
}

static void configuration(void **state)
{
	assert_int_equal(
		collect("", "Rawdump=none\\nMaxUse=lots\\nMaxDumps=0\\nFoo=1\\nCompress=xz\\nbar\\nRawdump=x\\n # y\\n"
			    "Pstore=none\\nPstore=y\\nMaxUes=1"),
		0);
	has_said("conf:3:8: MaxUse= takes a number of bytes, with K, M or G, not 'lots'; the line has no effect");
	has_said("conf:4:10: MaxDumps= takes a number from 1 on, not '0'");
	has_said("conf:5:1: unknown key 'Foo=' in [Collect] (known: MaxUse=, KeepFree=, MaxDumps=, ");
	has_said("conf:6:10: Compress= takes zstd or none, not 'xz'");
	has_said("conf:7:1: 'bar' is neither a [Section] nor a Key=value");
	has_said("conf:8:9: Rawdump= takes auto, none or the path");
	assert_null(strstr(said, "conf:9:"));
	has_said("conf:11:8: Pstore= takes auto, none or the path of a folder, not 'y'");
	has_said("conf:12:1: unknown key 'MaxUes=' in [Collect], did you mean 'MaxUse='?");
}

/* qcmdctl on the folder; the exit status. */
static int ctl(const char *arguments)
{
	char command[512];
	FILE *p;
	size_t n;
	int r;

	snprintf(command, sizeof(command), "QCMD_DUMPS=%s build/qcmdctl --no-pager %s 2>&1", folder, arguments);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(said, 1, sizeof(said) - 1, p);
	said[n] = '\0';
	r = pclose(p);
	return WIFEXITED(r) ? WEXITSTATUS(r) : -1;
}

static void shown(void **state)
{
	char path[64], id[IDENTITY_TEXT], arguments[64];
	struct store s;
	struct derr err;

	assert_int_equal(ctl("dump log"), 1);
	has_said("none was collected yet");
	crash("Kernel panic - not syncing: shown", NULL, path);
	assert_int_equal(collect_from("", path, ""), 0);
	unlink(path);
	assert_int_equal(store_open(&s, folder, false, &err), 0);
	strcpy(id, s.v[0].id);
	store_close(&s);

	assert_int_equal(ctl("dumps"), 0);
	has_said("2023-11-14 22:13:20 UTC ");
	has_said(id);
	has_said(" 6.12.0-test Panic: \"shown\".\n");
	assert_int_equal(ctl("dumps --json"), 0);
	has_said("\"crash\": \"Kernel panic - not syncing: shown\"");
	assert_int_equal(ctl("dump log"), 0);
	assert_string_equal(said, "[    0.000000] Kernel panic - not syncing: shown\n");
	snprintf(arguments, sizeof(arguments), "--json dump info %.4s", id);
	assert_int_equal(ctl(arguments), 0);
	has_said("\"release\": \"6.12.0-test\"");
	assert_int_equal(ctl("dump log zzz"), 1);
	has_said("There is no dump 'zzz'");
	assert_int_equal(ctl("dump frob"), 2);
	has_said("not 'frob'");
	assert_int_equal(ctl("dump debug"), 1);
	has_said("apt-get install linux-image-6.12.0-test-dbg");
}

/* A record of pstore's, in folder/pstore/NAME. */
static void put_record(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/pstore/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int collect_records(const char *config)
{
	char text[256];

	snprintf(text, sizeof(text), "Rawdump=none\\nPstore=%s/pstore\\n%s", folder, config);
	return collect("", text);
}

/* files() counts the folder of the records. */
static size_t dumps(void)
{
	return files() - 2;
}

static void make_records(void)
{
	char command[128];

	snprintf(command, sizeof(command), "mkdir -p %s/pstore/7/001", folder);
	assert_int_equal(system(command), 0);
	/* What is no crash, what is no record, and the older parts of one */
	put_record("console-ramoops-0", "Panic#1 Part1\n<0>[    9.000000] Kernel panic - not syncing: console\n");
	put_record("dmesg-ramoops-5", "Shutdown#1 Part1\n<0>[    9.000000] reboot: Power down\n");
	put_record("dmesg-ramoops-6", "");
	put_record("dmesg.txt", "dmesg-x-1:\nPanic#1 Part1\n<0>[    7.000000] Kernel panic - not syncing: a copy\n");
	put_record("dmesg-ramoops-7", "garbage\n<0>[    9.000000] Kernel panic - not syncing: garbage\n");
	put_record("dmesg-erst-8", "Panic#1 Part2\n<0>[    8.000000] Kernel panic - not syncing: part 2\n");
}

#define PANIC "<0>[   12.000003][   C1] Kernel panic - not syncing: in RAM\n"

/* What the module shows of a kernel that went down without a word, cut off there. */
static void put_kept(size_t size)
{
	static const char text[] = "QCMD_DIED=1763800000\n<6>[   11.000000] all is well\n<6>[   12.000000] still\n";
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/keep", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_not_equal(fwrite(text, 1, size < sizeof(text) ? size : sizeof(text) - 1, f), 0);
	fclose(f);
}

static void died(void **state)
{
	put_kept(SIZE_MAX);
	assert_int_equal(collect_from("", "none", ""), 0);
	has_said("Collected the log of a crash: The machine went down without a word.\n");
	assert_non_null(strstr(said, "/20251122T082640Z-"));
	assert_int_equal(collect_from("", "none", ""), 0);
	assert_string_equal(said, "");
	put_kept(12);
	assert_int_equal(collect_from("", "none", ""), 1);
	has_said("Cannot read it");
}

static void logs(void **state)
{
	make_records();
	put_record("7/001/dmesg-erst-9", "Panic#1 Part1\n<0>[    8.000000] Kernel panic - not syncing: a part\n");
	put_record("7/001/dmesg.txt", "dmesg-erst-10:\nPanic#1 Part2\n<6>[    7.000000] first\nPanic#1 Part1\n"
				      "<0>[    8.000000] Kernel panic - not syncing: whole\n");
	put_record("dmesg-ramoops-0", "Panic#2 Part1\n<30>[   11.25][ T712] a daemon\n" PANIC "<6>no time \033[31m\n");
	put_record("dmesg-ramoops-1", "Oops#1 Part1\n<1>[    5.000000] BUG: alone\n");
	put_record("dmesg-pstore_blk-2", "Emergency: Total 3 times\nEmergency#3 Part1\n<4>[    6.000000] sysrq\n");
	assert_int_equal(collect_records(""), 0);
	has_said("Collected the log of a crash: Panic: \"whole\".\n");
	has_said("Collected the log of a crash: Panic: \"in RAM\".\n");
	has_said("Collected the log of a crash: The log has no panic; the last that it reports: BUG: alone.\n");
	has_said("Collected the log of a crash: Not known why: the log ends without a word about it.\n");
	assert_int_equal(dumps(), 4);
	assert_int_equal(collect_records(""), 0);
	assert_string_equal(said, "");

	/* It moves, and is the same. */
	put_record("dmesg-ramoops-9", "Oops#1 Part1\n<1>[    5.000000] BUG: alone\n");
	assert_int_equal(collect_records(""), 0);
	assert_string_equal(said, "");

	/* The same limits */
	put_record("dmesg-ramoops-3", "Oops#2 Part1\n<1>[    5.000001] BUG: another one\n");
	assert_int_equal(collect_records("MaxUse=1K"), 1);
	has_said("dmesg-ramoops-3: The dump has ");
	assert_int_equal(collect_records("MaxDumps=1"), 0);
	assert_int_equal(dumps(), 1);
	assert_int_equal(ctl("dumps"), 0);
	has_said(" pstore ");
	has_said("BUG: another one");
}

static void log_alone(void **state)
{
	make_records();
	put_record("dmesg-ramoops-0", "Panic#2 Part1\n<30>[   11.25][ T712] a daemon\n" PANIC "<6>no time \033[31m\n");
	assert_int_equal(collect_records(""), 0);
	assert_int_equal(ctl("dump log"), 0);
	assert_string_equal(said, "[   11.000025] a daemon\n"
				  "[   12.000003] Kernel panic - not syncing: in RAM\n"
				  "[   12.000003] no time \\x1b[31m\n");
	assert_int_equal(ctl("--json dump log"), 0);
	has_said("\"timestamp_ns\":11000025000,\"level\":6,\"facility\":3,\"caller\":\"T712\",\"text\":\"a daemon\"");
	has_said("\"level\":0,\"facility\":0,\"caller\":\"C1\"");
	assert_int_equal(ctl("dump info"), 0);
	has_said("/pstore/dmesg-ramoops-0\n");
	has_said("none: the log is all that pstore kept");
	for (size_t i = 0; i < 5; i++) {
		static const char *const others[] = { "dump tasks", "dump stack", "dump trace", "dump regions",
						      "dump debug" };

		assert_int_equal(ctl(others[i]), 1);
		has_said("has the kernel's log and nothing else");
	}
}

/* Of an oops that led to a panic, and of a panic that there is a dump of, the log is not kept besides. */
static void same_crash(void **state)
{
	char path[64], text[256];

	make_records();
	put_record("dmesg-ramoops-0", "Oops#1 Part1\n<1>[   11.000000] BUG: early\n");
	put_record("dmesg-ramoops-1", "Panic#2 Part1\n<1>[   11.000000] BUG: early\n" PANIC);
	/* The same words, at another time */
	put_record("dmesg-ramoops-2", "Oops#2 Part1\n<1>[   11.000001] BUG: early\n");
	assert_int_equal(collect_records(""), 0);
	has_said(": \"in RAM\".\n");
	has_said(": The log has no panic; the last that it reports: BUG: early.\n");
	assert_int_equal(dumps(), 2);

	crash("Kernel panic - not syncing: in both", NULL, path);
	put_record("dmesg-ramoops-3", "Panic#1 Part1\n<0>[    0.000000] Kernel panic - not syncing: in both\n");
	snprintf(text, sizeof(text), "Rawdump=%s\\nPstore=%s/pstore", path, folder);
	assert_int_equal(collect("", text), 0);
	has_said("Collected the dump of a crash: Panic: \"in both\".\n");
	assert_null(strstr(said, "the log of"));
	assert_int_equal(dumps(), 3);
	/* Not even when that is gone */
	snprintf(text, sizeof(text), "rm %s/*.elf.zst", folder);
	assert_int_equal(system(text), 0);
	assert_int_equal(collect_records(""), 0);
	assert_string_equal(said, "");
	unlink(path);
}

#define PART_1 "Panic#1 Part1\n<4>[    3.000000] third\n<0>[    4.000000] Kernel panic - not syncing: in parts\n"
#define PART_2 "Panic#1 Part2\n<6>[    2.000000] second\n"
#define PART_3 "Panic#1 Part3\n<6>[    1.000000] first\n"

static void run_in_folder(const char *what)
{
	char command[256];

	snprintf(command, sizeof(command), "cd %s && %s", folder, what);
	assert_int_equal(system(command), 0);
}

/* EFI variables have a part each, and the time of the crash in their names; systemd-pstore puts them together. */
static void log_in_parts(void **state)
{
	run_in_folder("mkdir -p pstore/1700000000/001");
	put_record("dmesg-efi_pstore-170000000003001", PART_3);
	put_record("dmesg-efi_pstore-170000000001001", PART_1);
	put_record("dmesg-efi_pstore-170000000002001", PART_2);
	/* Of an earlier boot */
	put_record("dmesg-efi_pstore-160000000002001", "Panic#1 Part2\n<6>[    2.000000] earlier\n");
	assert_int_equal(collect_records(""), 0);
	has_said("/20231114T221320Z-");
	has_said("\"in parts\".\n");
	assert_int_equal(dumps(), 1);
	assert_int_equal(ctl("dump log"), 0);
	assert_string_equal(said, "[    1.000000] first\n[    2.000000] second\n[    3.000000] third\n"
				  "[    4.000000] Kernel panic - not syncing: in parts\n");
	assert_int_equal(ctl("dump info"), 0);
	has_said("Crashed: 2023-11-14 22:13:20");
	has_said("Problems: none");
	run_in_folder("rm pstore/dmesg-*");
	put_record("1700000000/001/dmesg.txt", "dmesg-efi_pstore-170000000003001:\n" PART_3 "\n"
					       "dmesg-efi_pstore-170000000002001:\n" PART_2 "\n"
					       "dmesg-efi_pstore-170000000001001:\n" PART_1 "\n");
	assert_int_equal(collect_records(""), 0);
	assert_string_equal(said, "");
}

/* The same from systemd-pstore alone, whose files are of another time */
static void log_put_together(void **state)
{
	run_in_folder("mkdir -p pstore/1700000000/001");
	put_record("1700000000/001/dmesg.txt", "dmesg-efi_pstore-170000000002001:\n" PART_2 "\n"
					       "dmesg-efi_pstore-170000000001001:\n" PART_1 "\n");
	assert_int_equal(collect_records(""), 0);
	has_said("/20231114T221320Z-");
	assert_int_equal(ctl("dump log"), 0);
	assert_string_equal(said, "[    2.000000] second\n[    3.000000] third\n"
				  "[    4.000000] Kernel panic - not syncing: in parts\n");
}

static void log_lacks_parts(void **state)
{
	run_in_folder("mkdir -p pstore");
	put_record("dmesg-efi_pstore-170000000001001", PART_1);
	put_record("dmesg-efi_pstore-170000000003001", PART_3);
	put_record("dmesg-efi_pstore-170000000002001.enc.z", "compressed");
	assert_int_equal(collect_records(""), 1);
	has_said("dmesg-efi_pstore-170000000002001.enc.z is compressed, and the kernel could not");
	has_said("\"in parts\".\n");
	assert_int_equal(ctl("dump info"), 0);
	has_said("Part 2 of 3 of the log is not there");
	/* What is no file does not hold it up. */
	run_in_folder("mkfifo pstore/dmesg-ramoops-0");
	assert_int_equal(collect_records(""), 1);
	has_said("dmesg-ramoops-0 is no regular file");
	run_in_folder("rm collected");
	run_in_folder("mkfifo collected");
	assert_int_equal(collect_records(""), 1);
	has_said("/collected is no regular file");
}

/* Two records that say they are the same: only one gets the other parts. */
static void log_parts_once(void **state)
{
	run_in_folder("mkdir -p pstore");
	put_record("dmesg-efi_pstore-170000000001001", PART_1);
	put_record("dmesg-efi_pstore-170000000001002",
		   "Panic#1 Part1\n<0>[    5.000000] Kernel panic - not syncing: 2\n");
	put_record("dmesg-efi_pstore-170000000002001", PART_2);
	assert_int_equal(collect_records(""), 0);
	assert_int_equal(dumps(), 2);
	run_in_folder("for dump in *.elf.zst; do zstd -dc \"$dump\"; done | grep -ac second >count");
	run_in_folder("test $(cat count) = 1");
}

static int setup(void **state)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(once, setup, teardown),
		cmocka_unit_test_setup_teardown(one_at_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(limits, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(configuration, setup, teardown),
		cmocka_unit_test_setup_teardown(shown, setup, teardown),
		cmocka_unit_test_setup_teardown(logs, setup, teardown),
		cmocka_unit_test_setup_teardown(log_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(died, setup, teardown),
		cmocka_unit_test_setup_teardown(same_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(log_in_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(log_put_together, setup, teardown),
		cmocka_unit_test_setup_teardown(log_lacks_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(log_parts_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
