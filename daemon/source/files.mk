# SPDX-License-Identifier: GPL-2.0-only
# What there is of each kind of buffer, and when that changes: a source-*.c each, and what they look with.
SOURCE_SRCS := \
	daemon/source/bpf-maps.c \
	daemon/source/bpf-util.c \
	daemon/source/cpulist.c \
	daemon/source/ftrace-array.c \
	daemon/source/ftrace-bpf.c \
	daemon/source/ftrace-files.c \
	daemon/source/ftrace-note.c \
	daemon/source/ftrace-want.c \
	daemon/source/ftrace-watch.c \
	daemon/source/kread.c \
	daemon/source/ksyms.c \
	daemon/source/ktypes.c \
	daemon/source/source-current.c \
	daemon/source/source-ftrace.c \
	daemon/source/source-map.c \
	daemon/source/source-printk.c \
	daemon/source/source-symbol.c \
	daemon/source/source-task.c \
	daemon/source/sources.c \
	daemon/source/symbol-follow.c \
	daemon/source/symbol-model.c \
	daemon/source/symbol-name.c \
	daemon/source/symbol-type.c \
	daemon/source/symbol.c \
	daemon/source/task-bpf.c \
	daemon/source/task-cgroup.c \
	daemon/source/task-select.c \
	daemon/source/task-table.c \
	daemon/source/task-want.c
