// SPDX-License-Identifier: GPL-2.0-only
#ifdef __KERNEL__
#include <linux/siphash.h>
#include <linux/string.h>
#endif

#include "keep-judge.h"

__u64 qmd_keep_hash_of(const struct qcmd_keep *keep, const void *data, size_t size)
{
	const siphash_key_t key = { { keep->number[0], keep->number[1] } };

	return siphash(data, size, &key);
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

bool qmd_keep_is(const struct qcmd_keep *keep, __u64 self, const __u64 number[2])
{
	static const char magic[sizeof(keep->magic)] = QCMD_KEEP_MAGIC;

	return !memcmp(keep->magic, magic, sizeof(magic)) && keep->self == self &&
	       !memcmp(keep->number, number, sizeof(keep->number)) && keep->hash == qmd_keep_hash(keep) &&
	       keep->size >= sizeof(*keep) && keep->size <= QCMD_KEEP_MAX;
}

bool qmd_keep_is_sealed(const struct qcmd_keep *keep)
{
	return keep->end <= keep->size && struct_size(keep, piece, keep->pieces) <= keep->end &&
	       keep->seal == qmd_keep_seal(keep);
}

bool qmd_keep_is_intact(const struct qcmd_keep *keep, const struct qcmd_keep_piece *piece)
{
	return piece->offset >= struct_size(keep, piece, keep->pieces) && piece->offset <= keep->end &&
	       piece->size <= keep->end - piece->offset &&
	       piece->hash == qmd_keep_hash_of(keep, (const char *)keep + piece->offset, piece->size);
}
