// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "daemon/policy/policy-internal.h"
#include "lib/strv.h"
#include "lib/text.h"

#define COMM_MAX 15 /* of task_struct.comm, without NUL */
#define BLANKS	 " \t"

static void out_of_memory(struct policy_parser *p)
{
	p->error = -ENOMEM;
}

static void not_a_number(struct policy_parser *p, const struct policy_key *key, const char *value)
{
	policy_complain(p, value, "%s= takes a number from %u to %u, such as %s=%u, not '%s'", key->name, key->min,
			key->max, key->name, key->example, quote(value, strlen(value)).s);
}

void policy_value_text(struct policy_parser *p, const struct policy_key *key, const char *value, void *data)
{
	char **target = data, *copy = NULL;

	if (*value) {
		copy = strdup(value);
		if (!copy) {
			out_of_memory(p);
			return;
		}
	}

	free(*target);
	*target = copy;
}

void policy_value_uint(struct policy_parser *p, const struct policy_key *key, const char *value, void *data)
{
	unsigned int *target = data, n = 0;

	if (!*value) {
		*target = key->standard;
		return;
	}

	for (const char *s = value; *s; s++) {
		/* max is small: n can't wrap before it is beyond max */
		if (*s < '0' || *s > '9' || n > key->max) {
			not_a_number(p, key, value);
			return;
		}
		n = n * 10 + (*s - '0');
	}

	if (n < key->min || n > key->max) {
		not_a_number(p, key, value);
		return;
	}
	*target = n;
}

/* Bytes, with K, M or G for powers of 1024; not 0. */
void policy_value_size(struct policy_parser *p, const struct policy_key *key, const char *value, void *data)
{
	static const char units[] = "KMG";
	uint64_t *target = data, n = 0;
	const char *s = value, *unit;

	if (!*value) {
		*target = 0;
		return;
	}
	/* Large enough for all memory there is, and far from a wrap. */
	for (; *s >= '0' && *s <= '9' && n < UINT32_MAX; s++)
		n = n * 10 + (*s - '0');
	unit = *s ? strchr(units, *s) : NULL;
	if (n == 0 || s == value || (*s && (!unit || s[1]))) {
		policy_complain(p, value, "%s= takes a number of bytes such as %s, not '%s'", key->name, key->expects,
				quote(value, strlen(value)).s);
		return;
	}
	*target = n << (unit ? 10 * (unit - units + 1) : 0);
}

bool policy_parse_bool(const char *text, bool *ret)
{
	static const char *const words[] = { "no", "n", "false", "f", "off", "0", "yes", "y", "true", "t", "on", "1" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(text, words[i]) == 0) {
			*ret = i >= ARRAY_LEN(words) / 2;
			return true;
		}
	return false;
}

void policy_value_bool(struct policy_parser *p, const struct policy_key *key, const char *value, void *data)
{
	bool *target = data;

	if (!*value)
		*target = key->standard;
	else if (!policy_parse_bool(value, target))
		policy_complain(p, value, "%s= takes %s, not '%s'", key->name, key->expects,
				quote(value, strlen(value)).s);
}

const char *policy_next_item(struct policy_parser *p, const char **pos, char *item)
{
	const char *s = *pos + strspn(*pos, BLANKS), *start = s, *quote_start = NULL;
	char quote_char = '\0';
	size_t n = 0;

	if (!*s)
		return NULL;

	for (; *s && (quote_char || !strchr(BLANKS, *s)); s++) {
		if (*s == '\\') {
			if (!s[1]) {
				policy_complain(p, s,
						"'\\' with nothing after it: remove it, or the blanks that "
						"follow it if it should continue the line");
				return NULL;
			}
			item[n++] = *s++;
		} else if (*s == quote_char) {
			quote_char = '\0';
			continue;
		} else if (!quote_char && (*s == '"' || *s == '\'')) {
			quote_char = *s;
			quote_start = s;
			continue;
		}
		item[n++] = *s;
	}

	if (quote_char) {
		policy_complain(p, quote_start,
				"%c without another one: close the quotes, or write \\%c for the "
				"character itself",
				quote_char, quote_char);
		return NULL;
	}
	if (*start == '#' || *start == ';') {
		policy_complain(p, start,
				"'%c' starts a comment only at the start of a line: move the comment to a "
				"line of its own, or write \\%c for the character itself",
				*start, *start);
		return NULL;
	}

	item[n] = '\0';
	*pos = s;
	return start;
}

