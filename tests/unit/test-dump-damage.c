// SPDX-License-Identifier: GPL-2.0-only
/* Damaged and hostile tables: what can be saved is saved, and each thing that can't is told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dump-run.h"

#define MIB_	(1ULL << 20)
#define REGIONS 4 /* of the machine below, with the three that every table has */

static void machine(struct di *d)
{
	di_init(d, 8 * MIB_, 0, 0);
	di_add(d, "KBUF", 0, 0x5000, DI_DIRECT + 0x5000, 4096);
}

/* Collects, expects this many regions and one problem with these words. */
static void expect(struct di *d, size_t regions, const char *part)
{
	struct collection c;
	struct derr err;
	char out[64];

	if (run_collect(d->path, NULL, out, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.toc.n_regions, regions);
	if (part && !has_problem(&c, part))
		fail_msg("no problem says '%s'; the first: %s", part, c.toc.problems.n ? c.toc.problems.v[0] : "none");
	if (!part && c.toc.problems.n)
		fail_msg("unexpected: %s", c.toc.problems.v[0]);
	collection_clear(&c);
	unlink(out);
}

static uint64_t slot_at(const struct di *d, unsigned int slot)
{
	return d->regions + slot * 40ULL;
}

static void slots(void **state)
{
	static const struct {
		uint64_t paddr, size;
		uint32_t valid;
		const char *name;
		const char *part;
	} bad[] = {
		{ 0x6000, 16, 0x494e5641, "KNEW", "being changed" },
		{ 0x6000, 16, 0x12345678, "KODD", "neither valid nor invalid" },
		{ 0x6000, 16, 0x56414c49, "ABCDEFGHIJKLMNOP", "the name is no text" },
		{ 0x6000, 16, 0x56414c49, "a\033[2Jb", "the name is no text" },
		{ 0x6000, 16, 0x56414c49, "", "the name is no text" },
		{ 0x6000, 0, 0x56414c49, "KZERO", "impossible range" },
		{ UINT64_MAX - 8, 16, 0x56414c49, "KWRAP", "impossible range" },
		{ 1ULL << 57, 16, 0x56414c49, "KHIGH", "impossible range" },
		{ 0, UINT64_MAX, 0x56414c49, "KHUGE", "impossible range" },
		{ 0, 9 * MIB_, 0x56414c49, "KBIG", "more than the memory" },
		{ 0, 8 * MIB_, 0x56414c49, "KSUM", "more than the memory" },
		{ 8 * MIB_ - 8, 16, 0x56414c49, "KEND", "is not in" },
		{ 64 * MIB_, 16, 0x56414c49, "KAWAY", "is not in" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		unsigned int slot;
		struct di d;

		machine(&d);
		slot = di_add(&d, bad[i].name, 0, bad[i].paddr, 0, bad[i].size);
		d.slots[slot].valid = bad[i].valid;
		di_finish(&d);
		expect(&d, REGIONS, bad[i].part);
		di_done(&d);
	}
}

static void empty_slots(void **state)
{
	uint8_t zero[40] = { 0 };
	struct di d;

	machine(&d);
	di_add(&d, "KGONE", 0, 0x6000, 0, 16);
	di_add(&d, "KLAST", 0, 0x7000, DI_DIRECT + 0x7000, 16);
	di_finish(&d);
	di_write(&d, slot_at(&d, 4), zero, sizeof(zero));
	expect(&d, REGIONS + 1, NULL);
	di_done(&d);
}

/* The instant in the middle of a move within the table: the same region twice. */
static void moving_slot(void **state)
{
	struct di d;

	machine(&d);
	di_add(&d, "KBUF", 0, 0x5000, DI_DIRECT + 0x5000, 4096);
	di_finish(&d);
	expect(&d, REGIONS, NULL);
	di_done(&d);
}

/* A task that a policy names, and that a CPU ran: the pieces of its stack are not the same ones. */
static void named_twice(void **state)
{
	struct di d;

	machine(&d);
	di_add(&d, MINIDUMP_STACK_NAME, 0, 0x6000, DI_DIRECT + 0x6000, 4096);
	di_add(&d, MINIDUMP_STACK_NAME, 1, 0x6000, DI_DIRECT + 0x6000, 2048);
	di_add(&d, MINIDUMP_STACK_NAME, 2, 0x6800, DI_DIRECT + 0x6800, 2048);
	di_finish(&d);
	expect(&d, REGIONS + 3, NULL);
	di_done(&d);
}

/* The idle task of a CPU, as a variable leads to it, and as what the CPU ran. */
static void idle_task_twice(void **state)
{
	struct di d;

	machine(&d);
	di_add(&d, MINIDUMP_SYMBOL_NAME "idle_threads", 0, 0x6000, DI_DIRECT + 0x6000, 2048);
	di_add(&d, MINIDUMP_TASK_NAME, 0, 0x6000, DI_DIRECT + 0x6000, 4096);
	di_finish(&d);
	expect(&d, REGIONS + 2, NULL);
	di_done(&d);

	machine(&d);
	di_add(&d, MINIDUMP_SYMBOL_NAME "idle_threads", 0, 0x6800, DI_DIRECT + 0x6800, 2048);
	di_add(&d, MINIDUMP_TASK_NAME, 0, 0x6000, DI_DIRECT + 0x6000, 4096);
	di_finish(&d);
	expect(&d, REGIONS + 2, "(Kidle_threads) overlaps");
	di_done(&d);
}

/* Mapped at two addresses, as the stacks of interrupts are, and wanted by both. */
static void two_names(void **state)
{
	struct di d;

	machine(&d);
	di_add(&d, "KALIAS", 0, 0x5000, 0xffffc90000000000, 4096);
	di_finish(&d);
	expect(&d, REGIONS + 1, NULL);
	di_done(&d);
}

static void overlaps(void **state)
{
	struct di d;

	machine(&d);
	di_add(&d, "KPART", 0, 0x5800, DI_DIRECT + 0x5800, 0x1000);
	di_finish(&d);
	expect(&d, REGIONS + 1, "(KPART) overlaps slot 3 (KBUF)");
	di_done(&d);
}

static void counts(void **state)
{
	struct di d;

	machine(&d);
	d.claimed_slots = 0xffffffff;
	di_finish(&d);
	expect(&d, REGIONS, "claims 4294967295 slots");
	di_done(&d);

	machine(&d);
	d.claimed_slots = 2;
	di_finish(&d);
	expect(&d, 2, "qcmdd's note");
	di_done(&d);

	/* An empty table, which is no reason to fall over. */
	machine(&d);
	di_finish(&d);
	di_write32(&d, d.toc + 32, 0);
	{
		struct collection c;
		struct derr err;
		char out[64];

		assert_int_equal(run_collect(d.path, NULL, out, &c, &err), -ENOENT);
		assert_non_null(strstr(err.text, "no regions"));
		collection_clear(&c);
	}
	di_done(&d);
}

static void pointers(void **state)
{
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;

	machine(&d);
	di_finish(&d);
	di_write64(&d, d.toc + 40, 1ULL << 40);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), -ENOENT);
	assert_non_null(strstr(err.text, "array of regions, at 0x10000000000, is not in"));
	collection_clear(&c);
	/* The last bytes of memory have room for one slot. */
	di_write64(&d, d.toc + 40, 8 * MIB_ - 47);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), -ENOENT);
	collection_clear(&c);
	di_write64(&d, d.toc + 40, UINT64_MAX - 3);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), -ENOENT);
	collection_clear(&c);
	di_done(&d);
}

