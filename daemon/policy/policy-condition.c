// SPDX-License-Identifier: GPL-2.0-only
/* Condition*= of [Policy]: as in systemd.unit(5). */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "lib/machine.h"
#include "daemon/policy/policy-internal.h"
#include "lib/text.h"

#define BLANKS " \t"

/* What uname(2) says, and what systemd says; the first name of several is that for messages. */
static const struct {
	const char *machine;
	const char *name;
} architectures[] = {
	{ "x86_64", "x86-64" },	  { "i686", "x86" },	     { "aarch64", "arm64" }, { "armv7l", "arm" },
	{ "riscv64", "riscv64" }, { "ppc64le", "ppc64-le" }, { "s390x", "s390x" },   { "loongarch64", "loongarch64" },
};

static const char *const backends[] = { "rm", "mmio", "smem", "ram", NULL };

/* Operators of versions; a longer one stands before its beginning. */
static const struct {
	const char *text;
	bool less, equal, greater; /* which results of a comparison make it true */
} operators[] = {
	{ "<=", true, true, false }, { "<", true, false, false }, { ">=", false, true, true },
	{ ">", false, false, true }, { "!=", true, false, true }, { "=", false, true, false },
};

/* The operator that text starts with, or -1. */
static int find_operator(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (strncmp(text, operators[i].text, strlen(operators[i].text)) == 0)
			return i;
	return -1;
}

/* A term of ConditionKernelVersion=: an operator and a version, maybe with blanks between them, or a pattern. */
struct term {
	int operator; /* -1: a pattern */
	const char *version;
	size_t length;
};

static bool next_term(const char **pos, struct term *ret)
{
	const char *s = *pos + strspn(*pos, BLANKS);

	if (!*s)
		return false;
	ret->operator= find_operator(s);
	if (ret->operator>= 0) {
		s += strlen(operators[ret->operator].text);
		s += strspn(s, BLANKS);
	}
	ret->version = s;
	ret->length = strcspn(s, BLANKS);
	*pos = s + ret->length;
	return true;
}

static bool term_is_true(const struct term *term, const char *kernel)
{
	char version[INI_LINE_MAX + 1];
	int c;

	memcpy(version, term->version, term->length);
	version[term->length] = '\0';
	if (term->operator<0)
		return fnmatch(version, kernel, 0) == 0;
	c = strverscmp(kernel, version);
	return c < 0 ? operators[term->operator].less : c> 0 ?
		       operators[term->operator].greater : operators[term->operator].equal;
}

static bool kernel_matches(const char *value, const char *kernel)
{
	struct term term;

	while (next_term(&value, &term))
		if (!term_is_true(&term, kernel))
			return false;
	return true;
}

static bool architecture_is(const char *value, const char *machine)
{
	for (size_t i = 0; i < ARRAY_LEN(architectures); i++)
		if (strcmp(architectures[i].machine, machine) == 0)
			return strcmp(architectures[i].name, value) == 0;
	return false;
}

/* -1: no boolean */
static int as_bool(const char *value)
{
	bool yes;

	return parse_bool(value, &yes) ? yes : -1;
}

static bool virtualization_is(const char *value, const char *virtualization)
{
	int yes = as_bool(value);

	if (yes >= 0 || strcmp(value, "vm") == 0)
		return (yes != 0) == (*virtualization != '\0');
	return strcmp(value, virtualization) == 0;
}

static bool is_true(const struct policy_condition *c, const struct policy_facts *facts)
{
	bool result = false;

	switch (c->kind) {
	case POLICY_CONDITION_KERNEL_VERSION:
		result = kernel_matches(c->value, facts->kernel);
		break;
	case POLICY_CONDITION_ARCHITECTURE:
		result = architecture_is(c->value, facts->machine);
		break;
	case POLICY_CONDITION_BACKEND:
		result = strcmp(c->value, facts->backend) == 0;
		break;
	case POLICY_CONDITION_VIRTUALIZATION:
		result = virtualization_is(c->value, facts->virtualization);
		break;
	}
	return result != c->negate;
}

static int not_met(const struct policy_condition *c, char **ret)
{
	if (asprintf(ret, "%s=%s%s%s in %s:%u is not met%s", c->key, c->trigger ? "|" : "", c->negate ? "!" : "",
		     c->value, c->path, c->line, c->trigger ? ", nor is any other with |" : "") >= 0)
		return 0;
	*ret = NULL;
	return -ENOMEM;
}

