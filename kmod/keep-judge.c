// SPDX-License-Identifier: GPL-2.0-only
#ifdef __KERNEL__
#include <linux/siphash.h>
#include <linux/string.h>
#endif

#include "keep-judge.h"

__u64 qmd_keep_hash_of(const struct qcmd_keep *keep, const void *data, size_t size)
{
	/* No copy of the number: stacks are saved in dumps, and it is to be in none. */
	return siphash(data, size, (const siphash_key_t *)keep->number);
}

__u64 qmd_keep_hash(const struct qcmd_keep *keep)
{
	return qmd_keep_hash_of(keep, keep, offsetof(struct qcmd_keep, hash));
}

__u64 qmd_keep_seal(const struct qcmd_keep *keep)
{
	const size_t start = offsetof(struct qcmd_keep, end);

	return qmd_keep_hash_of(keep, (const char *)keep + start, struct_size(keep, piece, keep->pieces) - start);
}

struct qcmd_keep_tail *qmd_keep_tail(const struct qcmd_keep *keep)
{
	return (void *)keep + keep->size - QCMD_KEEP_TAIL;
}

__u64 qmd_keep_tail_hash(const struct qcmd_keep *keep, const struct qcmd_keep_tail *tail)
{
	return qmd_keep_hash_of(keep, &tail->time, struct_size(tail, text, tail->size) - sizeof(tail->hash));
}

bool qmd_keep_is(const struct qcmd_keep *keep, __u64 self, const __u64 number[2])
{
	static const char magic[sizeof(keep->magic)] = QCMD_KEEP_MAGIC;

	return !memcmp(keep->magic, magic, sizeof(magic)) && keep->self == self &&
	       !memcmp(keep->number, number, sizeof(keep->number)) && keep->hash == qmd_keep_hash(keep) &&
	       keep->size >= sizeof(*keep) + QCMD_KEEP_TAIL && keep->size <= QCMD_KEEP_MAX &&
	       !(keep->size % sizeof(keep->size));
}

bool qmd_keep_is_sealed(const struct qcmd_keep *keep)
{
	return keep->end <= keep->size - QCMD_KEEP_TAIL && struct_size(keep, piece, keep->pieces) <= keep->end &&
	       keep->seal == qmd_keep_seal(keep);
}

bool qmd_keep_is_clean(const struct qcmd_keep *keep)
{
	return !keep->end && !keep->pieces && keep->seal == qmd_keep_seal(keep);
}

const struct qcmd_keep_tail *qmd_keep_tail_of(const struct qcmd_keep *keep)
{
	const struct qcmd_keep_tail *tail = qmd_keep_tail(keep);

	return tail->size <= QCMD_KEEP_TAIL - sizeof(*tail) && tail->hash == qmd_keep_tail_hash(keep, tail) ? tail :
													      NULL;
}

bool qmd_keep_is_intact(const struct qcmd_keep *keep, const struct qcmd_keep_piece *piece)
{
	return piece->offset >= struct_size(keep, piece, keep->pieces) && piece->offset <= keep->end &&
	       piece->size <= keep->end - piece->offset &&
	       piece->hash == qmd_keep_hash_of(keep, (const char *)keep + piece->offset, piece->size);
}
