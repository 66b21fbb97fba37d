// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/ini.h"
#include "lib/text.h"

void ini_value_text(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	char **target = data, *copy = NULL;

	if (*value) {
		copy = strdup(value);
		if (!copy) {
			p->error = -ENOMEM;
			return;
		}
	}

	free(*target);
	*target = copy;
}

bool parse_uint(const char *text, unsigned int min, unsigned int max, unsigned int *ret)
{
	uint64_t n = 0; /* that can't wrap before it is beyond max */

	for (const char *s = text; *s; s++) {
		if (*s < '0' || *s > '9' || n > max)
			return false;
		n = n * 10 + (*s - '0');
	}
	if (!*text || n < min || n > max)
		return false;
	*ret = n;
	return true;
}

void ini_value_uint(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	unsigned int *target = data;

	if (!*value)
		*target = key->standard;
	else if (!parse_uint(value, key->min, key->max, target))
		ini_complain(p, value, "%s= takes a number from %u to %u, such as %s=%u, not '%s'", key->name, key->min,
			     key->max, key->name, key->example, quote(value, strlen(value)).s);
}

bool parse_bool(const char *text, bool *ret)
{
	static const char *const words[] = { "no", "n", "false", "f", "off", "0", "yes", "y", "true", "t", "on", "1" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(text, words[i]) == 0) {
			*ret = i >= ARRAY_LEN(words) / 2;
			return true;
		}
	return false;
}

void ini_value_bool(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	bool *target = data;

	if (!*value)
		*target = key->standard;
	else if (!parse_bool(value, target))
		ini_refuse(p, key, value, value);
}

const struct ini_word *ini_find_word(struct ini *p, const struct ini_key *key, const char *at, const char *item)
{
	const char *names[INI_NAMES_MAX + 1] = { NULL }, *meant;

	for (size_t i = 0; key->words[i].name; i++) {
		if (strcmp(item, key->words[i].name) == 0)
			return &key->words[i];
		names[i] = key->words[i].name;
	}
	meant = did_you_mean(item, names);
	ini_complain(p, at, "%s= takes %s, not '%s'%s%s%s", key->name, key->expects, quote(item, strlen(item)).s,
		     meant ? "; did you mean '" : "", meant ?: "", meant ? "'?" : "");
	return NULL;
}

void ini_value_word(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	const struct ini_word *word = *value ? ini_find_word(p, key, value, value) : key->words;
	unsigned int *target = data;

	if (word)
		*target = word->value;
}
