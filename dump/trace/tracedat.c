// SPDX-License-Identifier: GPL-2.0-only
/*
 * See trace-cmd.dat.v6(5). The pages go in as they are, but for events that do not count any more: those in front
 * are taken out, and the page ends where it stops making sense.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/trace/trace-private.h"
#include "dump/trace/tracedat.h"
#include "lib/text.h"

#define OPTION_TRACECLOCK 4

/* The magic number, then the version, little-endian, the size of a long */
static const char magic[] = "\x17\x08\x44tracing6\0\0\x08";

static void put(FILE *f, const void *data, size_t size)
{
	fwrite(data, 1, size, f);
}

static void put32(FILE *f, uint32_t v)
{
	put(f, &v, sizeof(v));
}

static void put64(FILE *f, uint64_t v)
{
	put(f, &v, sizeof(v));
}

static void put_file(FILE *f, const struct trace_file *file)
{
	put64(f, file ? file->size : 0);
	if (file)
		put(f, file->data, file->size);
}

struct event_file {
	const struct trace_file *file;
	const char *system;
	int system_len;
};

/* Those of one system follow each other. */
static int cmp_events(const void *a, const void *b)
{
	const struct event_file *x = a, *y = b;

	return strcmp(x->file->name, y->file->name);
}

static bool same_system(const struct event_file *x, const struct event_file *y)
{
	return x->system_len == y->system_len && !memcmp(x->system, y->system, x->system_len);
}

static size_t list_events(const struct tracenote *note, struct event_file *list)
{
	const char *event;
	size_t n = 0;
	int len;

	for (size_t i = 0; i < note->n_files; i++) {
		struct event_file e = { .file = &note->files[i] };

		if (trace_file_event(e.file, &e.system, &e.system_len, &event, &len))
			list[n++] = e;
	}
	qsort(list, n, sizeof(*list), cmp_events);
	return n;
}

/* The number of those of one system, from list on. */
static size_t count_system(const struct event_file *list, const struct event_file *end)
{
	const struct event_file *e = list;

	while (e < end && same_system(list, e))
		e++;
	return e - list;
}

static bool is_ftrace(const struct event_file *e)
{
	return e->system_len == 6 && !memcmp(e->system, "ftrace", 6);
}

/* The events of the system "ftrace" have a section of their own. */
static void put_formats(FILE *f, const struct tracenote *note)
{
	struct event_file *list = xcalloc(note->n_files, sizeof(*list)), *end, *e;
	size_t n, systems = 0, ftrace = 0;

	end = list + list_events(note, list);
	for (e = list; e < end; e += n) {
		n = count_system(e, end);
		if (is_ftrace(e))
			ftrace = n;
		else
			systems++;
	}
	put32(f, ftrace);
	for (e = list; e < end; e++)
		if (is_ftrace(e))
			put_file(f, e->file);
	put32(f, systems);
	for (e = list; e < end; e += n) {
		n = count_system(e, end);
		if (is_ftrace(e))
			continue;
		put(f, e->system, e->system_len);
		put(f, "", 1);
		put32(f, n);
		for (size_t i = 0; i < n; i++)
			put_file(f, e[i].file);
	}
	free(list);
}

static void put_comms(FILE *f, const struct tracecomms *c)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *m = open_memstream(&text, &size);

	for (size_t i = 0; i < c->n; i++) {
		_cleanup_free_ char *comm = escape_text(c->v[i].comm, strlen(c->v[i].comm), TEXT_ASCII);

		if (c->v[i].pid && comm[0])
			fprintf(m, "%" PRId32 " %s\n", c->v[i].pid, comm);
	}
	fclose(m);
	put64(f, size);
	put(f, text, size);
}

/* The clock in brackets, as the file trace_clock of tracefs has it. */
static void put_options(FILE *f, const char *clock)
{
	_cleanup_free_ char *text = escape_text(clock, strlen(clock), TEXT_ASCII);
	uint16_t id = OPTION_TRACECLOCK, end = 0;

	put(f, "options  ", 10);
	put(f, &id, sizeof(id));
	put32(f, strlen(text) + 3);
	fprintf(f, "[%s]", text);
	put(f, "", 1);
	put(f, &end, sizeof(end));
}

