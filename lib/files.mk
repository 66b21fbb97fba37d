# SPDX-License-Identifier: GPL-2.0-only
LIB_SRCS := \
	lib/terminal.c \
	lib/pager.c \
	lib/alloc.c \
	lib/machine.c \
	lib/options.c \
	lib/outfile.c \
	lib/json.c \
	lib/text.c \
	lib/journal.c \
	lib/scratchfile.c
