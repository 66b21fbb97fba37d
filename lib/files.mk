# SPDX-License-Identifier: GPL-2.0-only
LIB_SRCS := \
	lib/colour.c \
	lib/ctl-term.c \
	lib/dumputil.c \
	lib/machine.c \
	lib/options.c \
	lib/outfile.c \
	lib/output.c \
	lib/policy-util.c \
	lib/qcmdd-log.c \
	lib/scratchfile.c
