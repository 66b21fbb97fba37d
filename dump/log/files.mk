# SPDX-License-Identifier: GPL-2.0-only
# The log: the printk ring, the last words in it, and what of it is asked for.
DUMP_LOG_SRCS := \
	dump/log/lastwords.c \
	dump/log/log.c \
	dump/log/logfilter.c \
	dump/log/prb.c
