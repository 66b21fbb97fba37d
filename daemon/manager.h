/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon: policies, sources, the module and the bus, brought together. */
#ifndef QCMDD_MANAGER_H
#define QCMDD_MANAGER_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct manager;

int manager_new(sd_event *event, struct manager **ret);
struct manager *manager_free(struct manager *m); /* returns NULL */

/* Everything up to the first reconcile. */
int manager_start(struct manager *m);

/* The loop has ended: take the regions out of the table, or leave them to the next one. */
void manager_finish(struct manager *m, bool release);

/*
 * Read the policies anew and apply them. -EBADMSG: there are errors, told in m->reload; then, and after any
 * other error, the previous ones stay in use.
 */
int manager_reload(struct manager *m);

#endif
