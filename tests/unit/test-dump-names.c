// SPDX-License-Identifier: GPL-2.0-only
/* The names of stacks: from the dump, from what it was collected from, and from files of the kernel. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <elf.h>
#include <zlib.h>
#include <zstd.h>

#include "dump-stack.h"
#include "dump/collect/modules.h"
#include "dump/stack/names.h"

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

static void damaged_at(uint64_t place, const void *data, size_t size)
{
	struct backtrace b;
	struct corefile core;
	struct machine m;
	struct derr err;
	uint64_t all;

	start(&m);
	all = di_kallsyms(&m.d, kernel_symbols, NAMES_ONLY, true);
	di_write(&m.d, DI_PHYS_BASE + DI_KALLSYMS + place, data, size);
	di_add(&m.d, "KALLSYMS", 0, DI_PHYS_BASE + DI_KALLSYMS, PTR + DI_KALLSYMS, all);
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

/* It is said, and nothing is made up. */
static void names_are_damaged(void **state)
{
	static const uint16_t behind_the_tokens = 0xffff;

	damaged_at(0x1000, "\377\377\377\377", 4);
	damaged_at(0x100 + 'h' * 2, &behind_the_tokens, 2);
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
	/* A FIFO that nobody writes to would hold us up for ever. */
	unlink(m.list);
	assert_int_equal(mkfifo(m.list, 0600), 0);
	all.kallsyms = m.list;
	stack_fails(&m, all, "is no regular file");
	all.kallsyms = NULL;
	all.vmlinux = m.list;
	stack_fails(&m, all, "is neither a file nor a block device");
	all.vmlinux = NULL;
	unlink(m.list);
	write_file(m.list, "_stext\n");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_in_dump),       cmocka_unit_test(wrong_files),
		cmocka_unit_test(names_are_damaged),   cmocka_unit_test(by_vmlinuz),
		cmocka_unit_test(no_room_for_vmlinuz), cmocka_unit_test(odd_build_id),
		cmocka_unit_test(modules_in_circle),   cmocka_unit_test(too_many_addresses),
		cmocka_unit_test(given_names),	       cmocka_unit_test(given_names_of_module),
		cmocka_unit_test(given_names_alone),   cmocka_unit_test(given_tables_of_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
