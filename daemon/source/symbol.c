// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/source/kread.h"
#include "daemon/source/ksyms.h"
#include "daemon/source/ktypes.h"
#include "daemon/source/symbol.h"
#include "lib/strv.h"

#define PAGE	      4096
#define TRIES_MAX     5		 /* to walk a list that changes */
#define SIZE_MAX_READ (64 << 20) /* more than that in a variable is no size */

/* A structure that was looked up. */
struct type {
	char name[2 * POLICY_SYMBOL_MAX + 2]; /* "struct type" or "struct type.member" */
	uint64_t size;
	uint64_t offset; /* of the member */
	bool found;
};

struct symbol_reader {
	struct ksyms *ksyms;
	struct kread *kread;
	struct btf *btf; /* while it is needed */
	struct type *types;
	size_t n_types;
};

/* The symbols between which things are that are not what they seem. */
static const char *const borders[] = { "__init_begin", "__init_end", "__per_cpu_start", "__per_cpu_end",
				       "__per_cpu_offset" };

int symbol_reader_new(struct symbol_reader **ret)
{
	struct symbol_reader *r = calloc(1, sizeof(*r));

	if (!r || ksyms_new(&r->ksyms) < 0) {
		free(r);
		return -ENOMEM;
	}
	*ret = r;
	return 0;
}

struct symbol_reader *symbol_reader_free(struct symbol_reader *r)
{
	if (!r)
		return NULL;
	symbol_rest(r);
	ksyms_free(r->ksyms);
	kread_free(r->kread);
	free(r->types);
	free(r);
	return NULL;
}

void symbol_rest(struct symbol_reader *r)
{
	if (!r->btf)
		return;
	btf__free(r->btf);
	r->btf = NULL;
	malloc_trim(0);
}

void symbol_modules_changed(struct symbol_reader *r)
{
	ksyms_forget_modules(r->ksyms);
}

/* For a place that is none. Returns false, for the caller to pass on. */
__attribute__((format(printf, 3, 4))) static bool fail(struct symbol_place *ret, int error, const char *format, ...)
{
	va_list ap;

	*ret = (struct symbol_place){ .error = error };
	va_start(ap, format);
	vsnprintf(ret->problem, sizeof(ret->problem), format, ap);
	va_end(ap);
	return false;
}

/* Names */

static int add_all(char ***names, char *const *more)
{
	int r = 0;

	for (; more && *more && r >= 0; more++)
		r = strv_append(names, policy_symbol_name(*more));
	return r;
}

static int add_section(char ***names, const struct policy_symbol *y)
{
	int r = add_all(names, y->names);

	if (r >= 0)
		r = add_all(names, y->percpu);
	if (r >= 0)
		r = add_all(names, y->pointers);
	if (r >= 0 && y->size)
		r = strv_append(names, y->size);
	for (char **l = y->lists; l && *l && r >= 0; l++) {
		_cleanup_free_ char *head = strndup(*l, strstr(*l, ":struct ") - *l);

		r = head ? strv_append(names, head) : -ENOMEM;
	}
	return r;
}

/* What fails here fails again, with somebody to tell it to. */
void symbol_prepare(struct symbol_reader *r, const struct policy_set *policies)
{
	_cleanup_(strv_freep) char **names = NULL;
	_cleanup_free_ const struct ksym **found = NULL;
	_cleanup_free_ char *reason = NULL;

	for (size_t i = 0; i < ARRAY_LEN(borders); i++)
		if (strv_append(&names, borders[i]) < 0)
			return;
	for (size_t i = 0; i < policies->n_policies; i++)
		for (size_t j = 0; j < policies->policies[i].n_sections; j++)
			if (add_section(&names, &policies->policies[i].sections[j].symbol) < 0)
				return;
	found = calloc(strv_length(names), sizeof(*found));
	if (found)
		ksyms_find(r->ksyms, (const char *const *)names, strv_length(names), found, &reason);
}

/* "ext4:x" without ext4 is no mistake. */
static bool is_module_absent(const char *name)
{
	char path[sizeof("/sys/module//initstate") + POLICY_SYMBOL_MAX];
	const char *colon = strchr(name, ':');

	if (!colon)
		return false;
	snprintf(path, sizeof(path), "/sys/module/%.*s/initstate", (int)(colon - name), name);
	return access(path, F_OK) < 0;
}

