// SPDX-License-Identifier: GPL-2.0-only
/* Stacks: unwound by ORC tables and by frame pointers, scanned, with names from everywhere, and damaged. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cmocka.h>
#include <elf.h>
#include <zlib.h>
#include <zstd.h>

#include "dump-run.h"
#include "dump/collect/modules.h"
#include "dump/stack/backtrace.h"
#include "dump/stack/names.h"

#define MIB_  (1ULL << 20)
#define STACK 0xffffc90000000000ULL
#define PTR   DI_IMAGE_VIRT

/* Where the functions are, and what the tables of the kernel have of them. */
#define SCHEDULE      (PTR + 0x100)
#define DO_WAIT	      (PTR + 0x200)
#define DO_SYSCALL_64 (PTR + 0x300)
#define ENTRY	      (PTR + 0x400)

struct machine {
	struct di d;
	uint64_t stack; /* physical */
	char list[64];	/* a file of symbols; the kernel was moved down by 16 MiB */
	char out[64];
};

static void put_word(struct machine *m, uint64_t at, uint64_t v)
{
	di_write64(&m->d, m->stack + at, v);
}

static void write_list(struct machine *m, const char *more)
{
	FILE *f;

	strcpy(m->list, "/tmp/qcmd-test-XXXXXX");
	f = fdopen(mkstemp(m->list), "w");
	assert_non_null(f);
	fputs("0000000000001000 A fixed\nffffffff81000000 T _stext\nffffffff81000100 T schedule\n"
	      "ffffffff81000200 t do_wait\nffffffff81000200 t __alias\nffffffff81000300 T do_syscall_64\n"
	      "ffffffff81000400 T entry_SYSCALL_64\nffffffff81000500 T _etext\nffffffff81000600 D data\n",
	      f);
	fprintf(f, "%s", more);
	fclose(f);
}

static const char orc_symbols[] = "ffffffff81002000 R __start_orc_unwind_ip\nffffffff81002018 R __stop_orc_unwind_ip\n"
				  "ffffffff81003000 R __start_orc_unwind\n";

static void put_orc(struct machine *m, unsigned int i, uint64_t ip, int16_t sp, int16_t bp, uint8_t regs, uint8_t type)
{
	uint64_t at = DI_PHYS_BASE + 0x2000 + i * 4, entry = DI_PHYS_BASE + 0x3000 + i * 6;
	int16_t offsets[] = { sp, bp };
	uint8_t rest[] = { regs, type };

	di_write32(&m->d, at, (uint32_t)(ip - (PTR + 0x2000 + i * 4)));
	di_write(&m->d, entry, offsets, 4);
	di_write(&m->d, entry + 4, rest, 2);
}

/* How a kernel numbers types and registers. */
struct orc_numbers {
	uint8_t call, regs, end;
	uint8_t sp, bp, prev_sp;
	const char *hash; /* in hexadecimal digits; NULL: it has none */
};

static const struct orc_numbers orc_before_6_4 = { 0, 1, 4, 5, 4, 1, NULL };
static const struct orc_numbers orc_6_4 = { 2, 3, 1, 5, 4, 1, "fe5d32bf581bd63b2ca9a5c65ba5a625eab3fe24" };
static const struct orc_numbers orc_7_1 = { 2, 3, 1, 3, 4, 8, "137c36ad7627c4dd55932176bb0ecdbd5041fc82" };
static const struct orc_numbers orc_unknown = { 2, 3, 1, 3, 4, 8, "137c36ad7627c4dd55932176bb0ecdbd5041fc83" };

static void put_orc_tables(struct machine *m, const struct orc_numbers *n)
{
	uint8_t by_sp = n->prev_sp << 4 | n->sp, by_bp = n->prev_sp << 4 | n->bp;

	put_orc(m, 0, PTR, 0, 0, 0, n->end);
	put_orc(m, 1, SCHEDULE, 16, 0, n->sp, n->call);
	put_orc(m, 2, DO_WAIT, 32, -16, by_sp, n->call);
	put_orc(m, 3, DO_SYSCALL_64, 16, -16, by_bp, n->call);
	put_orc(m, 4, ENTRY, 0, 0, n->sp, n->regs);
	put_orc(m, 5, PTR + 0x500, 0, 0, 0, n->end);
	for (size_t i = 0; n->hash && i < strlen(n->hash) / 2; i++) {
		unsigned int byte;

		sscanf(n->hash + 2 * i, "%2x", &byte);
		di_write(&m->d, DI_PHYS_BASE + 0x3800 + i, &(uint8_t){ byte }, 1);
	}
	di_add(&m->d, "KORC", 0, DI_PHYS_BASE + 0x2000, PTR + 0x2000, 0x2000);
}

/* schedule <- do_wait <- do_syscall_64 <- entry_SYSCALL_64 <- user space, and things that are no frames */
static void put_x86_frames(struct machine *m)
{
	put_word(m, 0x3e28, STACK + 0x3fff);
	put_word(m, 0x3e30, SCHEDULE + 0x50);
	put_word(m, 0x3e40, DO_WAIT + 0x20);
	put_word(m, 0x3e48, PTR + 0x10);
	put_word(m, 0x3e50, DO_WAIT);
	put_word(m, 0x3e58, STACK + 0x3e80);
	put_word(m, 0x3e60, DO_SYSCALL_64 + 0x30);
	put_word(m, 0x3e68, PTR + 0x610);
	put_word(m, 0x3e88, ENTRY + 0x10);
	put_word(m, 0x3e90 + 17 * 8, 0x33);
}

