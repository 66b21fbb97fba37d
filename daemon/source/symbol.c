// SPDX-License-Identifier: GPL-2.0-only
/* Variables, those of a CPU among them, and the memory that they are in. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/source/symbol-private.h"
#include "lib/cleanup.h"

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
	ksyms_free(r->ksyms);
	kread_free(r->kread);
	free(r->types);
	free(r);
	return NULL;
}

bool symbol_failed(const struct symbol_reader *r)
{
	return r->no_symbols.error || r->no_memory.error || r->no_types.error;
}

void symbol_modules_changed(struct symbol_reader *r)
{
	ksyms_forget_modules(r->ksyms);
}

bool symbol_fail(struct symbol_place *ret, int error, const char *format, ...)
{
	va_list ap;

	*ret = (struct symbol_place){ .error = error };
	va_start(ap, format);
	vsnprintf(ret->problem, sizeof(ret->problem), format, ap);
	va_end(ap);
	return false;
}

bool symbol_open_memory(struct symbol_reader *r, struct symbol_place *ret)
{
	_cleanup_free_ char *reason = NULL;
	int err = r->kread || r->no_memory.error ? 0 : kread_new(&r->kread, &reason);

	if (err < 0)
		symbol_fail(&r->no_memory, err, "the kernel's memory can't be read: %.100s", reason ?: strerror(-err));
	if (!r->kread)
		*ret = r->no_memory;
	return r->kread;
}

bool symbol_read_word(struct symbol_reader *r, uint64_t address, const char *what, uint64_t *ret,
		      struct symbol_place *place)
{
	int err;

	if (!symbol_open_memory(r, place))
		return false;
	err = kread_word(r->kread, address, ret);
	return err < 0 ? symbol_fail(place, err, "%s can't be read: %s", what, strerror(-err)) : true;
}

/* Nothing says where the last variable of a module ends, but not behind the last page of its memory. */
static void trim(struct symbol_reader *r, struct symbol_place *place)
{
	uint64_t end = (place->address | (PAGE - 1)) + 1, value;
	struct symbol_place none;

	while (end < place->address + place->size && symbol_read_word(r, end, "", &value, &none))
		end += PAGE;
	if (end < place->address + place->size)
		place->size = end - place->address;
}

void symbol_find(struct symbol_reader *r, const char *name, struct symbol_place *ret)
{
	const struct ksym *sym;

	if (!symbol_look_up(r, name, &sym, ret))
		return;
	*ret = (struct symbol_place){ .address = sym->address, .size = sym->size };
	if (strchr(name, ':'))
		trim(r, ret);
	else if (symbol_is_percpu_at(r, ret->address))
		symbol_fail(ret, -EINVAL, "'%s' is a per-CPU variable: write PerCPU=%s", policy_symbol_name(name),
			    name);
	else if (symbol_is_boot_only(r, ret->address))
		symbol_fail(ret, -EINVAL, "'%s' is there while the kernel boots only (__initdata)",
			    policy_symbol_name(name));
}

static bool add_percpu_offset(struct symbol_reader *r, uint64_t address, int cpu, uint64_t size,
			      struct symbol_place *ret)
{
	const struct ksym *offsets;
	uint64_t offset;

	if (!symbol_look_up(r, "__per_cpu_offset", &offsets, ret) ||
	    !symbol_read_word(r, offsets->address + cpu * sizeof(offset), "__per_cpu_offset", &offset, ret))
		return false;
	*ret = (struct symbol_place){ .address = address + offset, .size = size };
	return true;
}

void symbol_percpu_at(struct symbol_reader *r, uint64_t address, int cpu, uint64_t size, struct symbol_place *ret)
{
	uint64_t pointer;

	if (symbol_read_word(r, address, "a per-CPU pointer", &pointer, ret))
		add_percpu_offset(r, pointer, cpu, size, ret);
}

void symbol_find_percpu(struct symbol_reader *r, const char *name, int cpu, struct symbol_place *ret)
{
	const struct ksym *sym;
	uint64_t address, size;

	if (!symbol_look_up(r, name, &sym, ret))
		return;
	address = sym->address;
	size = sym->size;
	if (!strchr(name, ':') && !symbol_is_percpu_at(r, address)) {
		symbol_fail(ret, -EINVAL, "'%s' is no per-CPU variable: write Name=%s", policy_symbol_name(name), name);
		return;
	}
	if (add_percpu_offset(r, address, cpu, size, ret) && strchr(name, ':'))
		trim(r, ret);
}
