// SPDX-License-Identifier: GPL-2.0-only
/* The program itself: arguments, exit status, what goes to which stream, and that nothing is left behind. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump-firmware.h"
#include "dump-trace.h"
#include "golden.h"
#include "lib/cleanup.h"
#include "terminal.h"

#define MIB_ (1ULL << 20)

static char program[256];
static char folder[] = "/tmp/qcmd-test-XXXXXX";
static char out[65536], err[65536];

static void slurp(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	buf[fread(buf, 1, size - 1, f)] = '\0';
	fclose(f);
	unlink(path);
}

/* Runs it in the folder after some shell commands; fills out and err; the exit status. */
static int run_after(const char *before, const char *args)
{
	char command[1024];
	int r;

	snprintf(command, sizeof(command), "cd %s && %s %s %s >.out 2>.err", folder, before, program, args);
	r = system(command);
	snprintf(command, sizeof(command), "%s/.out", folder);
	slurp(command, out, sizeof(out));
	snprintf(command, sizeof(command), "%s/.err", folder);
	slurp(command, err, sizeof(err));
	assert_true(WIFEXITED(r));
	return WEXITSTATUS(r);
}

static int run(const char *args)
{
	return run_after("", args);
}

static size_t files_in_folder(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void build_machine(struct di *d)
{
	struct di_task t = { .pid = 1, .tgid = 1, .comm = "systemd" };

	di_init(d, 8 * MIB_, 0, 0);
	di_ring(d, 4, 9);
	di_print(d, 1, 0, "Kernel panic - not syncing: test", NULL, NULL);
	di_task_keys(d);
	di_task(d, &t);
}

static void build(struct di *d)
{
	build_machine(d);
	di_finish(d);
}

/* Two arrays, three events in each: at 1 s, 2 s and 2.0005 s. */
static void build_trace(struct di *d)
{
	static struct dt_page page;

	build_machine(d);
	dt_note(d, "ARRAY(0)=first\nSUBBUF_SIZE(0)=4096\nARRAY(1)=second\nSUBBUF_SIZE(1)=4096\n", "", true);
	for (int array = 0; array < 2; array++) {
		char name[16];

		dt_page(&page, 4096, 1000000000);
		dt_switch(&page, array, 0, "swapper", 7, "worker");
		dt_extend(&page, 1000000000);
		dt_mark(&page, 0, 7, 1, "then");
		dt_mark(&page, 500000, 7, 1, "last");
		dt_commit(&page, 0);
		snprintf(name, sizeof(name), MINIDUMP_TRACE_NAME "%dC%d", array, 3 * array);
		dt_add(d, name, 0, &page, 1);
	}
	di_finish(d);
}

static void must_run(const char *args)
{
	if (run(args) != 0)
		fail_msg("qcmdump %s: %s", args, err);
}

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
}

static void help_and_version(void **state)
{
	static const char *const commands[] = { "",	   "collect ", "info ",	 "log ",     "tasks ", "stack ",
						"report ", "regions ", "trace ", "convert ", "redact " };

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		char args[64];

		snprintf(args, sizeof(args), "%s--help", commands[i]);
		must_run(args);
		assert_memory_equal(out, "Usage: qcmdump", 14);
		assert_string_equal(err, "");
		snprintf(args, sizeof(args), "%s--version", commands[i]);
		must_run(args);
		assert_string_equal(out, "qcmdump " QCMD_VERSION "\n");
	}
}

