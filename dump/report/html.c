// SPDX-License-Identifier: GPL-2.0-only

#include "dump/report/html.h"
#include "lib/text.h"

void html_text(FILE *out, const char *s, size_t n)
{
	_cleanup_free_ char *safe = escape_text(s, n, TEXT_PRINTABLE);

	for (const char *p = safe; *p; p++) {
		switch (*p) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*p, out);
		}
	}
}
