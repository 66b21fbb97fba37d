// SPDX-License-Identifier: GPL-2.0-only
#include <malloc.h>
#include <string.h>

#include "daemon/source/ktypes.h"

#define NESTING_MAX 8 /* anonymous structures in each other */

static struct btf *kernel; /* while it is needed */

const struct btf *ktypes_get(void)
{
	if (!kernel)
		kernel = btf__load_vmlinux_btf();
	return kernel;
}

void ktypes_rest(void)
{
	if (!kernel)
		return;
	btf__free(kernel);
	kernel = NULL;
	malloc_trim(0);
}

static const struct btf_type *skip_modifiers(const struct btf *btf, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t)))
		t = btf__type_by_id(btf, t->type);
	return t;
}

static struct ktype_place place_of(const struct btf *btf, const struct btf_type *t, int i)
{
	const struct btf_type *type = skip_modifiers(btf, btf_members(t)[i].type);
	unsigned int bits = btf_member_bitfield_size(t, i);
	__s64 size = btf__resolve_size(btf, btf_members(t)[i].type);

	return (struct ktype_place){
		.offset = btf_member_bit_offset(t, i),
		.width = bits || size < 0 ? bits : size * 8,
		.is_bitfield = bits,
		.is_signed = type && btf_is_int(type) && btf_int_encoding(type) & BTF_INT_SIGNED,
	};
}

static bool find_member(const struct btf *btf, const struct btf_type *t, const char *name, int depth,
			struct ktype_place *ret)
{
	const struct btf_member *m = btf_members(t);

	for (int i = 0; i < btf_vlen(t); i++) {
		const char *member = btf__name_by_offset(btf, m[i].name_off);
		const struct btf_type *inner;

		if (member && !strcmp(member, name)) {
			*ret = place_of(btf, t, i);
			return true;
		}
		if ((member && *member) || depth == NESTING_MAX)
			continue;
		inner = skip_modifiers(btf, m[i].type);
		if (inner && btf_is_composite(inner) && find_member(btf, inner, name, depth + 1, ret)) {
			ret->offset += btf_member_bit_offset(t, i);
			return true;
		}
	}
	return false;
}

bool ktype_member(const struct btf *btf, const struct btf_type *t, const char *name, struct ktype_place *ret)
{
	return find_member(btf, t, name, 0, ret);
}

const struct btf_type *ktype_find(const struct btf *btf, const char *name)
{
	bool is_union = !strncmp(name, "union ", 6);
	const char *blank = strchr(name, ' ');
	__s32 id = btf__find_by_name_kind(btf, blank ? blank + 1 : name, is_union ? BTF_KIND_UNION : BTF_KIND_STRUCT);
	const struct btf_type *t;

	if (id < 0 && !blank)
		id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	t = id < 0 ? NULL : skip_modifiers(btf, id);
	return t && btf_is_composite(t) ? t : NULL;
}

const struct btf_type *ktype_of_variable(const struct btf *btf, const char *name)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_VAR);
	const struct btf_type *t = id < 0 ? NULL : skip_modifiers(btf, btf__type_by_id(btf, id)->type);

	return t && btf_is_composite(t) ? t : NULL;
}
