/* SPDX-License-Identifier: GPL-2.0-only */
/* KEY=VALUE lines: the kernel's VMCOREINFO and the QCMD notes (include/qcmd_note.h). */
#ifndef KEYVAL_H
#define KEYVAL_H

#include <stdbool.h>
#include <stdint.h>

struct kv_pair {
	const char *key;
	const char *value;
};

struct kv {
	char *text;
	struct kv_pair *pairs;
	size_t n;
};

/* Copies the text. Lines without '=' are passed over; a text of more than KV_PAIRS_MAX lines is cut there. */
#define KV_PAIRS_MAX 100000

void kv_parse(struct kv *kv, const char *text, size_t size);
void kv_clear(struct kv *kv);

/* The first value, or NULL. */
const char *kv_get(const struct kv *kv, const char *key);

/* For keys that occur more than once or have an argument: the next pair whose key starts with prefix. */
const struct kv_pair *kv_next(const struct kv *kv, const char *prefix, size_t *pos);

/* The text between the parentheses of a key; false when there is none. */
bool kv_argument(const char *key, const char **arg, size_t *len);

/* 0, -ENOENT: no such key, -EINVAL: not a number. */
int kv_symbol(const struct kv *kv, const char *name, uint64_t *ret);
int kv_size(const struct kv *kv, const char *name, uint64_t *ret);
int kv_offset(const struct kv *kv, const char *name, uint64_t *ret);
int kv_number(const struct kv *kv, const char *name, uint64_t *ret);

/* BITS(name)=offset:width, with an s behind it if it is signed */
int kv_bits(const struct kv *kv, const char *name, uint64_t *offset, uint64_t *width, bool *is_signed);

#endif
