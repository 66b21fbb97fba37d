// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <langinfo.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/alloc.h"
#include "lib/text.h"

bool equal(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

bool ends_in(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n > m && strcmp(s + n - m, suffix) == 0;
}

size_t utf8_char(const char *s, size_t size, unsigned int *ret)
{
	static const unsigned int smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first;
	unsigned int c;
	size_t len;

	if (size == 0)
		return 0;

	first = s[0];
	if (first < 0x80) {
		*ret = first;
		return 1;
	}

	len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
	if (len == 0 || first > 0xf4 || len > size)
		return 0;

	c = first & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	}

	if (c < smallest[len] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;

	*ret = c;
	return len;
}

bool is_control(unsigned int c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Bidirectional controls reorder what is around them. */
static bool is_harmless(unsigned int c)
{
	return !is_control(c) && c != 0x61c && !(c >= 0x200e && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069);
}

static bool stays(unsigned int c, enum text_keep keep)
{
	if (keep == TEXT_UTF8)
		return c != 0;
	return c == '\t' || (is_harmless(c) && (c < 0x80 || keep == TEXT_PRINTABLE));
}

/* The next character or bad byte: as it is written, which takes room for 5 bytes; *in moves behind it. */
static size_t escape_next(char *out, const char **in, size_t n, enum text_keep keep)
{
	unsigned int c = 0;
	size_t len = utf8_char(*in, n, &c);

	if (len == 0 || !stays(c, keep)) {
		len = 1;
		sprintf(out, "\\x%02x", (unsigned char)**in);
	} else {
		memcpy(out, *in, len);
		out[len] = '\0';
	}
	*in += len;
	return strlen(out);
}

char *escape_text(const char *s, size_t n, enum text_keep keep)
{
	char *text = xcalloc(n * 4 + 1, 1), *out = text;

	for (const char *end = s + n; s < end;)
		out += escape_next(out, &s, end - s, keep);
	return text;
}

/* Where no locale was chosen at all, as on a serial console, terminals show UTF-8 nevertheless. */
enum text_keep terminal_text(void)
{
	static enum text_keep keep = TEXT_UTF8; /* not asked yet */
	bool utf8 = !getenv("LC_ALL") && !getenv("LC_CTYPE") && !getenv("LANG");
	locale_t locale;

	if (keep != TEXT_UTF8)
		return keep;
	locale = utf8 ? NULL : newlocale(LC_CTYPE_MASK, "", NULL);
	if (locale) {
		utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
		freelocale(locale);
	}
	keep = utf8 ? TEXT_PRINTABLE : TEXT_ASCII;
	return keep;
}

char *clean_text(const char *s)
{
	return escape_text(s, strlen(s), terminal_text());
}

struct quoted quote(const char *s, size_t len)
{
	static const char dots[] = "...";
	struct quoted q = { .s = "" };
	size_t used = 0;

	for (const char *end = s + len; s < end;) {
		char next[5];
		size_t n = escape_next(next, &s, end - s, TEXT_PRINTABLE);

		if (used + n + sizeof(dots) > sizeof(q.s)) {
			memcpy(q.s + used, dots, sizeof(dots));
			break;
		}
		memcpy(q.s + used, next, n + 1);
		used += n;
	}
	return q;
}

/* Good enough for names and messages: combining marks take no cell, East Asian characters and emoji two. */
static size_t cells(unsigned int c)
{
	if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200d) || (c >= 0xfe00 && c <= 0xfe0f))
		return 0;
	if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
	    (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	    (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd))
		return 2;
	return 1;
}

size_t text_width(const char *s)
{
	size_t size = strlen(s), width = 0;

	for (size_t i = 0; i < size;) {
		unsigned int c = 0;
		size_t n = utf8_char(s + i, size - i, &c);

		width += n > 0 ? cells(c) : 1;
		i += n > 0 ? n : 1;
	}

	return width;
}

#define WORD_MAX 31

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* How many letters must be added, left out, changed or swapped with the next one; case does not count. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = j;

	for (size_t i = 1; i <= a_len; i++)
		for (size_t j = 1; j <= b_len; j++) {
			int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]) && d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}

	return d[a_len][b_len];
}

const char *did_you_mean(const char *word, const char *const *candidates)
{
	size_t word_len = strlen(word), best = SIZE_MAX;
	const char *found = NULL;

	if (word_len == 0 || word_len > WORD_MAX)
		return NULL;

	for (; *candidates; candidates++) {
		size_t len = strlen(*candidates), shorter = word_len < len ? word_len : len, distance;

		if (len > WORD_MAX)
			continue;

		distance = edit_distance(word, word_len, *candidates, len);
		if (distance > (shorter + 2) / 3 && (shorter < 3 || strncasecmp(word, *candidates, shorter) != 0))
			continue;
		if (distance < best) {
			best = distance;
			found = *candidates;
		}
	}

	return found;
}
