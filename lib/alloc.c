// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "lib/alloc.h"

int derr_set(struct derr *err, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return r;
}

void strlist_addf(struct strlist *l, const char *fmt, ...)
{
	va_list ap;

	if (l->n >= STRLIST_MAX) {
		l->left_out++;
		return;
	}
	if (!l->v)
		l->v = xcalloc(STRLIST_MAX, sizeof(*l->v));
	va_start(ap, fmt);
	if (vasprintf(&l->v[l->n], fmt, ap) < 0)
		l->left_out++;
	else
		l->n++;
	va_end(ap);
}

void strlist_move(struct strlist *to, struct strlist *from)
{
	for (size_t i = 0; i < from->n; i++)
		strlist_addf(to, "%s", from->v[i]);
	to->left_out += from->left_out;
	strlist_clear(from);
}

void strlist_clear(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strlist){ 0 };
}

static void out_of_memory(void)
{
	fputs("qcmdump: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		out_of_memory();
	return p;
}

void *xgrow(void *p, size_t *capacity, size_t need, size_t size)
{
	size_t n = *capacity ? *capacity : 16;

	if (need <= *capacity)
		return p;
	while (n < need)
		n *= 2;
	p = reallocarray(p, n, size);
	if (!p)
		out_of_memory();
	*capacity = n;
	return p;
}

char *xstrndup(const char *s, size_t n)
{
	char *p = xcalloc(n + 1, 1);

	memcpy(p, s, n);
	return p;
}

int pread_full(int fd, void *buf, size_t size, uint64_t offset)
{
	char *p = buf;

	while (size > 0) {
		ssize_t n = pread(fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		p += n;
		offset += n;
		size -= n;
	}
	return 0;
}

int pwrite_full(int fd, const void *buf, size_t size, uint64_t offset)
{
	const char *p = buf;

	while (size > 0) {
		ssize_t n = pwrite(fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		offset += n;
		size -= n;
	}
	return 0;
}

char *escape_text(const char *s, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	char *out = xcalloc(n * 4 + 1, 1), *p = out;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = s[i];

		if ((c >= 0x20 && c < 0x7f) || c == '\t') {
			*p++ = c;
			continue;
		}
		*p++ = '\\';
		*p++ = 'x';
		*p++ = hex[c >> 4];
		*p++ = hex[c & 15];
	}
	return out;
}

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

const char *size_text(char buf[static SIZE_TEXT_MAX], uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes / 1024;
	size_t u = 0;

	if (bytes < KIB) {
		snprintf(buf, SIZE_TEXT_MAX, "%u B", (unsigned int)bytes);
		return buf;
	}
	while (v >= 1024 && u + 1 < ARRAY_LEN(units)) {
		v /= 1024;
		u++;
	}
	snprintf(buf, SIZE_TEXT_MAX, "%.1f %s", v, units[u]);
	return buf;
}

void progress_start(struct progress *p, const char *what, uint64_t total)
{
	*p = (struct progress){ .what = what, .total = total, .last_percent = -1 };
	/* Short work is done before anybody could read it. */
	p->enabled = total >= 64 * MIB && isatty(STDERR_FILENO);
}

void progress_at(struct progress *p, uint64_t done)
{
	char size[SIZE_TEXT_MAX];
	int percent;

	if (!p->enabled)
		return;
	percent = (int)((double)done * 100 / (double)p->total);
	if (percent == p->last_percent)
		return;
	p->last_percent = percent;
	fprintf(stderr, "\r%s: %3d %% of %s", p->what, percent, size_text(size, p->total));
}

void progress_end(struct progress *p)
{
	if (p->enabled && p->last_percent >= 0)
		fputs("\r\033[K", stderr);
	p->enabled = false;
}
