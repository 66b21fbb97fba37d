// SPDX-License-Identifier: GPL-2.0-only
/*
 * libtraceevent believes the formats that it is given, and evaluates what it finds in print formats. So a format is
 * looked at before: what could make it read elsewhere, recurse deeply or print without end is not given to it, and
 * then the fields are printed one by one.
 */
#include <ctype.h>
#include <string.h>

#include "dump/trace/traceformat.h"

#define FORMAT_MAX (64 * KIB)
#define FIELDS_MAX 256
#define DEPTH_MAX  48
#define CLAUSE_MAX 4096
#define DIGITS_MAX 3
#define PRINT_FMT  "\nprint fmt:"
#define NO_PRINT   PRINT_FMT " \"\"\n"

/* "%5000d", "%*d": as wide as whoever made the dump likes. */
static bool conversion_is_safe(const char *p, const char *end)
{
	size_t digits = 0;

	for (; p < end && *p && strchr("*.-+# '0123456789hlLjtz", *p); p++) {
		if (*p == '*' && (p + 1 == end || p[1] != 'p'))
			return false;
		digits = isdigit((unsigned char)*p) ? digits + 1 : 0;
		if (digits > DIGITS_MAX)
			return false;
	}
	return true;
}

/* Text between quotes; returns its end, or NULL. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '%' && !conversion_is_safe(p + 1, end))
			return NULL;
	}
	return p < end ? p : NULL;
}

/* These read as many elements as their arguments say. */
static bool word_is_safe(const char *p, size_t n)
{
	static const char *const unsafe[] = { "__print_array", "__print_hex" };

	for (size_t i = 0; i < ARRAY_LEN(unsafe); i++)
		if (n >= strlen(unsafe[i]) && !memcmp(p, unsafe[i], strlen(unsafe[i])))
			return false;
	return true;
}

/* REC->NAME of a field that is not among these makes it follow a null pointer. */
static bool field_is_there(const char *fields, size_t size, const char *p, const char *end)
{
	const char *name = p + strlen("REC->"), *at = fields;
	size_t n = 0;

	if (end - p < (ptrdiff_t)strlen("REC->") || memcmp(p, "REC->", strlen("REC->")))
		return true;
	while (name + n < end && (isalnum((unsigned char)name[n]) || name[n] == '_'))
		n++;
	while (n && (at = memmem(at, fields + size - at, name, n))) {
		if (at > fields && strchr(" *", at[-1]) && strchr(";[", at[n]))
			return true;
		at += n;
	}
	return false;
}

static bool print_is_safe(const char *fields, const char *p, const char *end)
{
	size_t size = p - fields;

	size_t depth = 0, clause = 0;

	for (; p < end; p++) {
		if (*p == '"') {
			p = skip_string(p, end);
			if (!p)
				return false;
		} else if (strchr("[/%", *p)) {
			return false;
		} else if (isalpha((unsigned char)*p) || *p == '_') {
			const char *word = p;

			while (p + 1 < end && (isalnum((unsigned char)p[1]) || p[1] == '_'))
				p++;
			if (!word_is_safe(word, p + 1 - word) || !field_is_there(fields, size, word, end))
				return false;
		}
		depth += *p == '(' || *p == '{';
		depth -= depth && (*p == ')' || *p == '}');
		clause = *p == ',' ? 0 : clause + 1;
		if (depth > DEPTH_MAX || clause > CLAUSE_MAX)
			return false;
	}
	return true;
}

static bool fields_are_safe(const struct tep_format_field *field)
{
	size_t n = 0;

	for (; field; field = field->next)
		if (field->offset < 0 || field->size < 0 || field->offset > TRACE_FIELD_END ||
		    field->size > TRACE_FIELD_END - field->offset || n++ > FIELDS_MAX)
			return false;
	return true;
}

static bool is_text(const char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)p[i] >= 0x7f || ((unsigned char)p[i] < 0x20 && p[i] != '\n' && p[i] != '\t'))
			return false;
	return true;
}

/* Of two with one number nobody knows which is right. */
static void settle(struct traceformat *f, const struct tep_event *event, bool good)
{
	enum traceformat_state *state;

	if (event->id < 0 || event->id >= TRACE_IDS)
		return;
	state = &f->states[event->id];
	*state = good && *state == TRACEFORMAT_NONE ? TRACEFORMAT_GOOD : TRACEFORMAT_BAD;
}

