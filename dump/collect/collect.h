/* SPDX-License-Identifier: GPL-2.0-only */
/* From a memory image, or what firmware saved of one, to an ELF core of the regions in the minidump table. */
#ifndef COLLECT_H
#define COLLECT_H

#include "dump/core/cpuregs.h"
#include "dump/core/elfnote.h"
#include "dump/core/member.h"
#include "dump/collect/layout.h"

struct guest_copy;

struct collect_options {
	struct image_options image;
	const uint64_t *table; /* physical address that the user named, or NULL */
	const char *vm;	       /* whose pieces, see firmware_read() */
};

struct collection {
	struct image img;
	struct toc toc;
	struct kv vmcoreinfo;
	struct kv kernel_note;
	struct kv keep; /* of QCMD_NOTE_KEEP */
	struct kelf kelf;
	struct kmap kmap;
	struct made_list made;
	struct layout layout;
	struct notebuf notes;
	char *registers; /* lines for the note: where those of each CPU are from */
	uint64_t ram;	 /* of memory in the source; 0: it has none but the regions */
};

/* Where the table was. */
const char *collect_backend(const struct collection *c);

/* At most max bytes of a region, to be freed; NULL: it is not there. */
char *collect_region(const struct collection *c, const char *name, size_t max, size_t *size);

/* 64 bits of a region; false: it has less. */
bool collect_word(const struct collection *c, const struct region *r, uint64_t offset, uint64_t *ret);
/* A number in a structure that is a region. */
bool collect_member(const struct collection *c, const struct region *r, const struct member *m, uint64_t *ret);

/* A note that the source itself has, where that is an ELF core. */
bool collect_source_note(const struct collection *c, const char *name, uint32_t type, struct elfnote *note);

/* Everything but writing. collection_clear() in any case. */
int collect_prepare(struct collection *c, const char *path, const struct collect_options *o, struct derr *err);
/* The same of a guest's memory; name is for people. */
int collect_guest(struct collection *c, const struct guest_copy *copy, const char *name,
		  const struct collect_options *o, struct derr *err);
/* When the machine crashed, where its kernel noted that: firmware has no clock to ask. Else now. */
uint64_t collect_time(const struct collection *c);
/* What follows from what was captured: the lines about it in the note. */
void collect_print_made(FILE *f, const struct collection *c);

int collect_write(void *collection, int fd, struct derr *err); /* fits zstd_write() */
void collection_clear(struct collection *c);

#endif
