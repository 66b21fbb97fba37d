// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "daemon/source/ftrace-files.h"
#include "daemon/source/ftrace-note.h"
#include "lib/strv.h"
#include "qcmd_note.h"
#include "lib/journal.h"

#define MAGIC_SIZE strlen(QCMD_NOTE_ZLIB)

/* What is in brackets: "[local] global counter". */
static void print_clock(FILE *f, size_t i, const char *instance)
{
	_cleanup_free_ char *text = NULL;
	const char *from;
	size_t size;

	if (trace_read(instance, "trace_clock", &text, &size) < 0)
		return;
	from = strchr(text, '[');
	if (from && strchr(from, ']'))
		fprintf(f, "CLOCK(%zu)=%.*s\n", i, (int)strcspn(from + 1, "]\n"), from + 1);
}

static void print_file(FILE *f, const char *instance, const char *file)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	if (trace_read(instance, file, &text, &size) < 0)
		return;
	fprintf(f, "FILE(%s)=%zu\n", file, size);
	fwrite(text, 1, size, f);
	fputc('\n', f);
}

/* "system:event" becomes the path of its format. */
static int add_format(char ***files, char *event)
{
	char path[256], *colon = strchr(event, ':');

	if (!colon)
		return 0;
	*colon = '\0';
	snprintf(path, sizeof(path), "events/%s/%s/format", event, colon + 1);
	for (char **file = *files; file && *file; file++)
		if (!strcmp(*file, path))
			return 0;
	return strv_append(files, path);
}

/* Of the events that are enabled, and of those that have no switch and are in use. */
static int find_formats(const char *instance, char ***files)
{
	_cleanup_free_ char *events = NULL, *tracer = NULL;
	char print[] = "ftrace:print", function[] = "ftrace:function", *state = NULL;
	size_t size;
	int r = add_format(files, print);

	if (r >= 0 && trace_read(instance, "current_tracer", &tracer, &size) >= 0 && !strncmp(tracer, "function", 8))
		r = add_format(files, function);
	if (r < 0 || trace_read(instance, "set_event", &events, &size) < 0)
		return r;
	for (char *event = strtok_r(events, "\n", &state); event && r >= 0; event = strtok_r(NULL, "\n", &state))
		r = add_format(files, event);
	return r;
}

static int print_note(const struct trace_note_array *arrays, size_t n, char *const *files, size_t n_files, char **ret,
		      size_t *ret_size)
{
	FILE *f = open_memstream(ret, ret_size);

	if (!f)
		return -ENOMEM;
	fputs("QCMD_TRACE=1\n", f);
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "ARRAY(%zu)=%s\n", i, arrays[i].instance ?: "");
		print_clock(f, i, arrays[i].instance);
		fprintf(f, "SUBBUF_SIZE(%zu)=%u\n", i, arrays[i].subbuf_size);
	}
	fprintf(f, "PAGE_SIZE=%ld\nLONG_SIZE=%zu\n", sysconf(_SC_PAGESIZE), sizeof(long));
	/* All arrays have the same. */
	print_file(f, arrays[0].instance, "events/header_page");
	print_file(f, arrays[0].instance, "events/header_event");
	for (size_t i = 0; i < n_files; i++)
		print_file(f, arrays[0].instance, files[i]);
	return fclose(f) == 0 ? 0 : -ENOMEM;
}

/* Takes *text over. 1: it is as small as it has to be. */
static int squeeze(char **text, size_t *size)
{
	uLongf packed = compressBound(*size);
	char *to;
	int r;

	if (*size <= QCMD_NOTE_MAX)
		return 1;
	to = malloc(MAGIC_SIZE + packed);
	if (!to)
		return -ENOMEM;
	memcpy(to, QCMD_NOTE_ZLIB, MAGIC_SIZE);
	r = compress2((Bytef *)to + MAGIC_SIZE, &packed, (const Bytef *)*text, *size, Z_BEST_COMPRESSION);
	free(*text);
	*text = to;
	*size = MAGIC_SIZE + packed;
	if (r != Z_OK)
		return -ENOMEM;
	return *size <= QCMD_NOTE_MAX;
}

int trace_note_build(const struct trace_note_array *arrays, size_t n, char **ret, size_t *ret_size)
{
	_cleanup_(strv_freep) char **files = NULL;
	size_t n_files, used;
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++)
		r = find_formats(arrays[i].instance, &files);
	if (r < 0)
		return r;
	n_files = used = strv_length(files);
	for (;; used /= 2) {
		*ret = NULL;
		r = print_note(arrays, n, files, used, ret, ret_size);
		if (r >= 0)
			r = squeeze(ret, ret_size);
		if (r > 0 || (r == 0 && !used))
			break;
		free(*ret);
		*ret = NULL;
		if (r < 0)
			return r;
	}
	if (used < n_files)
		log_notice("The formats of %zu of %zu trace events don't fit into a note: a dump can't show those "
			   "events",
			   n_files - used, n_files);
	return 0;
}
