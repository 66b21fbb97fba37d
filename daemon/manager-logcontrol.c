// SPDX-License-Identifier: GPL-2.0-only
/* org.freedesktop.LogControl1: the log's level and target, as systemctl(1) has them changed. */
#include "daemon/manager-private.h"
#include "lib/journal.h"

static int get_log_level(sd_bus *bus, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", log_level_to_string(log_max_level()));
}

static int set_log_level(sd_bus *bus, const char *path, const char *interface, const char *property,
			 sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	const char *level;
	int r = sd_bus_message_read(value, "s", &level);

	if (r < 0)
		return r;
	return log_set_max_level(level) < 0 ?
		       sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Log level '%s' is not known", level) :
		       0;
}

static int get_log_target(sd_bus *bus, const char *path, const char *interface, const char *property,
			  sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", log_target());
}

static int set_log_target(sd_bus *bus, const char *path, const char *interface, const char *property,
			  sd_bus_message *value, void *userdata, sd_bus_error *error)
{
	const char *target;
	int r = sd_bus_message_read(value, "s", &target);

	if (r < 0)
		return r;
	return log_set_target(target) < 0 ? sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
							      "Log target '%s' is not known: "
							      "journal or console",
							      target) :
					    0;
}

static int get_log_identifier(sd_bus *bus, const char *path, const char *interface, const char *property,
			      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", "qcmdd");
}

const sd_bus_vtable manager_log_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_log_level, set_log_level, 0, 0),
	SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get_log_target, set_log_target, 0, 0),
	SD_BUS_PROPERTY("SyslogIdentifier", "s", get_log_identifier, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_VTABLE_END,
};