static void add_task(struct machine *m, bool on_cpu)
{
	struct di_task t = { .pid = 7,
			     .tgid = 7,
			     .cpu = 1,
			     .state = !on_cpu,
			     .comm = "wai\033ter",
			     .on_cpu = on_cpu,
			     .stack = STACK,
			     .sp = STACK + 0x3e00 };

	di_task(&m->d, &t);
}

static void start(struct machine *m)
{
	di_init(&m->d, 8 * MIB_, 0, 0);
	di_task_keys(&m->d);
	di_note(&m->d, "OFFSET(task_struct.thread)=376\nOFFSET(thread_struct.sp)=24");
	di_note(&m->d, "SIZE(inactive_task_frame)=56\nOFFSET(inactive_task_frame.bp)=40");
	di_note(&m->d, "OFFSET(inactive_task_frame.ret_addr)=48");
	m->stack = di_alloc(&m->d, 16384, 4096);
	di_add(&m->d, MINIDUMP_STACK_NAME, 0, m->stack, STACK, 16384);
	m->list[0] = '\0';
}

static void finish(struct machine *m)
{
	di_finish(&m->d);
	must_collect(&m->d, m->out);
}

static void done(struct machine *m)
{
	unlink(m->out);
	if (m->list[0])
		unlink(m->list);
	di_done(&m->d);
}

static char *stack_of(struct machine *m, struct options o, struct derr *err)
{
	struct corefile core;
	char *text = NULL;
	size_t size;
	FILE *f;
	int r;

	assert_int_equal(core_open(&core, m->out, err), 0);
	f = open_memstream(&text, &size);
	if (!o.kallsyms && m->list[0])
		o.kallsyms = m->list;
	r = show_stack(&core, &o, f, err);
	fclose(f);
	core_close(&core);
	if (r == 0)
		return text;
	free(text);
	return NULL;
}

/* Behind the line that says where names are from. */
static void stack_is(struct machine *m, struct options o, const char *expected)
{
	struct derr err = { 0 };
	char *text = stack_of(m, o, &err);

	if (!text)
		fail_msg("%s", err.text);
	assert_string_equal(o.json ? text : strchr(text, '\n') + 1, expected);
	free(text);
}

static void stack_fails(struct machine *m, struct options o, const char *part)
{
	struct derr err = { 0 };
	char *text = stack_of(m, o, &err);

	assert_null(text);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in: %s", part, err.text);
}

static const char unwound[] = "    0xffffffff80000150  schedule+0x50/0x100\n"
			      "    0xffffffff80000220  do_wait+0x20/0x100\n"
			      "    0xffffffff80000330  do_syscall_64+0x30/0x100\n"
			      "    0xffffffff80000410  entry_SYSCALL_64+0x10/0x100\n";

static void start_orc(struct machine *m, const struct orc_numbers *n)
{
	char symbols[512];

	start(m);
	put_x86_frames(m);
	put_orc_tables(m, n);
	snprintf(symbols, sizeof(symbols), "%s%s", orc_symbols,
		 n->hash ? "ffffffff81003800 R __start_orc_header\n" : "");
	write_list(m, symbols);
	add_task(m, false);
	finish(m);
}

static void by_orc(void **state)
{
	static const struct orc_numbers *const kernels[] = { &orc_before_6_4, &orc_6_4, &orc_7_1 };
	const struct options all = { .all = true };
	char expected[512];
	struct machine m;

	snprintf(expected, sizeof(expected), "\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n%s", unwound);
	for (size_t i = 0; i < ARRAY_LEN(kernels); i++) {
		start_orc(&m, kernels[i]);
		stack_is(&m, all, expected);
		done(&m);
	}
}

/* A format that came later is not taken for another one, and the hash by which to find it is told. */
static void by_unknown_orc(void **state)
{
	struct backtrace b;
	struct corefile core;
	struct machine m;
	struct derr err;

	start_orc(&m, &orc_unknown);
	assert_int_equal(core_open(&core, m.out, &err), 0);
	assert_int_equal(backtrace_open(&b, &core, NULL, m.list, &err), 0);
	assert_string_equal(backtrace_method(&b), "scan");
	assert_string_equal(b.orc.unknown, orc_unknown.hash);
	backtrace_close(&b);
	core_close(&core);
	done(&m);

	start_orc(&m, &orc_7_1);
	assert_int_equal(core_open(&core, m.out, &err), 0);
	assert_int_equal(backtrace_open(&b, &core, NULL, m.list, &err), 0);
	assert_string_equal(b.orc.unknown, "");
	backtrace_close(&b);
	core_close(&core);
	done(&m);
}

static void json(void **state)
{
	const struct options o = { .all = true, .json = true };
	struct machine m;

	start(&m);
	put_x86_frames(&m);
	put_orc_tables(&m, &orc_before_6_4);
	write_list(&m, orc_symbols);
	add_task(&m, false);
	finish(&m);
	stack_is(&m, o,
		 "[{\"pid\":7,\"comm\":\"wai\\u001bter\",\"cpu\":1,\"on_cpu\":false,\"method\":\"ORC tables\","
		 "\"start\":\"switch\",\"complete\":true,\"missing_bytes\":0,\"frames\":["
		 "{\"address\":18446744071562068304,\"symbol\":\"schedule\",\"offset\":80,\"size\":256,"
		 "\"unsure\":false},"
		 "{\"address\":18446744071562068512,\"symbol\":\"do_wait\",\"offset\":32,\"size\":256,"
		 "\"unsure\":false},"
		 "{\"address\":18446744071562068784,\"symbol\":\"do_syscall_64\",\"offset\":48,\"size\":256,"
		 "\"unsure\":false},"
		 "{\"address\":18446744071562069008,\"symbol\":\"entry_SYSCALL_64\",\"offset\":16,\"size\":256,"
		 "\"unsure\":false}]}]\n");
	done(&m);
}

