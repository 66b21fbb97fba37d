// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/core/notetext.h"
#include "dump/trace/tracenote.h"

/* All formats of a kernel take some 2 MiB. */
#define TEXT_MAX	(16 * MIB)
#define FILES_MAX	16384
#define REGION_SIZE_MAX (4 * MIB)

static int take_text(struct tracenote *note, const struct elfnote *from, size_t *size, struct derr *err)
{
	note->text = notetext_read(from, TEXT_MAX, size);
	if (note->text)
		return 0;
	return derr_set(err, -EINVAL, "The note about the trace (%s) is damaged: it can't be uncompressed.",
			MINIDUMP_TRACE_NOTE_NAME);
}

/* FILE(NAME)=SIZE, a newline, the bytes, a newline. Returns what comes behind, or NULL if it is damaged. */
static const char *take_file(struct tracenote *note, const char *p, const char *end, size_t *capacity)
{
	const char *eol = memchr(p, '\n', end - p), *close;
	struct trace_file f = { 0 };
	_cleanup_free_ char *line = NULL;
	char *tail;

	if (!eol || strncmp(p, "FILE(", 5) || note->n_files >= FILES_MAX)
		return NULL;
	line = xstrndup(p, eol - p);
	close = strstr(line, ")=");
	if (!close || close[2] < '0' || close[2] > '9')
		return NULL;
	errno = 0;
	f.size = strtoull(close + 2, &tail, 10);
	if (errno || *tail || f.size >= (size_t)(end - eol - 1) || eol[1 + f.size] != '\n')
		return NULL;
	f.name = xstrndup(line + 5, close - line - 5);
	f.data = eol + 1;
	note->files = xgrow(note->files, capacity, note->n_files + 1, sizeof(f));
	note->files[note->n_files++] = f;
	return f.data + f.size + 1;
}

static int parse_text(struct tracenote *note, size_t size, struct derr *err)
{
	const char *end = note->text + size, *files = memmem(note->text, size, "\nFILE(", 6), *p;
	size_t capacity = 0;

	p = files ? files + 1 : end;
	kv_parse(&note->kv, note->text, p - note->text);
	if (!kv_get(&note->kv, "QCMD_TRACE"))
		return derr_set(err, -EINVAL, "The note about the trace (%s) is damaged: it does not begin as one.",
				MINIDUMP_TRACE_NOTE_NAME);
	while (p < end && *p) {
		p = take_file(note, p, end, &capacity);
		if (!p)
			return derr_set(err, -EINVAL, "The note about the trace (%s) is damaged behind file %zu.",
					MINIDUMP_TRACE_NOTE_NAME, note->n_files);
	}
	return 0;
}

static int read_region(struct tracenote *note, const struct corefile *core, const struct region *reg, struct derr *err)
{
	_cleanup_free_ char *buf = NULL;
	struct elfnote elf;
	size_t pos = 0, size = 0;
	int r;

	if (reg->missing || reg->size > REGION_SIZE_MAX)
		return derr_set(err, -EINVAL, "The note about the trace (%s) is %s.", MINIDUMP_TRACE_NOTE_NAME,
				reg->missing ? "cut off" : "too large to be one");
	buf = xcalloc(reg->size, 1);
	r = rangemap_read(&core->phys, core->fd, reg->paddr, buf, reg->size);
	if (r < 0)
		return derr_set(err, r, "Cannot read the note about the trace: %s", strerror(-r));
	while (elfnote_next(buf, reg->size, &pos, &elf)) {
		if (!elfnote_is(&elf, QCMD_NOTE_NAME, QCMD_NOTE_TRACE))
			continue;
		r = take_text(note, &elf, &size, err);
		return r < 0 ? r : parse_text(note, size, err);
	}
	return derr_set(err, -EINVAL, "The region %s is no note about the trace.", MINIDUMP_TRACE_NOTE_NAME);
}

int tracenote_read(struct tracenote *note, const struct corefile *core, struct derr *err)
{
	*note = (struct tracenote){ 0 };
	for (size_t i = 0; i < core->n_regions; i++)
		if (!strcmp(core->regions[i].name, MINIDUMP_TRACE_NOTE_NAME))
			return read_region(note, core, &core->regions[i], err);
	return derr_set(err, -ENODATA,
			"No trace is in %s. A policy with an [Ftrace] section puts it into dumps, see qcmd.d(5).",
			core->path);
}

void tracenote_clear(struct tracenote *note)
{
	for (size_t i = 0; i < note->n_files; i++)
		free(note->files[i].name);
	free(note->files);
	kv_clear(&note->kv);
	free(note->text);
	*note = (struct tracenote){ 0 };
}

const struct trace_file *tracenote_file(const struct tracenote *note, const char *name)
{
	for (size_t i = 0; i < note->n_files; i++)
		if (!strcmp(note->files[i].name, name))
			return &note->files[i];
	return NULL;
}

bool trace_file_event(const struct trace_file *file, const char **system, int *system_len, const char **event,
		      int *event_len)
{
	static const char first[] = "events/", last[] = "/format";
	const char *slash, *end = file->name + strlen(file->name) - strlen(last);

	if (strncmp(file->name, first, strlen(first)) || end < file->name + strlen(first) || strcmp(end, last))
		return false;
	*system = file->name + strlen(first);
	slash = memchr(*system, '/', end - *system);
	if (!slash || memchr(slash + 1, '/', end - slash - 1))
		return false;
	*system_len = slash - *system;
	*event = slash + 1;
	*event_len = end - *event;
	return *system_len > 0 && *event_len > 0;
}
