// SPDX-License-Identifier: GPL-2.0-only
/* Registers of the CPUs that the kernel saved itself: taken where they are the best there is, and damaged. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dump-run.h"
#include "dump/collect/convert.h"

#define MIB_	   (1ULL << 20)
#define STACK	   0xffffc90000000000ULL
#define CODE	   (DI_IMAGE_VIRT + 0x100)
#define CPUS	   3
#define ENTRY_SIZE DI_CPU_REGS_ENTRY
#define REGION_MAX (DI_CPU_REGS_HEADER + CPUS * ENTRY_SIZE)

/* from, by the numbers that are in memory */
enum { NONE, OOPS, FATAL_OOPS, PANIC, CRASH_NOTES };

struct machine {
	struct di d;
	uint8_t region[REGION_MAX];
	size_t size;
	char out[64];
};

static void put32(uint8_t *to, uint32_t v)
{
	memcpy(to, &v, sizeof(v));
}

static void put64(uint8_t *to, uint64_t v)
{
	memcpy(to, &v, sizeof(v));
}

static uint8_t *entry(struct machine *m, unsigned int cpu)
{
	return m->region + DI_CPU_REGS_HEADER + cpu * ENTRY_SIZE;
}

static void put_prstatus(uint8_t *desc, uint32_t pid, uint64_t ip, uint64_t sp)
{
	put32(desc + 32, pid);
	put64(desc + 112 + 16 * 8, ip);
	put64(desc + 112 + 17 * 8, 0x10);
	put64(desc + 112 + 19 * 8, sp);
}

static void save(struct machine *m, unsigned int cpu, uint32_t from, uint32_t pid, uint64_t sp)
{
	di_cpu_regs(m->region, cpu, from, pid, CODE, sp);
}

/* CPU 0 runs PID 7, CPU 1 PID 8, each with a stack; what CPU 2 runs is not in the dump. */
static void start(struct machine *m)
{
	memset(m, 0, sizeof(*m));
	di_init(&m->d, 8 * MIB_, 0, 0);
	di_task_keys(&m->d);
	for (int cpu = 0; cpu < 2; cpu++) {
		uint64_t stack = di_alloc(&m->d, 16384, 4096);

		di_task(&m->d, &(struct di_task){ .pid = 7 + cpu,
						  .comm = "runs",
						  .cpu = cpu,
						  .on_cpu = true,
						  .stack = STACK + cpu * 16384 });
		di_add(&m->d, MINIDUMP_STACK_NAME, cpu, stack, STACK + cpu * 16384, 16384);
	}
	di_cpu_regs_header(m->region, CPUS);
	m->size = REGION_MAX;
}

static void finish(struct machine *m)
{
	uint64_t paddr = di_alloc(&m->d, 4096, 4096);

	di_write(&m->d, paddr, m->region, m->size);
	di_add(&m->d, MINIDUMP_CPU_REGS_NAME, 0, paddr, DI_DIRECT + paddr, m->size);
	di_finish(&m->d);
}

static void done(struct machine *m)
{
	unlink(m->out);
	di_done(&m->d);
}

/* What the notes say, "PID:IP-IS-THERE:SP" for each, and the lines about where they are from, if they are given. */
static void notes_are(const struct collection *c, const char *notes, const char *from)
{
	_cleanup_free_ char *text = NULL;
	struct elfnote n;
	size_t pos = 0, size;
	FILE *f = open_memstream(&text, &size);

	while (elfnote_next(c->notes.data, c->notes.size, &pos, &n)) {
		uint64_t ip, sp;
		uint32_t pid;

		if (!elfnote_is(&n, "CORE", NT_PRSTATUS))
			continue;
		assert_int_equal(n.desc_size, 336);
		memcpy(&pid, n.desc + 32, sizeof(pid));
		memcpy(&ip, n.desc + 112 + 16 * 8, sizeof(ip));
		memcpy(&sp, n.desc + 112 + 19 * 8, sizeof(sp));
		fprintf(f, "%u:%d:%llx ", pid, ip == CODE, (unsigned long long)sp);
	}
	fclose(f);
	assert_string_equal(text, notes);
	if (from)
		assert_string_equal(c->registers, from);
}