static void add_registers(struct machine *m, uint32_t pid, uint64_t ip, uint64_t sp)
{
	uint8_t region[DI_CPU_REGS_HEADER + 2 * DI_CPU_REGS_ENTRY] = { 0 };
	uint64_t paddr = di_alloc(&m->d, sizeof(region), 4096);

	di_cpu_regs_header(region, 2);
	di_cpu_regs(region, 1, MINIDUMP_CPU_REGS_PANIC, pid, ip, sp);
	di_write(&m->d, paddr, region, sizeof(region));
	di_add(&m->d, MINIDUMP_CPU_REGS_NAME, 0, paddr, DI_DIRECT + paddr, sizeof(region));
}

#define IRQ_STACK 0xffffc90000100000ULL

/* schedule <- do_wait on the stack of an interrupt, and further on the task's: as above, or going round there. */
static void start_on_irq_stack(struct machine *m, uint64_t bp)
{
	uint64_t irq_stack;

	start(m);
	put_x86_frames(m);
	put_orc_tables(m, &orc_6_4);
	write_list(m, "ffffffff81002000 R __start_orc_unwind_ip\nffffffff81002018 R __stop_orc_unwind_ip\n"
		      "ffffffff81003000 R __start_orc_unwind\nffffffff81003800 R __start_orc_header\n");
	irq_stack = di_alloc(&m->d, 16384, 4096);
	di_add(&m->d, "Khardirq_", 0, irq_stack, IRQ_STACK, 16384);
	di_write64(&m->d, irq_stack + 0x3f08, DO_WAIT + 0x20);
	di_write64(&m->d, irq_stack + 0x3f20, bp);
	di_write64(&m->d, irq_stack + 0x3f28, DO_SYSCALL_64 + 0x30);
	di_write64(&m->d, irq_stack + 0x3ef0, bp);
	di_write64(&m->d, irq_stack + 0x3ef8, DO_SYSCALL_64 + 0x30);
	add_task(m, true);
	add_registers(m, 7, SCHEDULE + 0x50, IRQ_STACK + 0x3f00);
	finish(m);
}

static void on_irq_stack(void **state)
{
	const struct options running = { 0 };
	char expected[512], *text;
	struct derr err;
	struct machine m;

	snprintf(expected, sizeof(expected), "\nPID 7  wai\\x1bter  running on CPU 1\n%s", unwound);
	start_on_irq_stack(&m, STACK + 0x3e80);
	stack_is(&m, running, expected);
	done(&m);

	/* Round and round: these registers are none of the task's. */
	start_on_irq_stack(&m, IRQ_STACK + 0x3ef0);
	text = stack_of(&m, running, &err);
	assert_non_null(text);
	assert_non_null(strstr(text, "  ? 0xffffffff80000150  schedule+0x50/0x100\n"));
	free(text);
	done(&m);
}

/* The last frame for which there is room is the first on the task's stack, which leads back, to a circle. */
static void on_irq_stack_for_long(void **state)
{
	const struct options running = { 0 };
	uint64_t irq_stack, sp = 0x110;
	struct derr err;
	struct machine m;
	char *text;

	start(&m);
	put_x86_frames(&m);
	put_orc_tables(&m, &orc_before_6_4);
	write_list(&m, orc_symbols);
	irq_stack = di_alloc(&m.d, 16384, 4096);
	di_add(&m.d, "Khardirq_", 0, irq_stack, IRQ_STACK, 16384);
	di_write64(&m.d, irq_stack + sp - 8, DO_WAIT + 0x20);
	for (int i = 2; i < UNWIND_FRAMES_MAX - 2; i++) {
		sp += 32;
		di_write64(&m.d, irq_stack + sp - 8, DO_WAIT + 0x20);
	}
	di_write64(&m.d, irq_stack + sp + 16, STACK + 0x3e80);
	di_write64(&m.d, irq_stack + sp + 24, DO_SYSCALL_64 + 0x30);
	di_write64(&m.d, irq_stack + 0x3ef0, IRQ_STACK + 0x3ef0);
	di_write64(&m.d, irq_stack + 0x3ef8, DO_SYSCALL_64 + 0x30);
	put_word(&m, 0x3f80, DO_WAIT + 0x20);
	put_word(&m, 0x3f98, IRQ_STACK + 0x3ef0);
	put_word(&m, 0x3fa0, DO_SYSCALL_64 + 0x30);
	add_task(&m, true);
	add_registers(&m, 7, SCHEDULE + 0x50, IRQ_STACK + 0x100);
	finish(&m);
	alarm(60);
	text = stack_of(&m, running, &err);
	alarm(0);
	assert_non_null(text);
	assert_non_null(strstr(text, "    0xffffffff80000330  do_syscall_64+0x30/0x100\n"
				     "    0xffffffff80000410  entry_SYSCALL_64+0x10/0x100\n"
				     "    (There are more frames.)\n"));
	free(text);
	done(&m);
}

