/* SPDX-License-Identifier: GPL-2.0-only */
/* Parts of qcmdctl. What is shown is separate from where it comes from, so that it can be tested alone. */
#ifndef QCMD_CTL_H
#define QCMD_CTL_H

#include "daemon/table/module-netlink.h"
#include "lib/json.h"
#include "lib/machine.h"
#include "lib/terminal.h"

/* Exit status. */
enum {
	CTL_OK,
	CTL_FAILURE,
	CTL_USAGE,
	CTL_DEGRADED, /* status: a crash now would give no dump, or an incomplete one */
};

/* ctl-status.c. Is all well? CTL_OK or CTL_DEGRADED. */
int ctl_status_exit(struct json_object *describe);
void ctl_status_print(FILE *f, struct json_object *describe, const struct style *style);

/* ctl-list.c */
char *ctl_things(size_t n, const char *one, const char *many); /* "3 regions" */

/* What of the regions is to be shown; NULL: any. */
struct ctl_filter {
	const char *state;
	const char *policy; /* or owner, where no policy asked for it */
	const char *kind;
};

bool ctl_is_region_state(const char *state);
/* The others are taken out of the description. */
void ctl_regions_filter(struct json_object *describe, const struct ctl_filter *filter);
void ctl_regions_print(FILE *f, struct json_object *describe, const struct style *style);
void ctl_policies_print(FILE *f, struct json_object *describe, const struct style *style);
void ctl_changes_print(FILE *f, struct json_object *before, struct json_object *after, const struct style *style);

/* ctl-offline.c: what can be said without the daemon. */
enum ctl_unit {
	CTL_UNIT_UNKNOWN, /* nobody to ask */
	CTL_UNIT_NOT_FOUND,
	CTL_UNIT_INACTIVE,
	CTL_UNIT_STARTING,
	CTL_UNIT_FAILED,
	CTL_UNIT_ACTIVE,
};

struct ctl_facts {
	const char *error; /* why the daemon could not be asked, where that is not because it does not run */
	bool bus;	   /* the system bus answers */
	enum ctl_unit unit;
	bool unit_enabled; /* is started at boot */
	bool stopped;	   /* the daemon is, as by SIGSTOP */
	struct machine machine;
	/* What the module says, if it says anything to us. */
	bool listed;
	struct module_backend backend;
	struct module_region *regions;
	size_t n_regions;
};

/* In the form of the daemon's Describe(). */
struct json_object *ctl_describe_offline(const struct ctl_facts *facts);
/*
 * What the daemon says; if it says nothing, what can be found out without it, which is added to the facts. Of these the
 * machine has to be known. NULL is never returned.
 */
struct json_object *ctl_ask(struct ctl_facts *facts);

/* ctl-module.c: asks the module itself, which answers to root alone. */
void ctl_module_facts(struct ctl_facts *facts);
void ctl_module_describe(const struct ctl_facts *facts, struct json_object *describe);

/* ctl-bus.c */
struct ctl_bus_error {
	char *name; /* D-Bus error name, or NULL */
	char *message;
	bool absent; /* nobody has the daemon's name */
};

void ctl_bus_error_done(struct ctl_bus_error *error);
int ctl_bus_describe(struct json_object **ret, struct ctl_bus_error *error);
int ctl_bus_reload(struct ctl_bus_error *error);
/* What qcmdump collects the snapshot from; changed: the table did meanwhile. */
int ctl_bus_snapshot(int *ret_fd, bool *ret_changed, struct ctl_bus_error *error);
void ctl_bus_facts(struct ctl_facts *facts);

/* ctl-run.c: runs a program, which has fd as its descriptor 3 if it is not -1. Its exit status. */
int ctl_run(const char *path, const char *const arguments[], int fd);
int ctl_run_qcmdump(const char *const arguments[], int fd);

/* ctl-dumps.c: an array of the dumps of crashes; or NULL, and why. */
struct json_object *ctl_dumps_list(char **ret_failure);
void ctl_dumps_print(FILE *f, struct json_object *list, const struct style *style);

struct ctl_dump_options {
	const char *output;   /* of a report; NULL: qcmdump's default */
	const char *debugger; /* NULL: any */
	bool force;
	bool json;
	bool pager;
};

bool ctl_is_debugger(const char *name);
/* Looks at one of them, with qcmdump or a debugger. Exit status; on a failure of our own, why. */
int ctl_dump(const char *verb, const char *what, const struct ctl_dump_options *o, char **ret_failure);

/* ctl-explain.c: the regions of that name or id, or of tasks of that PID or name; NULL is never returned. */
struct json_object *ctl_explain_find(struct json_object *describe, const char *what);
void ctl_explain_print(FILE *f, struct json_object *regions, const struct style *style);

/* ctl-enable.c: turns a policy on or off from the next reload on. NULL, or why that can't be done. */
struct ctl_dropin {
	char *folder;
	char *path; /* NULL: nothing has been done */
	char *text; /* as it was before; NULL: it was not there */
};

char *ctl_set_enabled(const char *name, bool enabled, struct ctl_dropin *ret_before);
/* As if nothing had been done. NULL, or why that can't be. */
char *ctl_dropin_restore(const struct ctl_dropin *before);
void ctl_dropin_done(struct ctl_dropin *dropin);

/* ctl-check.c: need no daemon. */
int ctl_check(char *const *files, size_t n, enum json_form json);
int ctl_cat_config(char *const *names, size_t n, const struct style *style);

#endif
