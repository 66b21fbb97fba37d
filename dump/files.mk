# SPDX-License-Identifier: GPL-2.0-only
# The commands of qcmdump, a file each, and qcmd-collect.
DUMP_COMMAND_SRCS := \
	dump/cmd-collect.c \
	dump/cmd-convert.c \
	dump/cmd-redact.c \
	dump/cmd-report.c \
	dump/cmd-trace.c \
	dump/cmd-watch.c \
	dump/command-line.c \
	dump/extract.c \
	dump/show-info.c \
	dump/show-log.c \
	dump/show-regions.c \
	dump/show-stack.c \
	dump/show-tasks.c
