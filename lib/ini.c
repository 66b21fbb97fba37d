// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "lib/ini.h"
#include "lib/text.h"

#define BLANKS " \t"

/* Takes the next physical line, without its end. */
static bool physical_line(struct ini *p, const char **ret, size_t *ret_size)
{
	const char *start = p->next, *newline;
	size_t size = p->end - start;

	if (size == 0)
		return false;

	newline = memchr(start, '\n', size);
	p->next = newline ? newline + 1 : p->end;
	p->line++;

	size = newline ? (size_t)(newline - start) : size;
	if (size > 0 && start[size - 1] == '\r')
		size--;

	*ret = start;
	*ret_size = size;
	return true;
}

static int bad_line(struct ini *p, size_t offset, const char *message)
{
	p->bad = true;
	p->n_bad++;
	return diag_add(p->diags, p->path, p->line, offset + 1, true, "%s", message);
}

static int check_bytes(struct ini *p, const char *s, size_t size)
{
	for (size_t i = 0; i < size;) {
		unsigned int c = 0;
		size_t n = utf8_char(s + i, size - i, &c);

		if (n == 0)
			return bad_line(p, i, "not UTF-8: save the file with that encoding");
		if (c == 0)
			return bad_line(p, i, "a NUL byte: this is not a text file, or it is damaged");
		if (c != '\t' && is_control(c))
			return bad_line(p, i, "a control character: remove it");
		i += n;
	}

	return 0;
}