static void usage_errors(void **state)
{
	static const char *const args[][2] = {
		{ "", "say what to do" },
		{ "frobnicate", "unknown command 'frobnicate'" },
		{ "colect", "unknown command 'colect', did you mean 'collect'?" },
		{ "log", "'log' needs an argument: FILE" },
		{ "log a b", "'log' takes no further argument 'b'" },
		{ "log --frob x", "unknown option '--frob'" },
		{ "log --levl=err x", "unknown option '--levl', did you mean '--level'?" },
		{ "convert --fo x", "ambiguous option '--fo'" },
		{ "--json", "'qcmdump' takes no option --json" },
		{ "info --all x", "'info' takes no option --all" },
		{ "tasks --cpu 1 x", "no option --cpu" },
		{ "stack --cpu x a", "number of a CPU" },
		{ "stack a 1x", "'1x' is no PID" },
		{ "stack --all a 1", "one of them" },
		{ "log --level=warning a", "--level=warning: expected emerg, " },
		{ "log --since=x a", "--since=x: expected seconds" },
		{ "log --follow-caller=1 a", "--follow-caller=1: expected T" },
		{ "tasks --level=err a", "no option --level" },
		{ "regions --since=1 a", "no option --since" },
		{ "regions -o x a", "are for --extract" },
		{ "regions --force a", "are for --extract" },
		{ "regions --extract=x a", "say with -o" },
		{ "regions --extract=x -o '' a", "empty" },
		{ "regions --extract=x -o - --json a", "leave out --json" },
		{ "log -o x a", "no option -o" },
		{ "report", "needs an argument: FILE" },
		{ "report a b", "no further argument 'b'" },
		{ "report -o '' a", "empty" },
		{ "convert x -o y", "--for=crash" },
		{ "convert --for=gcore x -o y", "expected crash, drgn or gdb" },
		{ "convert --for=gdb x", "with -o" },
		{ "convert --for=gdb -o y", "needs an argument: FILE" },
		{ "convert --for=gdb -o y a b", "no further argument 'b'" },
		{ "redact x", "with -o" },
		{ "redact --compress=gzip x -o y", "expected zstd or none" },
		{ "redact --log= x -o y", "the pattern of --log is empty" },
		{ "trace", "needs an argument: FILE" },
		{ "trace a b", "no further argument 'b'" },
		{ "trace --cpu=-1 a", "number of a CPU" },
		{ "trace --last=x a", "expected a number" },
		{ "trace --since=nan a", "expected a number" },
		{ "trace -o '' a", "empty" },
		{ "trace -o b --event=x a", "leave --event" },
		{ "collect", "needs an argument: SOURCE, or --qmp=SOCKET" },
		{ "collect a b", "no further argument 'b'" },
		{ "collect --map 1:2 a", "OFFSET:PADDR:SIZE" },
		{ "collect --table x a", "physical address" },
		{ "collect -o '' a", "empty" },
		{ "collect --compress=xz a", "expected zstd or none" },
		{ "collect --dump 0 a", "from 1 on" },
		{ "collect --qmp s a", "leave out 'a'" },
		{ "collect --qmp s --list", "are for files" },
		{ "watch --qmp s", "where dumps go" },
		{ "watch -o .", "which guest" },
		{ "collect --dump x a", "from 1 on" },
		{ "collect --vm 2 a", "two hexadecimal digits" },
		{ "collect --vm xy a", "two hexadecimal digits" },
	};

	for (size_t i = 0; i < ARRAY_LEN(args); i++) {
		assert_int_equal(run(args[i][0]), 2);
		assert_string_equal(out, "");
		contains(err, args[i][1]);
		contains(err, "--help");
	}
}

static void round_trip(void **state)
{
	char args[256];
	struct stat st;
	struct di d;

	build(&d);
	snprintf(args, sizeof(args), "collect %s", d.path);
	must_run(args);
	contains(out, "Saved 9 regions");
	contains(out, "Look at it with: qcmdump info minidump.elf\n");
	assert_string_equal(err, "");
	assert_int_equal(files_in_folder(), 1);
	must_run("info minidump.elf");
	contains(out, "Kernel panic - not syncing: test");
	must_run("help log");
	must_run("log --no-pager minidump.elf");
	assert_string_equal(out, "[    0.000000] Kernel panic - not syncing: test\n");
	must_run("tasks minidump.elf");
	contains(out, "systemd");
	must_run("regions --json minidump.elf");
	contains(out, "\"name\":\"KTASK\"");

	/* It is not replaced unless asked for. */
	assert_int_equal(run(args), 1);
	contains(err, "--force");
	snprintf(args, sizeof(args), "collect --force --json -o minidump.elf %s", d.path);
	must_run(args);
	contains(out, "\"regions\": 9");
	snprintf(args, sizeof(args), "collect -f -o %s %s", d.path, d.path);
	assert_int_equal(run(args), 1);
	contains(err, "is one of the files that this is made from");
	assert_int_equal(stat(d.path, &st), 0);
	assert_int_equal(st.st_size, 8 * MIB_);
	assert_int_equal(run("collect minidump.elf -o second.elf"), 1);
	contains(err, "already a collected dump");
	assert_int_equal(files_in_folder(), 1);
	snprintf(args, sizeof(args), "%s/minidump.elf", folder);
	unlink(args);
	di_done(&d);
}

