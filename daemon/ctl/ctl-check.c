// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "daemon/ctl/ctl.h"
#include "daemon/policy/config.h"
#include "daemon/policy/policy-internal.h"
#include "lib/alloc.h"
#include "lib/strv.h"
#include "lib/text.h"

#define DAEMON_USER "qcmd"

static struct json_object *diags_to_json(const struct diags *diags)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < diags->n; i++) {
		const struct diag *d = &diags->items[i];
		struct json_object *o = json_object_new_object();

		if (!array || !o)
			out_of_memory();
		json_object_object_add(o, "path", json_object_new_string(d->path));
		if (d->line > 0)
			json_object_object_add(o, "line", json_object_new_int(d->line));
		if (d->column > 0)
			json_object_object_add(o, "column", json_object_new_int(d->column));
		json_object_object_add(o, "severity", json_object_new_string(d->error ? "error" : "warning"));
		json_object_object_add(o, "message", json_object_new_string(d->message));
		json_object_array_add(array, o);
	}

	return array;
}

static int report(const struct diags *diags, const char *checked, enum json_form json)
{
	size_t n_errors = diags_errors(diags);
	_cleanup_free_ char *errors = ctl_things(n_errors, "error", "errors");
	_cleanup_free_ char *warnings = ctl_things(diags->n - n_errors, "warning", "warnings");

	if (json != JSON_OFF) {
		_cleanup_(json_putp) struct json_object *array = diags_to_json(diags);

		json_print(array, json, stdout);
		return n_errors > 0 ? CTL_FAILURE : CTL_OK;
	}

	for (size_t i = 0; i < diags->n; i++)
		diag_print(&diags->items[i], stderr);

	if (diags->n == 0)
		printf("%s checked: no errors\n", checked);
	else
		printf("%s checked: %s, %s\n", checked, errors, warnings);
	return n_errors > 0 ? CTL_FAILURE : CTL_OK;
}

/* What is installed is read by whom it will be read: root may do more than that. Without the user, by who asks. */
static void become_daemon(void)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(DAEMON_USER) : NULL;

	if (user &&
	    (initgroups(DAEMON_USER, user->pw_gid) < 0 || setegid(user->pw_gid) < 0 || seteuid(user->pw_uid) < 0))
		fprintf(stderr, "qcmdctl: what the user " DAEMON_USER " can read is not known: %s\n", strerror(errno));
}

static void become_root(void)
{
	if (getuid() == 0 && geteuid() != 0 && (seteuid(0) < 0 || setegid(getgid()) < 0))
		abort();
}

/* Whether it is a policy or a drop-in in its place, rather than one that is yet to be put there. */
static bool is_installed(const char *path)
{
	_cleanup_free_ char *copy = xprintf("%s", path), *in = realpath(dirname(copy), NULL);

	for (const char *const *dir = policy_dirs(); in && *dir; dir++) {
		_cleanup_free_ char *folder = realpath(*dir, NULL);
		size_t n = folder ? strlen(folder) : 0;

		if (n && strncmp(in, folder, n) == 0 && (!in[n] || in[n] == '/'))
			return true;
	}
	return false;
}

/* The daemon's own settings are told from a policy by their name. */
static bool is_config(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, strrchr(CONFIG_PATH, '/') + 1) == 0 && !is_installed(path);
}

static int read_config(const char *path, struct diags *diags)
{
	struct config config;

	return access(path, F_OK) < 0 ? -errno : config_load(path, &config, diags);
}

static int read_policy(const char *path, struct diags *diags)
{
	struct policy policy;
	int r = policy_load_file(path, &policy, diags);

	policy_done(&policy);
	return r;
}

static void check_file(const char *path, struct diags *diags)
{
	int r;

	if (is_installed(path) || strcmp(path, CONFIG_PATH) == 0)
		become_daemon();
	r = is_config(path) ? read_config(path, diags) : read_policy(path, diags);
	if (r < 0)
		r = policy_unreadable(diags, path, "", -r);
	become_root();
	if (r < 0)
		out_of_memory();
}

static int check_installed(enum json_form json)
{
	_cleanup_free_ char *checked = NULL;
	struct policy_set *set;
	struct config config;
	int r;

	become_daemon();
	r = policy_set_load(policy_dirs(), &set);
	if (r >= 0)
		r = config_load(CONFIG_PATH, &config, &set->diags);
	become_root();
	if (r < 0)
		out_of_memory();

	checked = ctl_things(set->n_policies, "policy", "policies");
	r = report(&set->diags, checked, json);
	policy_set_free(set);
	return r;
}

