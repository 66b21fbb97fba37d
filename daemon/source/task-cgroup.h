/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroup= of all sections: which cgroups there are that match, and what each pattern's bit is. */
#ifndef QCMDD_TASK_CGROUP_H
#define QCMDD_TASK_CGROUP_H

#include <stddef.h>
#include <stdint.h>

#define CGROUP_PATTERNS_MAX 64 /* different ones: a bit each */

struct cgroup_patterns {
	char **globs; /* NULL-terminated, or NULL */
};

void cgroup_patterns_done(struct cgroup_patterns *p);

/* Adds those that are new. -E2BIG: there are too many; -ENOMEM. */
int cgroup_patterns_add(struct cgroup_patterns *p, char *const *globs);

/* The bits of these; what could not be added has none. */
uint64_t cgroup_patterns_bits(const struct cgroup_patterns *p, char *const *globs);

/* The bits of those that the path matches, which is one below the root of the hierarchy, "/" for itself. */
uint64_t cgroup_patterns_match(const struct cgroup_patterns *p, const char *path);

/*
 * All cgroups there are that some pattern matches, each perhaps several times: then its bits add up. Ends with what
 * found returns if that is negative; -EOPNOTSUPP: the unified hierarchy is not where it has to be.
 */
int cgroup_patterns_scan(const struct cgroup_patterns *p, int (*found)(uint64_t id, uint64_t bits, void *userdata),
			 void *userdata);

#endif
