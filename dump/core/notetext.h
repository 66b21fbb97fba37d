/* SPDX-License-Identifier: GPL-2.0-only */
/* The text of a note, which may be compressed. */
#ifndef NOTETEXT_H
#define NOTETEXT_H

#include "dump/core/elfnote.h"

/* To be freed, with a NUL behind its end; NULL: it is damaged, or has more than max bytes. */
char *notetext_read(const struct elfnote *note, size_t max, size_t *size);

/* Adds a note whose text is compressed. */
void notetext_add(struct notebuf *b, const char *name, uint32_t type, const char *text, size_t size);

#endif