int ctl_check(char *const *files, size_t n, enum json_form json)
{
	_cleanup_free_ char *checked = ctl_things(n, "file", "files");
	struct diags diags = { NULL, 0 };
	int r;

	if (n == 0)
		return check_installed(json);

	for (size_t i = 0; i < n; i++)
		check_file(files[i], &diags);

	r = report(&diags, checked, json);
	diags_done(&diags);
	return r;
}

/* One file under its heading. What qcmdd would not read is not shown either. */
static int cat_file(const char *path, const struct style *style)
{
	struct diags diags = { NULL, 0 };
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int type = policy_file_read(path, &text, &size, &diags);

	printf("%s# %s%s", sgr(style, COLOUR_BOLD), path, sgr(style, COLOUR_NORMAL));
	switch (type) {
	case POLICY_FILE_TEXT:
		putchar('\n');
		fwrite(text, 1, size, stdout);
		if (text[size - 1] != '\n')
			putchar('\n');
		break;
	case POLICY_FILE_EMPTY:
		printf(" is empty: this disables it\n");
		break;
	case POLICY_FILE_NULL:
		printf(" is a link to /dev/null: this disables it\n");
		break;
	case POLICY_FILE_REFUSED:
		printf(" is not read: %s\n", diags.items[0].message);
		break;
	default:
		printf(" can't be read: %s\n", strerror(-type));
	}

	diags_done(&diags);
	return type < 0 || type == POLICY_FILE_REFUSED ? CTL_FAILURE : CTL_OK;
}

static int cat_with_overridden(const struct policy_file *file, const struct style *style)
{
	int r = cat_file(file->path, style);

	for (char **path = file->overridden; path && *path; path++)
		printf("%s# %s is masked by %s%s\n", sgr(style, COLOUR_DIM), *path, file->path,
		       sgr(style, COLOUR_NORMAL));
	return r;
}

static int cat_policy(const struct policy_file *file, const struct style *style)
{
	int r = cat_with_overridden(file, style);

	for (size_t i = 0; i < file->n_dropins; i++) {
		putchar('\n');
		r |= cat_with_overridden(&file->dropins[i], style);
	}
	return r;
}

static bool is_named(const struct policy_file *file, const char *name)
{
	size_t len = strlen(file->name) - strlen(".conf");

	return strcmp(file->name, name) == 0 || (strlen(name) == len && strncmp(file->name, name, len) == 0);
}

static bool is_wanted(const struct policy_file *file, char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_named(file, names[i]))
			return true;
	return n == 0;
}

static int unknown_policy(const struct policy_files *files, const char *name)
{
	_cleanup_(strv_freep) char **known = NULL;
	_cleanup_free_ char *printable = clean_text(name);
	const char *meant = NULL;

	for (size_t i = 0; i < files->n; i++) {
		if (strv_append(&known, files->items[i].name) < 0)
			out_of_memory();
		*strrchr(known[i], '.') = '\0';
	}
	if (known)
		meant = did_you_mean(name, (const char *const *)known);

	fprintf(stderr, "qcmdctl: there is no policy '%s'", printable);
	if (meant)
		fprintf(stderr, ", did you mean '%s'?\n", meant);
	else
		fprintf(stderr, "; 'qcmdctl cat-config' shows all\n");
	return CTL_FAILURE;
}

static int check_names(const struct policy_files *files, char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t j = 0; j < files->n; j++)
			found |= is_named(&files->items[j], names[i]);
		if (!found)
			return unknown_policy(files, names[i]);
	}
	return CTL_OK;
}

int ctl_cat_config(char *const *names, size_t n, const struct style *style)
{
	struct diags diags = { NULL, 0 };
	struct policy_files files;
	bool first = true;
	int r;

	if (policy_files_find(policy_dirs(), &files, &diags) < 0)
		out_of_memory();

	for (size_t i = 0; i < diags.n; i++)
		diag_print(&diags.items[i], stderr);
	r = diags_errors(&diags) > 0 ? CTL_FAILURE : CTL_OK;
	r |= check_names(&files, names, n);

	for (size_t i = 0; i < files.n; i++) {
		if (!is_wanted(&files.items[i], names, n))
			continue;
		if (!first)
			putchar('\n');
		first = false;
		r |= cat_policy(&files.items[i], style);
	}

	if (files.n == 0)
		fprintf(stderr, "qcmdctl: there are no policies; see qcmd.d(5)\n");
	policy_files_done(&files);
	diags_done(&diags);
	return r;
}
