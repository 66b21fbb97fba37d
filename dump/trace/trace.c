// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/trace/trace-private.h"

/* What every event begins with: its number, flags, a count, and the task */
#define PID_OFFSET 4

static void see_event(void *arg, uint64_t ts, const void *data, uint32_t size)
{
	struct trace *t = arg;
	struct tep_event *event = traceformat_find(&t->formats, data, size);

	if (event)
		tracecomms_see(&t->comms, event, ts, data, size);
}

int trace_open(struct trace **ret, const struct corefile *core, struct derr *err)
{
	struct trace *t = xcalloc(1, sizeof(*t));
	int r;

	*ret = t;
	trace_seq_init(&t->text);
	t->capacity = TRACE_PADDING;
	t->data = xcalloc(t->capacity, 1);
	r = tracenote_read(&t->note, core, err);
	if (r < 0)
		return r;
	traceformat_open(&t->formats, &t->note);
	r = tracebuf_read(&t->buf, core, &t->note, see_event, t, err);
	if (r < 0)
		return r;
	note_check_version(&t->note.kv, "QCMD_TRACE", &t->buf.problems);
	tracecomms_see_tasks(&t->comms, core);
	tracecomms_settle(&t->comms);
	if (t->formats.bad)
		strlist_addf(&t->buf.problems, "%zu of the formats of events are not understood.", t->formats.bad);
	return 0;
}

void trace_close(struct trace *t)
{
	if (!t)
		return;
	trace_seq_destroy(&t->text);
	traceformat_close(&t->formats);
	tracecomms_clear(&t->comms);
	tracebuf_clear(&t->buf);
	tracenote_clear(&t->note);
	free(t->data);
	free(t);
}

/* Behind the data there are zeros, as far as a hostile event can point. */
static bool load(struct trace *t, const struct trace_record *record)
{
	uint64_t paddr = t->buf.pages[record->page].paddr + record->data;

	if (record->size > t->filled) {
		t->data = xgrow(t->data, &t->capacity, record->size + TRACE_PADDING, 1);
		memset(t->data + t->filled, 0, t->capacity - t->filled);
	} else {
		memset(t->data + record->size, 0, t->filled - record->size);
	}
	t->filled = record->size;
	return rangemap_read(&t->buf.core->phys, t->buf.core->fd, paddr, t->data, record->size) == 0;
}

static void describe(struct trace *t, const struct trace_record *record, struct trace_event *e)
{
	struct tep_event *event = traceformat_find(&t->formats, t->data, record->size);
	uint16_t id = 0;

	trace_seq_reset(&t->text);
	e->system = "";
	e->name = t->name;
	if (record->size >= sizeof(id))
		memcpy(&id, t->data, sizeof(id));
	snprintf(t->name, sizeof(t->name), "event-%" PRIu16, id);
	if (event) {
		e->system = event->system;
		e->name = event->name;
		traceformat_print(&t->formats, event, t->data, record->size, &t->text);
		e->has_switch = !strcmp(e->name, "sched_switch") &&
				traceformat_s32(event, "prev_pid", t->data, record->size, &e->prev_pid) &&
				traceformat_s32(event, "next_pid", t->data, record->size, &e->next_pid);
	} else {
		trace_seq_puts(&t->text, "(its format is not in the dump)");
	}
	trace_seq_terminate(&t->text);
	e->text = t->text.state == TRACE_SEQ__GOOD ? t->text.buffer : "";
}

bool trace_next(struct trace *t, struct trace_event *e)
{
	const struct trace_record *record;
	const struct trace_page *page;

	do {
		if (t->pos == t->buf.n_records)
			return false;
		record = &t->buf.records[t->pos++];
	} while (!load(t, record));
	page = &t->buf.pages[record->page];
	*e = (struct trace_event){ .ts = record->ts, .array = page->array, .cpu = page->cpu };
	if (record->size >= PID_OFFSET + sizeof(e->pid))
		memcpy(&e->pid, t->data + PID_OFFSET, sizeof(e->pid));
	e->comm = tracecomms_find(&t->comms, e->pid);
	if (page->lost && page->first + 4 <= record->data && record->data <= page->first + 8)
		e->lost = page->lost;
	describe(t, record, e);
	return true;
}

void trace_rewind(struct trace *t)
{
	t->pos = 0;
}

const char *trace_comm(const struct trace *t, int32_t pid)
{
	return tracecomms_find(&t->comms, pid);
}

uint64_t trace_last(const struct trace *t)
{
	return t->buf.n_records ? t->buf.records[t->buf.n_records - 1].ts : 0;
}

unsigned int trace_arrays(const struct trace *t)
{
	return t->buf.n_arrays;
}

const char *trace_array_name(const struct trace *t, unsigned int array)
{
	return array < t->buf.n_arrays ? t->buf.arrays[array].name : NULL;
}

const char *trace_array_clock(const struct trace *t, unsigned int array)
{
	return array < t->buf.n_arrays ? t->buf.arrays[array].clock : NULL;
}

bool trace_array_in_ns(const struct trace *t, unsigned int array)
{
	const char *clock = trace_array_clock(t, array);

	return !clock || (strcmp(clock, "counter") && strcmp(clock, "x86-tsc") && strcmp(clock, "ppc-tb"));
}

const struct strlist *trace_problems(const struct trace *t)
{
	return &t->buf.problems;
}
