// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <string.h>

#include "lib/alloc.h"
#include "lib/table.h"
#include "lib/text.h"

struct cell {
	char *text;
	const char *colour;
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	unsigned int gap;
	struct cell *cells;
	size_t n_cells, capacity;
};

struct table *table_new(const struct table_column *columns, size_t n, unsigned int gap)
{
	struct table *t = xcalloc(1, sizeof(*t));

	*t = (struct table){ .columns = columns, .n_columns = n, .gap = gap };
	return t;
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(t);
}

static void add(struct table *t, char *text, const char *colour)
{
	t->cells = xgrow(t->cells, &t->capacity, t->n_cells + 1, sizeof(*t->cells));
	t->cells[t->n_cells++] = (struct cell){ text, colour };
}

void table_add(struct table *t, const char *text, const char *colour)
{
	add(t, clean_text(text && *text ? text : "-"), colour);
}

void table_addf(struct table *t, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		out_of_memory();
	va_end(ap);
	add(t, clean_text(text), NULL);
}

static size_t column_width(const struct table *t, size_t column, bool heading)
{
	size_t width = heading ? text_width(t->columns[column].heading) : 0;

	for (size_t i = column; i < t->n_cells; i += t->n_columns) {
		size_t w = text_width(t->cells[i].text);

		if (w > width)
			width = w;
	}
	return width;
}

static void print_blanks(FILE *f, size_t n)
{
	while (n-- > 0)
		fputc(' ', f);
}

/* As much of a text as there is room for, with dots for the rest. */
static void print_cut(FILE *f, const char *text, size_t room, const struct style *style)
{
	const char *dots = style->utf8 ? "…" : "...";
	size_t dots_width = text_width(dots), end = strlen(text);
	_cleanup_free_ char *copy = NULL;

	if (text_width(text) <= room || room < dots_width) {
		fputs(text, f);
		return;
	}

	copy = xstrndup(text, end);
	while (end > 0 && (text_width(copy) > room - dots_width || ((unsigned char)text[end] & 0xc0) == 0x80))
		copy[--end] = '\0';
	fprintf(f, "%s%s", copy, dots);
}

static void print_row(const struct table *t, FILE *f, const size_t *widths, const struct cell *row,
		      const struct style *style)
{
	size_t used = 0;

	for (size_t i = 0; i < t->n_columns; i++) {
		const char *text = row ? row[i].text : t->columns[i].heading;
		const char *colour = row ? row[i].colour : sgr(style, COLOUR_BOLD);
		bool last = i == t->n_columns - 1, coloured = colour && *colour;
		size_t blanks = widths[i] - text_width(text);

		if (t->columns[i].right)
			print_blanks(f, blanks);
		if (coloured)
			fputs(colour, f);
		if (last && style->width > used)
			print_cut(f, text, style->width - used, style);
		else
			fputs(text, f);
		if (coloured)
			fputs(sgr(style, COLOUR_NORMAL), f);
		if (!last)
			print_blanks(f, t->columns[i].right ? t->gap : blanks + t->gap);
		used += widths[i] + t->gap;
	}
	fputc('\n', f);
}

void table_print(const struct table *t, FILE *f, const struct style *style)
{
	_cleanup_free_ size_t *widths = xcalloc(t->n_columns, sizeof(*widths));

	for (size_t i = 0; i < t->n_columns; i++)
		widths[i] = column_width(t, i, style->legend);

	if (style->legend)
		print_row(t, f, widths, NULL, style);
	for (size_t i = 0; i + t->n_columns <= t->n_cells; i += t->n_columns)
		print_row(t, f, widths, t->cells + i, style);
}