static bool find(struct symbol_reader *r, const char *item, const struct ksym **ret, struct symbol_place *place)
{
	_cleanup_free_ char *reason = NULL;
	const char *name = policy_symbol_name(item);
	int err = ksyms_find(r->ksyms, &name, 1, ret, &reason);

	if (err < 0)
		return fail(place, err, "%s", reason ?: strerror(-err));
	if ((*ret)->n_found == 1)
		return true;
	if ((*ret)->n_found > 1)
		return fail(place, -ENOTUNIQ, "there are %u variables '%s': which one is meant can't be said",
			    (*ret)->n_found, name);
	if (is_module_absent(name))
		return fail(place, -ENOENT, "module %.*s is not loaded", (int)strcspn(name, ":"), name);
	if (name != item)
		return fail(place, -ENOENT, "this kernel has no variable '%s'", name);
	return fail(place, -ENXIO, "this kernel has no variable '%s'%s%.60s%s", name,
		    (*ret)->meant[0] ? "; did you mean " : "", (*ret)->meant, (*ret)->meant[0] ? "?" : "");
}

static bool is_between(struct symbol_reader *r, uint64_t address, int first)
{
	struct symbol_place none;
	const struct ksym *sym;
	uint64_t start;

	if (!find(r, borders[first], &sym, &none))
		return false;
	start = sym->address;
	return find(r, borders[first + 1], &sym, &none) && address >= start && address < sym->address;
}

static bool is_boot_only(struct symbol_reader *r, uint64_t address)
{
	return is_between(r, address, 0);
}

static bool is_percpu(struct symbol_reader *r, uint64_t address)
{
	return is_between(r, address, 2);
}

bool symbol_is_percpu(struct symbol_reader *r, const char *name)
{
	struct symbol_place none;
	const struct ksym *sym;

	return find(r, name, &sym, &none) && is_percpu(r, sym->address);
}

/* Reading */

static bool reader(struct symbol_reader *r, struct symbol_place *ret)
{
	_cleanup_free_ char *reason = NULL;
	int err = r->kread ? 0 : kread_new(&r->kread, &reason);

	return err < 0 ? fail(ret, err, "the kernel's memory can't be read: %.100s", reason ?: strerror(-err)) : true;
}

static bool read_word(struct symbol_reader *r, uint64_t address, const char *what, uint64_t *ret,
		      struct symbol_place *place)
{
	int err;

	if (!reader(r, place))
		return false;
	err = kread_word(r->kread, address, ret);
	return err < 0 ? fail(place, err, "%s can't be read: %s", what, strerror(-err)) : true;
}

/* Nothing says where the last variable of a module ends, but not behind the last page of its memory. */
static void trim(struct symbol_reader *r, struct symbol_place *place)
{
	uint64_t end = (place->address | (PAGE - 1)) + 1, value;
	struct symbol_place none;

	while (end < place->address + place->size && read_word(r, end, "", &value, &none))
		end += PAGE;
	if (end < place->address + place->size)
		place->size = end - place->address;
}

void symbol_find(struct symbol_reader *r, const char *name, struct symbol_place *ret)
{
	const struct ksym *sym;

	if (!find(r, name, &sym, ret))
		return;
	*ret = (struct symbol_place){ .address = sym->address, .size = sym->size };
	if (strchr(name, ':'))
		trim(r, ret);
	else if (is_percpu(r, ret->address))
		fail(ret, -EINVAL, "'%s' is a per-CPU variable: write PerCPU=%s", policy_symbol_name(name), name);
	else if (is_boot_only(r, ret->address))
		fail(ret, -EINVAL, "'%s' is there while the kernel boots only (__initdata)", policy_symbol_name(name));
}

static bool add_percpu_offset(struct symbol_reader *r, uint64_t address, int cpu, uint64_t size,
			      struct symbol_place *ret)
{
	const struct ksym *offsets;
	uint64_t offset;

	if (!find(r, "__per_cpu_offset", &offsets, ret) ||
	    !read_word(r, offsets->address + cpu * sizeof(offset), "__per_cpu_offset", &offset, ret))
		return false;
	*ret = (struct symbol_place){ .address = address + offset, .size = size };
	return true;
}

void symbol_percpu_at(struct symbol_reader *r, uint64_t address, int cpu, uint64_t size, struct symbol_place *ret)
{
	uint64_t pointer;

	if (read_word(r, address, "a per-CPU pointer", &pointer, ret))
		add_percpu_offset(r, pointer, cpu, size, ret);
}

void symbol_find_percpu(struct symbol_reader *r, const char *name, int cpu, struct symbol_place *ret)
{
	const struct ksym *sym;
	uint64_t address, size;

	if (!find(r, name, &sym, ret))
		return;
	address = sym->address;
	size = sym->size;
	if (!strchr(name, ':') && !is_percpu(r, address)) {
		fail(ret, -EINVAL, "'%s' is no per-CPU variable: write Name=%s", policy_symbol_name(name), name);
		return;
	}
	if (add_percpu_offset(r, address, cpu, size, ret) && strchr(name, ':'))
		trim(r, ret);
}

/* Types */

static struct type *known_type(const struct symbol_reader *r, const char *name)
{
	for (size_t i = 0; i < r->n_types; i++)
		if (!strcmp(r->types[i].name, name))
			return &r->types[i];
	return NULL;
}

