/* SPDX-License-Identifier: GPL-2.0-only */
/* Text of a dump in a page: whatever it is, it stays text. */
#ifndef HTML_H
#define HTML_H

#include <stddef.h>
#include <stdio.h>

void html_text(FILE *out, const char *s, size_t n);

#endif
