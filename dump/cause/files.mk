# SPDX-License-Identifier: GPL-2.0-only
# What killed the kernel: its reports in the log, the rules, the sentence.
DUMP_CAUSE_SRCS := \
	dump/cause/cause.c \
	dump/cause/kernel-report.c \
	dump/cause/log-lines.c \
	dump/cause/rules.c \
	dump/cause/signature.c
