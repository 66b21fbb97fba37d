// SPDX-License-Identifier: GPL-2.0-only
/* The table behind registers, of machines that are dead, that run meanwhile, and that lie. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "dump-run.h"

#define MIB_	 (1ULL << 20)
#define GIB4	 (4ULL << 30)
#define BASE_LOW 0x34
#define ALWAYS	 1000

/* A machine with registers, whose own header can't be found. */
struct machine {
	struct di di;
	char path[64];
	int fd;
	unsigned int buffer;
};

/* The running machine: what it does each time that its array is read, and how often. */
static void (*runs)(struct machine *m);
static int runs_left;
static struct machine *running;

/* In the place of the C library's: for this program and for what it tests. */
ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	ssize_t n = syscall(SYS_pread64, fd, buf, size, offset);

	if (runs_left && offset == (off_t)di_offset(&running->di, running->di.regions)) {
		runs_left--;
		runs(running);
	}
	return n;
}

static void set(struct machine *m, unsigned int offset, uint32_t value)
{
	assert_int_equal(pwrite(m->fd, &value, sizeof(value), offset), sizeof(value));
}

static void start(struct machine *m, bool split)
{
	struct di *d = &m->di;
	uint64_t at;

	*m = (struct machine){ .path = "/tmp/qcmd-test-XXXXXX" };
	di_init(d, 8 * MIB_, 0, split ? 4 * MIB_ : 0);
	if (split)
		d->next = GIB4;
	di_ring(d, 4, 9);
	di_print(d, 1000000, 6, "hello", NULL, NULL);
	at = di_alloc(d, 6000, 64);
	m->buffer = di_add(d, "KBUF", 0, at, DI_DIRECT + at, 6000);
	di_finish(d);
	di_write(d, d->table, "nothing there", 13);

	m->fd = mkstemp(m->path);
	assert_true(m->fd >= 0 && ftruncate(m->fd, 4096) == 0);
	set(m, 0x00, 1);
	set(m, 0x04, 1);
	set(m, 0x08, 0x454e424c);
	set(m, 0x20, 1);
	set(m, 0x24, 0x454e424c);
	set(m, 0x28, 0x444f4e45);
	set(m, 0x2c, 0x00004e52);
	set(m, 0x30, d->n_slots);
	set(m, BASE_LOW, d->regions);
	set(m, BASE_LOW + 4, d->regions >> 32);
	running = m;
}

static void stop_machine(struct machine *m)
{
	runs_left = 0;
	close(m->fd);
	unlink(m->path);
	di_done(&m->di);
}

static int collect_by_registers(struct machine *m, struct collection *c, char out[64], struct derr *err)
{
	const struct collect_options o = { .image = { .registers = m->path } };

	return run_collect(m->di.path, &o, out, c, err);
}

static void refused(struct machine *m, const struct collect_options *o, const char *part)
{
	struct collection c;
	struct derr err = { 0 };
	char out[64];

	if (run_collect(m->di.path, o, out, &c, &err) >= 0)
		fail_msg("it was not refused: %s", part);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in: %s", part, err.text);
	collection_clear(&c);
}

