#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# qcmdctl with the real daemon: what status says of each thing that can be missing, and what reload does. And
# qcmd-backend.service, which is what status tells people to restart.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

vm --product all <<'SCRIPT'
fail() {
	echo "FAILED: $*"
	qcmdctl status
	journalctl -u qcmdd --no-pager | tail -n 30
	exit 1
}
# Runs qcmdctl with arguments; exit status and output (a pattern) must be these.
expect() { # status, pattern, argument...
	local status=$1 pattern=$2 got
	shift 2
	got=$(qcmdctl "$@" 2>&1)
	[ $? = "$status" ] || fail "$*: not the exit status $status, with: $got"
	[[ $got == $pattern ]] || fail "$*: '$got' is not '$pattern'"
	echo "ok: $* is $status: ${got%%$'\n'*}"
}
# The same for status, once the daemon has taken note of a change in the kernel.
expect_soon() { # status, pattern
	local i
	for i in $(seq 40); do
		[[ $(qcmdctl status 2>&1) == $2 ]] && break
		sleep 0.5
	done
	expect "$1" "$2" status
}
backend_said() { # line
	journalctl -u qcmd-backend --no-pager -o cat | grep -qxF "$1" || fail "qcmd-backend has not said '$1'"
}
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# Without the daemon
expect 3 '* would NOT give a dump: qcmdd is not running.*systemctl enable --now qcmdd*systemctl restart qcmd-backend*'
expect 1 'qcmdctl: qcmdd is not running; *' regions
expect 1 'qcmdctl: qcmdd is not running; *' reload
systemctl is-active -q qcmdd && fail "asking started the daemon"
systemctl enable -q qcmdd
expect 3 '* would NOT give a dump: qcmdd is not running.*To do: systemctl start qcmdd*' status
mkdir -p /etc/systemd/system/qcmdd.service.d
printf '[Service]\nExecStart=\nExecStart=/bin/false\nRestart=no\n' >/etc/systemd/system/qcmdd.service.d/fail.conf
systemctl daemon-reload
systemctl start qcmdd && fail "the daemon started"
expect 3 '* would NOT give a dump: qcmdd has failed.*journalctl -b -u qcmdd*' status
rm -r /etc/systemd/system/qcmdd.service.d
systemctl daemon-reload

# All is well
systemctl reset-failed qcmdd
systemctl start qcmdd || fail "the daemon doesn't start"
expect 0 '● A crash now would give a dump: dmesg, * tasks* (* of 1024 slots, back end ram).*state ok*' status
expect 0 '*Note: Only the host can collect the dump*' status
expect 0 '*"notes":[{"id":"collector",*' status --json=short
said=$(journalctl -u qcmd-backend --no-pager -o cat _TRANSPORT=stdout)
[ "$said" = 'the back end ram is bound' ] || fail "qcmd-backend said: $said"
expect 0 '*minimal *enabled *standard *enabled *' policies
expect 0 '* KLOGBUF *active * minimal *0xffff*systemd (1)*' regions
expect 0 '*"schema": 1,*' status --json
as_nobody qcmdctl regions --json=short | grep -q '"name":"KLOGBUF"' || fail "others see no regions"
as_nobody qcmdctl status --json=short | grep -q '0xffff' && fail "others see addresses"
as_nobody qcmdctl reload 2>&1 | grep -q 'only root may do this' || fail "others may reload"

expect 0 'KLOGBUF, id *Wanted by: /usr/lib/qcmd.d/minimal.conf:*Since: 20*Piece: slot *' explain KLOGBUF
id=$(qcmdctl regions --no-legend | awk '/KLOGBUF/ { print $1 }')
expect 0 "KLOGBUF, id $id"$'\n'* explain "$id"
expect 1 "qcmdctl: there is no region 'KNOTHING'*" explain KNOTHING

# Policies are turned off and on.
as_nobody qcmdctl disable standard && fail "others may disable"
expect 0 '~ standard: disabled, was enabled*' disable standard
expect 0 '*standard *disabled *standard: Enabled=no*' policies
expect 0 '~ standard: enabled, was disabled*' enable standard
[ ! -e /etc/qcmd.d/standard.conf.d ] || fail "a drop-in is left"

# One that is only tried is shown and not registered.
sleep 1000 &
printf '[Policy]\nDryRun=yes\n[Task]\nComm=sleep\n' >/etc/qcmd.d/60-sleep.conf
expect 0 '+ 60-sleep: dry-run, * regions*' reload
expect 0 '*60-sleep *dry-run *' policies
expect 0 "*KTASK *dry-run * 60-sleep *sleep ($!)*" regions
expect 0 '● A crash now would give a dump: dmesg*60-sleep: dry run, * regions*' status

# One with limits of its own has what matters most.
printf '[Policy]\nMaxRegions=1\n[Task]\nComm=sleep\nRegister=task stack\n' >/etc/qcmd.d/60-sleep.conf
expect 0 '~ 60-sleep: enabled, was dry-run*' reload
expect 0 "*KTASK *active * 60-sleep *KSTACK *limited * 60-sleep *sleep ($!): policy 60-sleep has MaxRegions=1*" regions
sed -i 's/MaxRegions=1/MaxBytes=16K/' /etc/qcmd.d/60-sleep.conf
expect 0 '*' reload
expect 0 "*KTASK *active * 60-sleep *KSTACK *limited *sleep ($!): policy 60-sleep has MaxBytes=16384*" regions
expect 0 '● A crash now would give a dump: dmesg*60-sleep: 1 of * regions*' status
rm /etc/qcmd.d/60-sleep.conf
expect 0 '- 60-sleep: gone, *' reload

