/* SPDX-License-Identifier: GPL-2.0-only */
/* /etc/qcmd/collect.conf */
#ifndef COLLECT_CONF_H
#define COLLECT_CONF_H

#include "dump/collect/store.h"

#define COLLECT_CONF_PATH "/etc/qcmd/collect.conf"

struct collect_conf {
	struct store_limits limits;
	unsigned int zstd; /* a bool */
	char *rawdump;	   /* NULL: found by its label; "none", or its path */
	char *pstore;	   /* NULL: the kernel's and systemd's folders; "none", or a folder */
	struct strlist problems;
};

/* A file that is not there is an empty one. What is wrong in it is a problem, and without effect. */
int collect_conf_read(struct collect_conf *c, const char *path, struct derr *err);
void collect_conf_clear(struct collect_conf *c);

#endif
