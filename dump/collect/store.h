/* SPDX-License-Identifier: GPL-2.0-only */
/* The folder of the dumps of this machine's crashes: what they are called, which were collected, which have to go. */
#ifndef STORE_H
#define STORE_H

#include "dump/collect/identity.h"

#define STORE_PATH "/var/lib/qcmd/dumps"

/* TIME-ID.elf or TIME-ID.elf.zst: by name is by time. */
struct stored_dump {
	char *name;
	char id[IDENTITY_TEXT];
	uint64_t size; /* on the disk */
};

struct store {
	char *path;
	int dir;
	struct stored_dump *v; /* the oldest first */
	size_t n;
	size_t capacity;
	struct kv known; /* identities of what was collected at any time */
};

struct store_limits {
	uint64_t max_use;
	uint64_t keep_free;
	uint64_t max_dumps;
};

/* change: for the one who changes it; another one who wants to has to wait. */
int store_open(struct store *s, const char *path, bool change, struct derr *err);
void store_close(struct store *s);

/* By identity, the beginning of one, or "latest". */
const struct stored_dump *store_find(const struct store *s, const char *what, struct derr *err);
char *store_path(const struct store *s, const struct stored_dump *d); /* to be freed */

/* Was it collected, even if it is not there any more? */
bool store_knows(const struct store *s, const char *id);
/* From then on it is in the list. */
int store_remember(struct store *s, const char *id, struct derr *err);

/* The whole path of a new dump, to be freed. */
char *store_new_path(const struct store *s, const char *id, uint64_t seconds, bool zstd);

/*
 * Removes the oldest dumps until one of that size fits, which is on the disk already but has no name yet. Removes none
 * if that would be in vain.
 */
int store_make_room(struct store *s, uint64_t size, const struct store_limits *limits, struct derr *err);

/* What write writes becomes a dump of that name, within the limits. */
int store_save(struct store *s, const char *path, bool zstd, int (*write)(void *data, int fd, struct derr *err),
	       void *data, const struct store_limits *limits, struct derr *err);

#endif