/* The options reach the log. */
static void log_options(void **state)
{
	char args[256];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	di_ring(&d, 4, 9);
	di_print(&d, 1000000000, 4, "first", NULL, NULL);
	di_print(&d, 2000000000, 6, "second", NULL, NULL);
	di_print(&d, 3000000000, 3, "third", NULL, NULL);
	di_finish(&d);
	snprintf(args, sizeof(args), "collect %s", d.path);
	must_run(args);
	di_done(&d);
	must_run("log --level=warn minidump.elf");
	assert_string_equal(out, "[    1.000000] first\n[    3.000000] third\n");
	must_run("log --since -1 minidump.elf");
	assert_string_equal(out, "[    2.000000] second\n[    3.000000] third\n");
	must_run("log --follow-caller C1 --json minidump.elf");
	assert_string_equal(out, "[{\"seq\":1,\"timestamp_ns\":2000000000,\"level\":6,\"facility\":3,"
				 "\"caller\":\"C1\",\"text\":\"second\"}]\n");
	must_run("log --level=emerg --json minidump.elf");
	assert_string_equal(out, "[]\n");
	assert_string_equal(err, "No records: the options leave out all that are there.\n");
	snprintf(args, sizeof(args), "%s/minidump.elf", folder);
	unlink(args);
}

/* A region comes out of the dump byte by byte as it was in memory. */
static void extract(void **state)
{
	static const char full[] = "ulimit -f 1; trap '' XFSZ;";
	char args[256], line[1024], path[64], bytes[DI_TASK_SIZE];
	struct stat st;
	struct di d;
	FILE *f;

	build(&d);
	snprintf(args, sizeof(args), "collect %s", d.path);
	must_run(args);
	di_read(&d, d.slots[8].paddr, bytes, sizeof(bytes));
	must_run("regions --extract=KTASK -o task minidump.elf");
	assert_string_equal(out, "Saved the 512 bytes of KTASK_0 to task.\n");
	assert_string_equal(err, "");
	snprintf(path, sizeof(path), "%s/task", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, DI_TASK_SIZE);
	assert_int_equal(st.st_mode & 0777, 0600);
	f = fopen(path, "r");
	assert_int_equal(fread(out, 1, sizeof(out), f), DI_TASK_SIZE);
	fclose(f);
	assert_memory_equal(out, bytes, DI_TASK_SIZE);
	must_run("regions --extract=KTASK_0 -o - minidump.elf");
	assert_memory_equal(out, bytes, DI_TASK_SIZE);

	assert_int_equal(run("regions --extract=KTASK -o task minidump.elf"), 1);
	contains(err, "--force");
	must_run("regions --extract=KVMCOREINFO -fo task --json minidump.elf");
	contains(out, "\"output\": \"task\"");
	contains(out, "\"name\": \"KVMCOREINFO\"");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, d.slots[1].size);
	assert_int_equal(run("regions --extract=KTASK -f -o minidump.elf minidump.elf"), 1);
	must_run("info minidump.elf");
	/* Standard output has nothing else. */
	must_run("report -o - minidump.elf");
	assert_memory_equal(out, "<!DOCTYPE html>", 15);
	contains(err, "Saved the report");
	snprintf(line, sizeof(line), "%s collect -o - %s >>%s 2>/dev/null", program, d.path, d.path);
	assert_int_not_equal(system(line), 0);
	assert_int_equal(stat(d.path, &st), 0);
	assert_int_equal(st.st_size, 8 * MIB_);
	snprintf(args, sizeof(args), "collect -o - %s", d.path);
	must_run(args);
	assert_memory_equal(out, "\177ELF", 4);
	contains(err, "Saved 9 regions");
	must_run("convert --for=gdb -o - minidump.elf");
	assert_memory_equal(out, "\177ELF", 4);
	must_run("redact -o - minidump.elf");
	assert_memory_equal(out, "\177ELF", 4);
	contains(err, "Removed: KVMCOREINFO, 1 region, ");
	assert_int_equal(run("redact -f -o minidump.elf minidump.elf"), 1);
	contains(err, "minidump.elf is one of the files that this is made from");
	unlink(path);
	assert_int_equal(run("regions --extract=KTASK_1 -o task minidump.elf"), 1);
	contains(err, "There is no region KTASK_1");
	/* The disk is full, or so it seems. */
	assert_int_equal(run_after(full, "regions --extract=KVMCOREINFO -o task minidump.elf"), 1);
	contains(err, "Cannot write the region: File too large");
	assert_int_equal(run_after(full, "regions --extract=KVMCOREINFO -o - minidump.elf"), 1);
	contains(err, "Cannot write the region: File too large");
	assert_int_equal(files_in_folder(), 1);
	snprintf(path, sizeof(path), "%s/minidump.elf", folder);
	unlink(path);
	di_done(&d);
}