/* From a raw image, which has nothing else. problem NULL: there is none. */
static void collected(struct machine *m, const char *notes, const char *from, const char *problem)
{
	struct collection c;
	struct derr err;

	finish(m);
	assert_int_equal(run_collect(m->d.path, NULL, m->out, &c, &err), 0);
	notes_are(&c, notes, from);
	assert_int_equal(c.toc.problems.n, problem ? 1 : 0);
	if (problem && !has_problem(&c, problem))
		fail_msg("'%s' is not in '%s'", problem, c.toc.problems.v[0]);
	collection_clear(&c);
}

/* Without the blanks that are for people. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++)
		if (*at != ' ' && *at != '\n')
			*to++ = *at;
	*to = '\0';
}

static void info_says(struct machine *m, const char *text, const char *json)
{
	struct derr err;
	char *said = run_show(show_info, m->out, false, false, &err);

	assert_non_null(said);
	if (!strstr(said, text))
		fail_msg("'%s' is not in %s", text, said);
	free(said);
	said = run_show(show_info, m->out, true, false, &err);
	assert_non_null(said);
	squeeze(said);
	if (!strstr(said, json))
		fail_msg("'%s' is not in %s", json, said);
	free(said);
}

static void taken(void **state)
{
	struct machine m;

	start(&m);
	save(&m, 0, PANIC, 7, STACK + 0x100);
	save(&m, 1, CRASH_NOTES, 8, STACK + 0x4100);
	save(&m, 2, CRASH_NOTES, 9, 0x77);
	collected(&m, "7:1:ffffc90000000100 8:1:ffffc90000004100 9:1:77 ",
		  "REGISTERS(0)=panic 1000000007\nREGISTERS(1)=crash_notes 1000000007\n"
		  "REGISTERS(2)=crash_notes 1000000007\n",
		  NULL);
	info_says(&m, "Registers: CPU 0 from the notifier of the panic; CPUs 1-2 from the kernel's crash_notes\n",
		  "\"registers\":[{\"cpu\":0,\"from\":\"panic\",\"timestamp_ns\":1000000007},"
		  "{\"cpu\":1,\"from\":\"crash_notes\",\"timestamp_ns\":1000000007},");
	done(&m);

	/* A CPU without registers has an empty note, so that those behind it keep their number. */
	start(&m);
	save(&m, 1, FATAL_OOPS, 8, 0x77);
	collected(&m, "0:0:0 8:1:77 ", "REGISTERS(1)=oops 1000000007\n", NULL);
	info_says(&m, "Registers: CPU 1 from the notifier of an oops\n", "\"registers\":[{\"cpu\":1,\"from\":\"oops\"");
	done(&m);

	start(&m);
	collected(&m, "", "", NULL);
	info_says(&m, "Registers: none: stacks are unwound from the stack alone\n", "\"registers\":[]");
	done(&m);
}

/* The CPU went on after an oops: they count for the task that it happened in alone. */
static void survived(void **state)
{
	struct machine m;

	start(&m);
	save(&m, 0, OOPS, 6, 0x77);
	save(&m, 1, OOPS, 8, 0x77);
	save(&m, 2, OOPS, 9, 0x77);
	collected(&m, "0:0:0 8:1:77 ", "REGISTERS(1)=oops 1000000007\n", NULL);
	done(&m);
}

static void half_written(void **state)
{
	struct machine m;

	start(&m);
	save(&m, 0, NONE, 7, 0x77);
	save(&m, 1, PANIC, 8, 0x77);
	collected(&m, "0:0:0 8:1:77 ", "REGISTERS(1)=panic 1000000007\n", NULL);
	done(&m);
}

static void damaged_entry(void **state)
{
	static const struct {
		size_t at;
		uint32_t v;
	} damages[] = {
		{ 0, 5 },			 /* from */
		{ 0, UINT32_MAX },		 /* from */
		{ 16, 0 },			 /* size of the name */
		{ 16, UINT32_MAX },		 /* size of the name */
		{ 20, 335 },			 /* size of the note */
		{ 20, ENTRY_SIZE - 36 + 1 },	 /* size of the note: beyond the entry */
		{ 20, UINT32_MAX },		 /* size of the note */
		{ 24, 2 },			 /* type */
		{ 28, 0x45524f43 ^ 0x20202020 }, /* name */
		{ 36 + 32, 6 },			 /* pid: not what this CPU ran */
	};
	struct machine m;

	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		start(&m);
		save(&m, 0, PANIC, 7, 0x77);
		save(&m, 1, CRASH_NOTES, 8, 0x78);
		put32(entry(&m, 0) + damages[i].at, damages[i].v);
		collected(&m, "0:0:0 8:1:78 ", "REGISTERS(1)=crash_notes 1000000007\n",
			  "the registers of CPU 0 (" MINIDUMP_CPU_REGS_NAME ") are damaged");
		done(&m);
	}
	/* No instruction: there are no registers. */
	start(&m);
	save(&m, 0, PANIC, 7, 0x77);
	put64(entry(&m, 0) + 36 + 112 + 16 * 8, 0);
	collected(&m, "", "", "the registers of CPU 0 (" MINIDUMP_CPU_REGS_NAME ") are damaged");
	done(&m);
}

