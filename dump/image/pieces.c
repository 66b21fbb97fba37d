// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "dump/image/pieces.h"

#define PREFIX "md_"
#define SUFFIX ".BIN"

/* md_[VM_]NAME.BIN, in any case */
static void parse_name(struct piece *p)
{
	size_t n = strlen(p->file), skip = strlen(PREFIX), end = strlen(SUFFIX);

	if (n <= skip + end || strncasecmp(p->file, PREFIX, skip) || strcasecmp(p->file + n - end, SUFFIX))
		return;
	n -= end;
	if (n - skip > PIECE_VM_SIZE && isxdigit((unsigned char)p->file[skip]) &&
	    isxdigit((unsigned char)p->file[skip + 1]) && p->file[skip + 2] == '_') {
		p->vm[0] = tolower((unsigned char)p->file[skip]);
		p->vm[1] = tolower((unsigned char)p->file[skip + 1]);
		skip += PIECE_VM_SIZE;
	}
	/* A name with a number may be longer than a region's. */
	if (n - skip < sizeof(p->name))
		memcpy(p->name, p->file + skip, n - skip);
}

struct piece *pieces_add(struct pieces *p, const char *file, size_t max)
{
	struct piece *new;

	if (p->n == PIECES_MAX) {
		p->ignored++;
		return NULL;
	}
	p->v = xgrow(p->v, &p->capacity, p->n + 1, sizeof(*p->v));
	new = &p->v[p->n++];
	*new = (struct piece){ .file = xstrndup(file, strnlen(file, max)) };
	parse_name(new);
	return new;
}

void pieces_clear(struct pieces *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].file);
	free(p->v);
	*p = (struct pieces){ 0 };
}

static int cmp_piece(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	/* By number where there is one: _2 comes before _10. */
	return strverscmp(x->file, y->file);
}

void pieces_sort(struct pieces *p)
{
	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), cmp_piece);
}

bool piece_is_region(const struct piece *p, const char *vm)
{
	return p->name[0] && !strcmp(p->vm, vm);
}

bool piece_has_name(const struct piece *p, const char *name)
{
	return name[0] && !strcasecmp(p->name, name);
}

/* The digits that are behind this name; NULL: something else is, or nothing. */
static const char *number_behind(const struct piece *p, const char *name)
{
	size_t n = strlen(name);

	if (!n || strncasecmp(p->name, name, n))
		return NULL;
	n += p->name[n] == '_';
	return p->name[n] && strspn(p->name + n, "0123456789") == strlen(p->name + n) ? p->name + n : NULL;
}

bool piece_has_numbered_name(const struct piece *p, const char *name)
{
	return number_behind(p, name);
}

uint32_t piece_number(const struct piece *p, const char *name)
{
	const char *number = number_behind(p, name);

	return number ? strtoul(number, NULL, 10) : 0;
}

bool piece_is_header(const struct piece *p)
{
	/* KELF_HEADER here, KELF_HDR in Qualcomm's kernels, KELF in patches of 2025 and 2026; qdl looks for no more. */
	return !strncasecmp(p->name, MINIDUMP_ELF_PREFIX, strlen(MINIDUMP_ELF_PREFIX));
}
