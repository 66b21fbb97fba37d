// SPDX-License-Identifier: GPL-2.0-only
/* What [Symbol] and [Map] may say. */
#include <errno.h>
#include <string.h>

#include "daemon/policy/policy-internal.h"
#include "lib/strv.h"

#define LETTERS	   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define WORD_CHARS LETTERS "0123456789"

static void complain_value(struct ini *p, const struct ini_key *key, const char *at, const char *value)
{
	p->doubtful = true;
	ini_refuse(p, key, at, value);
}

static void add_item(struct ini *p, const struct ini_key *key, const char *at, char ***list, const char *item)
{
	if (strv_length(*list) >= key->max)
		ini_complain(p, at, "more than %u items in %s=: start another [%s] for the rest", key->max, key->name,
			     key->section);
	else if (strv_append(list, item) < 0)
		p->error = -ENOMEM;
}

/* Compilers call variables in functions "name.1". */
static bool is_variable(const char *text)
{
	const char *colon = strchr(text, ':'), *name = colon ? colon + 1 : text;

	return strlen(text) <= POLICY_SYMBOL_MAX &&
	       (!colon || (colon != text && text[strspn(text, WORD_CHARS)] == ':')) && *name &&
	       strchr(LETTERS, *name) && !name[strspn(name, WORD_CHARS ".")];
}

static bool is_type(const char *text)
{
	size_t len = !strncmp(text, "struct ", 7) ? 7 : !strncmp(text, "union ", 6) ? 6 : 0;
	const char *name = text + len;

	return len && strlen(text) <= POLICY_SYMBOL_MAX && *name && strchr(LETTERS, *name) &&
	       !name[strspn(name, WORD_CHARS)];
}

static bool is_number(const char *text, const char *units)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;

	return digits && digits <= 9 && strspn(text, "0") < digits && (!*unit || (strchr(units, *unit) && !unit[1]));
}

static void add_items(struct ini *p, const struct ini_key *key, const char *value, char ***list,
		      bool (*is_right)(const char *item))
{
	char item[INI_LINE_MAX + 1];
	const char *at;

	if (!*value)
		*list = strv_free(*list);
	while ((at = policy_next_item(p, &value, item)))
		if (is_right(item))
			add_item(p, key, at, list, item);
		else
			complain_value(p, key, at, item);
}

static bool is_symbol(const char *item)
{
	return is_variable(policy_symbol_name(item));
}

static bool is_pin(const char *item)
{
	return *item == '/' && strlen(item) <= POLICY_SYMBOL_MAX;
}

static bool is_id(const char *item)
{
	return is_number(item, "");
}

void policy_value_symbols(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	add_items(p, key, value, data, is_symbol);
}

void policy_value_symbol_size(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	char **target = data;

	if (*value && !is_number(value + (*value == '-'), "KM") && !is_type(value) && !is_variable(value)) {
		complain_value(p, key, value, value);
		return;
	}
	free(*target);
	*target = *value ? strdup(value) : NULL;
	if (*value && !*target)
		p->error = -ENOMEM;
}

/* One for each assignment, as there is a blank in it. */
void policy_value_symbol_list(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	char ***target = data, head[POLICY_SYMBOL_MAX + 1], type[POLICY_SYMBOL_MAX + 1];
	const char *colon = strstr(value, ":struct "), *dot = colon ? strchr(colon, '.') : NULL;
	bool fits = strlen(value) <= POLICY_SYMBOL_MAX;

	if (!*value) {
		*target = strv_free(*target);
		return;
	}
	if (fits && dot) {
		snprintf(head, sizeof(head), "%.*s", (int)(colon - value), value);
		snprintf(type, sizeof(type), "%.*s", (int)(dot - colon - 1), colon + 1);
	}
	if (fits && dot && is_variable(head) && is_type(type) && dot[1] && !dot[1 + strspn(dot + 1, WORD_CHARS)])
		add_item(p, key, value, target, value);
	else
		complain_value(p, key, value, value);
}

void policy_value_pins(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	add_items(p, key, value, data, is_pin);
}

void policy_value_map_ids(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	add_items(p, key, value, data, is_id);
}

const char *policy_symbol_end(const struct policy_section *s)
{
	const struct policy_symbol *y = &s->symbol;

	if (s->kind == POLICY_SOURCE_SYMBOL && !y->names && !y->percpu && !y->pointers && !y->lists)
		return "[Symbol] without Name=, PerCPU=, Pointer= or List=: say which variables, such as "
		       "Name=init_uts_ns";
	if (s->kind == POLICY_SOURCE_SYMBOL && y->pointers && !y->size)
		return "Pointer= without Size=: say how much of what they point to, such as Size=4K";
	if (s->kind == POLICY_SOURCE_SYMBOL && y->size && *y->size == '-' && !y->pointers)
		return "Size= with a minus and without Pointer=: it is for what lies below where pointers point";
	if (s->kind == POLICY_SOURCE_SYMBOL && y->size && !y->pointers && !y->names && !y->percpu)
		return "Size= without Name=, PerCPU= or Pointer=: elements of lists have the size of their type; "
		       "remove it";
	if (s->kind == POLICY_SOURCE_MAP && !s->map.pins && !s->map.ids)
		return "[Map] without Pin= or Id=: say which maps, such as Pin=/sys/fs/bpf/counters";
	return NULL;
}

void policy_symbol_done(struct policy_section *s)
{
	strv_free(s->symbol.names);
	strv_free(s->symbol.percpu);
	strv_free(s->symbol.pointers);
	strv_free(s->symbol.lists);
	free(s->symbol.size);
	strv_free(s->map.pins);
	strv_free(s->map.ids);
}
