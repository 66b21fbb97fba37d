// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/core/rangemap.h"
#include "lib/alloc.h"
#include "lib/file.h"

void rangemap_add(struct rangemap *m, uint64_t start, uint64_t size, uint64_t offset)
{
	uint64_t end;

	if (!size || __builtin_add_overflow(start, size, &end))
		return;
	m->v = xgrow(m->v, &m->capacity, m->n + 1, sizeof(*m->v));
	m->v[m->n++] = (struct range){ .start = start, .size = size, .offset = offset };
}

static int range_cmp(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

void rangemap_finish(struct rangemap *m)
{
	size_t n = 0;

	if (m->n)
		qsort(m->v, m->n, sizeof(*m->v), range_cmp);
	for (size_t i = 0; i < m->n; i++) {
		struct range r = m->v[i];

		if (n) {
			struct range *last = &m->v[n - 1];
			uint64_t end = last->start + last->size;

			if (r.start + r.size <= end)
				continue;
			if (r.start < end) {
				r.offset += end - r.start;
				r.size -= end - r.start;
				r.start = end;
			}
			if (r.start == end && r.offset == last->offset + last->size) {
				last->size += r.size;
				continue;
			}
		}
		m->v[n++] = r;
	}
	m->n = n;
	for (size_t i = n; i-- > 0;) {
		struct range *r = &m->v[i];

		r->run_end = r->start + r->size;
		if (i + 1 < n && r->run_end == m->v[i + 1].start)
			r->run_end = m->v[i + 1].run_end;
	}
}

void rangemap_copy(struct rangemap *to, const struct rangemap *from)
{
	*to = (struct rangemap){ .n = from->n, .capacity = from->n };
	to->v = xcalloc(from->n, sizeof(*to->v));
	if (from->n)
		memcpy(to->v, from->v, from->n * sizeof(*to->v));
}

void rangemap_clear(struct rangemap *m)
{
	free(m->v);
	*m = (struct rangemap){ 0 };
}

uint64_t rangemap_total(const struct rangemap *m)
{
	uint64_t total = 0;

	for (size_t i = 0; i < m->n; i++)
		total += m->v[i].size;
	return total;
}

uint64_t rangemap_end(const struct rangemap *m)
{
	return m->n ? m->v[m->n - 1].start + m->v[m->n - 1].size : 0;
}

size_t rangemap_behind(const struct rangemap *m, uint64_t addr)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->v[mid].start + m->v[mid].size <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct range *rangemap_find(const struct rangemap *m, uint64_t addr)
{
	size_t i = rangemap_behind(m, addr);

	return i < m->n && m->v[i].start <= addr ? &m->v[i] : NULL;
}

uint64_t rangemap_contiguous(const struct rangemap *m, uint64_t addr)
{
	const struct range *r = rangemap_find(m, addr);

	return r ? r->run_end - addr : 0;
}

bool rangemap_covers(const struct rangemap *m, uint64_t addr, uint64_t size)
{
	return rangemap_contiguous(m, addr) >= size;
}

int rangemap_read_by(const struct rangemap *m, rangemap_read_fn fn, void *arg, uint64_t addr, void *buf, size_t size)
{
	char *p = buf;

	while (size) {
		const struct range *r = rangemap_find(m, addr);
		uint64_t n;
		int err;

		if (!r)
			return -EFAULT;
		n = r->size - (addr - r->start);
		if (n > size)
			n = size;
		err = fn(arg, p, n, r->offset + (addr - r->start));
		if (err < 0)
			return err;
		p += n;
		addr += n;
		size -= n;
	}
	return 0;
}

static int read_fd(void *arg, void *buf, size_t size, uint64_t offset)
{
	const int *fd = arg;

	return pread_full(*fd, buf, size, offset);
}

int rangemap_read(const struct rangemap *m, int fd, uint64_t addr, void *buf, size_t size)
{
	return rangemap_read_by(m, read_fd, &fd, addr, buf, size);
}
