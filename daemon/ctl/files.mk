# SPDX-License-Identifier: GPL-2.0-only
# qcmdctl: what it asks the daemon or finds out by itself, and how that is shown.
CTL_SRCS := \
	daemon/ctl/ctl-bus.c \
	daemon/ctl/ctl-check.c \
	daemon/ctl/ctl-dumps.c \
	daemon/ctl/ctl-enable.c \
	daemon/ctl/ctl-explain.c \
	daemon/ctl/ctl-list.c \
	daemon/ctl/ctl-module.c \
	daemon/ctl/ctl-offline.c \
	daemon/ctl/ctl-run.c \
	daemon/ctl/ctl-status.c
