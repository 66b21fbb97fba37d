/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of which file was where in memory, as they lie beside md_*.BIN files. Three kinds are known:
 *
 *	load.cmm	from the firmware itself, for a debugger: lines "d.load.binary FILE ADDRESS ..."
 *	dump_info.txt	from QPST, and from scripts that split a rawdump: lines "1 ADDRESS SIZE REGION FILE"
 *	any other file	the table of the Sahara protocol as the host got it: entries of 64 bytes, told by their content
 *
 * The order of files in a table is that in which they were written.
 */
#ifndef PLACES_H
#define PLACES_H

#include "dump/image/pieces.h"

/* qdl takes no larger one */
#define PLACES_FILE_MAX (64 * KIB)

/* A file of the folder that is no piece: gives the pieces that it lists their addresses. */
void places_read(const char *file, const char *data, size_t size, struct pieces *pieces);

#endif
