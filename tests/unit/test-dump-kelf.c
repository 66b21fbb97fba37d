// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ELF header that the module keeps, as it wrote it in a guest (tests/unit/dump/kelf-header.gz, kernel 6.12, 44
 * slots): with the regions behind it, in the order of the slots and by address, it is a valid core. That kernel had
 * NULs in the gaps of the string table, where newer ones have what fill_gaps() writes.
 */
#include <fcntl.h>
#include <gelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "dump-run.h"

#define FIXTURE	   "tests/unit/dump/kelf-header.gz"
#define HEADER_MAX (1 << 20)
#define SLOTS	   44

static uint8_t header[HEADER_MAX];
static size_t header_size;

static int load(void **state)
{
	gzFile f = gzopen(FIXTURE, "rb");
	int n = f ? gzread(f, header, sizeof(header)) : -1;

	if (f)
		gzclose(f);
	header_size = n > 0 ? n : 0;
	return n > 64 ? 0 : -1;
}

static uint64_t word(size_t at)
{
	uint64_t v;

	memcpy(&v, header + at, sizeof(v));
	return v;
}

static Elf64_Phdr phdr(unsigned int i)
{
	Elf64_Phdr p;

	memcpy(&p, header + 64 + i * sizeof(p), sizeof(p));
	return p;
}

/* The names in the string table, in order. */
static size_t string_table(const char *names[SLOTS])
{
	const char *p = memmem(header, header_size, "STR_TBL", 8);
	const char *end = (const char *)header + header_size;
	size_t n = 0;

	assert_non_null(p);
	for (p += 8; p < end; p += strnlen(p, end - p) + 1) {
		p += strspn(p, "\1");
		if (*p)
			names[n++ % (SLOTS - 1)] = p;
	}
	return n;
}

/* As newer kernels do, up to the last name. */
static void fill_gaps(void)
{
	const char *names[SLOTS];
	uint8_t *p = memmem(header, header_size, "STR_TBL", 8), *last;

	assert_int_equal(string_table(names), SLOTS - 1);
	last = (uint8_t *)names[SLOTS - 2];
	for (p += 8; p < last; p++)
		if (!*p && p[-1] <= 1)
			*p = 1;
}

/* A region's content: its slot in each byte. */
static void append(int fd, unsigned int slot, uint64_t size)
{
	uint8_t *buf = malloc(size);

	memset(buf, slot, size);
	assert_int_equal(write(fd, buf, size), size);
	free(buf);
}