static void status(void **state)
{
	struct di d;

	machine(&d);
	di_finish(&d);
	di_write32(&d, d.toc + 20, 'D' << 24 | 'S' << 16 | 'B' << 8 | 'L');
	expect(&d, REGIONS, "not marked as enabled");
	di_write32(&d, d.toc + 4, 9);
	expect(&d, REGIONS, "revision 9");
	di_done(&d);

	machine(&d);
	di_finish(&d);
	di_write32(&d, d.toc + 28, 0x00594553);
	expect(&d, REGIONS, "encrypts");
	di_done(&d);
}

/* A header with a wrong checksum is better than none, and worse than any other. */
static void checksum(void **state)
{
	struct di d, e;

	machine(&d);
	d.bad_crc = true;
	di_finish(&d);
	expect(&d, REGIONS, "checksum");
	e = d;
	e.bad_crc = false;
	e.next = 6 * MIB_;
	di_finish(&e);
	expect(&d, REGIONS, NULL);
	di_done(&d);
}

static void elf_header(void **state)
{
	static const struct {
		uint64_t offset;
		uint32_t value;
		const char *part;
	} bad[] = {
		{ 0, 0x12345678, "it is no ELF header" },
		{ 32, 0xffffffff, "outside of it" },
		{ 36, 0x7fffffff, "outside of it" },
		{ 56, 0xffff, "cut off after" },
	};
	struct di d;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		machine(&d);
		di_finish(&d);
		if (bad[i].offset == 56)
			di_write(&d, d.kelf + 56, "\xff\xff", 2);
		else
			di_write32(&d, d.kelf + bad[i].offset, bad[i].value);
		expect(&d, REGIONS, bad[i].part);
		di_done(&d);
	}
	/* A virtual address that can't be: program header 2 is slot 3. */
	machine(&d);
	di_finish(&d);
	di_write64(&d, d.kelf + 64 + 2 * 56 + 16, DI_DIRECT + 0x5001);
	expect(&d, REGIONS, "impossible virtual address");
	di_write64(&d, d.kelf + 64 + 2 * 56 + 16, 0x5000);
	expect(&d, REGIONS, "impossible virtual address");
	di_done(&d);
}

