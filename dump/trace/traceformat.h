/* SPDX-License-Identifier: GPL-2.0-only */
/* The formats of trace events, as tracefs describes them: what libtraceevent makes of them, kept from doing harm. */
#ifndef TRACEFORMAT_H
#define TRACEFORMAT_H

#include <event-parse.h>
#include <trace-seq.h>

#include "dump/trace/tracenote.h"

/* What the offsets in an event (16 bits, and a length of as many) can lead to from any field of it */
#define TRACE_FIELD_END 65536
#define TRACE_PADDING	(3 * 65536)

/* Numbers of events have 16 bits. */
#define TRACE_IDS 65536

enum traceformat_state {
	TRACEFORMAT_NONE,
	TRACEFORMAT_GOOD,
	TRACEFORMAT_BAD,
};

struct traceformat {
	struct tep_handle *tep;
	enum traceformat_state *states;
	size_t bad; /* formats that were not understood */
};

void traceformat_open(struct traceformat *f, const struct tracenote *note);
void traceformat_close(struct traceformat *f);

/* The event with these bytes, or NULL. */
struct tep_event *traceformat_find(const struct traceformat *f, const void *data, size_t size);

/* Its text. data is followed by TRACE_PADDING zeros. */
void traceformat_print(const struct traceformat *f, struct tep_event *event, void *data, size_t size,
		       struct trace_seq *text);

/* A number of 32 bits in the event, or a name of a task: false if there is no such field in these bytes. */
bool traceformat_s32(struct tep_event *event, const char *field, const void *data, size_t size, int32_t *ret);
bool traceformat_comm(struct tep_event *event, const char *field, const void *data, size_t size, char comm[static 17]);

#endif
