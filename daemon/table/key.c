// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/table/key.h"
#include "lib/hash.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/*
 * What a tag holds: the key, all of it, so that one layout does for each kind. It is read by the qcmdd that comes after
 * this one, which may be newer: another layout is another version, and the old one is still read. Regions of a qcmdd
 * from before there were tags are removed and added anew.
 */
#define TAG_VERSION 1
struct tag {
	uint8_t version;
	uint8_t kind; /* struct region_traits.tag */
	uint32_t number;
	uint64_t start;
	uint64_t address;
	char what[REGION_WHAT_SIZE];
} __attribute__((packed));
_Static_assert(sizeof(struct tag) == QCOM_MINIDUMP_TAG_MAX, "all of a tag is used");

int region_key_compare(const struct region_key *a, const struct region_key *b)
{
	return COMPARE(a->kind, b->kind)	       ?:
		       COMPARE(a->pid, b->pid)	       ?:
		       COMPARE(a->address, b->address) ?:
		       COMPARE(a->start, b->start)     ?:
							 memcmp(a->what, b->what, sizeof(a->what));
}

void region_key_set_what(struct region_key *key, const char *format, ...)
{
	char text[512];
	uint64_t hash;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	memset(key->what, 0, sizeof(key->what));
	memcpy(key->what, text, strnlen(text, sizeof(key->what)));
	if (strlen(text) < sizeof(key->what))
		return;
	/* Whoever writes policies has no reason to look for two texts with the same one. */
	hash = hash_add(HASH_START, text, strlen(text));
	memcpy(key->what + sizeof(key->what) - sizeof(hash), &hash, sizeof(hash));
	key->what[sizeof(key->what) - sizeof(hash) - 1] = '\0';
}

bool region_key_of_own(const struct module_region *region, struct region_key *ret)
{
	enum region_kind kind = 0;

	if (region->owner || region->pid || (!region->object[0] && !region->part))
		return false;
	while (kind < _REGION_KIND_MAX &&
	       (region->part ? !region_traits[kind].current || region_traits[kind].part != region->part :
			       !region_traits[kind].object))
		kind++;
	*ret = (struct region_key){ .kind = kind, .cpu = region->cpu };
	region_key_set_what(ret, "%s", region->object);
	return kind < _REGION_KIND_MAX;
}

struct module_tag region_key_to_tag(const struct region_key *key)
{
	struct module_tag ret = { .size = sizeof(struct tag) };
	struct tag tag = {
		.version = TAG_VERSION,
		.kind = region_traits[key->kind].tag,
		.number = key->pid,
		.start = key->start,
		.address = key->address,
	};

	memcpy(tag.what, key->what, sizeof(tag.what));
	memcpy(ret.bytes, &tag, sizeof(tag));
	return ret;
}

bool region_key_from_tag(const struct module_tag *from, struct region_key *ret)
{
	struct tag tag;

	memcpy(&tag, from->bytes, sizeof(tag));
	if (from->size != sizeof(tag) || tag.version != TAG_VERSION || !memchr(tag.what, '\0', sizeof(tag.what)))
		return false;
	*ret = (struct region_key){ .pid = tag.number, .start = tag.start, .address = tag.address };
	memcpy(ret->what, tag.what, sizeof(ret->what));
	while (ret->kind < _REGION_KIND_MAX && region_traits[ret->kind].tag != tag.kind)
		ret->kind++;
	return ret->kind < _REGION_KIND_MAX;
}
