# SPDX-License-Identifier: GPL-2.0-only
TABLE_SRCS := \
	daemon/table/entry.c \
	daemon/table/limit.c \
	daemon/table/module-codec.c \
	daemon/table/module-netlink.c \
	daemon/table/reconcile.c \
	daemon/table/want.c
