/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel log of a dump: the printk ring buffer, or the text of it where that alone was kept. */
#ifndef LOG_H
#define LOG_H

#include "dump/log/prb.h"

/* log_clear() in any case */
int log_read(const struct corefile *core, struct log *l, struct derr *err);
void log_clear(struct log *l);

/*
 * Each line of a text is a record. Lines are as the kernel's own dumpers of its log get them, "<6>[   12.345678] text";
 * what is not, has no level, and the time of the line before. The text has to stay.
 */
void log_read_text(const char *text, size_t size, struct log *l);

/*
 * The first line of what pstore keeps says why: "Panic#2 Part1", the second record since boot. Its length, 0: it is
 * none.
 */
#define LOG_REASON_MAX 16
size_t log_text_header(const char *text, size_t size, char reason[static LOG_REASON_MAX], unsigned int *number,
		       unsigned int *part);

#endif