int policy_conditions_met(const struct policy *policy, const struct policy_facts *facts, char **ret)
{
	const struct policy_condition *trigger = NULL;
	bool triggered = false;

	for (size_t i = 0; i < policy->n_conditions; i++) {
		const struct policy_condition *c = &policy->conditions[i];
		bool result = is_true(c, facts);

		if (c->trigger) {
			trigger = c;
			triggered |= result;
		} else if (!result) {
			return not_met(c, ret);
		}
	}
	return trigger && !triggered ? not_met(trigger, ret) : 1;
}

static bool is_one_of(struct ini *p, const struct ini_key *key, const char *value, const char *const *names,
		      const char *also)
{
	const char *meant = did_you_mean(value, names);
	char known[128];
	size_t n = 0;

	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], value) == 0)
			return true;
		n += snprintf(known + n, sizeof(known) - n, "%s%s", i ? ", " : "", names[i]);
	}
	ini_complain(p, value, "%s= takes %s%s, not '%s'%s%s%s", key->name, also, known, quote(value, strlen(value)).s,
		     meant ? "; did you mean '" : "", meant ?: "", meant ? "'?" : "");
	return false;
}

static bool version_is_right(struct ini *p, const struct ini_key *key, const char *value)
{
	struct term term;

	while (next_term(&value, &term))
		if (term.operator>= 0 ? !term.length || !strchr("0123456789", *term.version) :
					strcspn(term.version, "<>=") < term.length) {
			ini_complain(p, term.version, "%s= takes versions such as >=6.1 <7, or a pattern such as 6.1.*",
				     key->name);
			return false;
		}
	return true;
}

static bool value_is_right(struct ini *p, const struct ini_key *key, const char *value)
{
	const char *names[ARRAY_LEN(architectures) + 1] = { NULL };

	switch (key->standard) {
	case POLICY_CONDITION_KERNEL_VERSION:
		return version_is_right(p, key, value);
	case POLICY_CONDITION_ARCHITECTURE:
		for (size_t i = 0; i < ARRAY_LEN(architectures); i++)
			names[i] = architectures[i].name;
		return is_one_of(p, key, value, names, "");
	case POLICY_CONDITION_BACKEND:
		return is_one_of(p, key, value, backends, "");
	default:
		return as_bool(value) >= 0 || strcmp(value, "vm") == 0 ||
		       is_one_of(p, key, value, machine_virtualizations, "yes, no, vm, ");
	}
}

static int add_condition(struct policy *policy, const struct policy_condition *c)
{
	struct policy_condition *grown, copy = *c;

	copy.value = strdup(c->value);
	copy.path = strdup(c->path);
	grown = reallocarray(policy->conditions, policy->n_conditions + 1, sizeof(*grown));
	if (grown)
		policy->conditions = grown;
	if (!grown || !copy.value || !copy.path) {
		free(copy.value);
		free(copy.path);
		return -ENOMEM;
	}
	policy->conditions[policy->n_conditions++] = copy;
	return 0;
}

void policy_conditions_done(struct policy *policy)
{
	for (size_t i = 0; i < policy->n_conditions; i++) {
		free(policy->conditions[i].value);
		free(policy->conditions[i].path);
	}
	free(policy->conditions);
	policy->conditions = NULL;
	policy->n_conditions = 0;
}

/* As in systemd, an empty one of any kind clears all of them. */
void policy_value_condition(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	struct policy_condition c = { .key = key->name, .kind = key->standard, .path = (char *)p->path };
	struct policy *policy = data;

	if (!*value) {
		policy_conditions_done(policy);
		return;
	}
	c.line = ini_where(p, value).line;
	if (*value == '|') {
		c.trigger = true;
		value += 1 + strspn(value + 1, BLANKS);
	}
	if (*value == '!') {
		c.negate = true;
		value += 1 + strspn(value + 1, BLANKS);
	}
	if (!*value) {
		ini_complain(p, value, "%s= has nothing to compare with", key->name);
		return;
	}
	c.value = (char *)value;
	if (value_is_right(p, key, value) && add_condition(policy, &c) < 0)
		p->error = -ENOMEM;
}
