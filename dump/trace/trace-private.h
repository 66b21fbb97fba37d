/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TRACE_PRIVATE_H
#define TRACE_PRIVATE_H

#include "dump/trace/trace.h"
#include "dump/trace/tracebuf.h"
#include "dump/trace/tracecomm.h"
#include "dump/trace/traceformat.h"

struct trace {
	struct tracenote note;
	struct traceformat formats;
	struct tracebuf buf;
	struct tracecomms comms;
	size_t pos; /* of the record that comes next */
	struct trace_seq text;
	char name[16];
	uint8_t *data; /* of the event at hand */
	size_t capacity;
	uint32_t filled; /* bytes of it that are not zero */
};

#endif
