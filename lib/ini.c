// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "daemon/policy/policy-internal.h"
#include "lib/text.h"

void policy_reader_init(struct policy_reader *r, const char *path, const char *text, size_t size,
			struct policy_diags *diags)
{
	static const char bom[] = "\xef\xbb\xbf";

	*r = (struct policy_reader){
		.path = path, .next = text, .end = text + size, .diags = diags, .first_diag = diags->n
	};

	if (size >= sizeof(bom) - 1 && memcmp(text, bom, sizeof(bom) - 1) == 0)
		r->next += sizeof(bom) - 1;
}

void policy_reader_done(struct policy_reader *r)
{
	free(r->positions);
	r->positions = NULL;
}

/* Takes the next physical line, without its end. */
static bool physical_line(struct policy_reader *r, const char **ret, size_t *ret_size)
{
	const char *start = r->next, *newline;
	size_t size = r->end - start;

	if (size == 0)
		return false;

	newline = memchr(start, '\n', size);
	r->next = newline ? newline + 1 : r->end;
	r->line++;

	size = newline ? (size_t)(newline - start) : size;
	if (size > 0 && start[size - 1] == '\r')
		size--;

	*ret = start;
	*ret_size = size;
	return true;
}

static int complain(struct policy_reader *r, size_t offset, const char *message)
{
	r->bad = true;
	r->n_bad++;
	return policy_diag_add(r->diags, r->path, r->line, offset + 1, true, "%s", message);
}

static int check_bytes(struct policy_reader *r, const char *s, size_t size)
{
	for (size_t i = 0; i < size;) {
		unsigned int c = 0;
		size_t n = utf8_char(s + i, size - i, &c);

		if (n == 0)
			return complain(r, i, "not UTF-8: save the file with that encoding");
		if (c == 0)
			return complain(r, i, "a NUL byte: this is not a text file, or it is damaged");
		if (c != '\t' && is_control(c))
			return complain(r, i, "a control character: remove it");
		i += n;
	}

	return 0;
}

/* Adds a physical line; if it is continued, with a blank in place of the '\\' and the end of the line. */
static int append(struct policy_reader *r, const char *s, size_t size, bool continued)
{
	struct policy_position *grown;

	if (size + continued > POLICY_LINE_MAX - r->size) {
		char message[120];

		snprintf(message, sizeof(message),
			 "longer than %d bytes: split the list, each assignment of the same key adds to it",
			 POLICY_LINE_MAX);
		return complain(r, 0, message);
	}

	grown = reallocarray(r->positions, r->n_positions + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;

	r->positions = grown;
	r->positions[r->n_positions++] = (struct policy_position){ r->size, r->line, 1 };
	memcpy(r->text + r->size, s, size);
	r->size += size;
	if (continued)
		r->text[r->size++] = ' ';
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
static int logical_line(struct policy_reader *r)
{
	bool more = true, started = false;
	const char *s;
	size_t size;
	int error;

	r->size = r->n_positions = 0;
	r->bad = false;

	while (more && physical_line(r, &s, &size)) {
		error = r->bad ? 0 : check_bytes(r, s, size);
		if (error < 0)
			return error;

		if (is_comment(s, size)) {
			more = started;
			continue;
		}

		started = true;
		more = ends_in_backslash(s, size);
		error = r->bad ? 0 : append(r, s, more ? size - 1 : size, more);
		if (error < 0)
			return error;
	}

	r->text[r->size] = '\0';
	return 0;
}

int policy_reader_next(struct policy_reader *r)
{
	while (r->next < r->end && r->diags->n - r->first_diag < POLICY_DIAGS_MAX) {
		int error = logical_line(r);

		if (error < 0)
			return error;

		while (r->size > 0 && strchr(" \t", r->text[r->size - 1]))
			r->text[--r->size] = '\0';
		if (r->size > 0 && !r->bad && strspn(r->text, " \t") < r->size)
			return 1;
	}

	return 0;
}

struct policy_position policy_reader_where(const struct policy_reader *r, const char *at)
{
	size_t offset = at - r->text, i = r->n_positions - 1;
	struct policy_position where;

	while (i > 0 && r->positions[i].offset > offset)
		i--;

	where = r->positions[i];
	where.column += offset - where.offset;
	where.offset = offset;
	return where;
}
