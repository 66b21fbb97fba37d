/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What boot firmware left of a minidump: pieces with names like md_KLOGBUF.BIN, which are files of a folder or sections
 * of a rawdump partition. Each holds one region; the ELF header among them says where that was in memory.
 */
#ifndef PIECES_H
#define PIECES_H

#include "dump/core/kelf.h"

/* Firmware has room for some hundreds. */
#define PIECES_MAX 8192

/* A region's name, and a number behind it */
#define PIECE_NAME_SIZE (REGION_NAME_SIZE + 8)

/* "md_2d_": the two hexadecimal digits of a virtual machine whose regions these are */
#define PIECE_VM_SIZE 3

struct piece {
	char *file;		    /* as firmware called it */
	char name[PIECE_NAME_SIZE]; /* of the region, maybe with a number; "": not named like one */
	char vm[PIECE_VM_SIZE];	    /* "": the machine itself */
	uint64_t offset;	    /* where its bytes are in the source, see image_read_at() */
	uint64_t size;		    /* how many are there */
	uint64_t expected;	    /* how many firmware says it has */
	uint64_t paddr;
	bool has_paddr; /* firmware says where it was */
	bool used;
};

struct pieces {
	struct piece *v;
	size_t n;
	size_t capacity;
	size_t ignored; /* beyond PIECES_MAX */
};

/* file need not be terminated. NULL: there are too many. */
struct piece *pieces_add(struct pieces *p, const char *file, size_t max);
void pieces_clear(struct pieces *p);

/* In the order of names and numbers. */
void pieces_sort(struct pieces *p);

/* Named like a region, and of this virtual machine. */
bool piece_is_region(const struct piece *p, const char *vm);

/* Has this name; or this one and a number: NAME1, NAME_1. Files may have lost the case of their names on the way. */
bool piece_has_name(const struct piece *p, const char *name);
bool piece_has_numbered_name(const struct piece *p, const char *name);

/* That number; or 0. */
uint32_t piece_number(const struct piece *p, const char *name);

/* The ELF header */
bool piece_is_header(const struct piece *p);

#endif
