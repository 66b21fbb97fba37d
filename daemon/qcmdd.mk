# SPDX-License-Identifier: GPL-2.0-only
# The daemon.
QCMDD_SRCS := \
	daemon/bpf-util.c \
	daemon/describe.c \
	daemon/kread.c \
	daemon/ksyms.c \
	daemon/limit.c \
	daemon/manager-bus.c \
	daemon/manager.c \
	daemon/minidump-codec.c \
	daemon/minidump-netlink.c \
	daemon/note.c \
	daemon/qcmdd-log.c \
	daemon/qcmdd.c \
	daemon/reconcile.c \
	daemon/snapshot.c \
	daemon/snapshot-bus.c \
	daemon/source-current.c \
	daemon/source-printk.c \
	daemon/source-task.c \
	daemon/status.c \
	daemon/task-bpf.c \
	daemon/want.c