# Policies that come, change, are wrong, and go
mkdir -p /etc/qcmd.d/standard.conf.d
printf '[Task]\nComm=sleep\nRegister=task stack\n' >/etc/qcmd.d/60-sleep.conf
printf '[Policy]\nEnabled=no\n' >/etc/qcmd.d/standard.conf.d/off.conf
expect 0 "+ 60-sleep: enabled, * regions"$'\n'"~ standard: disabled, was enabled"$'\n'"5 policies loaded." reload
qcmdctl regions | grep -q "KSTACK .* 60-sleep .* sleep ($!)$" || fail "no stack of sleep: $(qcmdctl regions)"
printf '[Task]\nCom=sleep\n' >/etc/qcmd.d/60-sleep.conf
expect 1 "/etc/qcmd.d/60-sleep.conf:2:1: unknown key 'Com=' *did you mean 'Comm='*nothing was changed*" reload
expect 3 '● A crash now would give a dump: dmesg*60-sleep.conf:2:1: *Reload: *refused*' status
qcmdctl regions | grep -q " sleep ($!)$" || fail "the last good policies are not in use"
systemctl restart qcmdd || fail "no restart with a broken policy"
expect 3 '● A crash now would give an incomplete dump: dmesg*60-sleep.conf:2:1: *60-sleep: error*' status
expect 0 "*60-sleep *error *60-sleep.conf:2:1: unknown key*" policies
rm -r /etc/qcmd.d/60-sleep.conf /etc/qcmd.d/standard.conf.d
expect 0 '- 60-sleep: gone*' reload
expect 0 '● A crash now would give a dump: dmesg*' status

# The back end is taken away by hand, and bound again; the regions stay.
region=$(qcmdctl regions --no-legend | awk '/KLOGBUF/ { print $1 }')
printf '[Policy]\nConditionBackend=ram\n[Task]\nComm=sleep\n' >/etc/qcmd.d/60-ram.conf
expect 0 '+ 60-ram: enabled, *' reload
echo 0 >/sys/module/qcom_minidump_ram/parameters/bound || fail "the back end can't be taken away"
expect_soon 3 '* would NOT give a dump: no back end is bound*not bound: qcom_minidump_ram*To do: systemctl restart *'
expect 0 '*60-ram *disabled *60-ram: ConditionBackend=ram in /etc/qcmd.d/60-ram.conf:2 is not met*' policies
qcmdctl regions | grep -q ' 60-ram ' && fail "a policy whose condition is not met has regions"
systemctl restart qcmd-backend || fail "qcmd-backend doesn't restart"
expect_soon 0 '● A crash now would give a dump: dmesg*60-ram: * of * regions*'
qcmdctl regions | grep -q 'KTASK *active .* 60-ram ' || fail "a policy whose condition is met again has no regions"
rm /etc/qcmd.d/60-ram.conf
expect 0 '- 60-ram: gone, *' reload
[ "$(qcmdctl regions --no-legend | awk '/KLOGBUF/ { print $1 }')" = "$region" ] || fail "the log is another region"

# What an administrator has chosen: options, none at all, one that is loaded early.
echo 'options qcom_minidump_ram slots=20' >/etc/modprobe.d/local.conf
systemctl restart qcmd-backend || fail "qcmd-backend doesn't restart with options"
expect_soon 3 '● A crash now would give an incomplete dump: dmesg* (* in 20 of 20 slots*table is full*MaxTasks=*'
expect 0 '*failed*table is full*' regions
echo 'blacklist qcom_minidump_ram' >/etc/modprobe.d/local.conf
systemctl restart qcmd-backend && fail "a back end that is forbidden was bound"
backend_said 'no back end could be bound'
systemctl restart qcmdd || fail "the daemon doesn't start without a back end"
expect_soon 3 '* would NOT give a dump: no back end is bound*journalctl -k -g qcom_minidump*'
modprobe qcom_minidump_ram slots=300
systemctl start qcmd-backend || fail "qcmd-backend doesn't start"
expect_soon 0 '● A crash now would give a dump: dmesg*of 300 slots*'
systemctl stop qcmd-backend || fail "qcmd-backend doesn't stop"
[ ! -e /sys/module/qcom_minidump_ram ] || fail "the back end is still loaded"
expect_soon 3 '* would NOT give a dump: no back end is bound*'

# No module, and none for this kernel
systemctl stop qcmdd
rmmod qcom_minidump || fail "the module can't be unloaded"
echo 'install qcom_minidump /bin/false' >/etc/modprobe.d/local.conf
systemctl start qcmdd || fail "the daemon doesn't start without the module"
expect 3 '* would NOT give a dump: the kernel module qcom_minidump is not loaded.*systemctl restart *' status
systemctl stop qcmdd
rm "$(modinfo -n qcom_minidump)" && depmod
expect 3 '*There is no kernel module qcom_minidump for this kernel*make install*' status
systemctl restart qcmd-backend && fail "a module that is not there was bound"
backend_said "there is no module qcom_minidump for this kernel, $(uname -r)"
exit 0
SCRIPT
