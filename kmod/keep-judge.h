/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether what lies somewhere is a keep, and what of it is as it was written. The unit tests build this, too. */
#ifndef QCOM_MINIDUMP_KEEP_JUDGE_H
#define QCOM_MINIDUMP_KEEP_JUDGE_H

#include <qcmd_keep.h>

/* At @self was the start of a keep that was made there, by the kernel with that number: more of it may be looked at. */
bool qmd_keep_is(const struct qcmd_keep *keep, __u64 self, const __u64 number[2]);

/* Of such a one, with all of @keep->size bytes: that kernel panicked, and these are its pieces. */
bool qmd_keep_is_sealed(const struct qcmd_keep *keep);

/* Of one that is sealed: what was in that piece is here as it was written. */
bool qmd_keep_is_intact(const struct qcmd_keep *keep, const struct qcmd_keep_piece *piece);

/* Of such a one: that kernel was shut down, and nothing was left to go wrong. */
bool qmd_keep_is_clean(const struct qcmd_keep *keep);

/* Of such a one: the end of its log; NULL: it is not as it was written. */
const struct qcmd_keep_tail *qmd_keep_tail_of(const struct qcmd_keep *keep);

/* For whoever writes one: the number and what is hashed are there. */
__u64 qmd_keep_hash(const struct qcmd_keep *keep);
__u64 qmd_keep_seal(const struct qcmd_keep *keep);
__u64 qmd_keep_hash_of(const struct qcmd_keep *keep, const void *data, size_t size);
struct qcmd_keep_tail *qmd_keep_tail(const struct qcmd_keep *keep);
__u64 qmd_keep_tail_hash(const struct qcmd_keep *keep, const struct qcmd_keep_tail *tail);

#endif
