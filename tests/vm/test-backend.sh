#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Which back end qcmd-backend.service binds on arm64, with boot firmware and without, and what qcmdctl says of it.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-firmware.sh
. "$(dirname "$0")/lib-firmware.sh"

need_arm64

{
	fail_in_guest
	cat <<'SCRIPT'
backend() {
	cat /sys/module/qcom_minidump/parameters/backend
}
expect_soon() { # status, pattern
	local got
	for _ in $(seq 240); do
		got=$(qcmdctl status 2>&1)
		# shellcheck disable=SC2053
		[ $? = "$1" ] && [[ $got == $2 ]] && return
		sleep 0.5
	done
	fail "'$got' is not '$2' with $1; $(journalctl --no-pager -u qcmdd -u qcmd-backend -o cat | tail -n 30)"
}

systemctl start qcmdd || fail "qcmdd doesn't start"
[ "$(backend)" = smem ] || fail "the back end is '$(backend)'"
mode=/sys/module/qcom_scm/parameters/download_mode
[ "$(cat $mode)" = off ] || fail "the download mode is $(cat $mode)"
expect_soon 3 '* would NOT give a dump: boot firmware would not save the table*"off", not "mini".*To do: echo mini > *'
state=$(busctl get-property org.qcmd1 /org/qcmd1 org.qcmd1.Manager State)
[ "$state" = 's "failed"' ] || fail "the state is $state"
echo full >$mode
expect_soon 3 '* would NOT give a dump: boot firmware would not save the table*"full", not "mini".*To do: echo mini > *'
eval "$(qcmdctl status | sed -n 's/^ *To do: \(echo mini [^;]*\);.*/\1/p')"
[ "$(cat $mode)" = mini ] || fail "what status says to do does nothing"
expect_soon 0 '*Collector: boot firmware'$'\n'*
expect_soon 0 '● A crash now would give a dump: dmesg, * (* of 201 slots, back end smem).*'
setpriv --reuid=65534 --regid=65534 --clear-groups qcmdctl status >/dev/null || fail "others see something else"

# The one that an administrator does not want is not taken.
echo 'blacklist qcom_minidump_smem' >/etc/modprobe.d/local.conf
systemctl restart qcmd-backend || fail "qcmd-backend doesn't restart"
expect_soon 0 '● A crash now would give a dump: dmesg, * (* of 1024 slots, back end ram).*'
rm /etc/modprobe.d/local.conf
systemctl restart qcmd-backend || fail "qcmd-backend doesn't restart"
expect_soon 0 '● A crash now would give a dump: dmesg*back end smem).*'
SCRIPT
} | vm --arch arm64 --file "$mdnl" --backend smem || fail "with boot firmware"
echo "ok: with boot firmware"

{
	fail_in_guest
	cat <<'SCRIPT'
systemctl start qcmd-backend || fail "qcmd-backend doesn't start"
[ "$(cat /sys/module/qcom_minidump/parameters/backend)" = ram ] || fail "the back end is not ram"
said=$(journalctl -u qcmd-backend --no-pager -o cat _TRANSPORT=stdout)
[ "$said" = 'the back end ram is bound' ] || fail "qcmd-backend said: $said"
said=$(journalctl -k -p err --no-pager -o cat | grep qcom_)
[ -z "$said" ] || fail "errors in the kernel's log: $said"
journalctl -k --no-pager -o cat | grep -q 'qcom_minidump_smem: no SMEM' || fail "smem was not tried"
SCRIPT
} | vm --arch arm64 --file "$mdnl" || fail "without boot firmware"
echo "ok: without boot firmware"
