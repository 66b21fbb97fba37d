// SPDX-License-Identifier: GPL-2.0-only
/* qcmdump redact: what goes is nowhere in the file, in whatever form it has there, and what stays says what it did. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <qcmd_note.h>

#include "dump-stack.h"
#include "dump-trace.h"
#include "dump/collect/pstore.h"
#include "dump/core/notetext.h"
#include "dump/core/zstdfile.h"
#include "dump/log/log.h"
#include "lib/file.h"

#define DUMPS 1000

/* Secrets: of 16 characters or, as addresses, a few more or less; none is in another place by accident. */
#define SECRETS_MAX 256
#define SECRET_SIZE 48

static char secrets[SECRETS_MAX][SECRET_SIZE];
static size_t n_secrets;
static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t below(size_t n)
{
	return next_random() % n;
}

__attribute__((format(printf, 1, 2))) static const char *add_secret(const char *format, ...)
{
	va_list ap;

	assert_true(n_secrets < SECRETS_MAX);
	va_start(ap, format);
	vsnprintf(secrets[n_secrets], SECRET_SIZE, format, ap);
	va_end(ap);
	return secrets[n_secrets++];
}

static const char *new_secret(void)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	char text[17] = "";

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = letters[below(sizeof(letters) - 1)];
	return add_secret("%s", text);
}

/* A part of it, which a register has room for, is as bad as all of it; so is the text as EFI and USB have it. */
static bool is_in(const char *data, size_t size, const char *secret)
{
	size_t n = strlen(secret), part = n < 12 ? n : 8;
	char wide[2 * SECRET_SIZE] = "";

	for (size_t i = 0; i < n; i++)
		wide[2 * i] = secret[i];
	return memmem(data, size, secret, part) || memmem(data, size, secret + n - part, part) ||
	       memmem(data, size, wide, 2 * n);
}

static size_t count_in(const char *data, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < n_secrets; i++)
		n += is_in(data, size, secrets[i]);
	return n;
}

static void none_in(const char *what, const char *data, size_t size)
{
	for (size_t i = 0; i < n_secrets; i++)
		if (is_in(data, size, secrets[i]))
			fail_msg("%s: secret %zu, %s, is in it", what, i, secrets[i]);
}

/* Most of a dump is zeros, of which no secret has two in a row. Returns the new size. */
static size_t squeeze(char *data, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		if (data[i] || n < 2 || data[n - 1] || data[n - 2])
			data[n++] = data[i];
	return n;
}

/* All bytes, decompressed if it is a file of zstd. */
static char *read_all(const char *path, size_t *ret)
{
	struct derr err;
	uint64_t size;
	int fd = dumpfile_open(path, &size, NULL, &err);
	char *data = malloc(size);

	assert_true(fd >= 0);
	assert_int_equal(pread_full(fd, data, size, 0), 0);
	close(fd);
	*ret = squeeze(data, size);
	return data;
}