static bool is_wanted(const struct trace_page *page, unsigned int array, long cpu)
{
	return page->array == array && (cpu < 0 || page->cpu == (unsigned long)cpu) && page->first < page->end;
}

/* buf has the whole page. */
static void put_page(FILE *f, const struct trace_page *page, uint8_t *buf, uint32_t size)
{
	uint32_t kept = page->end - page->first, end = RINGPAGE_HEADER + kept;
	uint64_t commit = kept;

	memmove(buf + RINGPAGE_HEADER, buf + page->first, kept);
	memset(buf + end, 0, size - end);
	if (page->lost)
		commit |= RINGPAGE_MISSED_EVENTS;
	if (page->lost > 0 && size - end >= sizeof(page->lost)) {
		commit |= RINGPAGE_MISSED_STORED;
		memcpy(buf + end, &page->lost, sizeof(page->lost));
	}
	memcpy(buf, &page->first_ts, sizeof(page->first_ts));
	memcpy(buf + sizeof(page->first_ts), &commit, sizeof(commit));
	put(f, buf, size);
}

/* Where each CPU's pages are in the file, then the pages. */
static void put_buffers(FILE *f, const struct tracebuf *b, unsigned int array, long cpu)
{
	uint32_t size = b->arrays[array].page_size, n_cpus = 0;
	_cleanup_free_ char *buf = xcalloc(size, 1);
	_cleanup_free_ char *counts = NULL;
	uint64_t at, *n;

	for (size_t i = 0; i < b->n_pages; i++)
		if (is_wanted(&b->pages[i], array, cpu) && b->pages[i].cpu >= n_cpus)
			n_cpus = b->pages[i].cpu + 1;
	counts = xcalloc(n_cpus, sizeof(*n));
	n = (uint64_t *)counts;
	for (size_t i = 0; i < b->n_pages; i++)
		if (is_wanted(&b->pages[i], array, cpu))
			n[b->pages[i].cpu]++;
	put32(f, n_cpus);
	put_options(f, b->arrays[array].clock);
	put(f, "flyrecord", 10);
	at = (ftello(f) + n_cpus * 16ULL + size - 1) / size * size;
	for (uint32_t i = 0; i < n_cpus; at += n[i++] * size) {
		put64(f, at);
		put64(f, n[i] * size);
	}
	at = (ftello(f) + size - 1ULL) / size * size;
	while ((uint64_t)ftello(f) < at)
		fputc(0, f);
	for (size_t i = 0; i < b->n_pages; i++)
		if (is_wanted(&b->pages[i], array, cpu) &&
		    rangemap_read(&b->core->phys, b->core->fd, b->pages[i].paddr, buf, size) == 0)
			put_page(f, &b->pages[i], (uint8_t *)buf, size);
}

int tracedat_write(const struct trace *t, unsigned int array, long cpu, int fd, struct derr *err)
{
	FILE *f = fdopen(dup(fd), "w");
	bool failed;

	if (!f)
		return derr_set(err, -errno, "Cannot write the trace: %s", strerror(errno));
	put(f, magic, sizeof(magic) - 1);
	/* Its readers take this for the size of a sub-buffer. */
	put32(f, t->buf.arrays[array].page_size);
	put(f, "header_page", 12);
	put_file(f, tracenote_file(&t->note, "events/header_page"));
	put(f, "header_event", 13);
	put_file(f, tracenote_file(&t->note, "events/header_event"));
	put_formats(f, &t->note);
	/* No names of functions, no formats of trace_printk() */
	put32(f, 0);
	put32(f, 0);
	put_comms(f, &t->comms);
	put_buffers(f, &t->buf, array, cpu);
	failed = ferror(f);
	if (fclose(f) || failed)
		return derr_set(err, -EIO, "Cannot write the trace: %s", strerror(errno));
	return 0;
}
