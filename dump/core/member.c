// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <string.h>

#include "dump/core/member.h"

bool member_find(const struct kv *kv, const char *name, unsigned int bytes, struct member *ret)
{
	struct member m = { 0 };
	uint64_t offset;

	*ret = m;
	if (kv_bits(kv, name, &m.bit, &m.bits, &m.is_signed) < 0) {
		if (kv_offset(kv, name, &offset) < 0 || offset >= MEMBER_PLACE_MAX)
			return false;
		m = (struct member){ .bit = offset * 8, .bits = bytes * 8 };
	}
	if (m.bit > MEMBER_PLACE_MAX * 8 || m.bits > MEMBER_PLACE_MAX * 8 || member_end(&m) > MEMBER_PLACE_MAX)
		return false;
	*ret = m;
	return true;
}

struct member member_inside(const struct member *outer, const struct member *inner)
{
	struct member m = *inner;

	m.bit += outer->bit;
	return m;
}

uint64_t member_end(const struct member *m)
{
	return (m->bit + m->bits + 7) / 8;
}

bool member_is_number(const struct member *m)
{
	return m->bits && m->bit % 8 + m->bits <= 64;
}

uint64_t member_first(const struct member *m)
{
	return m->bit / 8;
}

uint64_t member_number(const struct member *m, const void *bytes)
{
	uint64_t value = 0;

	assert(member_is_number(m));
	memcpy(&value, bytes, member_end(m) - member_first(m));
	value <<= 64 - m->bit % 8 - m->bits;
	return m->is_signed ? (uint64_t)((int64_t)value >> (64 - m->bits)) : value >> (64 - m->bits);
}

bool member_read(const struct member *m, const void *structure, uint64_t size, uint64_t *ret)
{
	if (!member_is_number(m) || member_end(m) > size)
		return false;
	*ret = member_number(m, (const char *)structure + member_first(m));
	return true;
}

uint64_t member_value(const struct member *m, const void *structure, uint64_t size)
{
	uint64_t value;

	return member_read(m, structure, size, &value) ? value : 0;
}

void member_write(const struct member *m, void *structure, uint64_t value)
{
	uint64_t shift = m->bit % 8, mask, old = 0;
	char *at = (char *)structure + member_first(m);
	size_t n = member_end(m) - member_first(m);

	assert(member_is_number(m));
	mask = UINT64_MAX >> (64 - m->bits) << shift;
	memcpy(&old, at, n);
	old = (old & ~mask) | (value << shift & mask);
	memcpy(at, &old, n);
}