/* What a command shows on a terminal, after settings of the environment. */
static const char *on_terminal(const char *environment, const char *args)
{
	static char *text;
	char command[1024];

	snprintf(command, sizeof(command), "cd %s && env -u NO_COLOR -u SYSTEMD_COLORS -u PAGER TERM=vt220 %s %s %s",
		 folder, environment, program, args);
	terminal_run(command, &text);
	return text;
}

static void terminal(void **state)
{
	static const char *const listings[] = { "info", "log", "tasks", "stack --all", "regions", "trace" };
	static const char pager[] = "PAGER='sed s/^/paged:/'", plain[] = "[    0.000000] Kernel panic";
	char args[256];
	struct di d;

	build_trace(&d);
	snprintf(args, sizeof(args), "collect %s", d.path);
	must_run(args);
	di_done(&d);
	for (size_t i = 0; i < ARRAY_LEN(listings); i++) {
		snprintf(args, sizeof(args), "%s minidump.elf", listings[i]);
		contains(on_terminal(pager, args), "paged:");
		snprintf(args, sizeof(args), "%s --no-pager minidump.elf", listings[i]);
		assert_null(strstr(on_terminal(pager, args), "paged:"));
		snprintf(args, sizeof(args), "%s --json minidump.elf", listings[i]);
		assert_null(strstr(on_terminal(pager, args), "paged:"));
		assert_null(strstr(on_terminal("", args), "\033["));
	}
	/* A pager could start a shell for somebody who has become root for this one command. */
	snprintf(args, sizeof(args),
		 "cd %s && printf '#!/bin/sh\\nsed \"s/^/less $LESSSECURE:/\"\\n' >less && chmod +x less", folder);
	assert_int_equal(system(args), 0);
	contains(on_terminal("PATH=.:$PATH", "info minidump.elf"), "less :");
	contains(on_terminal("PATH=.:$PATH SUDO_UID=1000 PAGER='sed s/^/paged:/'", "info minidump.elf"), "less 1:");
	contains(on_terminal("PATH=.:$PATH PKEXEC_UID=1000 PAGER='sed s/^/paged:/'", "info minidump.elf"), "less 1:");
	assert_null(strstr(on_terminal("PATH=.:$PATH PAGER=", "info minidump.elf"), "less"));
	assert_null(strstr(on_terminal("PATH=.:$PATH PAGER=cat", "info minidump.elf"), "less"));
	on_terminal("PAGER=true", "log minidump.elf");
	contains(on_terminal("", "log --no-pager minidump.elf"), "\033[31m\033[1mKernel panic");
	contains(on_terminal(pager, "log minidump.elf"), "\033[31m\033[1mKernel panic");
	contains(on_terminal("NO_COLOR=1", "log --no-pager minidump.elf"), plain);
	contains(on_terminal("TERM=dumb", "log --no-pager minidump.elf"), plain);
	contains(on_terminal("SYSTEMD_COLORS=0", "log --no-pager minidump.elf"), plain);
	must_run("log minidump.elf");
	contains(out, plain);
	contains(on_terminal("", "regions --extract=KTASK -o - minidump.elf"), "not for a terminal");
	assert_null(strstr(on_terminal(pager, "regions --extract=KTASK -o task minidump.elf"), "paged:"));
	snprintf(args, sizeof(args), "cd %s && rm minidump.elf task less", folder);
	assert_int_equal(system(args), 0);
}

