// SPDX-License-Identifier: GPL-2.0-only
/* Turns policies on and off by a drop-in in the first folder, which is the administrator's. Needs no daemon. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/ctl/ctl.h"
#include "daemon/policy/policy.h"
#include "lib/alloc.h"
#include "lib/text.h"

/* The last drop-in wins. */
#define DROPIN "zz-qcmdctl.conf"
#define MADE   "# Made by qcmdctl(1).\n[Policy]\n"

static struct policy_set *load(void)
{
	struct policy_set *set;

	if (policy_set_load(policy_dirs(), &set) < 0)
		out_of_memory();
	return set;
}

static void set_freep(struct policy_set **set)
{
	policy_set_free(*set);
}

static const struct policy *find(const struct policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_policies; i++)
		if (strcmp(set->policies[i].name, name) == 0)
			return &set->policies[i];
	return NULL;
}

static char *not_found(const struct policy_set *set, const char *name)
{
	_cleanup_free_ const char **names = calloc(set->n_policies + 1, sizeof(*names));
	const char *meant;

	if (!names)
		out_of_memory();
	for (size_t i = 0; i < set->n_policies; i++)
		names[i] = set->policies[i].name;
	meant = did_you_mean(name, names);
	return xprintf("there is no policy '%s'%s%s%s", quote(name, strlen(name)).s, meant ? ", did you mean '" : "",
		       meant ?: "", meant ? "'?" : "; 'qcmdctl policies' lists them");
}

/* What a drop-in can't change. */
static char *refusal(const struct policy_set *set, const char *name, bool enabled)
{
	const struct policy *policy = find(set, name);

	if (!policy)
		return not_found(set, name);
	if (policy->state == POLICY_ERROR)
		return xprintf("%s has errors, see 'qcmdctl check': %s", name, policy->reason);
	if (policy->state == POLICY_DISABLED && policy->enabled && enabled)
		return xprintf("%s: remove it to enable the policy", policy->reason);
	return NULL;
}

static char *write_dropin(const struct ctl_dropin *dropin, const char *text)
{
	_cleanup_close_ int fd = -1;

	/* Whatever the umask is, qcmdd has to be able to look into it. */
	if (mkdir(dropin->folder, 0755) < 0 ? errno != EEXIST : chmod(dropin->folder, 0755) < 0)
		return xprintf("%s can't be made: %s", dropin->folder, strerror(errno));
	fd = open(dropin->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || dprintf(fd, "%s", text) < 0 || fchmod(fd, 0644) < 0 || fsync(fd) < 0)
		return xprintf("%s can't be written: %s", dropin->path, strerror(errno));
	return NULL;
}

static char *remove_dropin(const struct ctl_dropin *dropin)
{
	if (unlink(dropin->path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return xprintf("%s can't be removed: %s", dropin->path, strerror(errno));
	rmdir(dropin->folder); /* if nothing else is in it */
	return NULL;
}

/* What can't be read can't be put back, and is no drop-in that qcmdd could read. */
static char *read_text(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (f && getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		return NULL;
	}
	return text;
}

void ctl_dropin_done(struct ctl_dropin *dropin)
{
	free(dropin->folder);
	free(dropin->path);
	free(dropin->text);
	*dropin = (struct ctl_dropin){ .path = NULL };
}

char *ctl_dropin_restore(const struct ctl_dropin *before)
{
	char *error = remove_dropin(before);

	return error || !before->text ? error : write_dropin(before, before->text);
}

static char *write_or_restore(const struct ctl_dropin *dropin, const char *text)
{
	char *error = write_dropin(dropin, text), *both;
	_cleanup_free_ char *lost = error ? ctl_dropin_restore(dropin) : NULL;

	if (!lost)
		return error;
	both = xprintf("%s; what was there is lost: %s", error, lost);
	free(error);
	return both;
}

static char *set_enabled(const char *name, bool enabled, const struct ctl_dropin *dropin)
{
	_cleanup_(set_freep) struct policy_set *without = NULL;
	char *error = remove_dropin(dropin);

	if (error)
		return error;
	without = load();
	if (find(without, name)->enabled == enabled)
		return NULL;
	return write_or_restore(dropin, enabled ? MADE "Enabled=yes\n" : MADE "Enabled=no\n");
}

char *ctl_set_enabled(const char *name, bool enabled, struct ctl_dropin *ret_before)
{
	_cleanup_(set_freep) struct policy_set *before = load();
	char *error = refusal(before, name, enabled);

	*ret_before = (struct ctl_dropin){ .path = NULL };
	if (error)
		return error;
	ret_before->folder = xprintf("%s/%s.conf.d", policy_dirs()[0], name);
	ret_before->path = xprintf("%s/" DROPIN, ret_before->folder);
	ret_before->text = read_text(ret_before->path);
	error = set_enabled(name, enabled, ret_before);
	if (error)
		ctl_dropin_done(ret_before);
	return error;
}