static bool add_format(struct traceformat *f, const struct trace_file *file, const char *system)
{
	const char *print = memmem(file->data, file->size, PRINT_FMT, strlen(PRINT_FMT));
	size_t fields = print ? (size_t)(print - file->data) : 0;
	_cleanup_free_ char *text = NULL;
	struct tep_event *event = NULL;
	bool raw, good;

	if (!print || file->size > FORMAT_MAX || !is_text(file->data, file->size))
		return false;
	text = xcalloc(file->size + sizeof(NO_PRINT), 1);
	memcpy(text, file->data, file->size);
	raw = !print_is_safe(file->data, print + strlen(PRINT_FMT), file->data + file->size);
	if (raw)
		strcpy(text + fields, NO_PRINT);
	good = tep_parse_format(f->tep, &event, text, strlen(text), system) == 0;
	if (!event)
		return false;
	good = good && fields_are_safe(event->format.common_fields) && fields_are_safe(event->format.fields);
	if (raw)
		event->flags |= TEP_EVENT_FL_PRINTRAW;
	settle(f, event, good);
	return good;
}

void traceformat_open(struct traceformat *f, const struct tracenote *note)
{
	*f = (struct traceformat){ .tep = tep_alloc() };
	if (!f->tep)
		abort();
	f->states = xcalloc(TRACE_IDS, sizeof(*f->states));
	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_file_bigendian(f->tep, TEP_LITTLE_ENDIAN);
	tep_set_local_bigendian(f->tep, TEP_LITTLE_ENDIAN);
	tep_set_long_size(f->tep, sizeof(uint64_t));
	for (size_t i = 0; i < note->n_files; i++) {
		_cleanup_free_ char *system = NULL;
		const char *start, *event;
		int len, event_len;

		if (!trace_file_event(&note->files[i], &start, &len, &event, &event_len))
			continue;
		system = xstrndup(start, len);
		f->bad += !add_format(f, &note->files[i], system);
	}
}

void traceformat_close(struct traceformat *f)
{
	tep_free(f->tep);
	free(f->states);
	*f = (struct traceformat){ 0 };
}

struct tep_event *traceformat_find(const struct traceformat *f, const void *data, size_t size)
{
	uint16_t id;

	if (size < sizeof(id))
		return NULL;
	memcpy(&id, data, sizeof(id));
	return f->states[id] == TRACEFORMAT_GOOD ? tep_find_event(f->tep, id) : NULL;
}

static bool is_whole(const struct tep_format_field *field, size_t size)
{
	for (; field; field = field->next)
		if ((size_t)field->offset + field->size > size)
			return false;
	return true;
}

void traceformat_print(const struct traceformat *f, struct tep_event *event, void *data, size_t size,
		       struct trace_seq *text)
{
	struct tep_record record = { .data = data, .size = size };

	if (!is_whole(event->format.common_fields, size) || !is_whole(event->format.fields, size))
		trace_seq_puts(text, "(cut off)");
	else if (event->flags & TEP_EVENT_FL_PRINTRAW)
		tep_record_print_fields(text, &record, event);
	else
		tep_print_event(f->tep, text, &record, "%s", TEP_PRINT_INFO);
}

static const void *find(struct tep_event *event, const char *name, int field_size, const void *data, size_t size)
{
	const struct tep_format_field *field = tep_find_any_field(event, name);

	if (!field || field->size != field_size || (size_t)field->offset + field->size > size)
		return NULL;
	return (const char *)data + field->offset;
}

bool traceformat_s32(struct tep_event *event, const char *field, const void *data, size_t size, int32_t *ret)
{
	const void *p = find(event, field, sizeof(*ret), data, size);

	if (p)
		memcpy(ret, p, sizeof(*ret));
	return p;
}

bool traceformat_comm(struct tep_event *event, const char *field, const void *data, size_t size, char comm[static 17])
{
	const void *p = find(event, field, 16, data, size);

	if (p)
		memcpy(comm, p, 16);
	comm[16] = '\0';
	return p;
}
