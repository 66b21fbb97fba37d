// SPDX-License-Identifier: GPL-2.0-only
/* Sizes of the kernel's types and offsets of members, by its BTF, which is loaded when a type is asked for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/source/ktypes.h"
#include "daemon/source/symbol-private.h"

static struct symbol_type *known_type(const struct symbol_reader *r, const char *name)
{
	for (size_t i = 0; i < r->n_types; i++)
		if (!strcmp(r->types[i].name, name))
			return &r->types[i];
	return NULL;
}

static const struct btf *open_types(struct symbol_reader *r, struct symbol_place *place)
{
	const struct btf *btf = r->no_types.error ? NULL : ktypes_get();

	if (!btf && !r->no_types.error)
		symbol_fail(&r->no_types, -EIO, "the kernel's type information (BTF) can't be read");
	if (!btf)
		*place = r->no_types;
	return btf;
}

static void look_up_type(const struct btf *btf, struct symbol_type *type, const char *name, const char *member)
{
	const struct btf_type *t = strchr(name, ' ') ? ktype_find(btf, name) : ktype_of_variable(btf, name);
	struct ktype_place place = {};

	if (!t || (member && (!ktype_member(btf, t, member, &place) || place.is_bitfield)))
		return;
	type->found = true;
	type->size = t->size;
	type->offset = place.offset / 8;
}

bool symbol_type(struct symbol_reader *r, const char *name, const char *member, struct symbol_type *ret,
		 struct symbol_place *place)
{
	struct symbol_type type = {}, *known, *types;
	const struct btf *btf;

	snprintf(type.name, sizeof(type.name), "%s%s%s", name, member ? "." : "", member ?: "");
	known = known_type(r, type.name);
	if (!known) {
		btf = open_types(r, place);
		if (!btf)
			return false;
		types = reallocarray(r->types, r->n_types + 1, sizeof(*types));
		if (!types)
			return symbol_fail(place, -ENOMEM, "out of memory");
		r->types = types;
		look_up_type(btf, &type, name, member);
		known = &r->types[r->n_types++];
		*known = type;
	}
	*ret = *known;
	return known->found ? true : symbol_fail(place, -ENXIO, "this kernel has no %s", type.name);
}
