/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the running kernel's BPF maps keep what is in them. */
#ifndef QCMDD_MAPS_H
#define QCMDD_MAPS_H

#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "bpf/map.h"

struct maps;

int maps_new(struct maps **ret);
struct maps *maps_free(struct maps *m); /* returns NULL */

/* -ENOENT: there is no such map. On other failures *ret_reason is what to tell people, to be freed. */
int maps_find(struct maps *m, uint32_t id, struct map_memory *ret, char **ret_reason);

#endif
