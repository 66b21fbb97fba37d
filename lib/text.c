// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"

char **strv_free(char **l)
{
	for (char **s = l; s && *s; s++)
		free(*s);
	free(l);
	return NULL;
}

void strv_freep(char ***l)
{
	*l = strv_free(*l);
}

size_t strv_length(char *const *l)
{
	size_t n = 0;

	while (l && l[n])
		n++;
	return n;
}

int strv_append(char ***l, const char *s)
{
	size_t n = strv_length(*l);
	char *copy, **grown;

	copy = strdup(s);
	if (!copy)
		return -ENOMEM;

	grown = reallocarray(*l, n + 2, sizeof(*grown));
	if (!grown) {
		free(copy);
		return -ENOMEM;
	}

	grown[n] = copy;
	grown[n + 1] = NULL;
	*l = grown;
	return 0;
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

struct quoted quote(const char *s, size_t len)
{
	static const char dots[] = "...";
	struct quoted q = { .s = "" };
	size_t out = 0;

	for (size_t in = 0; in < len;) {
		unsigned int c = 0;
		size_t n = utf8_char(s + in, len - in, &c);
		bool good = n > 0 && !is_control(c);

		if (n == 0)
			n = 1;
		if (out + n + sizeof(dots) > sizeof(q.s)) {
			memcpy(q.s + out, dots, sizeof(dots));
			return q;
		}

		if (good) {
			memcpy(q.s + out, s + in, n);
			out += n;
		} else {
			q.s[out++] = '?';
		}
		in += n;
	}

	q.s[out] = '\0';
	return q;
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
