/* SPDX-License-Identifier: GPL-2.0-only */
/* What tells one crash from another: the saved memory itself, wherever it was collected from and when. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "dump/collect/collect.h"

#define IDENTITY_TEXT 17 /* 16 hexadecimal digits */

/* The dump that is written of a collection has the identity of the collection. */
void identity_of_collection(const struct collection *c, char ret[static IDENTITY_TEXT]);
void identity_of_text(const char *text, size_t size, char ret[static IDENTITY_TEXT]);

#endif