static void damaged_header(void **state)
{
	static const struct {
		size_t at;
		uint32_t v;
	} damages[] = { { 0, 0 }, { 0, 2 }, { 8, 0 }, { 8, 15 }, { 8, REGION_MAX + 1 }, { 8, UINT32_MAX } };
	struct machine m;

	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		start(&m);
		save(&m, 0, PANIC, 7, 0x77);
		put32(m.region + damages[i].at, damages[i].v);
		collected(&m, "", "", "the registers of the CPUs (" MINIDUMP_CPU_REGS_NAME ") are damaged");
		done(&m);
	}
	for (m.size = 4; m.size < 16; m.size += 4) {
		size_t size = m.size;

		start(&m);
		m.size = size;
		collected(&m, "", "", "the registers of the CPUs (" MINIDUMP_CPU_REGS_NAME ") are damaged");
		done(&m);
		m.size = size;
	}
}

/* Of what is cut off, or says that it is more than it is, the rest is taken. */
static void cut_off(void **state)
{
	struct machine m;

	start(&m);
	save(&m, 0, PANIC, 7, 0x77);
	save(&m, 1, CRASH_NOTES, 8, 0x78);
	m.size = 16 + 2 * ENTRY_SIZE - 4;
	collected(&m, "7:1:77 ", "REGISTERS(0)=panic 1000000007\n", "are cut off: of 3 CPUs 1 are there");
	done(&m);

	start(&m);
	save(&m, 0, PANIC, 7, 0x77);
	put32(m.region + 4, UINT32_MAX);
	collected(&m, "7:1:77 ", "REGISTERS(0)=panic 1000000007\n", "are cut off: of 4294967295 CPUs 3 are there");
	done(&m);
}

/* As an ELF core: its notes come first, but those that say less than what the kernel saved. */
static void from_vmcore(struct machine *m, bool qemu, const uint64_t sp[CPUS], const char *notes, const char *from)
{
	const struct di_load all = { 0, 8 * MIB_ };
	struct notebuf b = { 0 };
	struct collection c;
	struct derr err;
	char core[64];

	for (int i = 0; i < CPUS; i++) {
		uint8_t desc[336] = { 0 };

		if (sp[i])
			put_prstatus(desc, qemu ? i + 1 : 7 + i, CODE, sp[i]);
		notebuf_add(&b, "CORE", NT_PRSTATUS, desc, sizeof(desc));
	}
	if (qemu)
		notebuf_add(&b, "QEMU", 0, "state", 5);
	finish(m);
	di_elf(&m->d, &all, 1, b.data, b.size, core);
	assert_int_equal(run_collect(core, NULL, m->out, &c, &err), 0);
	notes_are(&c, notes, from);
	collection_clear(&c);
	notebuf_clear(&b);
	unlink(core);
}