/* Of what a stopped CPU ran on nothing is there. That it was stopped, and what it did before, is no guess. */
static void stopped(void **state)
{
	const struct options running = { 0 };
	struct machine m;

	start(&m);
	put_x86_frames(&m);
	put_orc_tables(&m, &orc_before_6_4);
	/* An interrupt of do_wait(), which had come this far. */
	put_word(&m, 0x3d00, SCHEDULE + 0x60);
	put_word(&m, 0x3d10, PTR + 0x490);
	for (int i = 0; i < 21; i++)
		put_word(&m, 0x3d18 + i * 8, 0);
	put_word(&m, 0x3d18 + 16 * 8, DO_WAIT + 0x30);
	put_word(&m, 0x3d18 + 17 * 8, 0x10);
	put_word(&m, 0x3d18 + 19 * 8, STACK + 0x3e48);
	write_list(&m, "ffffffff81000480 T asm_sysvec_reboot\nffffffff81002000 R __start_orc_unwind_ip\n"
		       "ffffffff81002018 R __stop_orc_unwind_ip\nffffffff81003000 R __start_orc_unwind\n");
	add_task(&m, true);
	finish(&m);
	stack_is(&m, running,
		 "\nPID 7  wai\\x1bter  running on CPU 1\n"
		 "  ? 0xffffffff80000160  schedule+0x60/0x100\n"
		 "    0xffffffff80000490  asm_sysvec_reboot+0x10/0x80\n"
		 "    0xffffffff80000230  do_wait+0x30/0x100\n"
		 "    0xffffffff80000330  do_syscall_64+0x30/0x100\n"
		 "    0xffffffff80000410  entry_SYSCALL_64+0x10/0x80\n"
		 "    (Where it was is not in the dump: frames with ? are a guess, maybe left over from earlier "
		 "calls.)\n");
	done(&m);
}

/* It was running, and nobody saved its registers: the newest frame that leads to the others. */
static void guessed(void **state)
{
	const struct options running = { 0 }, cpu = { .has_cpu = true, .cpu = 1 };
	const char expected[] =
		"\nPID 7  wai\\x1bter  running on CPU 1\n"
		"  ? 0xffffffff80000150  schedule+0x50/0x100\n"
		"  ? 0xffffffff80000220  do_wait+0x20/0x100\n"
		"  ? 0xffffffff80000330  do_syscall_64+0x30/0x100\n"
		"  ? 0xffffffff80000410  entry_SYSCALL_64+0x10/0x100\n"
		"    (Where it was is not in the dump: frames with ? are a guess, maybe left over from earlier "
		"calls.)\n";
	struct machine m;

	start(&m);
	put_x86_frames(&m);
	/* From an earlier call, and leading nowhere. */
	put_word(&m, 0x3000, DO_SYSCALL_64 + 1);
	put_orc_tables(&m, &orc_before_6_4);
	write_list(&m, orc_symbols);
	add_task(&m, true);
	finish(&m);
	stack_is(&m, running, expected);
	stack_is(&m, cpu, expected);
	done(&m);
}

/* Without ORC tables; then without names, too. */
static void scanned(void **state)
{
	static const char *const data[] = { "", "ffffffff81000608 T variable\nffffffff81000700 T _sinittext\n"
						"ffffffff81000800 T _einittext\nffffffff81000900 B _end\n" };
	const struct options all = { .all = true };
	struct machine m;

	start(&m);
	put_x86_frames(&m);
	/* Once is enough. */
	put_word(&m, 0x3e70, PTR + 0x610);
	add_task(&m, false);
	finish(&m);
	stack_is(&m, all,
		 "\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n"
		 "    0xffffffff80000150\n"
		 "  ? 0xffffffff80000220\n"
		 "  ? 0xffffffff80000010\n"
		 "  ? 0xffffffff80000200\n"
		 "  ? 0xffffffff80000330\n"
		 "  ? 0xffffffff80000610\n"
		 "  ? 0xffffffff80000410\n"
		 "    (? marks what looks like a return address: it may be left over from an earlier call.)\n");
	/* Neither the start of a function nor data is a return address, and of that not each list says what it is. */
	for (size_t i = 0; i < ARRAY_LEN(data); i++) {
		write_list(&m, data[i]);
		stack_is(&m, all,
			 "\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n"
			 "    0xffffffff80000150  schedule+0x50/0x100\n"
			 "  ? 0xffffffff80000220  do_wait+0x20/0x100\n"
			 "  ? 0xffffffff80000010  _stext+0x10/0x100\n"
			 "  ? 0xffffffff80000330  do_syscall_64+0x30/0x100\n"
			 "  ? 0xffffffff80000410  entry_SYSCALL_64+0x10/0x100\n"
			 "    (? marks what looks like a return address: it may be left over from an earlier call.)\n");
		unlink(m.list);
	}
	done(&m);
}