static void dead_machine(void **state)
{
	struct collection c;
	struct machine m;
	struct derr err;
	char out[64];

	start(&m, false);
	if (collect_by_registers(&m, &c, out, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.toc.problems.n, 0);
	assert_int_equal(c.toc.n_regions, m.di.n_slots);
	assert_string_equal(collect_backend(&c), "mmio");
	show_is(show_log, out, false, false, "[    0.001000] hello\n");
	collection_clear(&c);
	unlink(out);
	stop_machine(&m);
}

/* A raw image with memory above 4 GiB, so that both halves of the address count; a vmcore of it. */
static void other_images(void **state)
{
	const struct range maps[] = { { .size = 4 * MIB_ }, { .start = GIB4, .size = 4 * MIB_, .offset = 4 * MIB_ } };
	const struct di_load loads[] = { { .size = 4 * MIB_ }, { .paddr = GIB4, .size = 4 * MIB_ } };
	struct collect_options o = { 0 };
	struct collection c;
	struct machine m;
	struct derr err;
	char out[64], core[64];

	start(&m, true);
	o.image = (struct image_options){ .registers = m.path, .maps = maps, .n_maps = 2 };
	if (run_collect(m.di.path, &o, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.toc.n_regions, m.di.n_slots);
	collection_clear(&c);
	unlink(out);

	di_elf(&m.di, loads, 2, "", 0, core);
	o.image = (struct image_options){ .registers = m.path };
	if (run_collect(core, &o, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.toc.n_regions, m.di.n_slots);
	collection_clear(&c);
	unlink(out);
	unlink(core);
	stop_machine(&m);
}

static void move_buffer(struct machine *m)
{
	struct di_slot *s = &m->di.slots[m->buffer];

	s->paddr += 64;
	di_write64(&m->di, m->di.regions + m->buffer * 40ULL + 24, s->paddr);
}

/* The dump has the machine's last state, whole: a reading in between was given up. */
static void table_changes(void **state)
{
	for (int changes = 1; changes <= 5; changes++) {
		struct collection c;
		struct machine m;
		struct derr err;
		char out[64];

		start(&m, false);
		runs = move_buffer;
		runs_left = changes;
		if (collect_by_registers(&m, &c, out, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(runs_left, 0);
		assert_int_equal(c.toc.problems.n, 0);
		assert_true(toc_region(&c.toc, "KBUF")->paddr == m.di.slots[m.buffer].paddr);
		collection_clear(&c);
		unlink(out);
		stop_machine(&m);
	}
}

/* The same slots are there again, but the ELF header was written in between. */
static void change_header(struct machine *m)
{
	struct di_slot *s = &m->di.slots[m->buffer];

	s->vaddr += 4096;
	di_write64(&m->di, m->di.kelf + 64 + (m->buffer - 1) * 56ULL + 16, s->vaddr);
}

static void elf_header_changes(void **state)
{
	struct collection c;
	struct machine m;
	struct derr err;
	char out[64];

	for (int changes = 1; changes <= 5; changes++) {
		start(&m, false);
		runs = change_header;
		runs_left = changes;
		if (collect_by_registers(&m, &c, out, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(runs_left, 0);
		assert_false(has_problem(&c, "changed"));
		assert_true(toc_region(&c.toc, "KBUF")->vaddr == m.di.slots[m.buffer].vaddr);
		collection_clear(&c);
		unlink(out);
		stop_machine(&m);
	}
}

/* The count alone changes: down, and up again. */
static int count_step;

static void change_count(struct machine *m)
{
	m->di.n_slots += count_step;
	set(m, 0x30, m->di.n_slots);
}

static void count_changes(void **state)
{
	for (count_step = -1; count_step <= 1; count_step += 2) {
		struct collection c;
		struct machine m;
		struct derr err;
		char out[64];

		start(&m, false);
		if (count_step > 0) {
			m.di.n_slots -= 3;
			set(&m, 0x30, m.di.n_slots);
		}
		runs = change_count;
		runs_left = 3;
		if (collect_by_registers(&m, &c, out, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(c.toc.n_regions, m.di.n_slots);
		collection_clear(&c);
		unlink(out);
		stop_machine(&m);
	}
}

/* The memory is used for something else as soon as the table was seen to be unchanged: the dump has what was before. */
static uint8_t generation;

static void reuse_buffer(struct machine *m)
{
	uint8_t buf[6000];

	memset(buf, ++generation, sizeof(buf));
	di_write(&m->di, m->di.slots[m->buffer].paddr, buf, sizeof(buf));
}

static void memory_is_reused(void **state)
{
	uint8_t want[6000], got[6000];
	struct collection c;
	struct machine m;
	struct derr err;
	char out[64];

	start(&m, false);
	runs = reuse_buffer;
	runs_left = ALWAYS;
	if (collect_by_registers(&m, &c, out, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.toc.problems.n, 0);
	assert_int_equal(image_read(&c.img, m.di.slots[m.buffer].paddr, got, sizeof(got)), 0);
	memset(want, generation - 1, sizeof(want));
	assert_memory_equal(got, want, sizeof(want));
	collection_clear(&c);
	unlink(out);
	stop_machine(&m);
}

/* It never stands still: what there is, is saved, and what may be wrong with it is said, also in the dump. */
static void never_still(void **state)
{
	struct collection c;
	struct machine m;
	struct derr err;
	char out[64], *info;

	start(&m, false);
	runs = move_buffer;
	runs_left = ALWAYS;
	if (collect_by_registers(&m, &c, out, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(runs_left > 0);
	assert_true(has_problem(&c, "its table changed in each of 10 readings"));
	assert_true(has_problem(&c, "(KBUF): changed while it was read"));
	assert_false(has_problem(&c, "(" MINIDUMP_LOG_TEXT_NAME ")"));
	assert_int_equal(c.toc.problems.n, 2);
	assert_int_equal(c.toc.n_regions, m.di.n_slots);
	runs_left = 0;
	info = run_show(show_info, out, false, false, &err);
	assert_non_null(info);
	assert_non_null(strstr(info, "(KBUF): changed while it was read"));
	free(info);
	collection_clear(&c);
	unlink(out);
	stop_machine(&m);
}

static void no_table(void **state)
{
	static const struct {
		unsigned int offset;
		uint32_t value;
		const char *why;
	} cases[] = {
		{ 0x00, 0, "not marked as enabled" },
		{ 0x08, 0, "not marked as enabled" },
		{ 0x20, 0, "not marked as enabled" },
		{ 0x24, 0x4453424c, "not marked as enabled" },
		{ 0x30, 0, "it has no regions" },
		{ BASE_LOW, 0x7fffffff, "its array of regions, at 0x7fffffff, is not in" },
		{ BASE_LOW + 4, 0xffffffff, "its array of regions, at 0xffffffff00" },
	};
	struct machine m;
	const struct collect_options o = { .image = { .registers = m.path } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		start(&m, false);
		set(&m, cases[i].offset, cases[i].value);
		/* It is told with what is left of it, or is of no use. */
		if (i < 4)
			set(&m, 0x30, 0);
		refused(&m, &o, cases[i].why);
		stop_machine(&m);
	}
	start(&m, false);
	set(&m, 0x00, UINT32_MAX);
	set(&m, 0x04, UINT32_MAX);
	refused(&m, &o, "all ones");
	assert_int_equal(ftruncate(m.fd, 0x3b), 0);
	refused(&m, &o, "has 59 bytes; the registers of a minidump table take 60");
	assert_int_equal(ftruncate(m.fd, 0), 0);
	refused(&m, &o, "is empty");
	stop_machine(&m);
}

/* As much as there is. */
static void impossible_count(void **state)
{
	static const uint32_t counts[] = { 0xffffffff, 40000, 32768 };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct collection c;
		struct machine m;
		struct derr err;
		char out[64];

		start(&m, false);
		set(&m, 0x30, counts[i]);
		if (collect_by_registers(&m, &c, out, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(has_problem(&c, "has room for 32768"), i < 2);
		assert_int_equal(c.toc.n_regions, m.di.n_slots);
		collection_clear(&c);
		unlink(out);
		stop_machine(&m);
	}
}

/* Slots that lie are problems, as in any table; above all no memory beyond the image is copied. */
static void hostile_slots(void **state)
{
	struct collection c;
	struct machine m;
	struct derr err;
	char out[64];

	start(&m, false);
	di_write64(&m.di, m.di.regions + m.buffer * 40ULL + 24, 0xfffffffffffff000);
	di_write64(&m.di, m.di.regions + 3 * 40ULL + 32, 1ULL << 62);
	if (collect_by_registers(&m, &c, out, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(has_problem(&c, "(KBUF): impossible range"));
	assert_true(has_problem(&c, "impossible range, 0x4000000000000000 bytes"));
	assert_int_equal(c.toc.n_regions, m.di.n_slots - 2);
	collection_clear(&c);
	unlink(out);
	stop_machine(&m);
}

static void wrong_use(void **state)
{
	uint64_t table = 0x1000;
	struct machine m;
	struct collect_options o = { .image = { .registers = m.path }, .table = &table };
	struct collect_options none = { .image = { .registers = "/nonexistent" } };
	struct collection c;
	struct derr err;
	char out[64];

	start(&m, false);
	refused(&m, &o, "leave --table out");
	refused(&m, &none, "Cannot open /nonexistent");
	o.table = NULL;
	assert_true(run_collect("/tmp", &o, out, &c, &err) < 0);
	assert_non_null(strstr(err.text, "leave --registers out"));
	collection_clear(&c);
	stop_machine(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dead_machine),	    cmocka_unit_test(other_images),
		cmocka_unit_test(table_changes),    cmocka_unit_test(elf_header_changes),
		cmocka_unit_test(count_changes),    cmocka_unit_test(never_still),
		cmocka_unit_test(memory_is_reused), cmocka_unit_test(no_table),
		cmocka_unit_test(impossible_count), cmocka_unit_test(hostile_slots),
		cmocka_unit_test(wrong_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
