// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/core/member.h"
#include "dump/core/page.h"
#include "dump/trace/tracebuf.h"
#include "lib/text.h"

/* "KFT0C3": false if the region is another one. */
static bool region_is(const struct region *reg, const char *prefix, unsigned int *array, unsigned int *cpu)
{
	char expected[32];

	if (strncmp(reg->name, prefix, strlen(prefix)) ||
	    sscanf(reg->name + strlen(prefix), "%3uC%5u", array, cpu) != 2 || *array >= TRACE_ARRAYS_MAX ||
	    *cpu >= CPUS_MAX)
		return false;
	snprintf(expected, sizeof(expected), "%s%uC%u", prefix, *array, *cpu);
	return !strcmp(reg->name, expected);
}

static const char *array_key(const struct kv *kv, const char *kind, unsigned int i)
{
	char key[32];

	snprintf(key, sizeof(key), "%s(%u)", kind, i);
	return kv_get(kv, key);
}

static void read_arrays(struct tracebuf *b, const struct kv *kv)
{
	for (unsigned int i = 0; i < TRACE_ARRAYS_MAX; i++) {
		const char *name = array_key(kv, "ARRAY", i), *clock = array_key(kv, "CLOCK", i);
		const char *text = array_key(kv, "SUBBUF_SIZE", i);
		uint64_t size;

		if (!name)
			continue;
		if (!text || parse_size(text, &size) < 0 || size < DUMP_PAGE || size % DUMP_PAGE ||
		    size > RINGPAGE_SIZE_MAX) {
			strlist_addf(&b->problems, "The size of the sub-buffers of trace array %u is not told.", i);
			continue;
		}
		if (!clock)
			clock = "local";
		if (!*name)
			name = TRACE_TOP_NAME;
		b->arrays[i] = (struct trace_array){ escape_text(name, strlen(name), TEXT_ASCII),
						     xstrndup(clock, strlen(clock)), size };
		b->n_arrays = i + 1;
	}
}

/* No more of them than the file has room for: many regions may name the same bytes. */
static void add_pages(struct tracebuf *b, const struct region *reg, size_t *capacity, size_t *bytes)
{
	unsigned int array, cpu;
	uint32_t size;

	if (!region_is(reg, MINIDUMP_TRACE_NAME, &array, &cpu))
		return;
	size = b->arrays[array].page_size;
	if (!size || reg->missing || reg->size % size) {
		strlist_addf(&b->problems, "The pages in %s are %s.", reg->name,
			     !size	  ? "of an unknown trace array" :
			     reg->missing ? "cut off" :
					    "not whole");
		return;
	}
	for (uint64_t at = 0; at < reg->size && *bytes + size <= 2 * b->core->file_size; at += size) {
		struct trace_page page = { .array = array, .cpu = cpu, .paddr = reg->paddr + at };

		*bytes += size;
		if (rangemap_read(&b->core->phys, b->core->fd, page.paddr, &page.ts, sizeof(page.ts)) < 0)
			continue;
		b->pages = xgrow(b->pages, capacity, b->n_pages + 1, sizeof(page));
		b->pages[b->n_pages++] = page;
	}
}