static void best_source(void **state)
{
	static const uint64_t stacks[] = { STACK + 0x200, STACK + 0x4200, STACK + 0x8200 };
	static const uint64_t one[] = { STACK + 0x200, 0, 0 };
	struct machine m;

	/* The hypervisor's, of whatever it is known what ran there; the kernel may have said what that was. */
	start(&m);
	from_vmcore(&m, true, stacks, "7:1:ffffc90000000200 8:1:ffffc90000004200 0:0:0 ",
		    "REGISTERS(0)=hypervisor\nREGISTERS(1)=hypervisor\n");
	info_says(&m, "Registers: CPUs 0-1 from the hypervisor\n", "[{\"cpu\":0,\"from\":\"hypervisor\"},");
	done(&m);
	start(&m);
	save(&m, 0, PANIC, 7, 0x77);
	save(&m, 2, PANIC, 9, 0x77);
	from_vmcore(&m, true, stacks, "7:1:ffffc90000000200 8:1:ffffc90000004200 9:1:ffffc90000008200 ",
		    "REGISTERS(0)=hypervisor\nREGISTERS(1)=hypervisor\nREGISTERS(2)=hypervisor\n");
	done(&m);

	/* CPU 1 was stopped, and stands in an interrupt's stack. */
	start(&m);
	save(&m, 0, PANIC, 7, 0x77);
	save(&m, 1, CRASH_NOTES, 8, STACK + 0x4100);
	from_vmcore(&m, true, stacks, "7:1:ffffc90000000200 8:1:ffffc90000004100 0:0:0 ",
		    "REGISTERS(0)=hypervisor\nREGISTERS(1)=crash_notes 1000000007\n");
	done(&m);

	/* The kernel's notes for kdump, where it wrote them. */
	start(&m);
	save(&m, 0, PANIC, 7, 0x77);
	save(&m, 1, CRASH_NOTES, 8, 0x78);
	from_vmcore(&m, false, one, "7:1:ffffc90000000200 8:1:78 0:0:0 ",
		    "REGISTERS(0)=source\nREGISTERS(1)=crash_notes 1000000007\n");
	info_says(&m, "Registers: CPU 0 from the kernel's notes for kdump; CPU 1 from", "\"from\":\"source\"");
	done(&m);
}

static char *stack_of(struct machine *m, bool json)
{
	struct derr err;
	char *text = run_show(show_stack, m->out, json, false, &err);

	assert_non_null(text);
	return text;
}

static void unwound(void **state)
{
	struct machine m;
	char *text;

	start(&m);
	save(&m, 0, PANIC, 7, STACK + 0x3f00);
	save(&m, 1, CRASH_NOTES, 8, 0x7ffc00000000);
	put64(entry(&m, 1) + 36 + 112 + 17 * 8, 0x33);
	collected(&m, "7:1:ffffc90000003f00 8:1:7ffc00000000 ",
		  "REGISTERS(0)=panic 1000000007\nREGISTERS(1)=crash_notes 1000000007\n", NULL);
	text = stack_of(&m, false);
	assert_string_equal(strchr(text, '\n'), "\n\nPID 7  runs  running on CPU 0\n    0xffffffff80000100\n"
						"\nPID 8  runs  running on CPU 1\n    (It ran in user space.)\n");
	free(text);
	text = stack_of(&m, true);
	assert_non_null(strstr(text, "\"start\":\"registers\",\"complete\":false"));
	assert_non_null(strstr(text, "\"start\":\"user\",\"complete\":true,\"missing_bytes\":0,\"frames\":[]"));
	free(text);
	done(&m);
}

/* All idle tasks have PID 0: the stack tells whose registers they are. */
static void idle(void **state)
{
	struct machine m;
	char *text;

	start(&m);
	di_task(&m.d, &(struct di_task){ .pid = 0, .comm = "idle", .cpu = 2, .on_cpu = true, .stack = STACK + 0x8000 });
	di_add(&m.d, MINIDUMP_STACK_NAME, 2, di_alloc(&m.d, 16384, 4096), STACK + 0x8000, 16384);
	save(&m, 2, CRASH_NOTES, 0, STACK + 0x8100);
	m.d.slots[3].vaddr = DI_DIRECT + m.d.slots[3].paddr;
	di_write32(&m.d, m.d.slots[3].paddr + 108, 0);
	save(&m, 0, CRASH_NOTES, 0, STACK + 0x100);
	put64(entry(&m, 0) + 36 + 112 + 16 * 8, CODE + 1);
	collected(&m, "0:0:ffffc90000000100 0:0:0 0:1:ffffc90000008100 ",
		  "REGISTERS(0)=crash_notes 1000000007\nREGISTERS(2)=crash_notes 1000000007\n", NULL);
	text = stack_of(&m, false);
	assert_non_null(strstr(text, "idle  running on CPU 2\n    0xffffffff80000100\n"));
	assert_non_null(strstr(text, "running on CPU 0\n    0xffffffff80000101\n"));
	free(text);
	done(&m);
}

static void variable(struct machine *m, const char *name, const void *data, size_t size)
{
	uint64_t at = di_alloc(&m->d, size, 64);

	di_write(&m->d, at, data, size);
	di_add(&m->d, name, 0, at, DI_DIRECT + at, size);
}