static void redact_with(const char *path, const struct redact_options *o, bool zstd, char out[64])
{
	struct redaction x;
	struct corefile core;
	struct derr err = { 0 };
	int fd, r;

	strcpy(out, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(out);
	assert_true(fd >= 0);
	r = core_open(&core, path, &err);
	if (r == 0)
		r = redact_prepare(&x, &core, o, &err);
	if (r == 0)
		r = zstd ? zstd_write(collect_write, &x.c, fd, &err) : collect_write(&x.c, fd, &err);
	if (r < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < x.c.toc.problems.n; i++)
		fail_msg("unexpected problem: %s", x.c.toc.problems.v[i]);
	redaction_clear(&x);
	core_close(&core);
	close(fd);
}

/* In the file as it is, and in what of it is compressed. */
static void check_file(const char *path)
{
	size_t size, pos = 0;
	char *data = read_all(path, &size);
	struct elfnote note;
	struct corefile core;
	struct derr err;

	none_in("the file", data, size);
	free(data);
	assert_int_equal(core_open(&core, path, &err), 0);
	while (elfnote_next(core.elf.notes, core.elf.notes_size, &pos, &note)) {
		char *text = notetext_read(&note, MIB, &size);

		assert_non_null(text);
		none_in("a note", text, size);
		free(text);
	}
	core_close(&core);
}

/* The kernel's log: more than the ring has room for, so that it wraps and older texts are left over. */

static const char *host;

static void say(struct di *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct di *d, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	di_print(d, d->seq * 1000000, 6, text, below(2) ? "subsystem" : NULL, below(4) ? NULL : new_secret());
}

static void say_address(struct di *d)
{
	unsigned int r[8];

	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		r[i] = below(256);
	switch (below(5)) {
	case 0:
		say(d, "eth0: %s up", add_secret("%02x:%02x:%02x:%02x:%02x:%02x", r[0], r[1], r[2], r[3], r[4], r[5]));
		break;
	case 1:
		say(d, "SRC=%s DST=", add_secret("1%02u.%u.%u.1%02u", r[0] % 100, r[1], r[2], r[3] % 100));
		break;
	case 2:
		say(d, "from [%s]:22", add_secret("fe80::1%02x:2%02x:3%02x:4%02x", r[0], r[1], r[2], r[3]));
		break;
	case 3:
		say(d, "root %s not found",
		    add_secret("%02x%02x1234-aaaa-4%03x-8%03x-0123456789%02x", r[0], r[1], r[2], r[3], r[4]));
		break;
	default:
		say(d, "RDX: %s RSI: 0000000000000000",
		    add_secret("a1b2%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2], r[3], r[4], r[5]));
	}
}

static void say_something(struct di *d)
{
	switch (below(10)) {
	case 0:
		say(d, "vpn: password=%s accepted", new_secret());
		break;
	case 1:
		say(d, "Kernel command line: quiet a.b=%s ro", new_secret());
		break;
	case 2:
		say(d, "Command line: x=\"%s %s\" \"y=z %s\" quiet", new_secret(), new_secret(), new_secret());
		break;
	case 3:
		say(d, "  with environment:");
		say(d, "    HOME=/%s", new_secret());
		say(d, "    %s", new_secret());
		break;
	case 4:
		say(d, "one line\nthe Customer %s of it\nanother", new_secret());
		break;
	case 5:
		say(d, "audit: node %s.example: (%s)", host, host);
		break;
	case 6:
		say(d, "API-KEY: %s", new_secret());
		break;
	case 7:
		say(d, "nothing of interest, %zu", below(1000000));
		break;
	default:
		say_address(d);
	}
}

static void put_text(struct di *d, const char *region, size_t size)
{
	uint64_t at = di_alloc(d, size, 64);
	const char *secret = new_secret();

	di_write(d, at + below(size - 16), secret, strlen(secret));
	di_add(d, region, 0, at, DI_DIRECT + at, size);
}

static void put_registers(struct di *d)
{
	uint64_t at = di_alloc(d, DI_CPU_REGS_HEADER + DI_CPU_REGS_ENTRY, 64);
	uint8_t region[DI_CPU_REGS_HEADER + DI_CPU_REGS_ENTRY] = { 0 };
	/* Behind the head of the entry and that of its note. */
	size_t regs = DI_CPU_REGS_HEADER + 16 + 20 + 112;

	di_cpu_regs_header(region, 1);
	di_cpu_regs(region, 0, MINIDUMP_CPU_REGS_PANIC, 7, SCHEDULE + 0x50, STACK + 0x3e38);
	memcpy(region + regs, new_secret(), 16);
	memcpy(region + regs + X86_AX * 8, new_secret(), 16);
	di_write(d, at, region, sizeof(region));
	di_add(d, MINIDUMP_CPU_REGS_NAME, 0, at, DI_DIRECT + at, sizeof(region));
}

static void put_uts(struct di *d)
{
	uint64_t at = di_alloc(d, 512, 64), names = at + below(64);

	host = new_secret();
	di_write(d, names, "Linux", 5);
	di_write(d, names + 65, host, 16);
	di_write(d, names + 65 + 20, new_secret(), 16);
	di_write(d, names + 130, DI_RELEASE, strlen(DI_RELEASE));
	di_write(d, names + 195, "#1 SMP", 6);
	di_write(d, names + 195 + 10, new_secret(), 16);
	di_write(d, names + 260, "x86_64", 6);
	di_write(d, names + 325, new_secret(), 16);
	di_write(d, names + 395, new_secret(), 16);
	di_add(d, MINIDUMP_UTS_NAME, 0, at, DI_DIRECT + at, 512);
}

static void put_banner(struct di *d)
{
	uint64_t at = di_alloc(d, 512, 64);

	di_write(d, at, "Linux version 6.12", 18);
	di_write(d, at + 20 + below(400), new_secret(), 16);
	di_add(d, MINIDUMP_BANNER_NAME, 0, at, DI_DIRECT + at, 512);
}

/* All over it, also where no word begins, and between what leads from frame to frame. */
static void put_stack(struct machine *m)
{
	static const uint64_t between[] = { 0x3e00, 0x3e10, 0x3e70, 0x3e90, 0x3e90 + 8 * 8, 0x3e90 + 18 * 8 };

	for (size_t i = 0; i < 20; i++)
		di_write(&m->d, m->stack + below(0x3e00 - 16), new_secret(), 16);
	for (size_t i = 0; i < ARRAY_LEN(between); i++)
		di_write(&m->d, m->stack + between[i], new_secret(), 16);
	put_x86_frames(m);
}

static void put_trace(struct di *d)
{
	static struct dt_page page;
	char lines[128];

	snprintf(lines, sizeof(lines), "ARRAY(0)=%s\nCLOCK(0)=local\nSUBBUF_SIZE(0)=4096\n", new_secret());
	dt_note(d, lines, "", below(2));
	dt_page(&page, 4096, 1000000000);
	dt_switch(&page, 1000, 7, new_secret(), 8, new_secret());
	dt_mark(&page, 1000, 7, 1, new_secret());
	dt_add(d, MINIDUMP_TRACE_NAME "0C0", 0, &page, 1);
}

static void put_task(struct machine *m, bool comm, bool on_cpu)
{
	struct di_task t = { .pid = 7, .tgid = 7, .state = !on_cpu, .on_cpu = on_cpu, .stack = STACK };
	uint64_t at;

	t.sp = STACK + 0x3e00;
	t.comm = comm ? new_secret() : "waiter";
	/* The kernel has room for 15 and a NUL. */
	if (comm)
		secrets[n_secrets - 1][15] = '\0';
	at = di_task(&m->d, &t) - DI_DIRECT;
	di_write(&m->d, at + 440, new_secret(), 16);
	di_write(&m->d, at + 56 + below(20), new_secret(), 16);
	if (comm)
		say(&m->d, "CPU: 0 PID: 7 Comm: %s Not tainted", t.comm);
}

/* Notes of other kinds, as hypervisors and kdump have them: behind the dump's own, at the end of the file. */
static void add_notes(const char *path)
{
	struct notebuf b = { 0 };
	struct corefile core;
	struct derr err;
	Elf64_Phdr p;
	int fd = open(path, O_RDWR);

	assert_int_equal(core_open(&core, path, &err), 0);
	b.data = xgrow(NULL, &b.capacity, core.elf.notes_size, 1);
	memcpy(b.data, core.elf.notes, core.elf.notes_size);
	b.size = core.elf.notes_size;
	notebuf_add(&b, "CORE", NT_PRPSINFO, new_secret(), 16);
	notebuf_add(&b, "QEMU", 0, new_secret(), 16);
	notebuf_add(&b, new_secret(), 77, new_secret(), 16);
	notebuf_add(&b, QCMD_NOTE_NAME, QCMD_NOTE_KERNEL, new_secret(), 16);
	notebuf_add(&b, VMCOREINFO_NAME, 0, new_secret(), 16);
	assert_int_equal(pread_full(fd, &p, sizeof(p), sizeof(Elf64_Ehdr)), 0);
	p.p_offset = (core.file_size + 7) / 8 * 8;
	p.p_filesz = p.p_memsz = b.size;
	assert_int_equal(pwrite_full(fd, &p, sizeof(p), sizeof(Elf64_Ehdr)), 0);
	assert_int_equal(pwrite_full(fd, b.data, b.size, p.p_offset), 0);
	notebuf_clear(&b);
	core_close(&core);
	close(fd);
}

static void compress_file(const char *path)
{
	struct stat st;
	struct derr err;
	char packed[64] = "/tmp/qcmd-test-XXXXXX";
	int in = open(path, O_RDONLY), out = mkstemp(packed);

	assert_int_equal(fstat(in, &st), 0);
	assert_int_equal(zstd_compress(in, st.st_size, out, &err), 0);
	assert_int_equal(rename(packed, path), 0);
	close(in);
	close(out);
}

static void plant(struct machine *m, bool comm)
{
	struct di *d = &m->d;

	start_given(m, &orc_6_4);
	d->has_context = below(2);
	put_uts(d);
	put_stack(m);
	di_ring(d, 4, 10);
	for (size_t i = 0; i < 14 + below(14); i++)
		say_something(d);
	put_task(m, comm, below(2));
	put_banner(d);
	put_registers(d);
	put_trace(d);
	put_text(d, "KDRIVER", 300);
	put_text(d, "Kmap12", 4096);
	put_text(d, "Kmy_keys", 64);
	put_text(d, MINIDUMP_MM_NAME, 1000);
	/* What is too large to be what its name says. */
	put_text(d, "Knr_threads", 300);
	di_note(d, "HOSTNAME=%s\nCREATOR=/%s", new_secret(), new_secret());
	finish(m);
	add_notes(m->out);
}

static void thousand(void **state)
{
	for (unsigned int i = 0; i < DUMPS; i++) {
		struct redact_options o = { .comm = i % 3 == 1, .log = { "customer" }, .n_log = 1 };
		struct corefile core;
		struct machine m;
		struct derr err;
		struct log log;
		char out[64], *data;
		size_t size;

		random_state = (i + 1) * 0x9e3779b97f4a7c15;
		n_secrets = 0;
		plant(&m, o.comm);
		data = read_all(m.out, &size);
		/* Of the log some are overwritten, and of notes and of files the compressed is not looked into. */
		assert_true(count_in(data, size) > 60);
		free(data);
		if (i % 10 == 1)
			compress_file(m.out);
		redact_with(m.out, &o, i % 10 == 0, out);
		check_file(out);
		assert_int_equal(core_open(&core, out, &err), 0);
		assert_int_equal(log_read(&core, &log, &err), 0);
		assert_true(log.n > 3 && !log.skipped);
		log_clear(&log);
		core_close(&core);
		unlink(out);
		done(&m);
	}
}

/* What stays */

static char *shown(show_fn show, const char *path, bool json)
{
	struct derr err = { 0 };
	char *text = run_show(show, path, json, true, &err);

	if (!text)
		fail_msg("%s", err.text);
	return text;
}

static void shows_the_same(show_fn show, const char *before, const char *after, bool json)
{
	char *x = shown(show, before, json), *y = shown(show, after, json);

	assert_string_equal(x, y);
	free(x);
	free(y);
}

static void start_sane(struct machine *m, bool on_cpu)
{
	random_state = 1;
	n_secrets = 0;
	start_given(m, &orc_6_4);
	put_stack(m);
	put_uts(&m->d);
	put_task(m, false, on_cpu);
	put_registers(&m->d);
	di_ring(&m->d, 5, 11);
}

/* A task that sleeps, and one that is unwound from its registers, through an exception. */
static void stacks_and_tasks(void **state)
{
	static const struct redact_options none;
	char out[64], *text;

	for (int on_cpu = 0; on_cpu < 2; on_cpu++) {
		struct machine m;

		start_sane(&m, on_cpu);
		finish(&m);
		redact_with(m.out, &none, false, out);
		shows_the_same(show_stack, m.out, out, false);
		shows_the_same(show_stack, m.out, out, true);
		shows_the_same(show_tasks, m.out, out, true);
		text = shown(show_stack, out, false);
		assert_non_null(strstr(text, unwound));
		free(text);
		check_file(out);
		unlink(out);
		done(&m);
	}
}

/* Frame records, and one of an exception, whose mode is told by its registers. */
static void stack_of_arm64(void **state)
{
	static const struct redact_options none;
	const struct options all = { .all = true };
	struct derr err = { 0 };
	char out[64], *before, *after;
	struct machine m;

	n_secrets = 0;
	start_arm64(&m, true);
	for (uint64_t at = 0x3d00; at < 0x3e00; at += 16)
		di_write(&m.d, m.stack + at, new_secret(), 16);
	/* Of PSTATE more is set, and a register has something. */
	put_word(&m, 0x3e58 + 33 * 8, 0x60400005);
	di_write(&m.d, m.stack + 0x3e58 + 24, new_secret(), 16);
	finish(&m);
	before = stack_of(&m, all, &err);
	redact_with(m.out, &none, false, out);
	check_file(out);
	unlink(m.out);
	strcpy(m.out, out);
	after = stack_of(&m, all, &err);
	assert_non_null(strstr(before, "entry_SYSCALL_64+0x0/0x100"));
	assert_string_equal(before, after);
	free(before);
	free(after);
	done(&m);
}

static void log_lines(void **state)
{
	static const char *const lines[][2] = {
		{ "Linux version 6.12.0-1-amd64 (x@y.org) #1 SMP", NULL },
		{ "Command line: BOOT_IMAGE=/vmlinuz root=UUID=0 ro  q=\"a b\" -- s",
		  "Command line: BOOT_IMAGE=******** root=****** ro  q=***** -- s" },
		{ "Unknown kernel command line parameters \"a=b c=d\", will be passed to user space.",
		  "Unknown kernel command line parameters \"a=******* will be passed to user space." },
		{ "Run /sbin/init as init process", NULL },
		{ "  with arguments:", NULL },
		{ "    /sbin/init", "    **********" },
		{ "  with environment:", NULL },
		{ "    HOME=/", "    ******" },
		{ "pci 0000:00:1f.2: [8086:2922] type 00 class 0x010601", NULL },
		{ "    HOME=/", NULL },
		{ "a\nPassWord: x\nb", "a\n***********\nb" },
		{ "eth0: 52:54:00:12:34:56 at 10.0.2.15, fe80::5054:ff:fe12:3456, 2001:db8:0:1:2:3:4:5",
		  "eth0: ***************** at *********, ***********************, ********************" },
		{ "RIP: 0010:schedule+0x50/0x100", NULL },
		{ "RAX: 00000000deadbeef RBX: 1111111111111111 RCX: 2222222222222222",
		  "RAX: **************** RBX: **************** RCX: ****************" },
		{ "x29: ffff800080003c00 x28: 1111111111111111", "x29: **************** x28: ****************" },
		{ "Modules linked in: ext4 psmouse", NULL },
		{ "Kernel panic - not syncing: hung_task: blocked tasks", NULL },
		{ "CPU: 1 PID: 355 Comm: crash Not tainted 6.12.0", NULL },
	};
	struct corefile core;
	struct machine m;
	struct derr err;
	struct log log;
	char out[64];

	start_sane(&m, false);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		di_print(&m.d, i, 5, lines[i][0], NULL, NULL);
	finish(&m);
	redact_with(m.out, &(struct redact_options){ 0 }, false, out);
	assert_int_equal(core_open(&core, out, &err), 0);
	assert_int_equal(log_read(&core, &log, &err), 0);
	assert_int_equal(log.n, ARRAY_LEN(lines));
	for (size_t i = 0; i < log.n; i++) {
		const char *expected = lines[i][1] ?: lines[i][0];

		if (log.v[i].text_len != strlen(expected) || memcmp(log.v[i].text, expected, log.v[i].text_len))
			fail_msg("%.*s is not: %s", (int)log.v[i].text_len, log.v[i].text, expected);
		assert_int_equal(log.v[i].ts_nsec, i);
		assert_int_equal(log.v[i].level, 5);
	}
	log_clear(&log);
	core_close(&core);
	unlink(out);
	done(&m);
}

/* What went is said in the dump, and a second time nothing of that is lost. */
static void says_what_went(void **state)
{
	static const struct redact_options none;
	char once[64], twice[64], *text;
	struct machine m;

	start_sane(&m, false);
	put_text(&m.d, "KDRIVER", 300);
	put_text(&m.d, "KDRIVER", 200);
	m.d.slots[m.d.n_slots - 1].seq = 1;
	finish(&m);
	redact_with(m.out, &none, false, once);
	text = shown(show_info, once, false);
	assert_non_null(strstr(text, "removed KDRIVER: 2 regions, 500 bytes: may hold anything\n"));
	assert_non_null(strstr(text, "Redacted: "));
	assert_null(strstr(text, m.d.path));
	free(text);
	redact_with(once, &none, false, twice);
	text = shown(show_info, twice, true);
	assert_non_null(strstr(text, "removed KDRIVER: 2 regions, 500 bytes: may hold anything"));
	free(text);
	shows_the_same(show_stack, once, twice, false);
	shows_the_same(show_log, once, twice, true);
	unlink(once);
	unlink(twice);
	done(&m);
}

static void kept(void **state)
{
	const struct redact_options o = { .keep = { "KDR*" }, .n_keep = 1 };
	char out[64], *data;
	struct machine m;
	size_t size;

	start_sane(&m, false);
	n_secrets = 0;
	put_text(&m.d, "KDRIVER", 300);
	put_text(&m.d, "KOTHER", 300);
	finish(&m);
	redact_with(m.out, &o, false, out);
	data = read_all(out, &size);
	assert_true(is_in(data, size, secrets[0]));
	assert_false(is_in(data, size, secrets[1]));
	free(data);
	unlink(out);
	done(&m);
}

/* Without what says how a log is laid out nothing of it stays. */
static void log_unreadable(void **state)
{
	static const struct redact_options none;
	char out[64], *text;
	struct machine m;

	start_sane(&m, false);
	for (size_t i = 0; i < 20; i++)
		say(&m.d, "harmless, but for %s", new_secret());
	di_write64(&m.d, m.d.ring, 60);
	finish(&m);
	redact_with(m.out, &none, false, out);
	check_file(out);
	text = shown(show_info, out, false);
	assert_non_null(strstr(text, "log: all of it, as it cannot be read"));
	free(text);
	unlink(out);
	done(&m);
}

static void of_pstore(void **state)
{
	static const struct redact_options none;
	static const char text[] = "Panic#1 Part1\n<6>[    1.000000] Command line: a=b\n"
				   "<6>[    2.000000][    T1] fine\n<0>[    3.500000] token: abc\n";
	struct pstore_record record = { .path = (char *)"/home/me", .text = (char *)text, .size = strlen(text) };
	char in[64] = "/tmp/qcmd-test-XXXXXX", out[64], *log;
	struct derr err;
	int fd = mkstemp(in);

	assert_int_equal(pstore_write(&record, fd, &err), 0);
	close(fd);
	redact_with(in, &none, false, out);
	log = shown(show_log, out, false);
	assert_string_equal(log, "[    1.000000] Command line: a=*\n[    2.000000] fine\n[    3.500000] **********\n");
	free(log);
	log = shown(show_info, out, false);
	assert_null(strstr(log, "/home"));
	free(log);
	unlink(in);
	unlink(out);
}

static void bad_pattern(void **state)
{
	const struct redact_options o = { .log = { "a(" }, .n_log = 1 };
	struct redaction x;
	struct corefile core;
	struct machine m;
	struct derr err;

	start_sane(&m, false);
	finish(&m);
	assert_int_equal(core_open(&core, m.out, &err), 0);
	assert_int_equal(redact_prepare(&x, &core, &o, &err), -EINVAL);
	assert_non_null(strstr(err.text, "--log=a( is no extended regular expression: "));
	redaction_clear(&x);
	core_close(&core);
	done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_and_tasks), cmocka_unit_test(stack_of_arm64), cmocka_unit_test(log_lines),
		cmocka_unit_test(says_what_went),   cmocka_unit_test(kept),	      cmocka_unit_test(log_unreadable),
		cmocka_unit_test(of_pstore),	    cmocka_unit_test(bad_pattern),    cmocka_unit_test(thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
