/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Emulated boot firmware for QEMU's arm64 "virt" machine. It shares no code and no header with the product: an error
 * in one must not hide in the other.
 *
 *	main.c		cold start: Linux; after a reset: collect
 *	smem.c		lays out SMEM and finds the table in it again
 *	registers.c	the same table behind registers
 *	collect.c	walks the minidump table and saves what it names as files
 *	rawdump.c	saves the same in a partition
 *	hypervisor.c	at EL2: Gunyah's hypercalls and message queues
 *	manager.c	Gunyah's resource manager: keeps a list of regions and saves them
 *	host.c		the console, files on the host, strings
 */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The first 2 MiB of RAM are the firmware's; tests/firmware/dts reserves them in the device tree. QEMU writes its own
 * device tree to the first MiB at each reset. Then: SMEM, the registers of a table, lock registers, variables and
 * stacks (see firmware.lds).
 */
#define RAM_BASE	0x40000000UL
#define SMEM_BASE	0x40100000UL
#define SMEM_SIZE	0x40000UL
#define REGISTERS_BASE	0x40140000UL
#define REGISTERS_SIZE	0x1000UL
#define FIRMWARE_END	0x40200000UL
#define KERNEL_BASE	0x40200000UL
/* As the scripts that make the device tree have it, too. */
#define INITRD_BASE	0x48000000UL
#define INITRD_MAX	0x08000000UL
#define DTB_BASE	0x47e00000UL
#define DTB_MAX		0x00200000UL

/* What the table says of itself and of Linux's part of it, wherever it is. */
struct table {
	uint32_t initialised;
	uint32_t status;
	uint32_t enabled;
	uint32_t encryption;
	uint32_t count;
	uint64_t base;
};

/* host.c */
struct file {
	long handle;
	const char *name;
};

enum file_mode { FILE_READ = 1, FILE_UPDATE = 3, FILE_CREATE = 5 };	/* as the host numbers them */

void say(const char *text);
void say_number(uint64_t value);
void say_hex(uint64_t value);
void die(const char *what, const char *name) __attribute__((noreturn));
bool file_open(struct file *file, const char *name, enum file_mode mode);
void file_create(struct file *file, const char *name);
uint64_t file_size(struct file *file);
void file_seek(struct file *file, uint64_t to);
uint64_t file_read(struct file *file, void *to, uint64_t max);
void file_write(struct file *file, const void *from, uint64_t size);
void file_close(struct file *file);
bool equal(const char *a, const char *b);
char *append(char *to, const char *end, const char *text);
char *append_number(char *to, const char *end, uint64_t value);
char *append_hex(char *to, const char *end, uint64_t value);
bool in_file_name(char c);
char *put(char *to, uint64_t value, int bytes);
char *put_text(char *to, const char *text, int bytes);
void zero(void *at, uint64_t size);

static inline uint16_t get16(uintptr_t at) { return *(volatile uint16_t *)at; }
static inline uint32_t get32(uintptr_t at) { return *(volatile uint32_t *)at; }
static inline uint64_t get64(uintptr_t at) { return *(volatile uint64_t *)at; }
static inline void put16(uintptr_t at, uint16_t value) { *(volatile uint16_t *)at = value; }
static inline void put32(uintptr_t at, uint32_t value) { *(volatile uint32_t *)at = value; }

/* smem.c */
void smem_lay_out(bool has_table);
bool smem_read_table(struct table *t);
void toc_lay_out(uintptr_t toc);

/* registers.c */
void registers_lay_out(void);
bool registers_read_table(struct table *t);

/* collect.c */
#define REGION_NAME	16
#define FILE_NAME	20

struct region {
	char name[REGION_NAME + 1];
	char file[FILE_NAME];
	uint32_t seq;
	uint64_t address;
	uint64_t size;
	uint64_t offset;	/* in the dump of rawdump.c; 0: no room */
};

void collect(bool (*read_table)(struct table *t));
void show_region(uint32_t slot, const char *name, uint32_t seq, uint64_t address, uint64_t size, const char *file);
void skip_region(uint32_t slot, const char *why);
void show_saved(uint32_t count);

/* hypervisor.c */
#define MESSAGE_SIZE		240

struct message {
	uint32_t size;
	uint8_t data[MESSAGE_SIZE];
};

bool at_el2(void);
void hypervisor_start(const char *variant, uint64_t image, uint64_t dtb) __attribute__((noreturn));
void hypervisor_cpu(uint64_t cpu) __attribute__((noreturn));
void hypervisor_trap(uint64_t *x);
void hypervisor_unexpected(void) __attribute__((noreturn));

/* manager.c */
void manager_start(const char *variant);
bool manager_answer(const struct message *message, struct message *reply);
void manager_collect(void);

/* rawdump.c */
void save_rawdump(struct region *regions, uint32_t n_regions);

/* main.c */
void firmware_main(void);
bool in_ram(uint64_t address, uint64_t size);

/* start.S */
extern const char vectors[];
long host_call(unsigned long number, const void *arguments);
void forward(uint64_t *x);
void power_off(void) __attribute__((noreturn));
void start_linux(unsigned long image, unsigned long dtb) __attribute__((noreturn));
void start_cpu(uint64_t cpu) __attribute__((noreturn));
void return_to_el1(uint64_t argument) __attribute__((noreturn));

#endif