static void look_up_type(struct symbol_reader *r, struct type *type, const char *name, const char *member)
{
	const struct btf_type *t;
	struct ktype_place place = {};

	if (!r->btf)
		r->btf = btf__load_vmlinux_btf();
	t = r->btf ? ktype_find(r->btf, name) : NULL;
	if (!t || (member && (!ktype_member(r->btf, t, member, &place) || place.width)))
		return;
	type->found = true;
	type->size = t->size;
	type->offset = place.offset / 8;
}

static bool find_type(struct symbol_reader *r, const char *name, const char *member, struct type *ret,
		      struct symbol_place *place)
{
	struct type type = {}, *known, *types;

	snprintf(type.name, sizeof(type.name), "%s%s%s", name, member ? "." : "", member ?: "");
	known = known_type(r, type.name);
	if (!known) {
		types = reallocarray(r->types, r->n_types + 1, sizeof(*types));
		if (!types)
			return fail(place, -ENOMEM, "out of memory");
		r->types = types;
		look_up_type(r, &type, name, member);
		known = &r->types[r->n_types++];
		*known = type;
	}
	*ret = *known;
	return known->found ? true : fail(place, -ENXIO, "this kernel has no %s", type.name);
}

/* Sizes and pointers */

static bool size_of(struct symbol_reader *r, const char *text, uint64_t *ret, struct symbol_place *place)
{
	const struct ksym *sym;
	struct type type;
	char *unit;

	*ret = strtoull(text, &unit, 10);
	if (unit != text) {
		*ret <<= *unit == 'K' ? 10 : *unit == 'M' ? 20 : 0;
		return true;
	}
	if (strchr(text, ' ')) {
		bool found = find_type(r, text, NULL, &type, place);

		*ret = type.size;
		return found;
	}
	if (!find(r, text, &sym, place) || !read_word(r, sym->address, text, ret, place))
		return false;
	if (sym->size < sizeof(*ret))
		*ret &= (1ULL << 8 * sym->size) - 1;
	if (*ret && *ret <= SIZE_MAX_READ)
		return true;
	return fail(place, -ERANGE, "'%s' is %" PRIu64 ", which is no size from 1 byte to 64 MiB", text, *ret);
}

void symbol_limit(struct symbol_reader *r, const char *size, struct symbol_place *place)
{
	uint64_t bytes;

	if (!place->error && size_of(r, size, &bytes, place) && bytes < place->size)
		place->size = bytes;
}

void symbol_follow(struct symbol_reader *r, const char *item, int cpu, const char *size, struct symbol_place *ret)
{
	const char *name = policy_symbol_name(item);
	bool below = *size == '-';
	uint64_t value, bytes;

	if (cpu < 0)
		symbol_find(r, item, ret);
	else
		symbol_find_percpu(r, item, cpu, ret);
	if (ret->error || !size_of(r, size + below, &bytes, ret) || !read_word(r, ret->address, name, &value, ret))
		return;
	if (!value) {
		fail(ret, -ENOENT, "the pointer '%s' is NULL now", name);
		return;
	}
	/* The top of a stack may be some words below its end. */
	if (below)
		value = ((value + PAGE - 1) & ~(uint64_t)(PAGE - 1)) - bytes;
	*ret = (struct symbol_place){ .address = value, .size = bytes };
}

/* Lists */

int symbol_list(struct symbol_reader *r, const char *head, const char *type_name, const char *member,
		struct symbol_place *ret_head, struct symbol_place **ret, size_t *ret_n)
{
	_cleanup_free_ uint64_t *nodes = calloc(SYMBOL_LIST_MAX, sizeof(*nodes));
	struct type type;
	int err, tries = 0;
	bool whole;

	*ret = NULL;
	*ret_n = 0;
	if (!nodes)
		return -ENOMEM;
	symbol_find(r, head, ret_head);
	if (ret_head->error || !find_type(r, type_name, member, &type, ret_head) || !reader(r, ret_head))
		return 0;
	ret_head->size = 2 * sizeof(*nodes);
	/* It may change while it is walked. */
	do
		err = kread_list(r->kread, ret_head->address, nodes, SYMBOL_LIST_MAX, ret_n, &whole);
	while (err >= 0 && !whole && ++tries < TRIES_MAX);
	if (err < 0 || !whole) {
		*ret_n = 0;
		fail(ret_head, err < 0 ? err : -E2BIG, "'%s' is no list, or has more than %d elements", head,
		     SYMBOL_LIST_MAX);
		return 0;
	}
	*ret = calloc(*ret_n + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < *ret_n; i++)
		(*ret)[i] = (struct symbol_place){ .address = nodes[i] - type.offset, .size = type.size };
	return 0;
}
