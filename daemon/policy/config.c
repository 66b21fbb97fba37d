// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "daemon/policy/config.h"
#include "daemon/policy/policy-internal.h"
#include "lib/cleanup.h"

int config_load(const char *path, struct config *ret, struct policy_diags *diags)
{
	_cleanup_free_ char *text = NULL;
	size_t size, errors = policy_diags_errors(diags);
	struct config config = {};
	int r;

	*ret = config;
	r = policy_file_read(path, &text, &size, diags);
	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -ENOMEM) {
		errno = -r;
		return policy_diag_add(diags, path, 0, 0, true, "can't be read: %m");
	}
	if (r == POLICY_FILE_TEXT)
		r = policy_parse_settings(path, text, size, &config, diags);
	if (r >= 0 && policy_diags_errors(diags) == errors)
		*ret = config;
	return r < 0 ? r : 0;
}
