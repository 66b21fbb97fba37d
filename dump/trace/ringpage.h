/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A page (sub-buffer) of the kernel's trace ring buffer: a time stamp, how much of it is committed, and events. Nothing
 * in it is believed.
 */
#ifndef RINGPAGE_H
#define RINGPAGE_H

#include <stdbool.h>

#include "lib/size.h"

/* Time stamp and commit, on 64-bit kernels */
#define RINGPAGE_HEADER 16

/* Commit: bytes behind the header, and what a reader of the ring found out; STORED: the number is behind them */
#define RINGPAGE_COMMIT	       0x07ffffffULL
#define RINGPAGE_MISSED_STORED (1ULL << 30)
#define RINGPAGE_MISSED_EVENTS (1ULL << 31)

#define RINGPAGE_SIZE_MAX (16 * MIB)

struct ringpage {
	const uint8_t *data;
	uint64_t ts;  /* of the event that was read last; at first, of the page */
	uint32_t pos; /* of the event that comes next, from the start of the page */
	uint32_t end; /* of what is committed */
	int64_t lost; /* events that were lost before this page; -1: nobody counted */
	bool damaged; /* what is behind pos can't be an event */
};

struct ringpage_event {
	uint64_t ts;
	uint64_t delta; /* since what is before it in the page */
	uint32_t start; /* with its header, from the start of the page */
	uint32_t data;	/* what was written by the trace point */
	uint32_t size;
};

/* The page must stay where it is. */
void ringpage_open(struct ringpage *p, const void *data, uint32_t size);

/* False at the end of what is there, or of what makes sense. */
bool ringpage_next(struct ringpage *p, struct ringpage_event *event);

#endif