/* The length of a [...] at s, or 0 if the bracket stands for itself. */
static size_t bracket_length(const char *s)
{
	const char *e = s + 1;

	if (*e == '!' || *e == '^')
		e++;
	if (*e == ']')
		e++;
	for (; *e && *e != ']'; e++) {
		const char *class_end = NULL;

		if (*e == '[' && e[1] && strchr(":.=", e[1]))
			for (const char *c = e + 2; *c && !class_end; c++)
				if (*c == e[1] && c[1] == ']')
					class_end = c + 1;
		if (class_end)
			e = class_end;
		else if (*e == '\\' && e[1])
			e++;
	}

	return *e ? (size_t)(e - s) + 1 : 0;
}

/* The bytes that the shortest text has that the glob matches. */
static size_t shortest_match(const char *glob)
{
	size_t n = 0;

	for (const char *s = glob; *s; s++) {
		if (*s == '*')
			continue;
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '[') {
			size_t len = bracket_length(s);

			s += len > 0 ? len - 1 : 0;
		}
		n++;
	}

	return n;
}

static bool comm_is_right(struct policy_parser *p, const char *at, const char *glob)
{
	size_t n = shortest_match(glob), literal = strcspn(glob, "*?[\\");

	if (!*glob) {
		policy_complain(p, at, "an empty pattern matches no task: remove it, or write * for every task");
		return false;
	}
	if (n <= COMM_MAX)
		return true;

	if (literal > COMM_MAX)
		policy_complain(p, at, "'%s' can never match: the kernel keeps %d bytes of a task's name; write '%.*s'",
				quote(glob, strlen(glob)).s, COMM_MAX, COMM_MAX, glob);
	else
		policy_complain(p, at,
				"'%s' can never match: the kernel keeps %d bytes of a task's name, and this "
				"needs %zu; shorten it, * stands for any number of characters",
				quote(glob, strlen(glob)).s, COMM_MAX, n);
	return false;
}

void policy_value_comms(struct policy_parser *p, const struct policy_key *key, const char *value, void *data)
{
	char ***target = data, item[POLICY_LINE_MAX + 1];
	size_t messages = p->diags->n;
	const char *at;

	if (!*value) {
		*target = strv_free(*target);
		p->selector_doubtful = false;
		return;
	}

	while ((at = policy_next_item(p, &value, item))) {
		if (!comm_is_right(p, at, item))
			continue;
		if (strv_length(*target) >= key->max) {
			policy_complain(p, at, "more than %u patterns in one section: start another [%s] for the rest",
					key->max, key->section);
			break;
		}
		if (strv_append(target, item) < 0) {
			out_of_memory(p);
			return;
		}
	}

	if (p->diags->n > messages)
		p->selector_doubtful = true;
}

static const struct policy_word *find_word(struct policy_parser *p, const struct policy_key *key, const char *at,
					   const char *item)
{
	const char *names[POLICY_WORDS_MAX + 1] = { NULL }, *meant;

	for (size_t i = 0; key->words[i].name; i++) {
		if (strcmp(item, key->words[i].name) == 0)
			return &key->words[i];
		names[i] = key->words[i].name;
	}
	meant = did_you_mean(item, names);
	policy_complain(p, at, "%s= takes %s, not '%s'%s%s%s", key->name, key->expects, quote(item, strlen(item)).s,
			meant ? "; did you mean '" : "", meant ?: "", meant ? "'?" : "");
	return NULL;
}

void policy_value_flags(struct policy_parser *p, const struct policy_key *key, const char *value, void *data)
{
	unsigned int *target = data;
	char item[POLICY_LINE_MAX + 1];
	const char *at;

	if (!*value) {
		*target = 0;
		return;
	}

	while ((at = policy_next_item(p, &value, item))) {
		const struct policy_word *word = find_word(p, key, at, item);

		if (word)
			*target |= word->value;
		else
			p->selector_doubtful = true;
	}
}

void policy_value_word(struct policy_parser *p, const struct policy_key *key, const char *value, void *data)
{
	const struct policy_word *word = *value ? find_word(p, key, value, value) : key->words;
	unsigned int *target = data;

	if (word)
		*target = word->value;
}