/* Frame records, with return addresses that are signed; the last one is empty. */
static void frame_records(bool exception)
{
	const struct options all = { .all = true };
	char expected[512];
	struct machine m;

	start(&m);
	m.d.machine = 183;
	m.d.note[0] = '\0';
	di_note(&m.d, "QCMD_NOTE=1\nOFFSET(task_struct.thread)=400\nOFFSET(thread_struct.cpu_context)=0");
	di_note(&m.d, "OFFSET(cpu_context.fp)=8\nOFFSET(cpu_context.sp)=0\nOFFSET(cpu_context.pc)=16");
	di_key(&m.d, "NUMBER(KERNELPACMASK)=0xff7f000000000000");
	di_task_keys(&m.d);
	write_list(&m, "");
	add_task(&m, false);
	di_write64(&m.d, m.d.slots[4].paddr + 408, STACK + 0x3e00);
	di_write64(&m.d, m.d.slots[4].paddr + 416, SCHEDULE + 0x50);
	put_word(&m, 0x3e00, STACK + 0x3e40);
	put_word(&m, 0x3e08, (DO_WAIT + 0x20) & ~0x0f70000000000000);
	put_word(&m, 0x3e40, STACK + 0x3f80);
	put_word(&m, 0x3e48, DO_SYSCALL_64 + 0x30);
	/* From 6.13 on that may be an exception of the kernel's own, and not yet the end. */
	if (exception) {
		put_word(&m, 0x3f90, 2);
		put_word(&m, 0x3e58 + 29 * 8, STACK + 0x3fa0);
		put_word(&m, 0x3e58 + 31 * 8, STACK + 0x3fa0);
		put_word(&m, 0x3e58 + 32 * 8, ENTRY);
		put_word(&m, 0x3e58 + 33 * 8, 5);
		put_word(&m, 0x3fb0, 1);
	}
	finish(&m);
	snprintf(expected, sizeof(expected),
		 "\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n"
		 "    0xffffffff80000150  schedule+0x50/0x100\n"
		 "    0xffffffff80000220  do_wait+0x20/0x100\n"
		 "    0xffffffff80000330  do_syscall_64+0x30/0x100\n%s",
		 exception ? "    0xffffffff80000400  entry_SYSCALL_64+0x0/0x100\n" : "");
	stack_is(&m, all, expected);
	done(&m);
}

static void by_frame_pointers(void **state)
{
	frame_records(false);
	frame_records(true);
}

/* Tables and frames that lead nowhere, round and round, or out of the stack. */
static void damaged(void **state)
{
	const struct options all = { .all = true };
	static const int16_t offsets[] = { 0, -16, 4, 32767, -32768 };
	struct derr err;
	struct machine m;

	for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
		for (uint8_t reg = 0; reg < 16; reg++) {
			for (uint8_t type = 0; type < 6; type++) {
				char *text;

				start(&m);
				put_x86_frames(&m);
				put_orc_tables(&m, &orc_before_6_4);
				put_orc(&m, 2, DO_WAIT, offsets[i], offsets[i], reg << 4 | reg, type);
				write_list(&m, orc_symbols);
				add_task(&m, type & 1);
				finish(&m);
				text = stack_of(&m, all, &err);
				assert_non_null(text);
				assert_non_null(strstr(text, type & 1 ? "PID 7" : "schedule+0x50/0x100\n"));
				free(text);
				done(&m);
			}
		}
	}
}

static const struct di_symbol kernel_symbols[] = {
	{ 0x20, "Apercpu" },
	{ -1, "T_stext" },
	{ -0x101, "Tsche\001ule" },
	{ -0x201, "t\001o_wait" },
	{ -0x301, "Tdo_syscall_64" },
	{ -0x401, "Tentry_SYSCALL_64" },
	/* Tests of names alone have the symbols so far. */
	{ -0x501, "D\001ata" },
	{ -0x2001, "R__start_orc_unwind_ip" },
	{ -0x2019, "R__stop_orc_unwind_ip" },
	{ -0x3001, "R__start_orc_unwind" },
	{ -0x701, "Dmo\001ules" },
	{ -0x3801, "R__start_orc_header" },
};
#define NAMES_ONLY 6

static void names_are_in_dump(bool has_base)
{
	const struct options all = { .all = true };
	size_t first = !has_base;
	struct machine m;
	uint64_t size;

	start(&m);
	put_x86_frames(&m);
	size = di_kallsyms(&m.d, kernel_symbols + first, NAMES_ONLY - first, has_base);
	di_add(&m.d, "KALLSYMS", 0, DI_PHYS_BASE + DI_KALLSYMS, PTR + DI_KALLSYMS, size);
	add_task(&m, false);
	finish(&m);
	stack_is(&m, all,
		 "\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n"
		 "    0xffffffff80000150  schedule+0x50/0x100\n"
		 "  ? 0xffffffff80000220  do_wait+0x20/0x100\n"
		 "  ? 0xffffffff80000010  _stext+0x10/0x100\n"
		 "  ? 0xffffffff80000330  do_syscall_64+0x30/0x100\n"
		 "  ? 0xffffffff80000610  entry_SYSCALL_64+0x210/0x100000\n"
		 "  ? 0xffffffff80000410  entry_SYSCALL_64+0x10/0x100000\n"
		 "    (? marks what looks like a return address: it may be left over from an earlier call.)\n");
	done(&m);
}

/* From 7.0 on each offset is relative to itself. */
static void names_in_dump(void **state)
{
	names_are_in_dump(true);
	names_are_in_dump(false);
}

/* It is said, and nothing is made up. */
static void names_are_damaged(void **state)
{
	struct backtrace b;
	struct corefile core;
	struct machine m;
	struct derr err;
	uint64_t at = DI_PHYS_BASE + 0x5000;

	start(&m);
	di_key(&m.d, "SYMBOL(kallsyms_num_syms)=%llx", PTR + 0x5000);
	di_key(&m.d, "SYMBOL(kallsyms_token_index)=%llx", PTR + 0x5100);
	di_key(&m.d, "SYMBOL(kallsyms_token_table)=%llx", PTR + 0x5400);
	di_key(&m.d, "SYMBOL(kallsyms_offsets)=%llx", PTR + 0x5800);
	di_key(&m.d, "SYMBOL(kallsyms_names)=%llx", PTR + 0x6000);
	di_write32(&m.d, at, 8);
	di_write(&m.d, at + 0x1000, "\377\377\377\377", 4);
	di_add(&m.d, "KALLSYMS", 0, at, PTR + 0x5000, 0x1100);
	add_task(&m, false);
	finish(&m);
	assert_int_equal(core_open(&core, m.out, &err), 0);
	assert_int_equal(backtrace_open(&b, &core, NULL, NULL, &err), 0);
	assert_true(b.kallsyms_damaged);
	assert_int_equal(b.symbols->n, 0);
	backtrace_close(&b);
	core_close(&core);
	done(&m);
}

