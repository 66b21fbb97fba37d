# SPDX-License-Identifier: GPL-2.0-only
# What all programs do, each thing once. It knows no policy, no region and no dump.
LIB_SRCS := \
	lib/alloc.c \
	lib/diag.c \
	lib/error.c \
	lib/file.c \
	lib/ini.c \
	lib/ini-value.c \
	lib/json.c \
	lib/machine.c \
	lib/options.c \
	lib/outfile.c \
	lib/pager.c \
	lib/progress.c \
	lib/scratchfile.c \
	lib/size.c \
	lib/strlist.c \
	lib/strv.c \
	lib/table.c \
	lib/terminal.c \
	lib/text.c
# Needs libsystemd, which qcmdump is built without.
LIB_DAEMON_SRCS := lib/journal.c
