// SPDX-License-Identifier: GPL-2.0-only
/* What selects tasks, besides their names. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/policy/policy-internal.h"
#include "lib/text.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* The list ends in 0, which is no task's number. */
static int add_pid(unsigned int **pids, size_t n, unsigned int pid)
{
	unsigned int *grown = reallocarray(*pids, n + 2, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	grown[n] = pid;
	grown[n + 1] = 0;
	*pids = grown;
	return 0;
}

static size_t count_pids(const unsigned int *pids)
{
	size_t n = 0;

	while (pids && pids[n])
		n++;
	return n;
}

static bool parse_pids(struct ini *p, const struct ini_key *key, const char *value, unsigned int **pids)
{
	char item[INI_LINE_MAX + 1];
	const char *at;

	while ((at = policy_next_item(p, &value, item))) {
		unsigned int pid;

		if (!parse_uint(item, key->min, key->max, &pid)) {
			ini_complain(p, at,
				     "%s= takes numbers from %u to %u, not '%s'; for a name there is Comm=", key->name,
				     key->min, key->max, quote(item, strlen(item)).s);
			continue;
		}
		if (count_pids(*pids) >= POLICY_TASK_PIDS_MAX) {
			ini_complain(p, at, "more than %d numbers in one section: start another [%s] for the rest",
				     POLICY_TASK_PIDS_MAX, key->section);
			return false;
		}
		if (add_pid(pids, count_pids(*pids), pid) < 0) {
			p->error = -ENOMEM;
			return false;
		}
	}
	return true;
}

void policy_value_pids(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	size_t messages = p->diags->n;
	unsigned int **pids = data;

	if (!*value) {
		free(*pids);
		*pids = NULL;
		return;
	}
	parse_pids(p, key, value, pids);
	p->doubtful |= p->diags->n > messages;
}

/* Whether it can be the path of a cgroup: "/", or names with one '/' before each. */
static bool cgroup_is_right(struct ini *p, const char *at, const char *path)
{
	size_t root = strlen(CGROUP_ROOT);

	if (strncmp(path, CGROUP_ROOT, root) == 0 && (!path[root] || path[root] == '/'))
		ini_complain(p, at, "leave out " CGROUP_ROOT ": write %s", path[root] ? path + root : "/");
	else if (*path != '/')
		ini_complain(p, at,
			     "'%s' does not start with '/': write the path below " CGROUP_ROOT
			     ", such as /system.slice/nginx.service",
			     quote(path, strlen(path)).s);
	else if (strstr(path, "//") || strstr(path, "/./") || strstr(path, "/../") ||
		 (path[1] && path[strlen(path) - 1] == '/'))
		ini_complain(p, at,
			     "'%s' can never match: a cgroup's path has one '/' before each name and none at "
			     "its end",
			     quote(path, strlen(path)).s);
	else
		return true;
	return false;
}

void policy_value_cgroups(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	policy_set_list(p, key, value, data, "paths", cgroup_is_right);
}

/* A name, a UID, or two with a '-' between them. */
static bool parse_users(const char *item, struct policy_user_range *ret)
{
	const char *dash = strchr(item, '-');
	_cleanup_free_ char *first = strndup(item, dash ? (size_t)(dash - item) : strlen(item));
	const struct passwd *user;

	if (first && parse_uint(first, 0, UINT_MAX - 1, &ret->first)) {
		ret->last = ret->first;
		return !dash || (parse_uint(dash + 1, 0, UINT_MAX - 1, &ret->last) && ret->last >= ret->first);
	}
	user = getpwnam(item);
	if (user)
		ret->first = ret->last = user->pw_uid;
	return user;
}

void policy_value_users(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	struct policy_users *users = data;
	char item[INI_LINE_MAX + 1];
	size_t messages = p->diags->n;
	const char *at;

	if (!*value) {
		free(users->items);
		*users = (struct policy_users){};
	}
	while ((at = policy_next_item(p, &value, item))) {
		struct policy_user_range range, *grown;

		if (!parse_users(item, &range)) {
			ini_complain(
				p, at,
				"%s= takes names of users that there are, and UIDs such as 1000 or 0-999, not '%s'",
				key->name, quote(item, strlen(item)).s);
			continue;
		}
		if (users->n >= key->max) {
			ini_complain(p, at, "more than %u users in one section: start another [%s] for the rest",
				     key->max, key->section);
			break;
		}
		grown = reallocarray(users->items, users->n + 1, sizeof(*grown));
		if (!grown) {
			p->error = -ENOMEM;
			return;
		}
		users->items = grown;
		users->items[users->n++] = range;
	}
	p->doubtful |= p->diags->n > messages;
}

bool policy_users_have(const struct policy_users *users, unsigned int uid)
{
	bool found = !users->n;

	for (size_t i = 0; i < users->n; i++)
		found |= uid >= users->items[i].first && uid <= users->items[i].last;
	return found;
}

void policy_value_tristate(struct ini *p, const struct ini_key *key, const char *value, void *data)
{
	enum policy_tristate *target = data;
	size_t messages = p->diags->n;
	bool yes = false;

	ini_value_bool(p, key, value, &yes);
	*target = !*value ? POLICY_ANY : yes ? POLICY_YES : POLICY_NO;
	p->doubtful |= p->diags->n > messages;
}

const char *policy_task_end(struct policy_task *t)
{
	if (t->parts == 0)
		t->parts = POLICY_TASK_PART(QCOM_MINIDUMP_TASK_STRUCT);
	if (!t->comms && !t->pids && !t->cgroups && !t->users.n && !t->kernel_thread && !t->states)
		return "[Task] without Comm=: say which tasks, such as Comm=systemd sshd*, or with PID=, Cgroup=, "
		       "User=, KernelThread= or State=";
	if (t->state_sec && !t->states)
		return "StateSec= without State=: say in which state, such as State=uninterruptible";
	return NULL;
}