/* What the dump lacks and the memory has that it is collected from. */
static void start_given(struct machine *m, const struct orc_numbers *n)
{
	start(m);
	put_x86_frames(m);
	put_orc_tables(m, n);
	m->d.slots[--m->d.n_slots] = (struct di_slot){ 0 };
	di_kallsyms(&m->d, kernel_symbols, ARRAY_LEN(kernel_symbols) - !n->hash, n->hash == orc_6_4.hash);
}

static void stack_says(struct machine *m, const char *expected)
{
	struct derr err = { 0 };
	char *text = stack_of(m, (struct options){ .all = true }, &err);

	if (!text)
		fail_msg("%s", err.text);
	assert_string_equal(text, expected);
	free(text);
}

static void given_names(void **state)
{
	static const struct orc_numbers *const kernels[] = { &orc_before_6_4, &orc_6_4, &orc_7_1 };
	char expected[1024], *text;
	struct derr err = { 0 };
	struct machine m;

	snprintf(expected, sizeof(expected),
		 "Names from the dump (the memory that it was collected from); frames from ORC tables\n"
		 "\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n%s",
		 unwound);
	for (size_t i = 0; i < ARRAY_LEN(kernels); i++) {
		start_given(&m, kernels[i]);
		add_task(&m, false);
		finish(&m);
		stack_says(&m, expected);
		text = run_show(show_info, m.out, false, false, &err);
		assert_non_null(strstr(text, "Names: 5 functions, by the memory that it was collected from\n"));
		free(text);
		/* Frames from what the dump was given, whoever has the names. */
		write_list(&m, "");
		stack_is(&m, (struct options){ .all = true }, strchr(expected, '\n') + 1);
		done(&m);
	}
}

static const char stack_in_module[] =
	"Names from the dump (the memory that it was collected from); frames from ORC tables\n"
	"\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n"
	"    0xffffffff80000150  schedule+0x50/0x100\n"
	"    0xffffffffc0000820  mod_wait+0x20/0x200 [a_module]\n"
	"    0xffffffff80000330  do_syscall_64+0x30/0x100\n"
	"    0xffffffff80000410  entry_SYSCALL_64+0x10/0x100\n";

/* A frame in a module, which has names and entries of its own. */
static void have_names_of_module(bool loading)
{
	const struct options json = { .all = true, .json = true };
	struct derr err = { 0 };
	struct machine m;
	char *text;

	start_given(&m, &orc_6_4);
	di_module(&m.d, loading);
	put_word(&m, 0x3e40, DI_MODULE + 0x820);
	add_task(&m, false);
	finish(&m);
	stack_says(&m, stack_in_module);
	text = stack_of(&m, json, &err);
	assert_non_null(strstr(text, "\"symbol\":\"mod_wait\",\"module\":\"a_module\","));
	free(text);
	done(&m);
}

static void given_names_of_module(void **state)
{
	have_names_of_module(false);
	have_names_of_module(true);
}

/* Names alone; and that there are no frames for this reader, but for a newer one. */
static void given_names_alone(void **state)
{
	struct backtrace b;
	struct corefile core;
	struct machine m;
	struct derr err;

	start_given(&m, &orc_unknown);
	add_task(&m, false);
	finish(&m);
	stack_says(&m, "Names from the dump (the memory that it was collected from); frames from a scan of the stack\n"
		       "\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n"
		       "    0xffffffff80000150  schedule+0x50/0x100\n"
		       "  ? 0xffffffff80000220  do_wait+0x20/0x100\n"
		       "  ? 0xffffffff80000010  _stext+0x10/0x100\n"
		       "  ? 0xffffffff80000330  do_syscall_64+0x30/0x100\n"
		       "  ? 0xffffffff80000410  entry_SYSCALL_64+0x10/0x100\n"
		       "    (? marks what looks like a return address: it may be left over from an earlier call.)\n");
	assert_int_equal(core_open(&core, m.out, &err), 0);
	assert_int_equal(backtrace_open(&b, &core, NULL, NULL, &err), 0);
	assert_string_equal(b.orc.unknown, orc_unknown.hash);
	backtrace_close(&b);
	core_close(&core);
	done(&m);
}

/* The kernel was moved up by this. */
#define SLIDE	  0x400000ULL
#define FILE_SIZE 0x8000 /* of its memory that is in its file */

/* A vmlinux as it is in vmlinuz: without symbols. Sections: its build ID, and all of its memory. */
static size_t make_vmlinux(struct machine *m, uint8_t *file)
{
	static const uint8_t id[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
				      0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11, 0x22, 0x33 };
	Elf64_Ehdr *e = (void *)file;
	Elf64_Nhdr *note = (void *)(file + 0x200);
	Elf64_Shdr sections[] = {
		{ 0 },
		{ .sh_type = SHT_NOTE, .sh_offset = 0x200, .sh_size = sizeof(*note) + 4 + sizeof(id) },
		{ .sh_type = SHT_PROGBITS,
		  .sh_flags = SHF_ALLOC | SHF_WRITE,
		  .sh_addr = PTR - SLIDE,
		  .sh_offset = 0x1000,
		  .sh_size = FILE_SIZE },
	};

	*e = (Elf64_Ehdr){
		.e_type = ET_EXEC, .e_shoff = 0x100, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = ARRAY_LEN(sections)
	};
	memcpy(e->e_ident, ELFMAG "\2\1\1", 7);
	memcpy(file + 0x100, sections, sizeof(sections));
	*note = (Elf64_Nhdr){ .n_namesz = 4, .n_descsz = sizeof(id), .n_type = NT_GNU_BUILD_ID };
	memcpy(note + 1, "GNU", 4);
	memcpy((char *)(note + 1) + 4, id, sizeof(id));
	di_read(&m->d, DI_PHYS_BASE, file + 0x1000, FILE_SIZE);
	return 0x1000 + FILE_SIZE;
}

