// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "daemon/policy/policy-internal.h"
#include "lib/strv.h"

#define DIRS_MAX 16 /* in $QCMD_POLICY_PATH */

const char *const *policy_dirs(void)
{
	static const char *const standard[] = { "/etc/qcmd.d", "/run/qcmd.d", "/usr/local/lib/qcmd.d",
						"/usr/lib/qcmd.d", NULL };
	static const char *dirs[DIRS_MAX + 1];
	static char *copy;
	const char *path = getenv("QCMD_POLICY_PATH");
	char *state = NULL;
	size_t n = 0;

	if (!path || !*path)
		return standard;

	free(copy);
	copy = strdup(path);
	if (!copy)
		return standard;

	for (char *dir = strtok_r(copy, ":", &state); dir && n < DIRS_MAX; dir = strtok_r(NULL, ":", &state))
		dirs[n++] = dir;
	dirs[n] = NULL;
	return dirs;
}

const char *policy_state_to_string(enum policy_state state)
{
	static const char *const names[_POLICY_STATE_MAX] = {
		[POLICY_ENABLED] = "enabled",
		[POLICY_DISABLED] = "disabled",
		[POLICY_ERROR] = "error",
	};

	return (unsigned int)state < _POLICY_STATE_MAX ? names[state] : NULL;
}

static int policy_init(struct policy *policy, const char *path)
{
	const char *name = strrchr(path, '/');
	size_t len;

	name = name ? name + 1 : path;
	len = strlen(name);
	if (len > strlen(".conf") && strcmp(name + len - strlen(".conf"), ".conf") == 0)
		len -= strlen(".conf");

	*policy = (struct policy){
		.name = strndup(name, len),
		.path = strdup(path),
		.priority = POLICY_PRIORITY_DEFAULT,
		.enabled = true,
	};
	return policy->name && policy->path ? 0 : -ENOMEM;
}

void policy_done(struct policy *policy)
{
	for (size_t i = 0; i < policy->n_sections; i++) {
		free(policy->sections[i].path);
		strv_free(policy->sections[i].task.comms);
		policy_symbol_done(&policy->sections[i]);
		strv_free(policy->sections[i].task.cgroups);
		strv_free(policy->sections[i].regions);
		free(policy->sections[i].task.pids);
		free(policy->sections[i].task.users.items);
		policy_ftrace_done(&policy->sections[i].ftrace);
	}
	free(policy->sections);
	policy_conditions_done(policy);
	free(policy->name);
	free(policy->path);
	strv_free(policy->dropins);
	free(policy->description);
	free(policy->reason);
	*policy = (struct policy){ .name = NULL };
}

bool policy_saves(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_sections; i++)
		if (policy->sections[i].kind != POLICY_EXCLUDE)
			return true;
	return false;
}

bool policy_excludes(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_sections; i++)
		if (policy->sections[i].kind == POLICY_EXCLUDE)
			return true;
	return false;
}

struct policy_set *policy_set_free(struct policy_set *set)
{
	if (!set)
		return NULL;

	for (size_t i = 0; i < set->n_policies; i++)
		policy_done(&set->policies[i]);
	free(set->policies);
	diags_done(&set->diags);
	free(set);
	return NULL;
}

bool policy_has_path(const struct policy *policy, const char *path)
{
	if (strcmp(policy->path, path) == 0)
		return true;

	for (char **dropin = policy->dropins; dropin && *dropin; dropin++)
		if (strcmp(*dropin, path) == 0)
			return true;
	return false;
}

