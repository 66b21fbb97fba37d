/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's state, and what its files do for each other. */
#ifndef QCMDD_MANAGER_PRIVATE_H
#define QCMDD_MANAGER_PRIVATE_H

#include <sys/utsname.h>
#include <systemd/sd-bus.h>

#include "daemon/autoreload.h"
#include "daemon/describe.h"
#include "daemon/manager.h"
#include "daemon/source/sources.h"
#include "daemon/table/reconcile.h"

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
	int error;	       /* the last of them, or 0 */
	sd_event_source *ready_retry;

	struct policy_set *policies;
	struct utsname uts;
	struct machine machine;				 /* as it was when it was last looked at */
	uint64_t machine_read;				 /* when that was; 0: it is to be looked at again */
	char judged_backend[QCOM_MINIDUMP_NAME_MAX + 1]; /* that the conditions of the policies were judged by */
	struct sources sources;
	sd_event_source *sources_retry;
	unsigned int source_failures; /* of starting them, in a row */
	struct reconcile *reconcile;
	char *layout; /* for the note */
	struct reload_info reload;
	unsigned int config_log_level; /* of qcmdd.conf, as last read; somebody may have set another one since */
	struct autoreload *autoreload; /* NULL: policies are read anew on command only */

	sd_bus *bus;
	sd_event_source *bus_retry;
	sd_event_source *bus_late;
	bool bus_pending;	    /* our name on the bus has been asked for, and there may be an answer soon */
	unsigned int bus_failures;  /* in a row */
	unsigned int name_refusals; /* of these since we had our name: another one has it */
	char *bus_problem;	    /* why nobody can ask us, or NULL */

	bool reconciled; /* for the first time */
	bool ready;
	/* What the world was told last. */
	enum status_state told_state;
	bool told_module;
	char told_backend[QCOM_MINIDUMP_NAME_MAX + 1];
	char *told_problems;
	char *told_status;
	sd_event_source *status_late; /* runs while systemd is not to be told anything */
	sd_event_source *machine_again;
};

/* manager.c */

/* Work is to be done, soon or now. */
void manager_schedule(struct manager *m);
int manager_work(struct manager *m);
/* One of those that manager_new() has made, microseconds from now on. */
void manager_set_timer(sd_event_source *timer, uint64_t delay);
/* Says READY when all that the policies ask for was tried, and whoever waits for that can call. */
void manager_tell_ready(struct manager *m);

/* manager-module.c: what the module has becomes known, or what it has is given up */

int manager_start_module(struct manager *m);
int manager_connect(struct manager *m);
int manager_relist(struct manager *m);
int manager_recount(struct manager *m);
uint32_t manager_free_slots(const struct manager *m);
int manager_release(struct manager *m);

/* manager-policies.c: what is wanted becomes known */

int manager_first_policies(struct manager *m);
int manager_recollect(struct manager *m);
/* Sources that could not be started are tried again. */
void manager_watch_sources(struct manager *m);
int manager_on_sources_retry(sd_event_source *timer, uint64_t due, void *userdata);
/* Another back end, and other policies are in use. */
int manager_follow_backend(struct manager *m);

/* manager-status.c */

/* Facts and their judgement; done with status_done(). */
void manager_status(struct manager *m, struct status *ret);
/* The same with fresh numbers from the module, and its regions. */
int manager_status_fresh(struct manager *m, struct status *ret, struct module_region **ret_regions, size_t *ret_n);
/* Whoever listens, of what is different now. */
void manager_tell(struct manager *m);
int manager_on_status_late(sd_event_source *timer, uint64_t due, void *userdata);
int manager_on_machine_again(sd_event_source *timer, uint64_t due, void *userdata);

/* manager-bus.c */

void manager_bus_start(struct manager *m);
void manager_bus_stop(struct manager *m);
int manager_on_bus_retry(sd_event_source *timer, uint64_t due, void *userdata);
void manager_bus_changed(struct manager *m, bool state, bool backend, bool module, bool problems);

/* manager-interface.c, manager-logcontrol.c: what there is on the bus */

extern const sd_bus_vtable manager_vtable[], manager_log_vtable[];
bool manager_bus_sender_is_root(sd_bus_message *message);
int manager_bus_busy(sd_bus_error *error, int r);

/* snapshot-bus.c */

int manager_bus_snapshot(sd_bus_message *message, void *userdata, sd_bus_error *error);

#endif
