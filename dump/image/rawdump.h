/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what boot firmware wrote to a "rawdump" partition. */
#ifndef RAWDUMP_H
#define RAWDUMP_H

#include "dump/image/image.h"
#include "qcmd_rawdump.h"

/* A dump starts the file. */
bool rawdump_detect(int fd, uint64_t size);

/* Fills in img->pieces and img->phys from one of the dumps; dump 0: the first that is complete. */
int rawdump_map(struct image *img, unsigned int dump, struct derr *err);

/* For --list */
#define RAWDUMPS_MAX 64

struct rawdump {
	uint64_t at; /* in the file */
	struct rawdump_header header;
	bool wiped; /* somebody copied it and marked it as done */
};

/* "complete", "not enough room", "not finished" or "damaged" */
const char *rawdump_state(const struct rawdump *d);

/* How many there are (at most RAWDUMPS_MAX); or a negative errno. */
int rawdump_list(int fd, const char *path, uint64_t size, struct rawdump dumps[static RAWDUMPS_MAX], struct derr *err);

#endif