static int set_state(struct policy *policy, enum policy_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int set_state(struct policy *policy, enum policy_state state, const char *format, ...)
{
	va_list ap;
	int r;

	free(policy->reason);
	policy->state = state;

	va_start(ap, format);
	r = vasprintf(&policy->reason, format, ap);
	va_end(ap);
	if (r < 0)
		policy->reason = NULL;
	return r < 0 ? -ENOMEM : 0;
}

/* By its conditions alone. Whether it has changed, or -ENOMEM. */
static int judge(struct policy *policy, const struct policy_facts *facts)
{
	bool was_unmet = policy->unmet;
	char *reason = NULL;
	int met;

	if (policy->state != POLICY_ENABLED && !was_unmet)
		return 0;
	met = policy_conditions_met(policy, facts, &reason);
	if (met < 0)
		return met;
	free(policy->reason);
	policy->reason = reason;
	policy->unmet = !met;
	policy->state = met ? POLICY_ENABLED : POLICY_DISABLED;
	return policy->unmet != was_unmet;
}

int policy_set_judge(struct policy_set *set, const struct policy_facts *facts)
{
	bool changed = false;

	for (size_t i = 0; i < set->n_policies; i++) {
		int r = judge(&set->policies[i], facts);

		if (r < 0)
			return r;
		changed |= r;
	}
	return changed;
}

/* After the last file of a policy: its state, given that its diagnostics are those from first on. */
static int finish(struct policy *policy, struct diags *diags, size_t first, bool must_save)
{
	const struct diag *error = NULL;
	size_t n = 0;

	for (size_t i = first; i < diags->n; i++) {
		if (!diags->items[i].error)
			continue;
		error = error ?: &diags->items[i];
		n++;
	}

	if (n > 1)
		return set_state(policy, POLICY_ERROR, "%zu errors", n);
	if (error)
		return set_state(policy, POLICY_ERROR, "%s", error->message);
	if (policy->state == POLICY_DISABLED)
		return 0;
	if (!policy->enabled)
		return set_state(policy, POLICY_DISABLED, "Enabled=no");
	if (policy->n_sections == 0 && must_save)
		return diag_add(diags, policy->path, 0, 0, false,
				"saves nothing: add a section such as [Printk] or [Task]");
	return 0;
}

/* Reads a file into a policy; an empty file and a link to /dev/null are left to the caller. */
static int load_into(const char *path, struct policy *policy, struct diags *diags)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r, type;

	type = policy_file_read(path, &text, &size, diags);
	if (type != POLICY_FILE_TEXT)
		return type;

	r = policy_parse_into(path, text, size, policy, diags);
	return r < 0 ? r : type;
}

static int set_masked(struct policy *policy, int type)
{
	if (type == POLICY_FILE_EMPTY)
		return set_state(policy, POLICY_DISABLED, "%s is empty", policy->path);
	if (type == POLICY_FILE_NULL)
		return set_state(policy, POLICY_DISABLED, "%s is a link to /dev/null", policy->path);
	return 0;
}

int policy_parse(const char *path, const char *text, size_t size, struct policy *policy, struct diags *diags)
{
	size_t first = diags->n;
	int r;

	r = policy_init(policy, path);
	if (r < 0)
		return r;

	r = size > 0 ? policy_parse_into(path, text, size, policy, diags) : set_masked(policy, POLICY_FILE_EMPTY);
	return r < 0 ? r : finish(policy, diags, first, true);
}

/* A drop-in has no need to save anything by itself. */
static bool is_dropin(const char *path)
{
	const char *end = strrchr(path, '/');

	return end && end - path > 7 && strncmp(end - 7, ".conf.d", 7) == 0;
}

int policy_load_file(const char *path, struct policy *policy, struct diags *diags)
{
	size_t first = diags->n;
	int r;

	r = policy_init(policy, path);
	if (r < 0)
		return r;

	r = load_into(path, policy, diags);
	if (r >= 0)
		r = set_masked(policy, r);
	return r < 0 ? r : finish(policy, diags, first, !is_dropin(path));
}

static int load_file_of_set(const char *path, struct policy *policy, struct diags *diags)
{
	int r = load_into(path, policy, diags);

	if (r >= 0 || r == -ENOMEM)
		return r;

	r = policy_unreadable(diags, path, "", -r);
	return r < 0 ? r : POLICY_FILE_REFUSED;
}

static int load_policy(const struct policy_file *file, struct policy *policy, struct diags *diags)
{
	size_t first = diags->n;
	int r;

	r = policy_init(policy, file->path);
	if (r < 0)
		return r;

	r = load_file_of_set(file->path, policy, diags);
	if (r < 0)
		return r;
	if (r == POLICY_FILE_EMPTY || r == POLICY_FILE_NULL)
		return set_masked(policy, r);

	for (size_t i = 0; i < file->n_dropins; i++) {
		r = strv_append(&policy->dropins, file->dropins[i].path);
		if (r >= 0)
			r = load_file_of_set(file->dropins[i].path, policy, diags);
		if (r < 0)
			return r;
	}

	return finish(policy, diags, first, true);
}

int policy_set_load(const char *const *dirs, struct policy_set **ret)
{
	struct policy_files files = { NULL, 0 };
	struct policy_set *set;
	int r;

	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;

	r = policy_files_find(dirs, &files, &set->diags);
	if (r >= 0 && files.n > 0) {
		set->policies = calloc(files.n, sizeof(*set->policies));
		if (!set->policies)
			r = -ENOMEM;
	}

	for (size_t i = 0; i < files.n && r >= 0; i++)
		r = load_policy(&files.items[i], &set->policies[set->n_policies++], &set->diags);

	policy_files_done(&files);
	if (r >= 0)
		r = policy_set_check_excluded(set);
	if (r < 0) {
		policy_set_free(set);
		return r;
	}

	*ret = set;
	return 0;
}
