// SPDX-License-Identifier: GPL-2.0-only
/* Snapshots of made-up memory: what qcmdump is given of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/image/rawdump.h"
#include "daemon/snapshot.h"
#include "uapi/linux/qcom_minidump_table.h"

#define N	   5
#define VIRT(slot) (0xffff888000000000ULL + (slot)*0x10000ULL)
#define PHYS(slot) (0x40000000ULL + (slot)*0x10000ULL)
#define MOVED	   0x5000 /* the task of the CPU is another one when the header is copied */

static struct module_segment segments[N];
static struct module_region regions[N];
static Elf64_Ehdr *ehdr;
static Elf64_Phdr *phdrs;
static char header[sizeof(*ehdr) + (N - 1) * sizeof(*phdrs)];

/* Each byte tells where it was; the third region can't be read. */
static int read_memory(void *arg, uint64_t addr, void *buf, size_t size)
{
	if (addr == VIRT(0)) {
		assert_int_equal(size, sizeof(header));
		memcpy(buf, header, size);
		return 0;
	}
	if (addr == VIRT(3))
		return -EFAULT;
	memset(buf, (int)(addr >> 12), size);
	return 0;
}

static int setup(void **state)
{
	static const char *const names[N] = { MINIDUMP_ELF_HEADER_NAME, MINIDUMP_VMCOREINFO_NAME, "KCURRENT", "KGONE",
					      "KLONGNAME_WITH_" };

	ehdr = (Elf64_Ehdr *)header;
	phdrs = (Elf64_Phdr *)(ehdr + 1);
	memset(header, 0, sizeof(header));
	memset(regions, 0, sizeof(regions));
	ehdr->e_phnum = N - 1;
	for (unsigned int i = 0; i < N; i++) {
		segments[i] = (struct module_segment){ .placed = true,
						       .slot = i,
						       .seq = i == 4 ? 12 : 0,
						       .addr = VIRT(i),
						       .paddr = PHYS(i),
						       .size = 998 };
		regions[i] = (struct module_region){ .id = i + 1, .segments = &segments[i], .n_segments = 1 };
		strcpy(regions[i].name, names[i]);
		if (i)
			phdrs[i - 1] = (Elf64_Phdr){
				.p_type = PT_LOAD, .p_vaddr = VIRT(i), .p_paddr = PHYS(i), .p_filesz = 1000
			};
	}
	segments[0].size = sizeof(header);
	phdrs[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_filesz = 1000 };
	regions[2].part = QCOM_MINIDUMP_TASK_STRUCT;
	phdrs[1].p_vaddr += MOVED;
	phdrs[1].p_paddr += MOVED;
	return 0;
}

static int take(int *ret_fd)
{
	*ret_fd = memfd_create("snapshot", 0);
	return snapshot_write(*ret_fd, regions, N, read_memory, NULL);
}

static void what_firmware_leaves(void **state)
{
	struct image_options o = { 0 };
	struct image img;
	struct derr err;
	char path[32], byte;
	int fd;

	assert_int_equal(take(&fd), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (image_open(&img, path, &o, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(image_kind_name(&img), "snapshot");
	assert_int_equal(img.problems.n, 0);
	assert_int_equal(img.left_out.n, 0);
	assert_int_equal(img.pieces.n, N - 1);

	assert_string_equal(img.pieces.v[0].name, MINIDUMP_ELF_HEADER_NAME);
	assert_string_equal(img.pieces.v[1].name, MINIDUMP_VMCOREINFO_NAME);
	assert_int_equal(img.pieces.v[1].paddr, PHYS(1));
	assert_int_equal(img.pieces.v[1].size, 1000);
	/* Where the header says, as that is what the reader goes by. */
	assert_string_equal(img.pieces.v[2].name, "KCURRENT");
	assert_int_equal(img.pieces.v[2].paddr, PHYS(2) + MOVED);
	assert_int_equal(image_read_at(&img, img.pieces.v[2].offset + 999, &byte, 1), 0);
	assert_int_equal((uint8_t)byte, (uint8_t)((VIRT(2) + MOVED) >> 12));
	assert_string_equal(img.pieces.v[3].file, "md_KLONGNAME_WIT.BIN");
	image_close(&img);
	close(fd);
}

/* The header is of another moment than the list. */
static void try_again(void **state)
{
	int fd;

	phdrs[3].p_paddr += 8;
	assert_int_equal(take(&fd), -EAGAIN);
	close(fd);
	phdrs[3].p_paddr -= 8;
	phdrs[3].p_filesz = 997;
	assert_int_equal(take(&fd), -EAGAIN);
	close(fd);
	phdrs[3].p_filesz = 998 + 4096;
	assert_int_equal(take(&fd), -EAGAIN);
	close(fd);
	phdrs[3].p_filesz = 998;
	ehdr->e_phnum++;
	assert_int_equal(take(&fd), -EAGAIN);
	close(fd);
}

static void no_table(void **state)
{
	int fd;

	for (size_t i = 0; i < N; i++)
		segments[i].placed = false;
	assert_int_equal(take(&fd), -ENODATA);
	close(fd);
}

static void too_much(void **state)
{
	int fd;

	segments[4].size = 1ULL << 40;
	phdrs[3].p_filesz = 1ULL << 40;
	assert_int_equal(take(&fd), -EFBIG);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_firmware_leaves, setup),
		cmocka_unit_test_setup(try_again, setup),
		cmocka_unit_test_setup(no_table, setup),
		cmocka_unit_test_setup(too_much, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
