// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <syslog.h>

#include "daemon/policy/config.h"
#include "daemon/policy/policy-internal.h"

static const struct ini_section sections[] = { { .name = "Daemon" }, {} };
/* The first one is the default. */
static const struct ini_word levels[] = {
	{ "info", LOG_INFO },	    { "debug", LOG_DEBUG }, { "notice", LOG_NOTICE },
	{ "warning", LOG_WARNING }, { "err", LOG_ERR },	    { "crit", LOG_CRIT },
	{ "alert", LOG_ALERT },	    { "emerg", LOG_EMERG }, {},
};
static const struct ini_key keys[] = {
	{ "Daemon", "AutoReload", ini_value_bool, offsetof(struct config, auto_reload), .expects = "yes or no" },
	{ "Daemon", "LogLevel", ini_value_word, offsetof(struct config, log_level), .words = levels,
	  .expects = "debug, info, notice, warning, err, crit, alert or emerg" },
	{},
};
static const struct ini_format format = { .sections = sections, .keys = keys, .example = "Daemon" };

int config_load(const char *path, struct config *ret, struct diags *diags)
{
	_cleanup_free_ char *text = NULL;
	size_t size, errors = diags_errors(diags);
	struct config config = { .log_level = LOG_INFO };
	int r;

	*ret = config;
	r = policy_file_read(path, &text, &size, diags);
	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -ENOMEM)
		return policy_unreadable(diags, path, "", -r);
	if (r == POLICY_FILE_TEXT)
		r = ini_parse(&format, path, text, size, &config, diags);
	if (r >= 0 && diags_errors(diags) == errors)
		*ret = config;
	return r < 0 ? r : 0;
}
