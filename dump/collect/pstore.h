/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a log that the kernel's pstore kept over a reset, in RAM (ramoops) or elsewhere; dumps of that alone. */
#ifndef PSTORE_H
#define PSTORE_H

#include "dump/log/log.h"
#include "lib/error.h"
#include "lib/strlist.h"

/* Where the kernel shows it, and where systemd-pstore.service moves it at boot. */
#define PSTORE_PATH    "/sys/fs/pstore"
#define PSTORE_ARCHIVE "/var/lib/systemd/pstore"

struct pstore_record {
	char *path;
	char *text;
	size_t size;
	uint64_t time; /* of the crash */
	bool panic;    /* the last of a kernel's */
	bool died;     /* without a word: see pstore_read_keep() */

	/* From its first line: "Panic#1 Part2" */
	char reason[LOG_REASON_MAX];
	unsigned int number, part;
	bool whole;    /* systemd-pstore has put its parts together */
	char *missing; /* what is not there of it; NULL: nothing */
};

struct pstore {
	struct pstore_record *v;
	size_t n, capacity;
	struct strlist problems; /* of records that can't be read */
};

/* Adds the crashes in a folder, which need not be there. */
void pstore_add(struct pstore *p, const char *folder);
/* Panics first: what led to one is in its log, too. */
void pstore_sort(struct pstore *p);
void pstore_clear(struct pstore *p);
void pstore_record_clear(struct pstore_record *r);

/*
 * What the next kernel shows of one that went down without a word (include/qcmd_keep.h): 1; or 0: it is something else.
 * pstore_record_clear() in any case.
 */
int pstore_read_keep(struct pstore_record *r, const char *path);

/* An ELF core with the log and nothing else. */
int pstore_write(void *record, int fd, struct derr *err); /* fits zstd_write() */

#endif