/* Without the ELF header, what VMCOREINFO knows of the kernel image still gives virtual addresses. */
static void image_without_header(void **state)
{
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;

	machine(&d);
	di_key(&d, "SYMBOL(_end)=%llx", DI_IMAGE_VIRT + 0x40000);
	di_add(&d, "KIMAGE", 0, DI_PHYS_BASE + 0x1230, DI_IMAGE_VIRT + 0x1230, 16);
	d.no_kelf = true;
	di_finish(&d);
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	assert_true(c.toc.regions[c.toc.n_regions - 1].vaddr == DI_IMAGE_VIRT + 0x1230);
	assert_int_equal(toc_region(&c.toc, "KBUF")->vaddr, 0);
	assert_true(has_problem(&c, "virtual addresses of 3 regions"));
	collection_clear(&c);
	unlink(out);
	di_done(&d);
}

static void notes(void **state)
{
	struct di d;

	machine(&d);
	di_finish(&d);
	/* The size of VMCOREINFO's text is beyond its region. */
	di_write32(&d, d.slots[1].paddr + 4, 0x7fffffff);
	expect(&d, REGIONS, "VMCOREINFO");
	di_write32(&d, d.slots[2].paddr, 0);
	expect(&d, REGIONS, "qcmdd's note");
	di_done(&d);
}

/* Where qcmdd's note is not there, the module's is as good. */
static void note_of_the_module(void **state)
{
	struct collection c;
	struct derr err;
	char out[64];
	struct di d;

	machine(&d);
	di_finish(&d);
	di_write(&d, d.regions + 2 * 40ULL, MINIDUMP_LAYOUT_NAME "\0\0\0", sizeof(MINIDUMP_NOTE_NAME));
	assert_int_equal(run_collect(d.path, NULL, out, &c, &err), 0);
	assert_false(has_problem(&c, "qcmdd's note"));
	assert_non_null(kv_get(&c.kernel_note, "ARCH"));
	collection_clear(&c);
	unlink(out);
	di_done(&d);
}

/* Every four bytes of the table's page, one after the other, have every bit set: nothing may fall over. */
static void any_word(void **state)
{
	struct di d;

	machine(&d);
	di_finish(&d);
	for (uint64_t at = d.table; at < slot_at(&d, d.n_slots); at += 4) {
		struct collection c;
		struct derr err = { 0 };
		uint32_t was;
		char out[64];

		di_read(&d, at, &was, sizeof(was));
		di_write32(&d, at, 0xffffffff);
		if (run_collect(d.path, NULL, out, &c, &err) < 0)
			assert_true(strlen(err.text) > 20);
		else
			unlink(out);
		collection_clear(&c);
		di_write32(&d, at, was);
	}
	di_done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots),
		cmocka_unit_test(empty_slots),
		cmocka_unit_test(moving_slot),
		cmocka_unit_test(named_twice),
		cmocka_unit_test(idle_task_twice),
		cmocka_unit_test(two_names),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(counts),
		cmocka_unit_test(pointers),
		cmocka_unit_test(status),
		cmocka_unit_test(checksum),
		cmocka_unit_test(elf_header),
		cmocka_unit_test(image_without_header),
		cmocka_unit_test(notes),
		cmocka_unit_test(note_of_the_module),
		cmocka_unit_test(any_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