/* What the dump has of crash_notes, in the form of the kernel's: the CPU's note and an empty one; and when it died. */
static void kdump_has(const char *path, uint64_t pointer, const uint64_t offsets[CPUS], const uint64_t sp[CPUS])
{
	struct corefile core;
	struct derr err;

	assert_int_equal(core_open(&core, path, &err), 0);
	assert_string_equal(kv_get(&core.vmcoreinfo, "CRASHTIME"), "1800000000");
	assert_string_equal(kv_get(&core.vmcoreinfo, "OSRELEASE"), DI_RELEASE);
	for (int cpu = 0; cpu < CPUS; cpu++) {
		static const uint8_t zeros[368];
		uint8_t all[368];
		struct elfnote n;
		size_t pos = 0;

		assert_int_equal(core_read_virt(&core, pointer + offsets[cpu], all, sizeof(all)), 0);
		if (!sp[cpu]) {
			assert_memory_equal(all, zeros, sizeof(all));
			continue;
		}
		assert_true(elfnote_next((char *)all, sizeof(all), &pos, &n));
		assert_true(elfnote_is(&n, "CORE", NT_PRSTATUS));
		assert_memory_equal(n.desc + 112 + 19 * 8, &sp[cpu], 8);
		assert_memory_equal(all + pos, zeros, sizeof(all) - pos);
	}
	core_close(&core);
}

