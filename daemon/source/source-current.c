// SPDX-License-Identifier: GPL-2.0-only
/* The task that each CPU runs: the module follows it; here is only which CPUs there are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-device.h>

#include "daemon/source/cpulist.h"
#include "lib/journal.h"
#include "daemon/source/source.h"

struct source {
	struct source_host host;
	sd_device_monitor *monitor;
	char *online; /* "0-3,5" */
};

/* What was known stays if that can't be read now. */
static void look(struct source *s)
{
	char *online = cpulist_read(CPULIST_ONLINE);

	if (!online || (s->online && !strcmp(online, s->online))) {
		free(online);
		return;
	}
	log_info("CPUs that are online now: %.*s", (int)strcspn(online, "\n"), online);
	free(s->online);
	s->online = online;
}

/* A CPU may have gone and come back before anybody looked: then its regions are gone, and the list is the same. */
static int on_device(sd_device_monitor *monitor, sd_device *device, void *userdata)
{
	struct source *s = userdata;

	s->host.changed(s->host.userdata);
	return 0;
}

static int watch(struct source *s)
{
	int r = sd_device_monitor_new(&s->monitor);

	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(s->monitor, "cpu", NULL);
	if (r >= 0)
		r = sd_device_monitor_attach_event(s->monitor, s->host.event);
	if (r >= 0)
		r = sd_device_monitor_start(s->monitor, on_device, s);
	return r;
}

static void current_stop(struct source *s)
{
	sd_device_monitor_unref(s->monitor);
	free(s->online);
}

static int current_start(struct source *s, const struct policy_set *policies)
{
	int r = watch(s);

	if (r < 0)
		log_warning("CPUs that come and go can't be watched: %s", strerror(-r));
	s->online = cpulist_read(CPULIST_ONLINE);
	return s->online ? 0 : errno ? -errno : -EIO;
}

static int want_part(struct wants *wants, const struct policy *policy, const struct policy_section *section, int cpu,
		     enum region_kind kind, const char *comment)
{
	struct want want = want_of(kind, policy, section);

	want.key.cpu = want.order = cpu;
	snprintf(want.name, sizeof(want.name), "%s", region_traits[kind].region);
	snprintf(want.comment, sizeof(want.comment), "CPU %d: %s", cpu, comment);
	return wants_add(wants, &want);
}

static int want_section(struct source *s, const struct policy *policy, const struct policy_section *section,
			struct wants *wants)
{
	const char *at = s->online ?: "";
	int first, last, r = 0;

	while (cpulist_next(&at, &first, &last))
		for (int cpu = first; cpu <= last && r >= 0; cpu++) {
			if (policy_task_has(&section->task, QCOM_MINIDUMP_TASK_STRUCT))
				r = want_part(wants, policy, section, cpu, REGION_CURRENT, "its task");
			if (r >= 0 && policy_task_has(&section->task, QCOM_MINIDUMP_TASK_STACK))
				r = want_part(wants, policy, section, cpu, REGION_CURRENT_STACK, "stack of its task");
		}
	return r;
}

static int current_want(struct source *s, const struct policy_set *policies, struct wants *wants)
{
	struct section_cursor c = {};
	int r = 0;

	look(s);
	while (r >= 0 && section_next(policies, POLICY_SOURCE_CURRENT, &c))
		r = want_section(s, c.policy, c.section, wants);
	return r;
}

const struct source_vtable source_current = {
	.id = "current",
	.fault = "What CPUs run can't be followed",
	.size = sizeof(struct source),
	.start = current_start,
	.stop = current_stop,
	.want = current_want,
};
