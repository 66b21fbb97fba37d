/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's state, and what makes it change. */
#ifndef QCMDD_MANAGER_H
#define QCMDD_MANAGER_H

#include <sys/utsname.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/autoreload.h"
#include "daemon/describe.h"
#include "daemon/table/module-netlink.h"
#include "daemon/policy/policy.h"
#include "daemon/table/reconcile.h"
#include "daemon/source/sources.h"

struct manager {
	sd_event *event;

	struct module *module;
	sd_event_source *module_io;
	struct module_backend backend; /* as last seen */
	bool reconnect;		       /* the module may be there */
	bool relist;		       /* what the module has is not known */
	bool recount;		       /* a region has gone: there may be room again */
	bool recollect;		       /* what is wanted is not known */
	uint32_t free_when_full;       /* slots that were left when a region did not fit */
	sd_event_source *work;
	sd_event_source *retry;
	unsigned int failures; /* in a row */

	struct policy_set *policies;
	struct utsname uts;
	struct machine machine;				 /* as it was at the start: of use for what does not change */
	char judged_backend[QCOM_MINIDUMP_NAME_MAX + 1]; /* that the conditions of the policies were judged by */
	struct sources sources;
	struct reconcile *reconcile;
	char *layout; /* for the note */
	struct reload_info reload;
	struct autoreload *autoreload; /* NULL: policies are read anew on command only */

	sd_bus *bus;
	sd_event_source *bus_retry;
	sd_event_source *bus_late;
	bool bus_pending; /* our name on the bus has been asked for, and there may be an answer soon */

	bool reconciled; /* for the first time */
	bool ready;
	bool release; /* on exit: stopped, not restarted */
	/* What the world was told last. */
	enum status_state told_state;
	bool told_module;
	char told_backend[QCOM_MINIDUMP_NAME_MAX + 1];
	char *told_problems;
};

int manager_new(struct manager **ret);
struct manager *manager_free(struct manager *m); /* returns NULL */

/* Everything up to the first reconcile. */
int manager_start(struct manager *m);

/* Says READY when all that the policies ask for was tried, and whoever waits for that can call. */
void manager_tell_ready(struct manager *m);

/* The loop has ended: leave the regions to the next one, or take them out of the table. */
void manager_finish(struct manager *m);

/*
 * Read the policies anew and apply them. -EBADMSG: there are errors, told in m->reload; then, and after any
 * other error, those of before stay in use.
 */
int manager_reload(struct manager *m);

/* Facts and their judgement; done with status_done(). */
void manager_status(struct manager *m, struct status *ret);
/* The same with fresh numbers from the module, and its regions. */
int manager_status_fresh(struct manager *m, struct status *ret, struct module_region **ret_regions, size_t *ret_n);

/* manager-bus.c */
int manager_bus_start(struct manager *m);
void manager_bus_stop(struct manager *m);
void manager_bus_changed(struct manager *m, bool state, bool backend, bool module);
bool manager_bus_sender_is_root(sd_bus_message *message);
int manager_bus_busy(sd_bus_error *error, int r);

/* snapshot-bus.c */
int manager_bus_snapshot(sd_bus_message *message, void *userdata, sd_bus_error *error);

#endif
