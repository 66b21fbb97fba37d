// SPDX-License-Identifier: GPL-2.0-only
/* Stacks: unwound by ORC tables and by frame pointers, scanned, and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dump-stack.h"

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

/* Kernels with KASAN have stacks of twice the size: their end is elsewhere. */
static void on_a_large_stack(void **state)
{
	struct machine m;

	start(&m);
	di_note(&m.d, "SIZE(union thread_union)=32768");
	di_add(&m.d, MINIDUMP_STACK_NAME, 0, di_alloc(&m.d, 16384, 4096), STACK - 16384, 16384);
	put_x86_frames(&m);
	put_orc_tables(&m, &orc_6_4);
	write_list(&m, "ffffffff81003800 R __start_orc_header\nffffffff81002000 R __start_orc_unwind_ip\n"
		       "ffffffff81002018 R __stop_orc_unwind_ip\nffffffff81003000 R __start_orc_unwind\n");
	di_task(&m.d, &(struct di_task){ .pid = 7,
					 .tgid = 7,
					 .state = 1,
					 .comm = "large",
					 .stack = STACK - 16384,
					 .sp = STACK + 0x3e00 });
	finish(&m);
	stack_is(&m, (struct options){ .all = true },
		 "\nPID 7  large  sleeping, last on CPU 0\n"
		 "    0xffffffff80000150  schedule+0x50/0x100\n"
		 "    0xffffffff80000220  do_wait+0x20/0x100\n"
		 "    0xffffffff80000330  do_syscall_64+0x30/0x100\n"
		 "    0xffffffff80000410  entry_SYSCALL_64+0x10/0x100\n");
	done(&m);
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

static void frame_records(bool exception)
{
	const struct options all = { .all = true };
	char expected[512];
	struct machine m;

	start_arm64(&m, exception);
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
		cmocka_unit_test(by_orc),	  cmocka_unit_test(on_a_large_stack),
		cmocka_unit_test(by_unknown_orc), cmocka_unit_test(json),
		cmocka_unit_test(on_irq_stack),	  cmocka_unit_test(on_irq_stack_for_long),
		cmocka_unit_test(stopped),	  cmocka_unit_test(guessed),
		cmocka_unit_test(scanned),	  cmocka_unit_test(by_frame_pointers),
		cmocka_unit_test(damaged),	  cmocka_unit_test(no_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
