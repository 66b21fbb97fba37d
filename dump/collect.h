/* SPDX-License-Identifier: GPL-2.0-only */
/* From a memory image to an ELF core of the regions in its minidump table. */
#ifndef COLLECT_H
#define COLLECT_H

#include "elfnote.h"
#include "layout.h"

#define COLLECT_BACKEND		"ram"

struct collect_options {
	const struct range *maps;
	size_t n_maps;
	const uint64_t *table;	/* physical address that the user named, or NULL */
};

struct collection {
	struct image img;
	struct toc toc;
	struct kv vmcoreinfo;
	struct kmap kmap;
	struct layout layout;
	struct notebuf notes;
	uint64_t ram;		/* bytes of memory in the source */
};

/* Everything but writing. collection_clear() in any case. */
int collect_prepare(struct collection *c, const char *path, const struct collect_options *o, struct derr *err);
int collect_write(struct collection *c, int fd, struct derr *err);
void collection_clear(struct collection *c);

#endif
