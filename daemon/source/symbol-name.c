// SPDX-License-Identifier: GPL-2.0-only
/* Names of variables to their addresses, by the kernel's list of symbols. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/source/symbol-private.h"
#include "lib/strv.h"

/* The symbols between which things are that are not what they seem. */
static const char *const borders[] = { "-__init_begin", "-__init_end", "-__per_cpu_start", "-__per_cpu_end",
				       "-__per_cpu_offset" };

void symbol_variable(const char *item, char ret[static SYMBOL_ITEM_SIZE])
{
	const char *member = policy_symbol_member(item);

	snprintf(ret, SYMBOL_ITEM_SIZE, "%.*s", member ? (int)(member - 1 - item) : (int)strlen(item), item);
}

static int add_all(char ***names, char *const *more)
{
	int r = 0;

	for (; more && *more && r >= 0; more++)
		r = strv_append(names, *more);
	return r;
}

static int add_pointers(char ***names, char *const *pointers)
{
	char variable[SYMBOL_ITEM_SIZE];
	int r = 0;

	for (; pointers && *pointers && r >= 0; pointers++) {
		symbol_variable(*pointers, variable);
		r = strv_append(names, variable);
	}
	return r;
}

static int add_section(char ***names, const struct policy_symbol *y)
{
	int r = add_all(names, y->names);

	if (r >= 0)
		r = add_all(names, y->percpu);
	if (r >= 0)
		r = add_pointers(names, y->pointers);
	if (r >= 0 && y->size && symbol_size_is_variable(y->size))
		r = strv_append(names, y->size);
	for (char **l = y->lists; l && *l && r >= 0; l++) {
		_cleanup_free_ char *head = strndup(*l, strstr(*l, ":struct ") - *l);

		r = head ? strv_append(names, head) : -ENOMEM;
	}
	return r;
}

static int add_policies(char ***names, const struct policy_set *policies)
{
	int r = 0;

	for (size_t i = 0; i < policies->n_policies; i++)
		for (size_t j = 0; j < policies->policies[i].n_sections && r >= 0; j++)
			r = add_section(names, &policies->policies[i].sections[j].symbol);
	for (size_t i = 0; i < ARRAY_LEN(borders) && r >= 0; i++)
		r = strv_append(names, borders[i]);
	return r < 0 ? r : symbol_model_names(names);
}

void symbol_prepare(struct symbol_reader *r, const struct policy_set *policies)
{
	_cleanup_free_ const struct ksym **found = NULL;
	_cleanup_(strv_freep) char **names = NULL;
	_cleanup_free_ char *reason = NULL;
	int err;

	r->no_symbols = r->no_memory = r->no_types = (struct symbol_place){};
	if (add_policies(&names, policies) < 0)
		return;
	found = calloc(strv_length(names), sizeof(*found));
	err = found ? ksyms_find(r->ksyms, (const char *const *)names, strv_length(names), found, &reason) : -ENOMEM;
	if (err < 0)
		symbol_fail(&r->no_symbols, err, "%s", reason ?: strerror(-err));
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

bool symbol_look_up(struct symbol_reader *r, const char *item, const struct ksym **ret, struct symbol_place *place)
{
	_cleanup_free_ char *reason = NULL;
	const char *name = policy_symbol_name(item);
	int err;

	if (r->no_symbols.error) {
		*place = r->no_symbols;
		return false;
	}
	err = ksyms_find(r->ksyms, &item, 1, ret, &reason);
	if (err < 0)
		return symbol_fail(place, err, "%s", reason ?: strerror(-err));
	if ((*ret)->n_found == 1)
		return true;
	if ((*ret)->n_found > 1)
		return symbol_fail(place, -ENOTUNIQ, "there are %u variables '%s': which one is meant can't be said",
				   (*ret)->n_found, name);
	if (is_module_absent(name))
		return symbol_fail(place, -ENOENT, "module %.*s is not loaded", (int)strcspn(name, ":"), name);
	if (name != item)
		return symbol_fail(place, -ENOENT, "this kernel has no variable '%s'", name);
	return symbol_fail(place, -ENXIO, "this kernel has no variable '%s'%s%.60s%s", name,
			   (*ret)->meant[0] ? "; did you mean " : "", (*ret)->meant, (*ret)->meant[0] ? "?" : "");
}

static bool is_between(struct symbol_reader *r, uint64_t address, int first)
{
	struct symbol_place none;
	const struct ksym *sym;
	uint64_t start;

	if (!symbol_look_up(r, borders[first], &sym, &none))
		return false;
	start = sym->address;
	return symbol_look_up(r, borders[first + 1], &sym, &none) && address >= start && address < sym->address;
}

bool symbol_is_boot_only(struct symbol_reader *r, uint64_t address)
{
	return is_between(r, address, 0);
}

bool symbol_is_percpu_at(struct symbol_reader *r, uint64_t address)
{
	return is_between(r, address, 2);
}

bool symbol_is_percpu(struct symbol_reader *r, const char *item)
{
	char variable[SYMBOL_ITEM_SIZE];
	struct symbol_place none;
	const struct ksym *sym;

	symbol_variable(item, variable);
	return symbol_look_up(r, variable, &sym, &none) && symbol_is_percpu_at(r, sym->address);
}
