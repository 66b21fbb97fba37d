# SPDX-License-Identifier: GPL-2.0-only
# The daemon.
QCMDD_SRCS := \
	daemon/autoreload.c \
	daemon/bpf-util.c \
	daemon/config.c \
	daemon/cpulist.c \
	daemon/describe.c \
	daemon/entry.c \
	daemon/ftrace-bpf.c \
	daemon/ftrace-files.c \
	daemon/ftrace-note.c \
	daemon/ftrace-watch.c \
	daemon/kread.c \
	daemon/ksyms.c \
	daemon/ktypes.c \
	daemon/limit.c \
	daemon/manager-bus.c \
	daemon/manager.c \
	daemon/bpf-maps.c \
	daemon/minidump-codec.c \
	daemon/minidump-netlink.c \
	daemon/note.c \
	daemon/qcmdd-log.c \
	daemon/qcmdd.c \
	daemon/reconcile.c \
	daemon/snapshot.c \
	daemon/snapshot-bus.c \
	daemon/source-current.c \
	daemon/source-ftrace.c \
	daemon/source-map.c \
	daemon/source-printk.c \
	daemon/source-symbol.c \
	daemon/symbol.c \
	daemon/source-task.c \
	daemon/status.c \
	daemon/task-bpf.c \
	daemon/task-cgroup.c \
	daemon/task-select.c \
	daemon/task-table.c \
	daemon/task-want.c \
	daemon/want.c