/* What bash offers for a word that starts so. */
static char *completions(const char *verb, const char *word)
{
	char command[512], *text = NULL;

	snprintf(command, sizeof(command),
		 "bash -c '. docs/completion/qcmdump; compopt() { :; }; COMP_WORDS=(qcmdump %s %s); "
		 "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _qcmdump; printf \" %%s \" \"${COMPREPLY[@]}\"'",
		 verb, word);
	assert_int_equal(terminal_run(command, &text), 0);
	return text;
}

/* Each option that --help lists is in the manual page and in the completion of its command. */
static void documents(void **state)
{
	static const char *const commands[] = { "collect", "info",    "log",   "tasks",	  "stack",
						"report",  "regions", "trace", "convert", "redact" };
	size_t size, n = 0;
	char *page = golden_read("docs/man/qcmdump.1.rst", &size);

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		char args[64], *offered = completions(commands[i], "--"), *line, option[64], entry[80];

		snprintf(args, sizeof(args), "%s --help", commands[i]);
		must_run(args);
		for (line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
			/* "  -o, --output=FILE  text" */
			if (strlen(line) < 8 || sscanf(line + 6, "--%63[a-z-]", option) != 1 ||
			    !strcmp(option, "help") || !strcmp(option, "version"))
				continue;
			n++;
			snprintf(entry, sizeof(entry), "**--%s%s", option,
				 line[8 + strlen(option)] == '=' ? "=" : "**");
			contains(page, entry);
			snprintf(entry, sizeof(entry), " --%s%c", option, line[8 + strlen(option)] == '=' ? '=' : ' ');
			contains(offered, entry);
		}
		free(offered);
	}
	assert_true(n > 40);
	free(page);
}