static int cmp_cpu(const struct trace_page *x, const struct trace_page *y)
{
	if (x->array != y->array)
		return x->array < y->array ? -1 : 1;
	return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

static int cmp_pages(const void *a, const void *b)
{
	const struct trace_page *x = a, *y = b;

	if (cmp_cpu(x, y))
		return cmp_cpu(x, y);
	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return (x->paddr > y->paddr) - (x->paddr < y->paddr);
}

/* A region that was being moved is there twice. */
static void sort_pages(struct tracebuf *b)
{
	size_t n = 0;

	if (!b->n_pages)
		return;
	qsort(b->pages, b->n_pages, sizeof(*b->pages), cmp_pages);
	for (size_t i = 0; i < b->n_pages; i++)
		if (!n || cmp_pages(&b->pages[n - 1], &b->pages[i]))
			b->pages[n++] = b->pages[i];
	b->n_pages = n;
}

/* What is read of struct ring_buffer_per_cpu */
enum { ENTRIES, OVERRUN, READ, COUNTERS };

struct reading {
	struct tracebuf *b;
	uint8_t *page;
	size_t capacity;
	tracebuf_event_fn fn;
	void *arg;
	struct member counters[COUNTERS];
	bool has_counters;
	const struct trace_page *cpu; /* the first of the CPU at hand */
	size_t first;		      /* record of it */
	size_t damaged;		      /* pages of it */
};

static void find_counters(struct reading *r)
{
	static const char *const names[] = {
		[ENTRIES] = "ring_buffer_per_cpu.entries",
		[OVERRUN] = "ring_buffer_per_cpu.overrun",
		[READ] = "ring_buffer_per_cpu.read",
	};

	for (size_t i = 0; i < COUNTERS; i++) {
		if (!member_find(&r->b->core->kernel_note, names[i], sizeof(uint64_t), &r->counters[i]))
			return;
		if (member_is_number(&r->counters[i]))
			continue;
		strlist_addf(&r->b->problems,
			     "This kernel has %s as something else than a number: events that were "
			     "read while it ran are among these.",
			     names[i]);
		return;
	}
	r->has_counters = true;
}

static bool read_counter(const struct tracebuf *b, const struct region *reg, const struct member *m, uint64_t *ret)
{
	uint64_t bytes = 0, first = member_first(m), end = member_end(m);

	if (end > reg->size || rangemap_read(&b->core->phys, b->core->fd, reg->paddr + first, &bytes, end - first) < 0)
		return false;
	*ret = member_number(m, &bytes);
	return true;
}

/* How many of the events in the buffer nobody has read. */
static bool read_unread(const struct reading *r, unsigned int array, unsigned int cpu, uint64_t *ret)
{
	const struct corefile *core = r->b->core;
	const struct region *reg = NULL;
	uint64_t counted[COUNTERS];
	char name[32];

	snprintf(name, sizeof(name), MINIDUMP_TRACE_CPU_NAME "%uC%u", array, cpu);
	for (size_t i = 0; i < core->n_regions && !reg; i++)
		if (!strcmp(core->regions[i].name, name))
			reg = &core->regions[i];
	if (!reg || !r->has_counters)
		return false;
	for (size_t i = 0; i < COUNTERS; i++)
		if (!read_counter(r->b, reg, &r->counters[i], &counted[i]))
			return false;
	*ret = counted[ENTRIES] - counted[OVERRUN] - counted[READ];
	return *ret <= counted[ENTRIES];
}

static void read_page(struct reading *r, size_t i)
{
	struct tracebuf *b = r->b;
	struct trace_page *page = &b->pages[i];
	uint32_t size = b->arrays[page->array].page_size;
	struct ringpage_event event;
	struct ringpage ring;

	if (rangemap_read(&b->core->phys, b->core->fd, page->paddr, r->page, size) < 0) {
		r->damaged++;
		return;
	}
	ringpage_open(&ring, r->page, size);
	page->lost = ring.lost;
	while (ringpage_next(&ring, &event)) {
		if (page->first == page->end) {
			page->first = event.start;
			page->first_ts = event.ts - event.delta;
		}
		page->end = ring.pos;
		b->records = xgrow(b->records, &r->capacity, b->n_records + 1, sizeof(*b->records));
		b->records[b->n_records] = (struct trace_record){
			.ts = event.ts, .page = i, .data = event.data, .size = event.size, .seq = b->n_records
		};
		b->n_records++;
		r->fn(r->arg, event.ts, r->page + event.data, event.size);
	}
	r->damaged += ring.damaged;
}

/* Walks to the record in its page: what is in front of it no longer counts. */
static void begin_page_at(struct reading *r, const struct trace_record *record)
{
	struct trace_page *page = &r->b->pages[record->page];
	struct ringpage_event event;
	struct ringpage ring;

	if (rangemap_read(&r->b->core->phys, r->b->core->fd, page->paddr, r->page,
			  r->b->arrays[page->array].page_size) < 0)
		return;
	ringpage_open(&ring, r->page, r->b->arrays[page->array].page_size);
	while (ringpage_next(&ring, &event)) {
		if (event.data != record->data)
			continue;
		if (page->first != event.start)
			page->lost = 0;
		page->first = event.start;
		page->first_ts = event.ts - event.delta;
		return;
	}
}

/* What was read from the ring, or thrown away when it was cleared, is still in memory: the oldest events. */
static void drop_oldest(struct reading *r, size_t n)
{
	struct tracebuf *b = r->b;
	uint32_t page = b->records[r->first].page;

	memmove(&b->records[r->first], &b->records[r->first + n], (b->n_records - r->first - n) * sizeof(*b->records));
	b->n_records -= n;
	for (; r->first == b->n_records || page < b->records[r->first].page; page++) {
		if (page == b->n_pages || cmp_cpu(&b->pages[page], r->cpu))
			return;
		b->pages[page].first = b->pages[page].end = 0;
	}
	begin_page_at(r, &b->records[r->first]);
}

static void read_cpu(struct reading *r, size_t *i)
{
	struct tracebuf *b = r->b;
	const struct trace_page *first = &b->pages[*i];
	const struct trace_array *array = &b->arrays[first->array];
	uint64_t unread;

	r->cpu = first;
	r->first = b->n_records;
	r->damaged = 0;
	for (; *i < b->n_pages && !cmp_cpu(&b->pages[*i], first); ++*i)
		read_page(r, *i);
	if (read_unread(r, first->array, first->cpu, &unread) && unread < b->n_records - r->first)
		drop_oldest(r, b->n_records - r->first - unread);
	if (r->damaged)
		strlist_addf(&b->problems,
			     "%zu of the %zu pages of CPU %" PRIu32 " in trace array %s are damaged, or were being "
			     "written when the machine stopped: what follows in them is left out.",
			     r->damaged, (size_t)(&b->pages[*i] - first), first->cpu, array->name);
}

static int cmp_records(const void *a, const void *b)
{
	const struct trace_record *x = a, *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

int tracebuf_read(struct tracebuf *b, const struct corefile *core, const struct tracenote *note, tracebuf_event_fn fn,
		  void *arg, struct derr *err)
{
	struct reading r = { .b = b, .fn = fn, .arg = arg };
	size_t capacity = 0, bytes = 0, i = 0;
	uint32_t largest = 0;

	*b = (struct tracebuf){ .core = core };
	read_arrays(b, &note->kv);
	for (unsigned int a = 0; a < b->n_arrays; a++)
		if (b->arrays[a].page_size > largest)
			largest = b->arrays[a].page_size;
	if (!largest)
		return derr_set(err, -EINVAL, "The note about the trace (%s) names no trace array.",
				MINIDUMP_TRACE_NOTE_NAME);
	for (size_t n = 0; n < core->n_regions; n++)
		add_pages(b, &core->regions[n], &capacity, &bytes);
	sort_pages(b);
	find_counters(&r);
	r.page = xcalloc(largest, 1);
	while (i < b->n_pages)
		read_cpu(&r, &i);
	free(r.page);
	if (b->n_records)
		qsort(b->records, b->n_records, sizeof(*b->records), cmp_records);
	return 0;
}

void tracebuf_clear(struct tracebuf *b)
{
	for (unsigned int i = 0; i < b->n_arrays; i++) {
		free(b->arrays[i].name);
		free(b->arrays[i].clock);
	}
	free(b->pages);
	free(b->records);
	strlist_clear(&b->problems);
	*b = (struct tracebuf){ 0 };
}
