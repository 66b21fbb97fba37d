// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/trace/ringpage.h"

/* Header of an event: type_len has the lowest 5 bits, time_delta the others. */
#define TYPE_BITS	 5
#define TYPE_DATA_MAX	 28
#define TYPE_PADDING	 29
#define TYPE_TIME_EXTEND 30
#define TYPE_TIME_STAMP	 31

#define DELTA_BITS 27
/* An absolute time stamp has no room for the highest bits: they are the page's. */
#define STAMP_BITS (DELTA_BITS + 32)

static uint32_t word(const struct ringpage *p, uint32_t pos)
{
	uint32_t v;

	memcpy(&v, p->data + pos, sizeof(v));
	return v;
}

void ringpage_open(struct ringpage *p, const void *data, uint32_t size)
{
	uint64_t commit, lost;

	*p = (struct ringpage){ .data = data, .pos = RINGPAGE_HEADER };
	memcpy(&p->ts, p->data, sizeof(p->ts));
	memcpy(&commit, p->data + sizeof(p->ts), sizeof(commit));
	p->end = RINGPAGE_HEADER + (commit & RINGPAGE_COMMIT);
	/* Some kernels extend the sign of MISSED_EVENTS. */
	if (p->end > size || (commit >> 32 && commit >> 31 != (1ULL << 33) - 1)) {
		p->end = RINGPAGE_HEADER;
		p->damaged = true;
		return;
	}
	if (!(commit & RINGPAGE_MISSED_EVENTS))
		return;
	p->lost = -1;
	if (!(commit & RINGPAGE_MISSED_STORED) || size - p->end < sizeof(lost))
		return;
	memcpy(&lost, p->data + p->end, sizeof(lost));
	p->lost = lost <= INT64_MAX ? (int64_t)lost : -1;
}

/* What has a header of its own behind the first word: false if that or what it says is beyond the end. */
static bool long_event(const struct ringpage *p, struct ringpage_event *event, uint32_t *next)
{
	uint32_t length;

	if (p->end - event->start < 8)
		return false;
	length = word(p, event->start + 4);
	if (length < 4 || length > p->end - event->start - 4)
		return false;
	event->data = event->start + 8;
	event->size = length - 4;
	*next = event->data + (event->size + 3) / 4 * 4;
	return *next <= p->end;
}

static void advance(struct ringpage *p, struct ringpage_event *event, uint32_t next)
{
	event->delta = event->ts - p->ts;
	p->ts = event->ts;
	p->pos = next;
}

bool ringpage_next(struct ringpage *p, struct ringpage_event *event)
{
	while (!p->damaged && p->end - p->pos >= 4) {
		uint32_t header = word(p, p->pos), type = header & ((1U << TYPE_BITS) - 1), next = p->pos + 8;
		uint64_t delta = header >> TYPE_BITS;

		*event = (struct ringpage_event){ .ts = p->ts + delta, .start = p->pos };
		if (type >= 1 && type <= TYPE_DATA_MAX) {
			event->data = p->pos + 4;
			event->size = type * 4;
			next = event->data + event->size;
			p->damaged = next > p->end;
		} else if (type == TYPE_PADDING && !delta) {
			return false;
		} else if (type == 0 || type == TYPE_PADDING) {
			p->damaged = !long_event(p, event, &next);
		} else if (p->end - p->pos < 8) {
			p->damaged = true;
		} else if (type == TYPE_TIME_EXTEND) {
			event->ts += (uint64_t)word(p, p->pos + 4) << DELTA_BITS;
		} else {
			event->ts = delta | (uint64_t)word(p, p->pos + 4) << DELTA_BITS |
				    (p->ts >> STAMP_BITS << STAMP_BITS);
		}
		if (p->damaged)
			return false;
		advance(p, event, next);
		if (type <= TYPE_DATA_MAX)
			return true;
	}
	p->damaged |= p->pos != p->end;
	return false;
}
