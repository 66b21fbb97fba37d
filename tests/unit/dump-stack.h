/* SPDX-License-Identifier: GPL-2.0-only */
/* A machine with a task and its stack, for tests of frames and of names. To be included after cmocka.h. */
#ifndef DUMP_STACK_H
#define DUMP_STACK_H

#include "dump-run.h"
#include "dump/stack/backtrace.h"

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

static inline void put_word(struct machine *m, uint64_t at, uint64_t v)
{
	di_write64(&m->d, m->stack + at, v);
}

static inline void write_list(struct machine *m, const char *more)
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

static inline void put_orc(struct machine *m, unsigned int i, uint64_t ip, int16_t sp, int16_t bp, uint8_t regs,
			   uint8_t type)
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

static inline void put_orc_tables(struct machine *m, const struct orc_numbers *n)
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
static inline void put_x86_frames(struct machine *m)
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

static inline void add_task(struct machine *m, bool on_cpu)
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

static inline void start(struct machine *m)
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

static inline void finish(struct machine *m)
{
	di_finish(&m->d);
	must_collect(&m->d, m->out);
}

static inline void done(struct machine *m)
{
	unlink(m->out);
	if (m->list[0])
		unlink(m->list);
	di_done(&m->d);
}

static inline char *stack_of(struct machine *m, struct options o, struct derr *err)
{
	if (!o.kallsyms && m->list[0])
		o.kallsyms = m->list;
	return run_show_with(show_stack, m->out, &o, err);
}

/* Behind the line that says where names are from. */
static inline void stack_is(struct machine *m, struct options o, const char *expected)
{
	struct derr err = { 0 };
	char *text = stack_of(m, o, &err);

	if (!text)
		fail_msg("%s", err.text);
	assert_string_equal(o.json ? text : strchr(text, '\n') + 1, expected);
	free(text);
}

static inline void stack_fails(struct machine *m, struct options o, const char *part)
{
	struct derr err = { 0 };
	char *text = stack_of(m, o, &err);

	assert_null(text);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in: %s", part, err.text);
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

/* What the dump lacks and the memory has that it is collected from. */
static inline void start_given(struct machine *m, const struct orc_numbers *n)
{
	start(m);
	put_x86_frames(m);
	put_orc_tables(m, n);
	m->d.slots[--m->d.n_slots] = (struct di_slot){ 0 };
	di_kallsyms(&m->d, kernel_symbols, ARRAY_LEN(kernel_symbols) - !n->hash, n->hash == orc_6_4.hash);
}

/* Frame records, with return addresses that are signed; the last one is empty. */
static inline void start_arm64(struct machine *m, bool exception)
{
	start(m);
	m->d.machine = 183;
	m->d.note[0] = '\0';
	di_note(&m->d, "QCMD_NOTE=1\nOFFSET(task_struct.thread)=400\nOFFSET(thread_struct.cpu_context)=0");
	di_note(&m->d, "OFFSET(cpu_context.fp)=8\nOFFSET(cpu_context.sp)=0\nOFFSET(cpu_context.pc)=16");
	di_key(&m->d, "NUMBER(KERNELPACMASK)=0xff7f000000000000");
	di_task_keys(&m->d);
	write_list(m, "");
	add_task(m, false);
	di_write64(&m->d, m->d.slots[4].paddr + 408, STACK + 0x3e00);
	di_write64(&m->d, m->d.slots[4].paddr + 416, SCHEDULE + 0x50);
	put_word(m, 0x3e00, STACK + 0x3e40);
	put_word(m, 0x3e08, (DO_WAIT + 0x20) & ~0x0f70000000000000);
	put_word(m, 0x3e40, STACK + 0x3f80);
	put_word(m, 0x3e48, DO_SYSCALL_64 + 0x30);
	/* From 6.13 on that may be an exception of the kernel's own, and not yet the end. */
	if (exception) {
		put_word(m, 0x3f90, 2);
		put_word(m, 0x3e58 + 29 * 8, STACK + 0x3fa0);
		put_word(m, 0x3e58 + 31 * 8, STACK + 0x3fa0);
		put_word(m, 0x3e58 + 32 * 8, ENTRY);
		put_word(m, 0x3e58 + 33 * 8, 5);
		put_word(m, 0x3fb0, 1);
	}
}

static const char unwound[] = "    0xffffffff80000150  schedule+0x50/0x100\n"
			      "    0xffffffff80000220  do_wait+0x20/0x100\n"
			      "    0xffffffff80000330  do_syscall_64+0x30/0x100\n"
			      "    0xffffffff80000410  entry_SYSCALL_64+0x10/0x100\n";

#endif
