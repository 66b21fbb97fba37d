/* SPDX-License-Identifier: GPL-2.0-only */
/* Trace buffers for the memory of dump-image.h: pages of events, byte by byte, and the note that describes them. */
#ifndef DUMP_TRACE_H
#define DUMP_TRACE_H

#include "dump-image.h"

#define DT_PAGE_MAX 65536

/* Numbers of the events in the note */
#define DT_SWITCH 300
#define DT_MARK	  301 /* mark: a number, and a dynamic string */

struct dt_page {
	uint8_t data[DT_PAGE_MAX];
	uint32_t size;
	uint32_t end;
};

void dt_page(struct dt_page *p, uint32_t size, uint64_t ts);
void dt_commit(struct dt_page *p, uint64_t flags);

/* What the ring buffer writes by itself. */
void dt_word(struct dt_page *p, unsigned int type, uint32_t delta);
void dt_extend(struct dt_page *p, uint64_t delta);
void dt_stamp(struct dt_page *p, uint64_t ts);
void dt_discarded(struct dt_page *p, uint32_t delta, uint32_t size);

/* Events; a long one has its length in a word of its own. */
void dt_switch(struct dt_page *p, uint32_t delta, int32_t prev, const char *prev_comm, int32_t next,
	       const char *next_comm);
void dt_mark(struct dt_page *p, uint32_t delta, int32_t pid, uint32_t number, const char *text);

/* A region of pages that follow each other, or a note: returns its physical address. */
uint64_t dt_add(struct di *d, const char *region, uint32_t seq, const struct dt_page *pages, unsigned int n);
uint64_t dt_note(struct di *d, const char *lines, const char *more_files, bool compressed);

#endif