static int new_core(char path[64])
{
	int fd;

	strcpy(path, "/tmp/qcmd-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, header, header_size), header_size);
	return fd;
}

/* Each segment and each section has the bytes of its region, and readelf has nothing to say. */
static void check_core(int fd, const char *path)
{
	char command[128], line[256];
	uint8_t byte;
	GElf_Shdr sh;
	GElf_Phdr p;
	size_t n;
	FILE *f;
	Elf *e;

	elf_version(EV_CURRENT);
	e = elf_begin(fd, ELF_C_READ, NULL);
	assert_int_equal(elf_kind(e), ELF_K_ELF);
	assert_int_equal(elf_getphdrnum(e, &n), 0);
	assert_int_equal(n, SLOTS - 1);
	for (size_t i = 0; i < n; i++) {
		gelf_getphdr(e, i, &p);
		assert_int_equal(p.p_type, i ? PT_LOAD : PT_NOTE);
		assert_non_null(gelf_getshdr(elf_getscn(e, i + 2), &sh));
		assert_true(sh.sh_offset == p.p_offset && sh.sh_size == p.p_filesz);
		for (uint64_t at = 0; at < p.p_filesz; at += p.p_filesz - 1) {
			assert_int_equal(pread(fd, &byte, 1, p.p_offset + at), 1);
			assert_int_equal(byte, i + 1);
		}
	}
	assert_true(p.p_offset + p.p_filesz == (uint64_t)lseek(fd, 0, SEEK_END));
	elf_end(e);
	snprintf(command, sizeof(command), "{ readelf -lSW %s 2>&1 || echo error; } | grep -i -e warning -e error",
		 path);
	f = popen(command, "r");
	if (fgets(line, sizeof(line), f))
		fail_msg("readelf: %s", line);
	pclose(f);
}

static void concatenated(void **state)
{
	const char *names[SLOTS];
	char path[64];
	int fd = new_core(path);

	assert_int_equal(string_table(names), SLOTS - 1);
	assert_string_equal(names[0], MINIDUMP_VMCOREINFO_NAME);
	assert_string_equal(names[1], MINIDUMP_NOTE_NAME);
	assert_string_equal(names[2], MINIDUMP_LOG_TEXT_NAME);
	/* Each is a file, which must not be taken twice. */
	for (unsigned int i = 0; i < SLOTS - 1; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(names[i], names[j]);
	for (unsigned int slot = 1; slot < SLOTS; slot++)
		append(fd, slot, phdr(slot - 1).p_filesz);
	check_core(fd, path);
	close(fd);
	unlink(path);
}

/* qdl: the header, the region that no PT_LOAD has the address of, then each PT_LOAD's by address. */
static void by_address(void **state)
{
	uint64_t vmcoreinfo;
	unsigned int matched = 0;
	char path[64];
	int fd = new_core(path);

	/* Its section has the virtual address, in the direct map as that of the note in slot 2. */
	vmcoreinfo = word(word(40) + 2 * 64 + 16) - (phdr(1).p_vaddr - phdr(1).p_paddr);
	for (unsigned int i = 0; i < SLOTS - 1; i++)
		matched += phdr(i).p_type == PT_LOAD && phdr(i).p_paddr == vmcoreinfo;
	assert_int_equal(matched, 0);
	append(fd, 1, phdr(0).p_filesz);
	for (unsigned int i = 0; i < SLOTS - 1; i++) {
		if (phdr(i).p_type != PT_LOAD)
			continue;
		/* The first with that address is taken: there must be no other. */
		for (unsigned int j = 0; j < i; j++)
			assert_true(phdr(j).p_paddr != phdr(i).p_paddr);
		append(fd, i + 1, phdr(i).p_filesz);
	}
	check_core(fd, path);
	close(fd);
	unlink(path);
}

static void read_by_us(void **state)
{
	const char *names[SLOTS];
	struct kelf elf;
	struct derr err;
	char name[REGION_NAME_SIZE + 12];

	assert_int_equal(kelf_parse(&elf, (const char *)header, header_size, &err), 0);
	assert_int_equal(elf.n, SLOTS - 1);
	assert_int_equal(elf.machine, EM_X86_64);
	assert_true(elf.numbered);
	string_table(names);
	for (size_t i = 0; i < elf.n; i++) {
		snprintf(name, sizeof(name), elf.seqs[i] ? "%s_%u" : "%s", elf.names[i], elf.seqs[i]);
		assert_string_equal(name, names[i]);
	}
	assert_string_equal(elf.names[0], MINIDUMP_VMCOREINFO_NAME);
	assert_string_equal(elf.names[2], MINIDUMP_LOG_TEXT_NAME);
	assert_string_equal(elf.names[SLOTS - 2], MINIDUMP_STACK_NAME);
	for (size_t i = 1; i < elf.n; i++)
		assert_true(elf.sorted[i].p_paddr >= elf.sorted[i - 1].p_paddr);
	assert_true(elf.sorted[kelf_search(&elf, phdr(5).p_paddr)].p_paddr == phdr(5).p_paddr);
	assert_int_equal(kelf_search(&elf, UINT64_MAX), elf.n);
	kelf_clear(&elf);
	assert_int_equal(region_name_copy(name, "KFOUR", 4), 0);
	assert_string_equal(name, "KFOU");
	assert_true(region_name_copy(name, "0123456789abcdef", 17) < 0);
	assert_true(region_name_copy(name, "a\nb", 17) < 0);
}

/* Whether the ramdump parser, as tests/vm/host_tools.py has its rules, makes all of it of a file for each name. */
static bool read_by_parser(void)
{
	char folder[] = "/tmp/qcmd-test-XXXXXX", command[256], path[64], text[256] = "";
	const char *names[1 + SLOTS] = { "KELF_HEADER" };
	bool whole;
	FILE *f;

	assert_non_null(mkdtemp(folder));
	string_table(names + 1);
	for (size_t i = 0; i < SLOTS; i++) {
		snprintf(path, sizeof(path), "%s/md_%s.BIN", folder, names[i]);
		f = fopen(path, "w");
		fwrite(header, i ? 1 : header_size, 1, f);
		fclose(f);
	}
	snprintf(command, sizeof(command), "python3 tests/vm/host_tools.py parser %s %s/core 2>&1 | wc -l; rm -r %s",
		 folder, folder, folder);
	f = popen(command, "r");
	whole = fgets(text, sizeof(text), f) && atoi(text) == SLOTS;
	pclose(f);
	return whole;
}

static void gaps_filled(void **state)
{
	assert_false(read_by_parser());
	fill_gaps();
	assert_true(read_by_parser());
	concatenated(state);
	read_by_us(state);
}

/* The last is a piece of a CPU's stack. While its slot moves, it has no virtual address, and another's physical one. */
static void moving(void **state)
{
	Elf64_Phdr p = phdr(SLOTS - 2);
	struct kelf elf;
	struct derr err;

	assert_int_equal(p.p_type, PT_LOAD);
	p.p_vaddr = 0;
	p.p_paddr = phdr(SLOTS - 3).p_paddr;
	memcpy(header + 64 + (SLOTS - 2) * sizeof(p), &p, sizeof(p));
	assert_int_equal(kelf_parse(&elf, (const char *)header, header_size, &err), 0);
	assert_int_equal(elf.phdrs[SLOTS - 2].p_type, PT_NULL);
	assert_int_equal(elf.phdrs[SLOTS - 3].p_type, PT_LOAD);
	for (size_t i = kelf_search(&elf, p.p_paddr), n = 0; i < elf.n && elf.sorted[i].p_paddr == p.p_paddr; i++)
		if (elf.sorted[i].p_type == PT_LOAD)
			assert_int_equal(++n, 1);
	kelf_clear(&elf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(concatenated), cmocka_unit_test(by_address), cmocka_unit_test(read_by_us),
		cmocka_unit_test(gaps_filled),	cmocka_unit_test(moving),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
