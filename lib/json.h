/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON, written and read. */
#ifndef QCMD_JSON_H
#define QCMD_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/strlist.h"

enum json_form {
	JSON_OFF,
	JSON_SHORT,
	JSON_PRETTY,
};

/* A string: UTF-8 as it is, bytes that are none as \xNN. */
struct json_object *json_text(const char *s, size_t n);
struct json_object *json_list(const struct strlist *l);
void json_add_text(struct json_object *o, const char *key, const char *s);
void json_add_u64(struct json_object *o, const char *key, uint64_t v);

void json_print(struct json_object *o, enum json_form form, FILE *f); /* with a newline */

/* An array that is written one element a line, which is dropped. */
void json_array_item(struct json_object *o, FILE *out, size_t i);
void json_array_end(FILE *out, size_t n);

void json_putp(struct json_object **o);

/* What is missing or of another type is NULL or the fallback. */
const char *json_get_string(struct json_object *o, const char *key);
int64_t json_get_int(struct json_object *o, const char *key, int64_t fallback);
uint64_t json_get_size(struct json_object *o, const char *key); /* 0 for what can't be one */
bool json_get_bool(struct json_object *o, const char *key, bool fallback);
struct json_object *json_get_object(struct json_object *o, const char *key);
struct json_object *json_get_array(struct json_object *o, const char *key); /* for json_array_length() */
size_t json_array_length(struct json_object *array);			    /* 0 for NULL */

#endif
