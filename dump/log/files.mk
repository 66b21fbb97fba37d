# SPDX-License-Identifier: GPL-2.0-only
DUMP_LOG_SRCS := \
	dump/log/lastwords.c \
	dump/log/log.c \
	dump/log/logfilter.c \
	dump/log/prb.c
