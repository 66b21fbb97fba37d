// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cold start: lays out SMEM, or registers, and starts Linux; or, at EL2, starts Linux as the guest of a hypervisor.
 * After a reset, however it came about: collects, and ends there.
 *
 * Files that it wants, in the folder where QEMU was started: boot/Image, boot/initrd, boot/dtb (with bootargs and the
 * initramfs's place in it), boot/memory (RAM in MiB), boot/backend (what Linux is to use: smem, mmio or rm),
 * boot/variant (empty, or what is to be wrong with the hypervisor and its manager, see there).
 * What it leaves is in collect.c, rawdump.c and manager.c.
 */
#include "firmware.h"

/* RAM is all zero when the machine starts and keeps its contents in a reset. */
#define STARTED		0x7164636d62303074UL
#define IMAGE_MAGIC	0x644d5241	/* ARM\x64, at 56 */

static uint64_t started;
static uint64_t ram_end;
static bool has_registers;

/* What the firmware keeps to itself is not the guest's. */
bool in_ram(uint64_t address, uint64_t size)
{
	return size && address >= FIRMWARE_END && address < ram_end && size <= ram_end - address;
}

static uint64_t load(const char *name, uintptr_t at, uint64_t max)
{
	struct file file;
	uint64_t size;

	if (!file_open(&file, name, FILE_READ))
		die("cannot open ", name);
	size = file_read(&file, (void *)at, max);
	if (size == max)
		die("too large: ", name);
	file_close(&file);
	return size;
}

/* A short file's text, without its newline. */
static void load_text(const char *name, char *text, uint64_t max)
{
	uint64_t size = load(name, (uintptr_t)text, max);

	text[size && text[size - 1] == '\n' ? size - 1 : size] = 0;
}

static void cold_start(void)
{
	static char variant[32], memory[16], backend[16];
	const char *digit;

	load("boot/Image", KERNEL_BASE, DTB_BASE - KERNEL_BASE);
	if (get32(KERNEL_BASE + 56) != IMAGE_MAGIC)
		die("no arm64 kernel: ", "boot/Image");
	load("boot/initrd", INITRD_BASE, INITRD_MAX);
	load("boot/dtb", DTB_BASE, DTB_MAX);
	load_text("boot/backend", backend, sizeof(backend));
	load_text("boot/variant", variant, sizeof(variant));
	load_text("boot/memory", memory, sizeof(memory));
	ram_end = 0;
	for (digit = memory; *digit >= '0' && *digit <= '9'; digit++)
		ram_end = ram_end * 10 + *digit - '0';
	ram_end = RAM_BASE + (ram_end << 20);

	if (!at_el2()) {
		has_registers = equal(backend, "mmio");
		smem_lay_out(!has_registers);
		if (has_registers)
			registers_lay_out();
	}
	started = STARTED;
	say("firmware: starting Linux\n");
	if (at_el2())
		hypervisor_start(variant, KERNEL_BASE, DTB_BASE);
	start_linux(KERNEL_BASE, DTB_BASE);
}

void firmware_main(void)
{
	if (started != STARTED)
		cold_start();
	started = 0;
	say("\nfirmware: warm reset\n");
	if (at_el2())
		manager_collect();
	else
		collect(has_registers ? registers_read_table : smem_read_table);
	power_off();
}
