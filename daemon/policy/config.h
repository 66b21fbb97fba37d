/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's own settings: qcmdd.conf(5). The language is that of policies. */
#ifndef QCMDD_CONFIG_H
#define QCMDD_CONFIG_H

#include "daemon/policy/policy.h"

#define CONFIG_PATH "/etc/qcmd/qcmdd.conf"

struct config {
	bool auto_reload;	/* AutoReload=: policies are read anew when their files change */
	unsigned int log_level; /* LogLevel=: of syslog(3) */
};

/* No file: the defaults. Errors are added to diags, and then the defaults count. 0 or -ENOMEM. */
int config_load(const char *path, struct config *ret, struct diags *diags);

#endif
