// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/core/keyval.h"
#include "lib/alloc.h"

#define KEY_MAX 128

void kv_parse(struct kv *kv, const char *text, size_t size)
{
	size_t capacity = 0;
	char *line, *next;

	*kv = (struct kv){ .text = xstrndup(text, size) };
	for (line = kv->text; line < kv->text + size && kv->n < KV_PAIRS_MAX; line = next) {
		char *end = memchr(line, '\n', kv->text + size - line);
		char *eq;

		if (!end)
			end = kv->text + size;
		*end = '\0';
		next = end + 1;
		eq = strchr(line, '=');
		if (!eq)
			continue;
		*eq = '\0';
		kv->pairs = xgrow(kv->pairs, &capacity, kv->n + 1, sizeof(*kv->pairs));
		kv->pairs[kv->n++] = (struct kv_pair){ line, eq + 1 };
	}
}

void kv_clear(struct kv *kv)
{
	free(kv->text);
	free(kv->pairs);
	*kv = (struct kv){ 0 };
}

const char *kv_get(const struct kv *kv, const char *key)
{
	for (size_t i = 0; i < kv->n; i++)
		if (!strcmp(kv->pairs[i].key, key))
			return kv->pairs[i].value;
	return NULL;
}

const struct kv_pair *kv_next(const struct kv *kv, const char *prefix, size_t *pos)
{
	while (*pos < kv->n) {
		const struct kv_pair *p = &kv->pairs[(*pos)++];

		if (!strncmp(p->key, prefix, strlen(prefix)))
			return p;
	}
	return NULL;
}

bool kv_argument(const char *key, const char **arg, size_t *len)
{
	const char *open = strchr(key, '('), *close = strrchr(key, ')');

	if (!open || !close || close < open || close[1])
		return false;
	*arg = open + 1;
	*len = close - open - 1;
	return true;
}

static int kv_parse_number(const char *s, int base, uint64_t *ret)
{
	char *end;

	if (!*s || *s == ' ' || *s == '+' || (base == 16 && *s == '-'))
		return -EINVAL;
	errno = 0;
	/* NUMBER(phys_base) is signed: a negative number keeps its two's complement. */
	*ret = *s == '-' ? (uint64_t)strtoll(s, &end, base) : strtoull(s, &end, base);
	if (errno || *end)
		return -EINVAL;
	return 0;
}

static int kv_wrapped(const struct kv *kv, const char *kind, const char *name, int base, uint64_t *ret)
{
	char key[KEY_MAX];
	const char *value;

	snprintf(key, sizeof(key), "%s(%s)", kind, name);
	value = kv_get(kv, key);
	if (!value)
		return -ENOENT;
	if (!base)
		base = !strncmp(value, "0x", 2) ? 16 : 10;
	return kv_parse_number(value, base, ret);
}

int kv_symbol(const struct kv *kv, const char *name, uint64_t *ret)
{
	return kv_wrapped(kv, "SYMBOL", name, 16, ret);
}

int kv_size(const struct kv *kv, const char *name, uint64_t *ret)
{
	return kv_wrapped(kv, "SIZE", name, 10, ret);
}

int kv_offset(const struct kv *kv, const char *name, uint64_t *ret)
{
	return kv_wrapped(kv, "OFFSET", name, 10, ret);
}

int kv_number(const struct kv *kv, const char *name, uint64_t *ret)
{
	return kv_wrapped(kv, "NUMBER", name, 0, ret);
}

int kv_bits(const struct kv *kv, const char *name, uint64_t *offset, uint64_t *width, bool *is_signed)
{
	char key[KEY_MAX];
	const char *value;
	int end = 0;

	snprintf(key, sizeof(key), "BITS(%s)", name);
	value = kv_get(kv, key);
	if (!value)
		return -ENOENT;
	/* sscanf() takes blanks and signs as part of a number. */
	if (value[strcspn(value, "+- \t\n\v\f\r")] ||
	    sscanf(value, "%9" SCNu64 ":%9" SCNu64 "%n", offset, width, &end) != 2)
		return -EINVAL;
	*is_signed = value[end] == 's';
	return value[end + *is_signed] ? -EINVAL : 0;
}
