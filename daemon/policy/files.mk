# SPDX-License-Identifier: GPL-2.0-only
POLICY_SRCS := \
	daemon/policy/config.c \
	daemon/policy/policy-condition.c \
	daemon/policy/policy-files.c \
	daemon/policy/policy-ftrace.c \
	daemon/policy/policy-parse.c \
	daemon/policy/policy-symbol.c \
	daemon/policy/policy-task.c \
	daemon/policy/policy-value.c \
	daemon/policy/policy.c
