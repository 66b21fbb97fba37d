/* SPDX-License-Identifier: GPL-2.0-only */
/* Which records of a log somebody wants to see. */
#ifndef LOGFILTER_H
#define LOGFILTER_H

#include "dump/log/prb.h"

struct log_filter {
	uint8_t levels; /* a bit for each; 0: all */
	bool has_since;
	bool before_last; /* since_us is so long before the last record */
	uint64_t since_us;
	bool has_caller;
	uint32_t caller; /* as in struct prb_record */
};

/* What options say: "warn", "err,info+"; "12.5", "-0.1"; "T712", "C1". 0 or -EINVAL. */
int log_filter_levels(struct log_filter *f, const char *arg);
int log_filter_since(struct log_filter *f, const char *arg);
int log_filter_caller(struct log_filter *f, const char *arg);

/* To be called before the first question: looks where the log ends, and whether it tells what the filter asks. */
int log_filter_prepare(struct log_filter *f, const struct log *log, struct derr *err);
bool log_filter_wants(const struct log_filter *f, const struct prb_record *r);

#endif
