// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/size.h"

int parse_size(const char *s, uint64_t *ret)
{
	unsigned long long v, unit = 1;
	char *end;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
	if (errno)
		return -errno;
	switch (*end) {
	case 'K':
	case 'k':
		unit = KIB;
		break;
	case 'M':
	case 'm':
		unit = MIB;
		break;
	case 'G':
	case 'g':
		unit = GIB;
		break;
	}
	if (unit > 1)
		end++;
	if (*end)
		return -EINVAL;
	if (__builtin_mul_overflow(v, unit, &v))
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_decimal(const char *s, double unit, uint64_t *ret)
{
	char *end;
	double v = strtod(s, &end);

	if (end == s || *end || !(v >= 0) || v * unit >= (double)INT64_MAX)
		return -EINVAL;
	*ret = v * unit + 0.5;
	return 0;
}

struct size_text size_text(uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes / 1024;
	struct size_text text;
	size_t u = 0;

	/* What would be rounded to "1024.0" is one of the next unit. */
	for (; v >= 1023.95 && u + 1 < ARRAY_LEN(units); u++)
		v /= 1024;
	if (bytes < KIB)
		snprintf(text.s, sizeof(text.s), "%u B", (unsigned int)bytes);
	else
		snprintf(text.s, sizeof(text.s), "%.1f %s", v, units[u]);
	return text;
}

struct time_text time_text(uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct time_text text;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(text.s, sizeof(text.s), "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(text.s, sizeof(text.s), "%" PRIu64, seconds);
	return text;
}
