// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>

#include "lib/alloc.h"
#include "lib/strlist.h"

void strlist_addf(struct strlist *l, const char *fmt, ...)
{
	va_list ap;

	if (l->n >= STRLIST_MAX) {
		l->left_out++;
		return;
	}
	if (!l->v)
		l->v = xcalloc(STRLIST_MAX, sizeof(*l->v));
	va_start(ap, fmt);
	if (vasprintf(&l->v[l->n], fmt, ap) < 0)
		l->left_out++;
	else
		l->n++;
	va_end(ap);
}

void strlist_move(struct strlist *to, struct strlist *from)
{
	for (size_t i = 0; i < from->n; i++)
		strlist_addf(to, "%s", from->v[i]);
	to->left_out += from->left_out;
	strlist_clear(from);
}

void strlist_clear(struct strlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strlist){ 0 };
}
