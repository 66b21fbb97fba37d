// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/collect/identity.h"
#include "lib/hash.h"

#define CHUNK (64 * KIB)

static void hash_text(uint64_t hash, char ret[static IDENTITY_TEXT])
{
	snprintf(ret, IDENTITY_TEXT, "%016" PRIx64, hash);
}

void identity_of_text(const char *text, size_t size, char ret[static IDENTITY_TEXT])
{
	hash_text(hash_add(HASH_START, text, size), ret);
}

/* What can't be read counts as it is: as something that is missing. */
static uint64_t add_region(uint64_t hash, const struct region *r, const struct image *img, char *buf)
{
	hash = hash_add(hash, r->name, strlen(r->name) + 1);
	hash = hash_add(hash, &r->paddr, sizeof(r->paddr));
	hash = hash_add(hash, &r->size, sizeof(r->size));
	for (uint64_t done = 0, n; done < r->size; done += n) {
		n = r->size - done < CHUNK ? r->size - done : CHUNK;
		if (image_read(img, r->paddr + done, buf, n) < 0)
			break;
		hash = hash_add(hash, buf, n);
	}
	return hash;
}

void identity_of_collection(const struct collection *c, char ret[static IDENTITY_TEXT])
{
	_cleanup_free_ char *buf = xcalloc(CHUNK, 1);
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < c->toc.n_regions; i++)
		hash = add_region(hash, &c->toc.regions[i], &c->img, buf);
	hash_text(hash, ret);
}
