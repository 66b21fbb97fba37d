# SPDX-License-Identifier: GPL-2.0-only
# qcmdd: the manager runs sources and reconcile; beside it D-Bus, status, snapshots and the note.
DAEMON_SRCS := \
	daemon/autoreload.c \
	daemon/describe.c \
	daemon/manager-bus.c \
	daemon/manager-interface.c \
	daemon/manager-logcontrol.c \
	daemon/manager-module.c \
	daemon/manager-policies.c \
	daemon/manager-status.c \
	daemon/manager.c \
	daemon/note.c \
	daemon/snapshot-bus.c \
	daemon/snapshot.c \
	daemon/status-rows.c \
	daemon/status.c