/* Of a machine without kdump: in the direct map, and in memory of CPUs that came late. */
static void as_for_kdump(void **state)
{
	static const uint64_t pointer = 0x1a080, sp[] = { STACK + 0x100, 0, STACK + 0x8100 };
	static const uint64_t offsets[] = { DI_DIRECT + 0x500000, DI_DIRECT + 0x600000, 0xffffe8ffffc00000 };
	static const uint64_t xtime[] = { 1, 2, 1800000000 };
	struct collection c;
	struct machine m;
	struct derr err;
	char again[64];
	int fd;

	start(&m);
	save(&m, 0, PANIC, 7, sp[0]);
	save(&m, 2, CRASH_NOTES, 9, sp[2]);
	di_note(&m.d, "OFFSET(timekeeper.xtime_sec)=8\nOFFSET(tk_data.timekeeper)=8");
	variable(&m, MINIDUMP_SYMBOL_NAME "crash_notes", &pointer, sizeof(pointer));
	variable(&m, MINIDUMP_SYMBOL_NAME "__per_cpu_of", offsets, sizeof(offsets));
	variable(&m, MINIDUMP_SYMBOL_NAME "timekeeper_", xtime, sizeof(xtime));
	finish(&m);
	must_collect(&m.d, m.out);
	kdump_has(m.out, pointer, offsets, sp);
	assert_int_equal(prepare_convert(&c, m.out, &(struct convert_options){ .program = "crash" }, &err), 0);
	strcpy(again, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(again);
	assert_int_equal(collect_write(&c, fd, &err), 0);
	close(fd);
	kdump_has(again, pointer, offsets, sp);
	info_says(&m, "crash_notes of 3 CPUs", "crash_notesof3CPUs");
	collection_clear(&c);
	unlink(again);
	done(&m);
}

/* Of the CPU that each of two notes is of, -1: nobody knows, the dump has it as crash_notes; of others it has none. */
static void notes_of(const char *path, uint64_t pointer, const uint64_t offsets[CPUS], const int8_t cpus[2])
{
	struct corefile core;
	struct derr err;

	assert_int_equal(core_open(&core, path, &err), 0);
	for (int cpu = 0; cpu < CPUS; cpu++) {
		int k = cpus[0] == cpu ? 0 : cpus[1] == cpu ? 1 : -1;
		uint64_t sp, at = pointer + offsets[cpu] + 20 + 112 + 19 * 8;

		if (core_read_virt(&core, at, &sp, sizeof(sp)) < 0)
			sp = 0;
		assert_int_equal(sp, k < 0 ? 0 : 0x200 + k);
	}
	core_close(&core);
}

static void convert_again(const char *path, char again[64])
{
	struct collection c;
	struct derr err;
	int fd;

	assert_int_equal(prepare_convert(&c, path, &(struct convert_options){ .program = "drgn" }, &err), 0);
	strcpy(again, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(again);
	assert_int_equal(collect_write(&c, fd, &err), 0);
	close(fd);
	collection_clear(&c);
}

/* A kernel that died for kdump has notes of the CPUs that were on line: who ran what tells which they are. */
static void kdump_without_a_cpu(void **state)
{
	static const uint64_t pointer = 0x1a080;
	static const uint64_t offsets[] = { DI_DIRECT + 0x500000, DI_DIRECT + 0x600000, DI_DIRECT + 0x700000 };
	static const struct {
		int32_t third;	 /* the PID on CPU 2; the others have 7 and 8 */
		int32_t pids[2]; /* of the notes */
		int8_t cpus[2];
		const char *notes; /* of registers */
	} cases[] = {
		{ 9, { 7, 9 }, { 0, 2 }, "7:1:200 0:0:0 9:1:201 " },
		{ 9, { 8, 9 }, { 1, 2 }, "0:0:0 8:1:200 9:1:201 " },
		{ 9, { 7, 77 }, { 0, -1 }, "7:1:200 77:1:201 " },
		{ 9, { 8, 77 }, { 1, -1 }, "0:0:0 8:1:200 77:1:201 " },
		{ 9, { 0, 9 }, { -1, 2 }, "0:1:200 0:0:0 9:1:201 " },
		{ 0, { 7, 0 }, { 0, 2 }, "7:1:200 0:0:0 0:1:201 " },
		{ 0, { 0, 0 }, { -1, -1 }, "0:1:200 0:1:201 " },
		{ 8, { 8, 8 }, { 1, 2 }, "0:0:0 8:1:200 8:1:201 " },
		{ 8, { 7, 8 }, { 0, -1 }, "7:1:200 8:1:201 " },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct di_load all = { 0, 8 * MIB_ };
		struct notebuf b = { 0 };
		struct collection c;
		struct machine m;
		struct derr err;
		char vmcore[64], again[64];

		start(&m);
		/* Twice: a policy may have it, too. */
		for (int k = 0; k < 2; k++)
			di_task(&m.d,
				&(struct di_task){ .pid = cases[i].third, .comm = "runs", .cpu = 2, .on_cpu = true });
		for (int k = 0; k < 2; k++) {
			uint8_t desc[336] = { 0 };

			put_prstatus(desc, cases[i].pids[k], CODE, 0x200 + k);
			notebuf_add(&b, "CORE", NT_PRSTATUS, desc, sizeof(desc));
		}
		di_key(&m.d, "CRASHTIME=1800000000");
		variable(&m, MINIDUMP_SYMBOL_NAME "crash_notes", &pointer, sizeof(pointer));
		variable(&m, MINIDUMP_SYMBOL_NAME "__per_cpu_of", offsets, sizeof(offsets));
		di_finish(&m.d);
		di_elf(&m.d, &all, 1, b.data, b.size, vmcore);
		assert_int_equal(run_collect(vmcore, NULL, m.out, &c, &err), 0);
		notes_are(&c, cases[i].notes, NULL);
		collection_clear(&c);
		notes_of(m.out, pointer, offsets, cases[i].cpus);
		convert_again(m.out, again);
		notes_of(again, pointer, offsets, cases[i].cpus);
		notebuf_clear(&b);
		unlink(again);
		unlink(vmcore);
		done(&m);
	}
}

/* Readers would look for crash_notes that are not there. */
static void not_as_for_kdump(void **state)
{
	static const uint64_t xtime[] = { 1, 1800000000 };
	struct collection c;
	struct machine m;
	struct derr err;

	start(&m);
	di_note(&m.d, "OFFSET(timekeeper.xtime_sec)=8");
	variable(&m, MINIDUMP_SYMBOL_NAME "shadow_time", xtime, sizeof(xtime));
	finish(&m);
	assert_int_equal(run_collect(m.d.path, NULL, m.out, &c, &err), 0);
	assert_null(kv_get(&c.vmcoreinfo, "CRASHTIME"));
	collection_clear(&c);
	done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken),
		cmocka_unit_test(survived),
		cmocka_unit_test(half_written),
		cmocka_unit_test(damaged_entry),
		cmocka_unit_test(damaged_header),
		cmocka_unit_test(cut_off),
		cmocka_unit_test(as_for_kdump),
		cmocka_unit_test(kdump_without_a_cpu),
		cmocka_unit_test(not_as_for_kdump),
		cmocka_unit_test(best_source),
		cmocka_unit_test(unwound),
		cmocka_unit_test(idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
