# SPDX-License-Identifier: GPL-2.0-only
# The policy parser, which qcmdd and qcmdctl share.
QCMD_POLICY_SRCS := \
	daemon/policy.c \
	daemon/policy-files.c \
	daemon/policy-line.c \
	daemon/policy-parse.c \
	daemon/policy-util.c \
	daemon/policy-value.c
