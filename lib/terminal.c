// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/terminal.h"
#include "lib/text.h"

static bool is_false(const char *s)
{
	return strcmp(s, "0") == 0 || strcasecmp(s, "no") == 0 || strcasecmp(s, "false") == 0 ||
	       strcasecmp(s, "off") == 0;
}

bool colour_wanted(void)
{
	const char *colours = getenv("SYSTEMD_COLORS"), *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	if (colours && *colours)
		return !is_false(colours);
	if (no_colour && *no_colour)
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static unsigned int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (columns && atoi(columns) > 0)
		return atoi(columns);
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

struct style terminal_style(bool legend)
{
	bool terminal = isatty(STDOUT_FILENO);

	return (struct style){
		.legend = legend,
		.colour = colour_wanted(),
		.utf8 = terminal_text() == TEXT_PRINTABLE,
		.width = terminal ? terminal_width() : 0,
	};
}

const char *sgr(const struct style *style, const char *sequence)
{
	return style->colour ? sequence : "";
}

void print_wrapped(FILE *f, const char *text, size_t used, size_t indent, const struct style *style)
{
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, " ");
		_cleanup_free_ char *word = xstrndup(text, n);
		size_t width = text_width(word);

		if (!first && style->width && used + 1 + width > style->width) {
			fprintf(f, "\n%*s", (int)indent, "");
			used = indent;
		} else if (!first) {
			fputc(' ', f);
			used++;
		}
		fputs(word, f);
		used += width;
		first = false;
		text += n + (text[n] == ' ');
	}
	fputc('\n', f);
}
