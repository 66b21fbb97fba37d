/* SPDX-License-Identifier: GPL-2.0-only */
/* The records of a kernel log, and where most are from: the printk ring buffer, as VMCOREINFO describes it. */
#ifndef PRB_H
#define PRB_H

#include "dump/core/corefile.h"

#define PRB_SUBSYSTEM_MAX 16
#define PRB_DEVICE_MAX	  48
#define PRB_COMM_MAX	  64 /* kernels have 16 so far */

struct prb_record {
	uint64_t seq;
	uint64_t ts_nsec;
	const char *text;
	size_t text_len;
	uint64_t text_at; /* where the text is in the memory of the kernel, and its struct printk_info; 0: nowhere */
	uint64_t info_at;
	bool has_caller;
	uint32_t caller;  /* the highest bit set: a CPU; else a thread */
	bool has_context; /* kernels since 7.0: the CPU, the thread and its name, whatever the caller is */
	uint32_t cpu;
	uint32_t pid;
	char comm[PRB_COMM_MAX + 1];
	bool has_level;
	unsigned int level;
	bool has_facility;
	unsigned int facility;
	char subsystem[PRB_SUBSYSTEM_MAX + 1];
	char device[PRB_DEVICE_MAX + 1];
};

#define PRB_CALLER_CPU 0x80000000U

/* KERN_ERR, KERN_WARNING */
#define PRB_LEVEL_ERR	  3
#define PRB_LEVEL_WARNING 4

/* More than a ring can have */
#define LOG_RECORDS_MAX (1 << 22)

struct log {
	struct prb_record *v; /* oldest first */
	size_t n;
	size_t capacity;
	char *text;	  /* of all records; NULL: it is the dump's */
	uint64_t skipped; /* records that were being written or are damaged */
};

void log_add(struct log *l, const struct prb_record *r);

/* The log is empty before. */
int prb_read(const struct corefile *core, struct log *l, struct derr *err);

/*
 * Which bytes of a struct printk_info are numbers, and with comm the name of who said it: those are 1 in the mask, of
 * whose bytes *size are of that structure. The others are text of drivers, or padding.
 */
#define PRB_INFO_MAX 1024
int prb_info_numbers(const struct corefile *core, bool comm, uint8_t mask[static PRB_INFO_MAX], size_t *size,
		     struct derr *err);

#endif
