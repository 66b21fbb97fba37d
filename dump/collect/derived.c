// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "dump/collect/derived.h"
#include "lib/alloc.h"

char *made_add(struct made_list *l, uint64_t vaddr, uint64_t paddr, uint64_t size)
{
	l->v = xgrow(l->v, &l->capacity, l->n + 1, sizeof(*l->v));
	l->v[l->n] = (struct made){ vaddr, paddr, size, xcalloc(size, 1) };
	return l->v[l->n++].data;
}

uint64_t made_end(const struct made_list *l, uint64_t end)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].paddr + l->v[i].size > end)
			end = l->v[i].paddr + l->v[i].size;
	return end;
}

void made_clear(struct made_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].data);
	free(l->v);
	strlist_clear(&l->what);
	*l = (struct made_list){ 0 };
}

void made_read(const struct made_list *l, uint64_t paddr, char *buf, size_t size)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct made *m = &l->v[i];
		uint64_t from = m->paddr > paddr ? m->paddr : paddr;
		uint64_t to = m->paddr + m->size < paddr + size ? m->paddr + m->size : paddr + size;

		if (from < to)
			memcpy(buf + (from - paddr), m->data + (from - m->paddr), to - from);
	}
}
