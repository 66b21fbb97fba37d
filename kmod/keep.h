/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keep of the back end "ram": a dump for the next kernel on this machine, where nobody else collects. See
 * include/qcmd_keep.h.
 */
#ifndef QCOM_MINIDUMP_KEEP_H
#define QCOM_MINIDUMP_KEEP_H

#include <linux/types.h>

#include "keep-judge.h"

struct minidump_region;

/* Keeps of one kernel: the same twice. */
#define QMD_KEEPS	2

/**
 * struct qmd_keep_record - how a kernel finds again what the one before has left
 * @number: of struct qcmd_keep
 * @at: physical addresses
 */
struct qmd_keep_record {
	u64 number[2];
	u64 at[QMD_KEEPS];
};

/* As text */
#define QMD_KEEP_FORMAT	"%016llx %016llx %llx %llx"

/* The page may be looked at: nobody's. Who relies on what it saw there asks again when it has. */
bool qmd_keep_page_is_free(unsigned long pfn);

/**
 * struct qmd_keep_table - what is to be kept
 * @paddr: of the table itself, which has whole pages
 * @size: of it
 * @regions: its slots
 * @count: how many of them are in use
 * @max: how many there are
 */
struct qmd_keep_table {
	phys_addr_t paddr;
	size_t size;
	const struct minidump_region *regions;
	const __le32 *count;
	u32 max;
};

/* keep.c: the keep of this kernel. All of what follows is under the lock of the module's parameters. */
int qmd_keep_open(const struct qmd_keep_table *table);
bool qmd_keep_is_open(void);
void qmd_keep_say(struct qmd_keep_record *record);
void qmd_keep_close(void);

/*
 * keep-old.c: what the kernel before has left, as a file in /sys/kernel. 0, too, if that is nothing; qmd_keep_before
 * says in a word what became of that kernel.
 */
int qmd_keep_find(const struct qmd_keep_record *old);
void qmd_keep_forget(void);
extern const char *qmd_keep_before;

#endif
