// SPDX-License-Identifier: GPL-2.0-only
/* What the values of [Ftrace] may be. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/policy/policy-internal.h"
#include "lib/strv.h"
#include "lib/text.h"

#define BLANKS " \t"

/* One word, as it becomes part of a path or is written to a file. */
static bool is_word(const char *s, const char *marks)
{
	size_t n = 0;

	for (; s[n]; n++)
		if (!isalnum((unsigned char)s[n]) && !strchr(marks, s[n]))
			return false;
	return n > 0 && n <= POLICY_FTRACE_WORD_MAX;
}

void policy_value_instance(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	if (*value && (!is_word(value, "_-.") || *value == '.')) {
		ini_complain(p, value, "%s= takes a name of letters, digits, '_', '-' and '.', such as %s, not '%s'",
			     key->name, key->expects, quote(value, strlen(value)).s);
		p->doubtful = true;
	} else {
		ini_value_text(p, key, value, data);
	}
}

void policy_value_clock(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	if (*value && !is_word(value, "_-"))
		ini_refuse(p, key, value, value);
	else
		ini_value_text(p, key, value, data);
}

void policy_value_events(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	char ***target = data, item[INI_LINE_MAX + 1];

	if (!*value) {
		*target = strv_free(*target);
		return;
	}
	for (size_t len; *value; value += len + strspn(value + len, BLANKS)) {
		len = strcspn(value, BLANKS);
		memcpy(item, value, len);
		item[len] = '\0';
		if (!is_word(item, "_-:*?") || !strchr(item, ':')) {
			ini_complain(p, value, "%s= takes events such as %s, not '%s'", key->name, key->expects,
				     quote(item, len).s);
			continue;
		}
		if (strv_length(*target) >= key->max) {
			ini_complain(p, value, "more than %u items: name a whole system, such as sched:*", key->max);
			return;
		}
		if (strv_append(target, item) < 0) {
			p->error = -ENOMEM;
			return;
		}
	}
}

void policy_value_trace_size(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	uint64_t *target = data, before = *target;

	policy_value_size(p, key, value, data);
	if (*target == before || !*target)
		return;
	if (*target >= (uint64_t)key->min * 1024 && *target <= (uint64_t)key->max * 1024)
		return;
	ini_complain(p, value, "%s= takes %uK to %uK, such as %s", key->name, key->min, key->max, key->expects);
	*target = before;
}

const char *policy_ftrace_end(const struct policy_ftrace *f)
{
	if (f->instance || (!f->events && !f->size && !f->subbuf_size && !f->clock))
		return NULL;
	return "[Ftrace] without Instance= follows the buffer of the whole system, which is never changed: name an "
	       "instance to set up, such as Instance=qcmd, or remove the other keys";
}

void policy_ftrace_done(struct policy_ftrace *f)
{
	free(f->instance);
	free(f->clock);
	strv_free(f->events);
}
