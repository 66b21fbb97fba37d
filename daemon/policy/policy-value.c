// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "daemon/policy/policy-internal.h"
#include "lib/size.h"
#include "lib/strv.h"
#include "lib/text.h"

#define COMM_MAX 15 /* of task_struct.comm, without NUL */
#define BLANKS	 " \t"

/* Bytes, with K, M or G for powers of 1024; not 0. */
void policy_value_size(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	bool plain = !value[strspn(value, "0123456789KMG")]; /* no 64k, and no 0x10000 */
	uint64_t *target = data, n = 0;

	if (*value && (!plain || parse_size(value, &n) < 0 || !n))
		ini_complain(p, value, "%s= takes a number of bytes such as %s, not '%s'", key->name, key->expects,
			     quote(value, strlen(value)).s);
	else
		*target = n;
}

const char *policy_next_item(struct ini *p, const char **pos, char *item)
{
	const char *s = *pos + strspn(*pos, BLANKS), *start = s, *quote_start = NULL;
	char quote_char = '\0';
	size_t n = 0;

	if (!*s)
		return NULL;

	for (; *s && (quote_char || !strchr(BLANKS, *s)); s++) {
		if (*s == '\\') {
			if (!s[1]) {
				ini_complain(p, s,
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
		ini_complain(p, quote_start,
			     "%c without another one: close the quotes, or write \\%c for the "
			     "character itself",
			     quote_char, quote_char);
		return NULL;
	}
	if (*start == '#' || *start == ';') {
		ini_complain(p, start,
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

static bool comm_is_right(struct ini *p, const char *at, const char *glob)
{
	size_t n = shortest_match(glob), literal = strcspn(glob, "*?[\\");

	if (!*glob) {
		ini_complain(p, at, "an empty pattern matches no task: remove it, or write * for every task");
		return false;
	}
	if (n <= COMM_MAX)
		return true;

	if (literal > COMM_MAX)
		ini_complain(p, at, "'%s' can never match: the kernel keeps %d bytes of a task's name; write '%.*s'",
			     quote(glob, strlen(glob)).s, COMM_MAX, COMM_MAX, glob);
	else
		ini_complain(p, at,
			     "'%s' can never match: the kernel keeps %d bytes of a task's name, and this "
			     "needs %zu; shorten it, * stands for any number of characters",
			     quote(glob, strlen(glob)).s, COMM_MAX, n);
	return false;
}

void policy_set_list(struct ini *p, const struct ini_key *key, const char *value, char ***list, const char *items,
		     bool (*is_right)(struct ini *p, const char *at, const char *item))
{
	char item[INI_LINE_MAX + 1];
	size_t messages = p->diags->n;
	const char *at;

	if (!*value)
		*list = strv_free(*list);
	while ((at = policy_next_item(p, &value, item))) {
		if (!is_right(p, at, item))
			continue;
		if (strv_length(*list) >= key->max) {
			ini_complain(p, at, "more than %u %s in one section: start another [%s] for the rest", key->max,
				     items, key->section);
			break;
		}
		if (strv_append(list, item) < 0) {
			p->error = -ENOMEM;
			return;
		}
	}
	p->doubtful |= p->diags->n > messages;
}

void policy_value_comms(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	p->doubtful &= *value != '\0';
	policy_set_list(p, key, value, data, "patterns", comm_is_right);
}

static bool region_is_right(struct ini *p, const char *at, const char *glob)
{
	size_t n = shortest_match(glob);

	if (*glob && n <= QCOM_MINIDUMP_NAME_MAX)
		return true;
	ini_complain(p, at, "'%s' can never match: names of regions have 1 to %d bytes, as qcmdctl regions shows them",
		     quote(glob, strlen(glob)).s, QCOM_MINIDUMP_NAME_MAX);
	return false;
}

void policy_value_regions(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	policy_set_list(p, key, value, data, "patterns", region_is_right);
}

void policy_value_flags(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	unsigned int *target = data;
	char item[INI_LINE_MAX + 1];
	const char *at;

	if (!*value) {
		*target = 0;
		return;
	}

	while ((at = policy_next_item(p, &value, item))) {
		const struct ini_word *word = ini_find_word(p, key, at, item);

		if (word)
			*target |= word->value;
		else
			p->doubtful = true;
	}
}