/* A compressed dump is read by all commands; a compressed source is not written over. */
static void compressed(void **state)
{
	char args[256], path[128];
	struct di d;

	build(&d);
	snprintf(args, sizeof(args), "collect --compress=zstd %s", d.path);
	must_run(args);
	contains(out, "qcmdump info minidump.elf.zst\n");
	assert_int_equal(run_after("zstd -q -t minidump.elf.zst &&", "--version"), 0);
	must_run("info minidump.elf.zst");
	contains(out, "Kernel panic - not syncing: test");
	must_run("log --no-pager minidump.elf.zst");
	assert_string_equal(out, "[    0.000000] Kernel panic - not syncing: test\n");
	assert_int_equal(
		run_after("zstd -q --rm minidump.elf.zst -d -o a && zstd -q --rm a -o b.zst &&", "tasks b.zst"), 0);
	contains(out, "systemd");
	snprintf(path, sizeof(path), "%s/b.zst", folder);
	unlink(path);

	snprintf(path, sizeof(path), "zstd -q %s -o ram.zst &&", d.path);
	assert_int_equal(run_after(path, "collect --compress=none ram.zst"), 0);
	contains(out, "Saved 9 regions");
	assert_int_equal(run("collect -f -o ram.zst ram.zst"), 1);
	contains(err, "is one of the files that this is made from");
	assert_int_equal(run_after("ulimit -f 3; trap '' XFSZ;", "collect --compress=zstd -o c.zst ram.zst"), 1);
	assert_int_equal(files_in_folder(), 2);
	snprintf(path, sizeof(path), "%s/ram.zst", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/minidump.elf", folder);
	unlink(path);
	di_done(&d);
}

static void by_registers(void **state)
{
	uint32_t regs[] = { 1, 1, 0x454e424c, [8] = 1, 0x454e424c, 0x444f4e45, 0x4e52, 0, 0, 0 };
	char args[256], path[64];
	struct di d;
	FILE *f;

	build(&d);
	regs[12] = d.n_slots;
	regs[13] = d.regions;
	snprintf(path, sizeof(path), "%s/registers.bin", folder);
	f = fopen(path, "w");
	assert_int_equal(fwrite(regs, sizeof(regs), 1, f), 1);
	fclose(f);
	snprintf(args, sizeof(args), "collect --registers registers.bin %s", d.path);
	must_run(args);
	contains(out, "Table behind the registers in registers.bin (back end mmio): 9 slots in use.\nSaved 9 regions");
	must_run("info --json minidump.elf");
	contains(out, "\"backend\": \"mmio\"");
	snprintf(args, sizeof(args), "collect --json -f --registers=registers.bin %s", d.path);
	must_run(args);
	contains(out, "\"slots_used\": 9");
	snprintf(args, sizeof(args), "collect -f -o registers.bin --registers registers.bin %s", d.path);
	assert_int_equal(run(args), 1);
	contains(err, "registers.bin is one of the files that this is made from");
	setenv("TMPDIR", "/nonexistent", 1);
	snprintf(args, sizeof(args), "collect -f --registers registers.bin %s", d.path);
	assert_int_equal(run(args), 1);
	contains(err, "Cannot create a temporary file in /nonexistent");
	unsetenv("TMPDIR");
	assert_int_equal(files_in_folder(), 2);
	unlink(path);
	snprintf(path, sizeof(path), "%s/minidump.elf", folder);
	unlink(path);
	di_done(&d);
}

static void from_firmware(void **state)
{
	char args[256];
	struct di d;
	struct df f;

	build(&d);
	df_init(&f, &d);
	df_folder(&f, DF_CMM);
	snprintf(args, sizeof(args), "collect %s", f.path);
	must_run(args);
	contains(out, "Saved 9 regions that firmware left");
	must_run("log --no-pager minidump.elf");
	contains(out, "Kernel panic - not syncing: test");
	/* What it is collected from is not written over. */
	snprintf(args, sizeof(args), "collect -f -o %s/md_KLOGBUF.BIN %s", f.path, f.path);
	assert_int_equal(run(args), 1);
	contains(err, "is one of the files that this is made from");
	snprintf(args, sizeof(args), "collect -f -o %s/load.cmm %s", f.path, f.path);
	assert_int_equal(run(args), 1);
	contains(err, "is one of the files that this is made from");
	snprintf(args, sizeof(args), "collect --list %s", f.path);
	assert_int_equal(run(args), 1);
	contains(err, "is a directory");
	df_remove(&f);

	df_rawdump(&f, NULL);
	df_rawdump(&f, f.path);
	snprintf(args, sizeof(args), "collect --list %s", f.path);
	must_run(args);
	contains(out, "   1  0x0000000000         9");
	contains(out, "   2  0x");
	contains(out, "complete");
	snprintf(args, sizeof(args), "collect --list --json %s", f.path);
	must_run(args);
	contains(out, "\"dump\": 2");
	snprintf(args, sizeof(args), "collect -f --json --dump 2 %s", f.path);
	must_run(args);
	contains(out, "\"source_kind\": \"rawdump\"");
	contains(out, "\"problems\": [");
	snprintf(args, sizeof(args), "collect --list %s", d.path);
	assert_int_equal(run(args), 1);
	contains(err, "is no rawdump partition");
	assert_int_equal(files_in_folder(), 1);
	snprintf(args, sizeof(args), "%s/minidump.elf", folder);
	unlink(args);
	df_remove(&f);
	df_done(&f);
	di_done(&d);
}

/* Which events an option leaves: a letter for each, upper case for the second array. */
static void shows(const char *options, const char *expected)
{
	static const char *const parts[][2] = { { "prev_comm", "sS" }, { "then", "tT" }, { "last", "lL" } };
	char args[128], got[16] = "", *line, *next;

	snprintf(args, sizeof(args), "trace %s minidump.elf", options);
	must_run(args);
	for (line = out; *line; line = next) {
		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		for (int i = 0; i < 3; i++)
			if (strstr(line, parts[i][0]))
				strncat(got, &parts[i][1][strstr(line, "[003]") != NULL], 1);
	}
	assert_string_equal(got, expected);
}

static void trace_options(void **state)
{
	char args[256];
	struct di d;

	build_trace(&d);
	snprintf(args, sizeof(args), "collect %s", d.path);
	must_run(args);
	di_done(&d);
	shows("", "sStTlL");
	shows("--cpu=3", "STL");
	shows("--array=first", "stl");
	shows("--event=mark", "tTlL");
	shows("--event='sched:*'", "sS");
	shows("--since=2.0001", "lL");
	shows("--last=1 --array=second", "TL");
	must_run("trace --event=none minidump.elf");
	assert_string_equal(out, "");
	contains(err, "No events: the options leave out");
	must_run("trace --json --array=second --last=0.1 minidump.elf");
	assert_string_equal(out, "[{\"timestamp_ns\":2000500001,\"array\":\"second\",\"cpu\":3,\"pid\":7,"
				 "\"comm\":\"worker\",\"system\":\"test\",\"event\":\"mark\","
				 "\"text\":\"1: last (one)\"}]\n");

	assert_int_equal(run("trace --array=third minidump.elf"), 1);
	contains(err, "There are: first, second");
	assert_int_equal(run("trace -o trace.dat minidump.elf"), 1);
	contains(err, "choose it with --array");
	must_run("trace -o trace.dat --array=second minidump.elf");
	contains(out, "trace-cmd report trace.dat");
	assert_int_equal(run("trace -o trace.dat --array=second minidump.elf"), 1);
	contains(err, "--force");
	must_run("trace -f -o trace.dat --array=second minidump.elf");
	snprintf(args, sizeof(args), "cd %s && rm minidump.elf trace.dat", folder);
	assert_int_equal(system(args), 0);
}

/* A failure says why, on standard error, and leaves no file. */
static void failures(void **state)
{
	char args[256];
	struct di d;

	di_init(&d, 8 * MIB_, 0, 0);
	snprintf(args, sizeof(args), "collect %s", d.path);
	assert_int_equal(run(args), 1);
	assert_string_equal(out, "");
	contains(err, "No minidump table");
	snprintf(args, sizeof(args), "log %s", d.path);
	assert_int_equal(run(args), 1);
	contains(err, "is no dump");
	assert_int_equal(run("tasks /nonexistent"), 1);
	contains(err, "Cannot open /nonexistent");
	assert_int_equal(files_in_folder(), 0);
	di_done(&d);

	build(&d);
	snprintf(args, sizeof(args), "collect -o none/minidump.elf %s", d.path);
	assert_int_equal(run(args), 1);
	contains(err, "Cannot create a file in none");
	/* The disk is full, or so it seems. */
	snprintf(args, sizeof(args), "collect %s", d.path);
	assert_int_equal(run_after("ulimit -f 8; trap '' XFSZ;", args), 1);
	contains(err, "Cannot write the dump: File too large");
	assert_int_equal(files_in_folder(), 0);
	di_done(&d);
}

static int setup(void **state)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 32);
	char *end;

	if (n < 0 || !mkdtemp(folder))
		return -1;
	/* build/tests/unit/test-dump-cli: the program is in build */
	program[n] = '\0';
	for (int up = 0; up < 3; up++) {
		end = strrchr(program, '/');
		if (!end)
			return -1;
		*end = '\0';
	}
	strcat(program, "/qcmdump");
	return access(program, X_OK);
}

static int teardown(void **state)
{
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_and_version), cmocka_unit_test(usage_errors),  cmocka_unit_test(round_trip),
		cmocka_unit_test(log_options),	    cmocka_unit_test(extract),	     cmocka_unit_test(terminal),
		cmocka_unit_test(documents),	    cmocka_unit_test(compressed),    cmocka_unit_test(by_registers),
		cmocka_unit_test(from_firmware),    cmocka_unit_test(trace_options), cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
