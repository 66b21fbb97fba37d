/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds the memory of a machine with a minidump table, byte by byte and without qcmdump's code: so a mistake in
 * how that reads something can't hide.
 *
 * Memory: the kernel image from PHYS_BASE on, seen at 0xffffffff80000000; everything else in a direct map.
 */
#ifndef DUMP_IMAGE_H
#define DUMP_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/qcom_minidump_table.h>

#define DI_PHYS_BASE  0x200000ULL
#define DI_IMAGE_VIRT 0xffffffff80000000ULL
#define DI_DIRECT     0xffff888000000000ULL
#define DI_TASK_SIZE  512
#define DI_SLOTS      64
#define DI_RELEASE    "6.12.0-test"
#define DI_BUILD_ID   "00112233445566778899aabbccddeeff00112233"

struct di_slot {
	char name[16];
	uint32_t seq;
	uint32_t valid;
	uint64_t paddr;
	uint64_t size;
	uint64_t vaddr;
};

struct di {
	int fd;
	char path[64];
	uint64_t file_size;
	uint64_t base; /* physical address of the first byte */
	uint64_t low;  /* memory below 4 GiB, where there is a hole; else 0 */
	uint64_t next; /* free physical memory */
	struct di_slot slots[DI_SLOTS];
	unsigned int n_slots;
	char vmcoreinfo[8192];
	char note[8192];

	/* Set by di_finish(), to be overwritten by who wants damage. */
	uint64_t table, toc, regions, kelf;

	/* Written by di_finish() as they are. */
	uint32_t claimed_slots; /* region_count; 0: the real number */
	bool no_kelf, no_vmcoreinfo, no_note, bad_crc;
	uint16_t machine; /* 0: x86_64 */
	uint64_t self;	  /* 0: the real one */

	/* The printk ring */
	uint64_t ring, descs, infos, text;
	unsigned int desc_bits, text_bits;
	uint64_t head_id, tail_id, lpos, seq;
	bool fills_ring;  /* as newer kernels: a block may end just at the end of the ring */
	bool has_context; /* as 7.0: records have CPU, thread and name of the one that said it; set before di_ring() */
};

void di_init(struct di *d, uint64_t file_size, uint64_t base, uint64_t low);
void di_done(struct di *d);

/* Where a physical address is in the file. */
uint64_t di_offset(const struct di *d, uint64_t paddr);
void di_write(struct di *d, uint64_t paddr, const void *data, size_t size);
void di_read(struct di *d, uint64_t paddr, void *data, size_t size);
void di_write32(struct di *d, uint64_t paddr, uint32_t v);
void di_write64(struct di *d, uint64_t paddr, uint64_t v);

/* Free physical memory; in the direct map. */
uint64_t di_alloc(struct di *d, uint64_t size, uint64_t align);

/* A slot of the table; slot 0, 1 and 2 are taken by the ELF header, VMCOREINFO and qcmdd's note. */
unsigned int di_add(struct di *d, const char *name, uint32_t seq, uint64_t paddr, uint64_t vaddr, uint64_t size);

void di_key(struct di *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void di_note(struct di *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A ring with 2^desc_bits descriptors and 2^text_bits bytes of text, in the table, and its keys. */
void di_ring(struct di *d, unsigned int desc_bits, unsigned int text_bits);
/* Adds a record as printk does, the oldest give way. Returns its id. */
uint64_t di_print(struct di *d, uint64_t ts, unsigned int level, const char *text, const char *subsystem,
		  const char *device);
/* state: 0 reserved, 1 committed, 2 finalized, 3 reusable */
void di_set_state(struct di *d, uint64_t id, unsigned int state);

struct di_task {
	int32_t pid, tgid, cpu;
	uint32_t state, exit_state, flags;
	uint64_t parent, start, stack, sp;
	const char *comm;
	bool on_cpu;
};

/* A task_struct in the table; returns its virtual address. */
uint64_t di_task(struct di *d, const struct di_task *t);
void di_task_keys(struct di *d);

/*
 * The kernel's own compressed table, in the page DI_KALLSYMS of its image and the one behind it, and the keys that say
 * so. Offsets are as the kernel has them with a base, the first symbol's address: negative ones count from there. From
 * 7.0 on there is no base, and each is relative to itself.
 */
struct di_symbol {
	int32_t offset;
	const char *name; /* the type, and the name, in which \001 is a token for "d" */
};
#define DI_KALLSYMS 0x5000
/* Bytes of it. */
uint64_t di_kallsyms(struct di *d, const struct di_symbol *symbols, size_t n, bool has_base);

/*
 * A module, "a_module", in a page of its own behind page tables, and in the list "modules" at 0x700 of the kernel
 * image. At 0x800 of its page is mod_wait(), of 0x200 bytes and with one ORC entry (32 bytes of stack, the format of
 * 6.4); there are symbols that are no names, too.
 */
#define DI_MODULE 0xffffffffc0000000ULL
/* Gives the physical address of its page, in which what is behind 0xa00 is free. */
uint64_t di_module(struct di *d, bool loading);
void di_map_page(struct di *d, uint64_t vaddr, uint64_t paddr);

/* The region KCPUREGS: a header for that many CPUs, and an entry with a note of x86_64. */
#define DI_CPU_REGS_HEADER 16
#define DI_CPU_REGS_ENTRY  384
void di_cpu_regs_header(uint8_t *region, uint32_t cpus);
void di_cpu_regs(uint8_t *region, unsigned int cpu, uint32_t from, uint32_t pid, uint64_t ip, uint64_t sp);

/* Writes the table, and the three regions that every table has. */
void di_finish(struct di *d);
/* The header of the table alone, at d->table. */
void di_header(struct di *d);

/* The same memory as an ELF core with these PT_LOADs; the path is put into path[64]. */
struct di_load {
	uint64_t paddr;
	uint64_t size;
};
void di_elf(const struct di *d, const struct di_load *loads, size_t n, const void *notes, size_t notes_size,
	    char path[64]);

#endif
