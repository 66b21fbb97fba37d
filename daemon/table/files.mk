# SPDX-License-Identifier: GPL-2.0-only
# What should be in the module and what is: wants, entries, reconcile, and the netlink family.
TABLE_SRCS := \
	daemon/table/adopt.c \
	daemon/table/apply.c \
	daemon/table/entry.c \
	daemon/table/evict.c \
	daemon/table/key.c \
	daemon/table/kind.c \
	daemon/table/limit.c \
	daemon/table/module-codec.c \
	daemon/table/module-netlink.c \
	daemon/table/reconcile.c \
	daemon/table/want.c
