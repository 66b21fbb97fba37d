// SPDX-License-Identifier: GPL-2.0-only
/* org.qcmd1.Manager.Snapshot(): root may always; others if polkit says so, which may ask the user and take its time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/manager-private.h"
#include "daemon/snapshot.h"

#define ACTION	     "org.qcmd1.snapshot"
#define POLKIT_NAME  "org.freedesktop.PolicyKit1"
#define POLKIT_PATH  "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_IFACE "org.freedesktop.PolicyKit1.Authority"

#define POLKIT_ALLOW_INTERACTION 1U
#define POLKIT_TIMEOUT		 (120 * 1000000ULL) /* us: somebody types a password */

struct question {
	struct manager *manager;
	sd_bus_message *message;
};

static void question_free(void *p)
{
	struct question *q = p;

	sd_bus_message_unref(q->message);
	free(q);
}

static int failed(sd_bus_error *error, int r, const char *reason)
{
	if (r == -EAGAIN)
		return manager_bus_busy(error, r);
	if (r == -ENODATA || r == -ENOENT)
		return sd_bus_error_set(error, SD_BUS_ERROR_FAILED,
					"There is no table to take a snapshot of: no back end is bound");
	return sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, "The memory can't be read: %s", reason ?: strerror(-r));
}

static int reply_snapshot(struct manager *m, sd_bus_message *message, sd_bus_error *error)
{
	_cleanup_free_ char *reason = NULL;
	_cleanup_close_ int fd = -1;
	bool changed;
	int r = snapshot_take(m->module, &fd, &changed, &reason);

	return r < 0 ? failed(error, r, reason) : sd_bus_reply_method_return(message, "hb", fd, changed);
}

static int answer(const struct question *q, sd_bus_message *reply, sd_bus_error *error)
{
	const sd_bus_error *e = sd_bus_message_get_error(reply);
	int authorized = 0, challenge = 0;

	if (!e && (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
		   sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0))
		authorized = challenge = 0;
	if (authorized)
		return reply_snapshot(q->manager, q->message, error);
	if (challenge)
		return sd_bus_error_set(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
					"polkit wants the user to authenticate");
	if (!e || sd_bus_error_has_name(e, SD_BUS_ERROR_SERVICE_UNKNOWN))
		return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
					"Only root, or whom polkit allows it, may take a snapshot");
	return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED, "polkit can't be asked: %s", e->message);
}

static int on_polkit(sd_bus_message *reply, void *userdata, sd_bus_error *unused)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct question *q = userdata;
	int r = answer(q, reply, &error);

	if (r < 0)
		sd_bus_reply_method_errno(q->message, r, &error);
	return 0;
}

static int ask(struct question *q, sd_bus_message **check)
{
	sd_bus *bus = sd_bus_message_get_bus(q->message);
	uint32_t flags = 0;
	int r;

	if (sd_bus_message_get_allow_interactive_authorization(q->message) > 0)
		flags = POLKIT_ALLOW_INTERACTION;
	r = sd_bus_message_new_method_call(bus, check, POLKIT_NAME, POLKIT_PATH, POLKIT_IFACE, "CheckAuthorization");
	if (r >= 0)
		r = sd_bus_message_append(*check, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
					  sd_bus_message_get_sender(q->message), ACTION, 0, flags, "");
	return r;
}

static int ask_polkit(struct manager *m, sd_bus_message *message)
{
	struct question *q = malloc(sizeof(*q));
	sd_bus_message *check = NULL;
	sd_bus_slot *slot = NULL;
	int r;

	if (!q)
		return -ENOMEM;
	*q = (struct question){ m, sd_bus_message_ref(message) };
	r = ask(q, &check);
	if (r >= 0)
		r = sd_bus_call_async(sd_bus_message_get_bus(message), &slot, check, on_polkit, q, POLKIT_TIMEOUT);
	sd_bus_message_unref(check);
	if (r < 0) {
		question_free(q);
		return r;
	}
	/* The question goes with the answer, or with the bus. */
	sd_bus_slot_set_destroy_callback(slot, question_free);
	sd_bus_slot_set_floating(slot, true);
	sd_bus_slot_unref(slot);
	return 1;
}

int manager_bus_snapshot(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *m = userdata;

	if (manager_bus_sender_is_root(message))
		return reply_snapshot(m, message, error);
	return ask_polkit(m, message);
}
