// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/collect/identity.h"
#include "lib/hash.h"

#define CHUNK (64 * KIB)

typedef int (*read_fn)(const void *source, uint64_t paddr, void *buf, size_t size);

static void hash_text(uint64_t hash, char ret[static IDENTITY_TEXT])
{
	snprintf(ret, IDENTITY_TEXT, "%016" PRIx64, hash);
}

void identity_of_text(const char *text, size_t size, char ret[static IDENTITY_TEXT])
{
	hash_text(hash_add(HASH_START, text, size), ret);
}

/* What can't be read counts as it is: as something that is missing. */
static uint64_t add_region(uint64_t hash, const struct region *r, read_fn read, const void *source, char *buf)
{
	hash = hash_add(hash, r->name, strlen(r->name) + 1);
	hash = hash_add(hash, &r->paddr, sizeof(r->paddr));
	hash = hash_add(hash, &r->size, sizeof(r->size));
	for (uint64_t done = 0, n; done < r->size; done += n) {
		n = r->size - done < CHUNK ? r->size - done : CHUNK;
		if (read(source, r->paddr + done, buf, n) < 0)
			break;
		hash = hash_add(hash, buf, n);
	}
	return hash;
}

static void identity_of(const struct region *v, size_t n, read_fn read, const void *source,
			char ret[static IDENTITY_TEXT])
{
	_cleanup_free_ char *buf = xcalloc(CHUNK, 1);
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < n; i++)
		hash = add_region(hash, &v[i], read, source, buf);
	hash_text(hash, ret);
}

static int read_image(const void *source, uint64_t paddr, void *buf, size_t size)
{
	return image_read(source, paddr, buf, size);
}

void identity_of_collection(const struct collection *c, char ret[static IDENTITY_TEXT])
{
	identity_of(c->toc.regions, c->toc.n_regions, read_image, &c->img, ret);
}

static int read_core(const void *source, uint64_t paddr, void *buf, size_t size)
{
	const struct corefile *core = source;

	return rangemap_read(&core->phys, core->fd, paddr, buf, size);
}

void identity_of_core(const struct corefile *core, char ret[static IDENTITY_TEXT])
{
	identity_of(core->regions, core->n_regions, read_core, core, ret);
}
