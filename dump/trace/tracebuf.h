/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages of the trace buffers in a dump and where the events in them are. Regions KFT<array>C<cpu> are pages, in any
 * order; KFR<array>C<cpu> is the CPU's struct ring_buffer_per_cpu, which counts the events.
 */
#ifndef TRACEBUF_H
#define TRACEBUF_H

#include "dump/core/cpuregs.h"
#include "dump/trace/ringpage.h"
#include "dump/trace/tracenote.h"
#include "lib/strlist.h"

#define TRACE_ARRAYS_MAX 64

/* What the array of /sys/kernel/tracing itself, which has no name, is called here */
#define TRACE_TOP_NAME "top"

struct trace_array {
	char *name;
	char *clock;
	uint32_t page_size; /* of a sub-buffer; 0: there is no such array */
};

/* Pages are sorted by array, CPU and time. */
struct trace_page {
	uint32_t array;
	uint32_t cpu;
	uint64_t paddr;
	uint64_t ts;
	/* Set when the events are read: what of the page counts. first == end: nothing. */
	uint64_t first_ts; /* time in front of its first event */
	uint32_t first;
	uint32_t end;
	int64_t lost; /* see ringpage.h */
};

struct trace_record {
	uint64_t ts;
	uint32_t page;
	uint32_t data; /* from the start of the page */
	uint32_t size;
	uint32_t seq; /* among those with this time */
};

struct tracebuf {
	const struct corefile *core;
	struct trace_array arrays[TRACE_ARRAYS_MAX];
	unsigned int n_arrays;
	struct trace_page *pages;
	size_t n_pages;
	struct trace_record *records; /* in the order of time */
	size_t n_records;
	struct strlist problems;
};

/* Called with the data of each event, CPU by CPU. */
typedef void (*tracebuf_event_fn)(void *arg, uint64_t ts, const void *data, uint32_t size);

int tracebuf_read(struct tracebuf *b, const struct corefile *core, const struct tracenote *note, tracebuf_event_fn fn,
		  void *arg, struct derr *err);
void tracebuf_clear(struct tracebuf *b);

#endif
