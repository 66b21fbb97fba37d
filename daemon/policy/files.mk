# SPDX-License-Identifier: GPL-2.0-only
# Files of policies and of qcmdd.conf: from text to struct policy_set, with line and column of what is wrong.
POLICY_SRCS := \
	daemon/policy/config.c \
	daemon/policy/policy-condition.c \
	daemon/policy/policy-exclude.c \
	daemon/policy/policy-files.c \
	daemon/policy/policy-ftrace.c \
	daemon/policy/policy-parse.c \
	daemon/policy/policy-symbol.c \
	daemon/policy/policy-task.c \
	daemon/policy/policy-value.c \
	daemon/policy/policy.c