/* As boot loaders want it: for x86_64 with gzip, and for EFI with zstd. */
static size_t pack_kernel(uint8_t *out, size_t max, const uint8_t *in, size_t size, bool zstd)
{
	z_stream z = { .next_in = (Bytef *)in, .avail_in = size, .next_out = out + 1024, .avail_out = max - 1024 };
	uint32_t n;

	memset(out, 0, 1024);
	if (zstd) {
		memcpy(out, "MZ\0\0zimg", 8);
		n = ZSTD_compress(out + 1024, max - 1024, in, size, 3);
		memcpy(out + 8, &(uint32_t){ 1024 }, 4);
		memcpy(out + 12, &n, 4);
		return 1024 + n;
	}
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	n = z.total_out + 4;
	deflateEnd(&z);
	/* One sector of setup behind the first, and the size behind the payload. */
	out[0x1f1] = 1;
	memcpy(out + 0x202, "HdrS", 4);
	memcpy(out + 0x24c, &n, 4);
	return 1024 + n;
}

static void write_bytes(const char *path, const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

static void by_vmlinuz(void **state)
{
	static const struct orc_numbers *const kernels[] = { &orc_6_4, &orc_7_1 };
	static uint8_t file[0x10000], packed[0x10000];
	char expected[1024], path[] = "/tmp/qcmd-test-XXXXXX";
	struct options o = { .all = true, .vmlinux = path };
	struct machine m;
	size_t size;

	close(mkstemp(path));
	snprintf(expected, sizeof(expected), "\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n%s", unwound);
	for (size_t i = 0; i < ARRAY_LEN(kernels); i++) {
		start_given(&m, kernels[i]);
		di_key(&m.d, "KERNELOFFSET=%llx", SLIDE);
		add_task(&m, false);
		/* The base is where the kernel was linked to. */
		di_write64(&m.d, DI_PHYS_BASE + DI_KALLSYMS + 8, PTR - SLIDE);
		finish(&m);
		size = make_vmlinux(&m, file);
		size = pack_kernel(packed, sizeof(packed), file, size, i);
		write_bytes(path, packed, size);
		stack_is(&m, o, expected);
		write_bytes(path, packed, size - 100);
		stack_fails(&m, o, "it is damaged, or larger than any kernel");
		packed[1024] ^= 1;
		write_bytes(path, packed, size);
		stack_fails(&m, o, "it is compressed with neither gzip nor zstd");
		done(&m);
	}
	unlink(path);
}

/* Memory that has names and modules, and no ORC tables: those are of this machine's file of the kernel. */
static void given_tables_of_file(void **state)
{
	static uint8_t file[0x10000], packed[0x10000];
	struct machine m;
	size_t size;

	if (geteuid() || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/boot", "tmpfs", 0, NULL) < 0)
		skip();
	start_given(&m, &orc_6_4);
	di_module(&m.d, false);
	di_key(&m.d, "KERNELOFFSET=%llx", SLIDE);
	put_word(&m, 0x3e40, DI_MODULE + 0x820);
	add_task(&m, false);
	di_write64(&m.d, DI_PHYS_BASE + DI_KALLSYMS + 8, PTR - SLIDE);
	size = make_vmlinux(&m, file);
	di_write64(&m.d, DI_PHYS_BASE + DI_KALLSYMS + 8, PTR);
	/* The end of the tables, before their start */
	di_write32(&m.d, DI_PHYS_BASE + DI_KALLSYMS + 0x800 + 8 * 4, -1);
	size = pack_kernel(packed, sizeof(packed), file, size, true);
	write_bytes("/boot/vmlinuz-" DI_RELEASE, packed, size);
	finish(&m);
	stack_says(&m, stack_in_module);
	done(&m);
	assert_int_equal(umount("/boot"), 0);
}

/* Where there is no room for what is unpacked, nothing is taken from half of it. */
static void no_room_for_vmlinuz(void **state)
{
	static uint8_t file[0x10000], packed[0x10000];
	char path[] = "/tmp/qcmd-test-XXXXXX";
	struct options o = { .all = true, .vmlinux = path };
	struct rlimit before, limit;
	struct machine m;

	close(mkstemp(path));
	start_given(&m, &orc_7_1);
	add_task(&m, false);
	finish(&m);
	write_bytes(path, packed, pack_kernel(packed, sizeof(packed), file, make_vmlinux(&m, file), true));
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = 0x1000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	stack_fails(&m, o, "it is damaged, or larger than any kernel");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	unlink(path);
	done(&m);
}

/* Half a byte is no part of a build ID, although an image has it with a zero before it. */
static void odd_build_id(void **state)
{
	static const uint8_t id[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x08 };
	static uint8_t file[0x1000];
	char path[] = "/tmp/qcmd-test-XXXXXX", *found;
	struct options o = { .all = true, .vmlinux = path };
	struct machine m;

	close(mkstemp(path));
	memcpy(file + 56, "ARM\x64", 4);
	memcpy(file + 0x800, id, sizeof(id));
	write_bytes(path, file, sizeof(file));
	start(&m);
	found = strstr(m.d.vmcoreinfo, DI_BUILD_ID);
	assert_non_null(found);
	memmove(found + 17, found + strlen(DI_BUILD_ID), strlen(found + strlen(DI_BUILD_ID)) + 1);
	add_task(&m, false);
	finish(&m);
	stack_fails(&m, o, "is of another kernel than");
	unlink(path);
	done(&m);
}

/* A list of modules that comes round without its head has each of them once. */
static void modules_in_circle(void **state)
{
	struct symbols s = { 0 };
	struct orc orc = { 0 };
	struct collection c;
	struct derr err = { 0 };
	struct machine m;
	uint64_t page;
	size_t n = 0;

	start_given(&m, &orc_6_4);
	page = m.d.next;
	di_module(&m.d, false);
	di_write64(&m.d, (page + 4095) & ~4095ULL, DI_MODULE);
	add_task(&m, false);
	di_finish(&m.d);
	if (run_collect(m.d.path, NULL, m.out, &c, &err) < 0)
		fail_msg("%s", err.text);
	symbols_add(&s, PTR + 0x700, 'd', "modules", strlen("modules"));
	modules_add(&c, &s, &orc);
	for (size_t i = 0; i < s.n; i++)
		n += !strcmp(s.names + s.v[i].name, "mod_wait");
	assert_int_equal(n, 1);
	symbols_clear(&s);
	orc_clear(&orc);
	collection_clear(&c);
	done(&m);
}

/* However many addresses of code there are, some are enough; the same ones again are none more. */
static void too_many_addresses(void **state)
{
	struct symbols s = { 0 };
	struct orc orc = { 0 };
	struct notebuf notes = { 0 };
	struct names n = { .symbols = &s, .orc = &orc };

	for (uint64_t i = 0; i < 4; i++)
		symbols_add(&s, PTR + i * MIB_, 't', "function", strlen("function"));
	symbols_finish(&s);
	s.source = strdup("a test");
	for (uint64_t i = 0; i < 2 * MIB_; i++)
		names_add(&n, PTR + 1 + i % 8);
	assert_true(n.n <= MIB_);
	assert_int_equal(n.left_out, 0);
	for (uint64_t i = 0; i < 4 * MIB_; i++)
		names_add(&n, PTR + i);
	assert_true(n.n > MIB_ / 2 && n.n <= MIB_);
	assert_true(n.left_out > 0);
	names_write(&n, &notes);
	assert_true(notes.size > 0);
	notebuf_clear(&notes);
	names_clear(&n);
	symbols_clear(&s);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void wrong_files(void **state)
{
	int32_t pids[] = { 7, 8 };
	struct options all = { .all = true }, o = { .pids = pids, .n_pids = 2 };
	struct machine m;

	start(&m);
	di_key(&m.d, "SYMBOL(init_uts_ns)=%llx", PTR + 0x20000);
	add_task(&m, false);
	finish(&m);
	write_list(&m, "ffffffff81020008 D init_uts_ns\n");
	stack_fails(&m, all, "is of another kernel than");
	write_file(m.list, "0000000000000000 T _stext\n");
	stack_fails(&m, all, "read it as root");
	write_file(m.list, "_stext\n");
	stack_fails(&m, all, "is no list of symbols");
	all.kallsyms = "/nonexistent";
	stack_fails(&m, all, "Cannot open /nonexistent");
	all.kallsyms = NULL;
	all.vmlinux = m.list;
	stack_fails(&m, all, "it is not an ELF file");
	all.vmlinux = "/proc/self/exe";
	stack_fails(&m, all, "is of another kernel than");
	write_list(&m, "");
	stack_fails(&m, o, "No task with PID 8 is in");
	o = (struct options){ .has_cpu = true, .cpu = 3 };
	stack_fails(&m, o, "The task that CPU 3 ran is not in");
	o = (struct options){ 0 };
	stack_fails(&m, o, "No task that was running is in");
	done(&m);
}

static void no_stack(void **state)
{
	const struct options all = { .all = true };
	struct machine m;

	start(&m);
	m.d.slots[--m.d.n_slots] = (struct di_slot){ 0 };
	add_task(&m, false);
	finish(&m);
	stack_is(&m, all,
		 "\nPID 7  wai\\x1bter  sleeping, last on CPU 1\n"
		 "    Its stack is not in the dump. Register=stack in a policy puts it there.\n");
	done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_orc),
		cmocka_unit_test(by_unknown_orc),
		cmocka_unit_test(json),
		cmocka_unit_test(on_irq_stack),
		cmocka_unit_test(on_irq_stack_for_long),
		cmocka_unit_test(stopped),
		cmocka_unit_test(guessed),
		cmocka_unit_test(scanned),
		cmocka_unit_test(by_frame_pointers),
		cmocka_unit_test(damaged),
		cmocka_unit_test(names_in_dump),
		cmocka_unit_test(wrong_files),
		cmocka_unit_test(no_stack),
		cmocka_unit_test(names_are_damaged),
		cmocka_unit_test(by_vmlinuz),
		cmocka_unit_test(no_room_for_vmlinuz),
		cmocka_unit_test(odd_build_id),
		cmocka_unit_test(modules_in_circle),
		cmocka_unit_test(too_many_addresses),
		cmocka_unit_test(given_names),
		cmocka_unit_test(given_names_of_module),
		cmocka_unit_test(given_names_alone),
		cmocka_unit_test(given_tables_of_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
