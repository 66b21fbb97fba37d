// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/image/map-option.h"
#include "lib/size.h"

int map_option_parse(const char *arg, struct range *ret, struct derr *err)
{
	_cleanup_free_ char *copy = xstrndup(arg, strlen(arg));
	char *rest = copy, *part[3];
	uint64_t *field[3] = { &ret->offset, &ret->start, &ret->size };
	uint64_t end;

	for (size_t i = 0; i < 3; i++) {
		part[i] = strsep(&rest, ":");
		if (!part[i] || parse_size(part[i], field[i]) < 0)
			return derr_set(err, -EINVAL,
					"--map %s: expected OFFSET:PADDR:SIZE, each a number with an "
					"optional suffix K, M or G, for example 0:0x40000000:2G.",
					arg);
	}
	if (rest)
		return derr_set(err, -EINVAL, "--map %s: expected three numbers OFFSET:PADDR:SIZE.", arg);
	if (!ret->size)
		return derr_set(err, -EINVAL, "--map %s: the size is 0.", arg);
	if (__builtin_add_overflow(ret->start, ret->size, &end) || __builtin_add_overflow(ret->offset, ret->size, &end))
		return derr_set(err, -ERANGE, "--map %s: the range ends beyond the largest address.", arg);
	return 0;
}
