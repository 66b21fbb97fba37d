// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/log/logfilter.h"

/* As dmesg(1) calls them, by number */
static const char *const level_names[] = { "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug" };

/* One name of a list, of n bytes: the bits that it stands for, 0 if it is none. */
static uint8_t level_bits(const char *name, size_t n, bool alone)
{
	bool and_above = n && name[n - 1] == '+';

	n -= and_above;
	for (unsigned int i = 0; i < ARRAY_LEN(level_names); i++) {
		if (strlen(level_names[i]) != n || memcmp(level_names[i], name, n))
			continue;
		return and_above || alone ? (2U << i) - 1 : 1U << i;
	}
	return 0;
}

int log_filter_levels(struct log_filter *f, const char *arg)
{
	bool alone = !strchr(arg, ',');

	f->levels = 0;
	for (;;) {
		size_t n = strcspn(arg, ",");
		uint8_t bits = level_bits(arg, n, alone);

		if (!bits)
			return -EINVAL;
		f->levels |= bits;
		if (!arg[n])
			return 0;
		arg += n + 1;
	}
}

int log_filter_since(struct log_filter *f, const char *arg)
{
	f->has_since = true;
	f->before_last = *arg == '-';
	return parse_decimal(arg + f->before_last, 1e6, &f->since_us);
}

int log_filter_caller(struct log_filter *f, const char *arg)
{
	uint64_t n;

	if ((*arg != 'T' && *arg != 'C') || parse_size(arg + 1, &n) < 0 || n >= PRB_CALLER_CPU)
		return -EINVAL;
	f->has_caller = true;
	f->caller = (uint32_t)n | (*arg == 'C' ? PRB_CALLER_CPU : 0);
	return 0;
}

int log_filter_prepare(struct log_filter *f, const struct log *log, struct derr *err)
{
	/* Of a log without records nothing is missing. */
	static const struct prb_record none = { .has_level = true, .has_caller = true };
	const struct prb_record *last = log->n ? &log->v[log->n - 1] : &none;
	uint64_t last_us = last->ts_nsec / 1000;

	if (f->levels && !last->has_level)
		return derr_set(err, -ENOENT,
				"The levels of the records are not known: the dump has no note in which qcmdd says "
				"where the kernel keeps them. Leave out --level.");
	if (f->has_caller && !last->has_caller)
		return derr_set(err, -ENOENT,
				"This kernel does not record callers: VMCOREINFO has no OFFSET(printk_info.caller_id). "
				"Leave out --follow-caller.");
	if (f->before_last)
		f->since_us = last_us > f->since_us ? last_us - f->since_us : 0;
	return 0;
}

bool log_filter_wants(const struct log_filter *f, const struct prb_record *r)
{
	/* Times are compared as they are shown. */
	if (f->has_since && r->ts_nsec / 1000 < f->since_us)
		return false;
	if (f->has_caller && r->caller != f->caller)
		return false;
	return !f->levels || (r->level < ARRAY_LEN(level_names) && f->levels >> r->level & 1);
}
