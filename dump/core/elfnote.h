/* SPDX-License-Identifier: GPL-2.0-only */
/* ELF notes: walked in a buffer that nobody vouches for, or put together. */
#ifndef ELFNOTE_H
#define ELFNOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VMCOREINFO_NAME "VMCOREINFO"

struct elfnote {
	const char *name; /* not terminated */
	size_t name_size; /* with its NUL */
	const char *desc;
	size_t desc_size;
	uint32_t type;
	const char *start; /* of the whole note */
	size_t size;	   /* of the whole note, padding included where it is there */
};

/* The note at *pos; advances *pos. False at the end and at the first thing that is no note. */
bool elfnote_next(const char *buf, size_t size, size_t *pos, struct elfnote *note);

/* The first one with that name and type. */
bool elfnote_find(const char *buf, size_t size, const char *name, uint32_t type, struct elfnote *note);

/* The name is this, with or without its NUL. */
bool elfnote_is(const struct elfnote *note, const char *name, uint32_t type);

/*
 * VMCOREINFO, as a region of its own: the note, or its text alone, which kernels leave whose ELF header holds the head
 * of the note.
 */
bool elfnote_vmcoreinfo(const char *buf, size_t size, struct elfnote *note);

struct notebuf {
	char *data;
	size_t size;
	size_t capacity;
};

void notebuf_add(struct notebuf *b, const char *name, uint32_t type, const void *desc, size_t size);
void notebuf_clear(struct notebuf *b);

#endif
