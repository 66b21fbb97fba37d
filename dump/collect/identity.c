// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "dump/collect/identity.h"

#define CHUNK (64 * KIB)

/* FNV-1a: nobody gains anything by making two crashes look alike. */
static void mix(uint64_t *hash, const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ p[i]) * 0x100000001b3ULL;
}

struct hasher {
	uint64_t hash;
	int (*read)(const void *source, uint64_t paddr, void *buf, size_t size);
	const void *source;
	char *buf;
};

static void hasher_init(struct hasher *h, int (*read)(const void *, uint64_t, void *, size_t), const void *source)
{
	*h = (struct hasher){ 0xcbf29ce484222325ULL, read, source, dump_alloc(CHUNK, 1) };
}

/* What can't be read counts as it is: as something that is missing. */
static void add_region(struct hasher *h, const char *name, uint64_t paddr, uint64_t size)
{
	mix(&h->hash, name, strlen(name) + 1);
	mix(&h->hash, &paddr, sizeof(paddr));
	mix(&h->hash, &size, sizeof(size));
	for (uint64_t done = 0, n; done < size; done += n) {
		n = size - done < CHUNK ? size - done : CHUNK;
		if (h->read(h->source, paddr + done, h->buf, n) < 0)
			return;
		mix(&h->hash, h->buf, n);
	}
}

static void hasher_done(struct hasher *h, char ret[static IDENTITY_TEXT])
{
	snprintf(ret, IDENTITY_TEXT, "%016" PRIx64, h->hash);
	free(h->buf);
}

void identity_of_text(const char *text, size_t size, char ret[static IDENTITY_TEXT])
{
	struct hasher h;

	hasher_init(&h, NULL, NULL);
	mix(&h.hash, text, size);
	hasher_done(&h, ret);
}

static int read_image(const void *source, uint64_t paddr, void *buf, size_t size)
{
	return image_read(source, paddr, buf, size);
}

static int read_core(const void *source, uint64_t paddr, void *buf, size_t size)
{
	const struct corefile *core = source;

	return rangemap_read(&core->phys, core->fd, paddr, buf, size);
}

void identity_of_collection(const struct collection *c, char ret[static IDENTITY_TEXT])
{
	struct hasher h;

	hasher_init(&h, read_image, &c->img);
	for (size_t i = 0; i < c->toc.n_regions; i++)
		add_region(&h, c->toc.regions[i].name, c->toc.regions[i].paddr, c->toc.regions[i].size);
	hasher_done(&h, ret);
}

void identity_of_core(const struct corefile *core, char ret[static IDENTITY_TEXT])
{
	struct hasher h;

	hasher_init(&h, read_core, core);
	for (size_t i = 0; i < core->n_regions; i++)
		add_region(&h, core->regions[i].name, core->regions[i].paddr, core->regions[i].size);
	hasher_done(&h, ret);
}
