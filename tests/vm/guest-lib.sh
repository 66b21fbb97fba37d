# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For scripts in a guest where qcmdd runs: . ./guest-lib.sh
#
#   fail MESSAGE                  ends the test, and says what the daemon knows
#   until_true WHAT COMMAND...    the command comes true soon, or the test fails

fail() {
	echo "FAILED: $*"
	qcmdctl --no-pager status
	qcmdctl --no-pager regions
	journalctl -u qcmdd --no-pager -o short-monotonic | tail -n 60
	exit 1
}

until_true() {
	local what=$1 end=$((SECONDS + 120))
	[[ ${QCMD_KERNEL-} != *debug ]] || end=$((SECONDS + 480))
	shift
	while [ $SECONDS -lt $end ]; do
		if "$@"; then
			echo "ok: $what ($SECONDS s)"
			return
		fi
		sleep 0.1
	done
	fail "$what"
}
