// SPDX-License-Identifier: GPL-2.0-only
/* The module: it comes and goes, tells what changes, and keeps the regions with a socket that outlives the daemon. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "daemon/manager-private.h"
#include "lib/journal.h"
#include "lib/strv.h"

#define BARRIER_TIMEOUT 5000000ULL /* us */
#define FD_NAME		"minidump"

static void lose_module(struct manager *m)
{
	module_disconnect(m->module);
	m->backend = (struct module_backend){};
	m->relist = false;
	reconcile_reset(m->reconcile);
}

int manager_connect(struct manager *m)
{
	int r;

	m->reconnect = false;
	m->machine_read = 0;
	r = module_connect(m->module);
	if (r < 0) {
		lose_module(m);
		m->reconnect = r != -ENOENT;
		return m->reconnect ? r : 0;
	}
	m->relist = true;
	reconcile_retry(m->reconcile, false);
	return 0;
}

int manager_relist(struct manager *m)
{
	struct module_region *regions;
	size_t n;
	int r;

	r = module_get_backend(m->module, &m->backend);
	if (r < 0)
		return r;
	r = module_list(m->module, &regions, &n);
	if (r < 0)
		return r;
	r = reconcile_adopt(m->reconcile, regions, n, module_port(m->module));
	module_regions_free(regions, n);
	if (r < 0)
		return r;
	m->relist = false;
	/* Regions that were taken over are told from stale ones by what is wanted. */
	m->recollect = true;
	return 0;
}

uint32_t manager_free_slots(const struct manager *m)
{
	return m->backend.slots_max - m->backend.slots_used;
}

int manager_recount(struct manager *m)
{
	int r = module_get_backend(m->module, &m->backend);

	if (r < 0)
		return r;
	m->recount = false;
	if (manager_free_slots(m) > m->free_when_full)
		reconcile_retry(m->reconcile, true);
	return 0;
}

static void on_module_event(enum module_event event, const struct module_region *region, void *userdata)
{
	struct manager *m = userdata;
	struct region_key key;

	switch (event) {
	case MODULE_EVENT_ADDED:
		log_info("The module has appeared");
		m->reconnect = true;
		break;
	case MODULE_EVENT_REMOVED:
		log_notice("The module is gone, and all regions with it");
		m->machine_read = 0;
		lose_module(m);
		break;
	case MODULE_EVENT_BACKEND:
		m->relist = true;
		m->machine_read = 0;
		reconcile_retry(m->reconcile, false);
		break;
	case MODULE_EVENT_REGION:
		/* Of a CPU that has come back. */
		if (!reconcile_find_id(m->reconcile, region->id) && region_key_of_own(region, &key)) {
			m->relist = true;
			break;
		}
		if (!reconcile_news(m->reconcile, region, false))
			return;
		break;
	case MODULE_EVENT_REGION_GONE:
		reconcile_news(m->reconcile, region, true);
		m->recount = true;
		break;
	case MODULE_EVENT_OVERRUN:
		log_notice("Events of the module were lost: its regions are read anew");
		m->relist = true;
		break;
	}
	manager_schedule(m);
}

static int on_module_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct manager *m = userdata;
	int r = module_dispatch(m->module, on_module_event, m);

	if (r < 0) {
		log_warning("Can't read the module's events: %s", strerror(-r));
		m->relist = true;
		manager_schedule(m);
	}
	return 0;
}

static bool is_generic_netlink(int fd)
{
	int domain = -1, protocol = -1;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_NETLINK &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 && protocol == NETLINK_GENERIC;
}

/* The socket that systemd kept for us, or -1. What else it kept is from another time and goes. */
static int take_stored_fd(bool *ret_only)
{
	_cleanup_(strv_freep) char **names = NULL;
	int n = sd_listen_fds_with_names(true, &names), found = -1;

	*ret_only = true;
	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (found < 0 && !strcmp(names[i], FD_NAME) && is_generic_netlink(fd)) {
			found = fd;
			continue;
		}
		log_notice("Dropping stored descriptor '%s', which is not known", names[i]);
		close(fd);
		sd_notifyf(false, "FDSTOREREMOVE=1\nFDNAME=%s", names[i]);
		*ret_only = false;
	}
	return found;
}

/* Before there is any region: what the socket owns outlives us from here on. */
static void store_fd(const struct manager *m)
{
	int fd = module_request_fd(m->module), r;

	r = sd_pid_notify_with_fds(0, false, "FDSTORE=1\nFDNAME=" FD_NAME "\nFDPOLL=0", &fd, 1);
	if (r > 0)
		r = sd_notify_barrier(false, BARRIER_TIMEOUT);
	if (r < 0)
		log_warning("Can't leave the socket with systemd, a restart will lose the regions: %s", strerror(-r));
}

int manager_start_module(struct manager *m)
{
	bool only;
	int fd = take_stored_fd(&only), r;

	r = module_new(fd, &m->module);
	if (r < 0) {
		log_error("Can't open a netlink socket: %s", strerror(-r));
		return r;
	}
	if (fd >= 0)
		log_info("Going on with the regions that were there before the restart");
	if (fd < 0 || !only)
		store_fd(m);
	m->reconnect = true;
	r = sd_event_add_io(m->event, &m->module_io, module_events_fd(m->module), EPOLLIN, on_module_io, m);
	if (r >= 0)
		sd_event_source_set_description(m->module_io, "module-events");
	return r;
}

int manager_release(struct manager *m)
{
	int r = m->module && module_connected(m->module) ? reconcile_release(m->reconcile) : 0;

	if (sd_notify(false, "FDSTOREREMOVE=1\nFDNAME=" FD_NAME) > 0)
		sd_notify_barrier(false, BARRIER_TIMEOUT);
	return r;
}
