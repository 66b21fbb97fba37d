// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/cause/log-lines.h"

static void add_line(struct log_lines *l, char *s)
{
	l->v = xgrow(l->v, &l->capacity, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = s;
}

/* What processes write to /dev/kmsg has another facility than 0, as the kernel sees to. */
static bool is_of_kernel(const struct prb_record *r)
{
	return !r->has_facility || !r->facility;
}

void log_lines_of(const struct log *log, struct log_lines *l)
{
	size_t bytes = 0;
	char *end;

	*l = (struct log_lines){ 0 };
	for (size_t i = 0; i < log->n; i++)
		bytes += log->v[i].text_len + 1;
	end = l->text = xcalloc(bytes + 1, 1);
	for (size_t i = 0; i < log->n; i++) {
		const struct prb_record *r = &log->v[i];

		if (!is_of_kernel(r))
			continue;
		add_line(l, end);
		for (size_t k = 0; k < r->text_len && r->text[k] != '\n'; k++)
			*end++ = r->text[k] ?: ' ';
		*end++ = '\0';
	}
}

void log_lines_clear(struct log_lines *l)
{
	free(l->v);
	free(l->text);
}

static void note_capture(struct captures *c, size_t n, const char *start, size_t len)
{
	if (n >= CAPTURES_MAX)
		return;
	c->start[n] = start;
	c->len[n] = (int)len;
}

/* Between two stars is fixed text, which is looked for from left to right: no line makes this slow. */
bool line_matches(const char *line, const char *pattern, struct captures *ret)
{
	size_t n = 0, fixed = strcspn(pattern, "*");

	*ret = (struct captures){ 0 };
	if (strncmp(line, pattern, fixed))
		return false;
	line += fixed;
	pattern += fixed;
	while (*pattern) {
		const char *found = line;

		fixed = strcspn(++pattern, "*");
		if (!*pattern) {
			note_capture(ret, n, line, strlen(line));
			return true;
		}
		/* Text at the very end is that of the line, whatever else it has. */
		if (!pattern[fixed] && strlen(line) >= fixed)
			found = line + strlen(line) - fixed;
		while (*found && strncmp(found, pattern, fixed))
			found++;
		if (strncmp(found, pattern, fixed))
			return false;
		note_capture(ret, n++, line, (size_t)(found - line));
		line = found + fixed;
		pattern += fixed;
	}
	return !*line;
}
