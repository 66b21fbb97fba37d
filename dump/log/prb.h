/* SPDX-License-Identifier: GPL-2.0-only */
/* The printk ring buffer of a dump, as VMCOREINFO describes it. */
#ifndef PRB_H
#define PRB_H

#include "dump/core/corefile.h"

#define PRB_SUBSYSTEM_MAX 16
#define PRB_DEVICE_MAX	  48

struct prb_record {
	uint64_t seq;
	uint64_t ts_nsec;
	const char *text;
	size_t text_len;
	bool has_caller;
	uint32_t caller; /* the highest bit set: a CPU; else a thread */
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

typedef void (*prb_fn)(void *arg, const struct prb_record *r);

/* Calls fn for each record, oldest first. skipped: records that were being written or are damaged. */
int prb_walk(const struct corefile *core, prb_fn fn, void *arg, uint64_t *skipped, struct derr *err);

#endif
