/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes what boot firmware leaves of a machine of dump-image.h: a folder of md_*.BIN files, or a rawdump partition. As
 * that, without qcmdump's code.
 */
#ifndef DUMP_FIRMWARE_H
#define DUMP_FIRMWARE_H

#include "dump-image.h"

#define DF_PIECES 80

struct df_piece {
	char file[40];
	uint8_t *data;
	uint64_t size;	  /* of data */
	uint64_t claimed; /* in the section header */
	uint64_t paddr;
	uint32_t flags, type;
};

struct df {
	struct df_piece v[DF_PIECES];
	unsigned int n;

	/* The header of the rawdump */
	char magic[9];
	uint32_t version, flags, sections; /* sections 0: the real number */
	uint64_t dump_size, required;	   /* 0: the real size */

	char path[64]; /* of what was written last */
};

/*
 * One piece for each slot of a finished machine, called md_NAME.BIN, md_NAME_1.BIN, ... Gives the machine's ELF header
 * the section headers that the module's has; or, with df_init_unnumbered(), other kernels'.
 */
void df_init(struct df *f, struct di *d);
void df_init_unnumbered(struct df *f, struct di *d);
void df_done(struct df *f);

struct df_piece *df_add(struct df *f, const char *file, const void *data, uint64_t size, uint64_t paddr);
struct df_piece *df_find(struct df *f, const char *file);
void df_drop(struct df *f, const char *file);

/* In addition to the pieces: load.cmm; dump_info.txt; a binary table of the Sahara protocol. */
enum df_places { DF_NONE, DF_CMM, DF_DUMP_INFO, DF_SAHARA };

/* Into a new folder, f->path. df_remove() removes it. */
void df_folder(struct df *f, enum df_places places);
void df_put(const struct df *f, const char *file, const void *data, uint64_t size);

/* Into a new file, f->path, or to the end of the one that is there, at a multiple of 512 bytes. Returns where. */
uint64_t df_rawdump(struct df *f, const char *append_to);
void df_remove(const struct df *f);

#endif
