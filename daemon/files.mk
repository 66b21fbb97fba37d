# SPDX-License-Identifier: GPL-2.0-only
# The policy parser and what the machine is like, which qcmdd and qcmdctl share. The parts of qcmdctl are in the same library, since its tests
# are linked to that; qcmdd takes nothing of them.
QCMD_POLICY_SRCS := \
	daemon/machine.c \
	daemon/policy.c \
	daemon/policy-condition.c \
	daemon/policy-files.c \
	daemon/policy-ftrace.c \
	daemon/policy-line.c \
	daemon/policy-parse.c \
	daemon/policy-symbol.c \
	daemon/policy-task.c \
	daemon/policy-util.c \
	daemon/policy-value.c \
	daemon/ctl-bus.c \
	daemon/ctl-check.c \
	daemon/ctl-dumps.c \
	daemon/ctl-enable.c \
	daemon/ctl-explain.c \
	daemon/ctl-json.c \
	daemon/ctl-list.c \
	daemon/ctl-offline.c \
	daemon/ctl-run.c \
	daemon/ctl-status.c \
	daemon/ctl-table.c \
	daemon/ctl-term.c \
	daemon/ctl-text.c

QCMDCTL_SRCS := daemon/qcmdctl.c

# What is wanted is tested against a table of the tests' own.
$(B)/tests/unit/test-reconcile $(B)/tests/unit/test-limit: $(B)/san/tests/unit/fake-module.o

# The test of the command line runs the program.
$(B)/tests/unit/test-ctl-cli: | $(B)/qcmdctl