/* Adds a physical line; if it is continued, with a blank in place of the '\\' and the end of the line. */
static int append(struct ini *p, const char *s, size_t size, bool continued)
{
	struct ini_position *grown;

	if (size + continued > INI_LINE_MAX - p->size) {
		char message[120];

		snprintf(message, sizeof(message),
			 "longer than %d bytes: split the list, each assignment of the same key adds to it",
			 INI_LINE_MAX);
		return bad_line(p, 0, message);
	}

	grown = reallocarray(p->positions, p->n_positions + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;

	p->positions = grown;
	p->positions[p->n_positions++] = (struct ini_position){ p->size, p->line, 1 };
	memcpy(p->text + p->size, s, size);
	p->size += size;
	if (continued)
		p->text[p->size++] = ' ';
	return 0;
}

/* An even number of them at the end are pairs, each of which stands for one '\'. */
static bool ends_in_backslash(const char *s, size_t size)
{
	size_t n = 0;

	while (n < size && s[size - 1 - n] == '\\')
		n++;
	return n % 2 == 1;
}

static bool is_comment(const char *s, size_t size)
{
	while (size > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		size--;
	}
	return size > 0 && (*s == '#' || *s == ';');
}

/* One logical line: a line and those that '\' at its end adds. Comments between them are left out. */
static int logical_line(struct ini *p)
{
	bool more = true, started = false;
	const char *s;
	size_t size;
	int error;

	p->size = p->n_positions = 0;
	p->bad = false;

	while (more && physical_line(p, &s, &size)) {
		error = p->bad ? 0 : check_bytes(p, s, size);
		if (error < 0)
			return error;

		if (is_comment(s, size)) {
			more = started;
			continue;
		}

		started = true;
		more = ends_in_backslash(s, size);
		error = p->bad ? 0 : append(p, s, more ? size - 1 : size, more);
		if (error < 0)
			return error;
	}

	p->text[p->size] = '\0';
	return 0;
}

/*
 * The next logical line that is not empty, a comment or bad. 1: there is one; 0: the end, or there have been
 * INI_DIAGS_MAX messages; -ENOMEM.
 */
static int next_line(struct ini *p)
{
	while (p->next < p->end && p->diags->n - p->first_diag < INI_DIAGS_MAX) {
		int error = logical_line(p);

		if (error < 0)
			return error;

		while (p->size > 0 && strchr(BLANKS, p->text[p->size - 1]))
			p->text[--p->size] = '\0';
		if (p->size > 0 && !p->bad && strspn(p->text, BLANKS) < p->size)
			return 1;
	}

	return 0;
}

struct ini_position ini_where(const struct ini *p, const char *at)
{
	size_t offset = at - p->text, i = p->n_positions - 1;
	struct ini_position where;

	while (i > 0 && p->positions[i].offset > offset)
		i--;

	where = p->positions[i];
	where.column += offset - where.offset;
	where.offset = offset;
	return where;
}

void ini_complain(struct ini *p, const char *at, const char *format, ...)
{
	struct ini_position where = ini_where(p, at);
	va_list ap;

	va_start(ap, format);
	if (diag_addv(p->diags, p->path, where.line, where.column, true, format, ap) < 0)
		p->error = -ENOMEM;
	va_end(ap);
}

void ini_refuse(struct ini *p, const struct ini_key *key, const char *at, const char *value)
{
	ini_complain(p, at, "%s= takes %s, not '%s'", key->name, key->expects, quote(value, strlen(value)).s);
}

/* "Comm=, Register=, MaxTasks=", or "[Policy], [Task]" */
struct known {
	const char *names[INI_NAMES_MAX + 1];
	size_t n;
	char text[320];
	size_t used;
};

static void know(struct known *k, const char *before, const char *name, const char *after)
{
	if (k->n == INI_NAMES_MAX || k->used >= sizeof(k->text))
		return;
	k->used += snprintf(k->text + k->used, sizeof(k->text) - k->used, "%s%s%s%s", k->n ? ", " : "", before, name,
			    after);
	k->names[k->n++] = name;
}

static void unknown_section(struct ini *p, const char *at, const char *name)
{
	struct known known = { 0 };
	const char *meant;

	for (const struct ini_section *s = p->format->sections; s->name; s++)
		know(&known, "[", s->name, "]");
	meant = did_you_mean(name, known.names);
	ini_complain(p, at, "unknown section [%s]%s%s%s (known: %s)", quote(name, strlen(name)).s,
		     meant ? ", did you mean [" : "", meant ?: "", meant ? "]?" : "", known.text);
}

static void unknown_key(struct ini *p, const char *name)
{
	struct quoted quoted = quote(name, strlen(name));
	const char *section = p->section->name, *meant;
	struct known known = { 0 };

	for (const struct ini_key *key = p->format->keys; key->name; key++) {
		if (strcmp(key->section, section) == 0) {
			know(&known, "", key->name, "=");
		} else if (strcmp(key->name, name) == 0) {
			ini_complain(p, name, "'%s=' belongs in [%s], this is [%s]", name, key->section, section);
			return;
		}
	}
	if (known.n == 0) {
		ini_complain(p, name, "unknown key '%s=': [%s] takes none", quoted.s, section);
		return;
	}
	p->doubtful = true;
	meant = did_you_mean(name, known.names);
	ini_complain(p, name, "unknown key '%s=' in [%s]%s%s%s (known: %s)", quoted.s, section,
		     meant ? ", did you mean '" : "", meant ?: "", meant ? "='?" : "", known.text);
}

static void begin_section(struct ini *p, const char *at, const struct ini_section *section)
{
	p->section = section;
	p->header = ini_where(p, at);
	p->header_n_bad = p->n_bad;
	p->target = p->data;
	p->skip = p->doubtful = false;
	if (p->format->begin)
		p->format->begin(p, at);
}

static void end_section(struct ini *p)
{
	const char *wrong = p->section && !p->skip && p->format->end ? p->format->end(p) : NULL;

	p->section = NULL;
	/* Or else something was said already of what may have been meant. */
	if (wrong && !p->doubtful && p->n_bad == p->header_n_bad &&
	    diag_add(p->diags, p->path, p->header.line, p->header.column, true, "%s", wrong) < 0)
		p->error = -ENOMEM;
}

static void section_header(struct ini *p, char *header)
{
	char *name = header + 1, *end = strchr(name, ']');

	end_section(p);
	p->skip = true; /* until it is known to be one of ours */
	if (!end) {
		ini_complain(p, header, "a section header without ']': write [%s]", quote(name, strlen(name)).s);
		return;
	}
	if (end[1]) {
		ini_complain(p, end + 1,
			     "text after the section header: start a new line; a comment is a line of its own too");
		return;
	}
	*end = '\0';
	if (strncmp(name, "X-", 2) == 0)
		return;
	for (const struct ini_section *s = p->format->sections; s->name; s++)
		if (strcmp(name, s->name) == 0) {
			begin_section(p, header, s);
			return;
		}
	unknown_section(p, header, name);
}

static void assignment(struct ini *p, char *name)
{
	char *equals = strchr(name, '='), *value, *end;

	if (p->skip)
		return;
	if (!equals) {
		p->doubtful = true;
		ini_complain(p, name, "'%s' is neither a [Section] nor a Key=value; comments start with '#'",
			     quote(name, strlen(name)).s);
		return;
	}
	if (equals == name) {
		ini_complain(p, name, "no key before the '=': write Key=value");
		return;
	}
	value = equals + 1 + strspn(equals + 1, BLANKS);
	for (end = equals; end > name && strchr(BLANKS, end[-1]); end--)
		;
	*end = '\0';
	if (strncmp(name, "X-", 2) == 0)
		return;
	if (!p->section) {
		ini_complain(p, name, "'%s=' before any section: put its section header, such as [%s], above it",
			     quote(name, strlen(name)).s, p->format->example);
		return;
	}
	for (const struct ini_key *key = p->format->keys; key->name; key++)
		if (strcmp(key->section, p->section->name) == 0 && strcmp(key->name, name) == 0) {
			key->parse(p, key, value, (char *)p->target + key->offset);
			return;
		}
	unknown_key(p, name);
}

static int by_place(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

/* Some things show only at the end of a section: put the messages in the order of the file. */
static int sort_messages(struct ini *p)
{
	size_t first = p->first_diag, n = p->diags->n - first;

	if (n == 0)
		return 0;

	qsort(p->diags->items + first, n, sizeof(*p->diags->items), by_place);
	if (n < INI_DIAGS_MAX)
		return 0;
	return diag_add(p->diags, p->path, p->line, 0, true,
			"too many messages for one file: from here on it was not read");
}

int ini_parse(const struct ini_format *format, const char *path, const char *text, size_t size, void *data,
	      struct diags *diags)
{
	static const char bom[] = "\xef\xbb\xbf";
	_cleanup_free_ struct ini *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	*p = (struct ini){
		.format = format,
		.path = path,
		.diags = diags,
		.data = data,
		.target = data,
		.next = text,
		.end = text + size,
		.first_diag = diags->n,
		.section = format->example ? NULL : format->sections,
	};
	if (size >= sizeof(bom) - 1 && memcmp(text, bom, sizeof(bom) - 1) == 0)
		p->next += sizeof(bom) - 1;

	while ((r = next_line(p)) > 0 && p->error == 0) {
		char *s = p->text + strspn(p->text, BLANKS);

		if (*s == '[')
			section_header(p, s);
		else
			assignment(p, s);
	}
	end_section(p);
	free(p->positions);
	if (r == 0)
		r = p->error;
	return r < 0 ? r : sort_messages(p);
}
