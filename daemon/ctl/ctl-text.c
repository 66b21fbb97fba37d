// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/ctl/ctl.h"
#include "lib/text.h"

_Noreturn void out_of_memory(void)
{
	fputs("qcmdctl: out of memory\n", stderr);
	exit(CTL_FAILURE);
}

char *xprintf(const char *format, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, format);
	n = vasprintf(&s, format, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	return s;
}

char *ctl_things(size_t n, const char *one, const char *many)
{
	return xprintf("%zu %s", n, n == 1 ? one : many);
}

/* Bidirectional controls reorder what is around them. */
static bool is_harmless(unsigned int c)
{
	return !is_control(c) && !(c >= 0x200e && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069);
}

char *clean_text(const char *s)
{
	size_t size = strlen(s), out = 0;
	char *copy = malloc(size + 1);

	if (!copy)
		out_of_memory();

	for (size_t in = 0; in < size;) {
		unsigned int c = 0;
		size_t n = utf8_char(s + in, size - in, &c);

		if (n > 0 && is_harmless(c)) {
			memcpy(copy + out, s + in, n);
			out += n;
		} else {
			copy[out++] = '?';
		}
		in += n > 0 ? n : 1;
	}

	copy[out] = '\0';
	return copy;
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

char *ctl_size(uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = bytes / 1024.0;
	size_t unit = 0;

	if (bytes < 1024)
		return xprintf("%u B", (unsigned int)bytes);

	while (value >= 1023.95 && unit < sizeof(units) / sizeof(units[0]) - 1) {
		value /= 1024;
		unit++;
	}
	return xprintf("%.1f %s", value, units[unit]);
}
