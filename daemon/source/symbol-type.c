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

static void look_up_type(struct symbol_type *type, const char *name, const char *member)
{
	const struct btf *btf = ktypes_get();
	const struct btf_type *t = NULL;
	struct ktype_place place = {};

	if (btf)
		t = strchr(name, ' ') ? ktype_find(btf, name) : ktype_of_variable(btf, name);
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

	snprintf(type.name, sizeof(type.name), "%s%s%s", name, member ? "." : "", member ?: "");
	known = known_type(r, type.name);
	if (!known) {
		types = reallocarray(r->types, r->n_types + 1, sizeof(*types));
		if (!types)
			return symbol_fail(place, -ENOMEM, "out of memory");
		r->types = types;
		look_up_type(&type, name, member);
		known = &r->types[r->n_types++];
		*known = type;
	}
	*ret = *known;
	return known->found ? true : symbol_fail(place, -ENXIO, "this kernel has no %s", type.name);
}
