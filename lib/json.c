// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/text.h"

struct json_object *json_text(const char *s, size_t n)
{
	_cleanup_free_ char *text = escape_text(s, n, TEXT_UTF8);

	return json_object_new_string(text);
}

struct json_object *json_list(const struct strlist *l)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < l->n; i++)
		json_object_array_add(list, json_text(l->v[i], strlen(l->v[i])));
	return list;
}

void json_add_text(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, s ? json_text(s, strlen(s)) : NULL);
}

void json_add_u64(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

void json_print(struct json_object *o, enum json_form form, FILE *f)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	flags |= form == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN;
	fprintf(f, "%s\n", json_object_to_json_string_ext(o, flags));
}

void json_array_item(struct json_object *o, FILE *out, size_t i)
{
	fprintf(out, "%s%s", i ? ",\n " : "[",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

void json_array_end(FILE *out, size_t n)
{
	fputs(n ? "]\n" : "[]\n", out);
}

void json_putp(struct json_object **o)
{
	json_object_put(*o);
}

static struct json_object *get(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value) && json_object_is_type(value, type) ? value : NULL;
}

const char *json_get_string(struct json_object *o, const char *key)
{
	struct json_object *value = get(o, key, json_type_string);

	return value ? json_object_get_string(value) : NULL;
}

int64_t json_get_int(struct json_object *o, const char *key, int64_t fallback)
{
	struct json_object *value = get(o, key, json_type_int);

	return value ? json_object_get_int64(value) : fallback;
}

uint64_t json_get_size(struct json_object *o, const char *key)
{
	int64_t n = json_get_int(o, key, 0);

	return n > 0 ? n : 0;
}

bool json_get_bool(struct json_object *o, const char *key, bool fallback)
{
	struct json_object *value = get(o, key, json_type_boolean);

	return value ? json_object_get_boolean(value) : fallback;
}

struct json_object *json_get_object(struct json_object *o, const char *key)
{
	return get(o, key, json_type_object);
}

struct json_object *json_get_array(struct json_object *o, const char *key)
{
	return get(o, key, json_type_array);
}

size_t json_array_length(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}
