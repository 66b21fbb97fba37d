#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything at once, for $STORM seconds (30): all policies and all tasks with their stacks, processes that come and go,
# one CPU that does, a back end that is unbound and bound, and qcom_minidump_update() from every context that it is
# promised for (kmod/qcmd_contexts.c). The kernel must have nothing to say about it. `make storm-rt` does that for 20
# minutes.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

seconds=${STORM:-30}
{
	echo "seconds=$seconds"
	cat <<'SCRIPT'
. ./guest-lib.sh
cat >/etc/qcmd.d/50-storm.conf <<POLICY
[Task]
Comm=*
AgeSec=0
Register=task stack
POLICY
for policy in crash-utility irq-stacks memory modules runqueues; do
	qcmdctl enable $policy >/dev/null || fail "enable $policy"
done
systemctl start qcmdd || fail "qcmdd"
registered() {
	[ "$(./mdnl list | grep -c 'name=KSTACK .*state=active')" -ge 20 ]
}
until_true "stacks are registered" registered
insmod /usr/lib/qcmd-test/qcmd_contexts.ko || fail "qcmd_contexts"
echo "ok: every context, $SECONDS s"
dmesg -n 5
end=$((SECONDS + seconds))
during() { # command
	while [ $SECONDS -lt $end ]; do
		"$@" || fail "$*"
	done
}
processes() {
	./fork-storm 50 storm >/dev/null
	sleep "0.$((RANDOM % 9 + 1))" &
	bash -c 'sleep 0.2; :' &
	sleep 0.2
}
hotplug() {
	echo 0 >/sys/devices/system/cpu/cpu1/online
	sleep "0.$((RANDOM % 9 + 1))"
	echo 1 >/sys/devices/system/cpu/cpu1/online
	sleep "0.$((RANDOM % 9 + 1))"
}
rebind() {
	echo 0 >/sys/module/qcom_minidump_ram/parameters/bound
	sleep "0.0$((RANDOM % 9 + 1))"
	echo 1 >/sys/module/qcom_minidump_ram/parameters/bound
	sleep "0.$((RANDOM % 9 + 1))"
}
during hotplug &
during rebind &
during processes
wait
echo "ok: the storm is over, $SECONDS s"

contexts=/sys/module/qcmd_contexts/parameters
paste -sd ' ' $contexts/counts
[ "$(awk -v least=$seconds '$2 < least' $contexts/counts)" = "" ] || fail "a context is missing"
[ "$(cat $contexts/errors)" = 0 ] || fail "$(cat $contexts/errors) calls have failed"
systemctl is-active -q qcmdd || fail "qcmdd has ended"
rmmod qcmd_contexts || fail "qcmd_contexts can't be unloaded"
until_true "all is registered" qcmdctl --no-pager status
SCRIPT
} | vm --timeout $((600 + 3 * seconds)) --append "softlockup_panic=1 hung_task_panic=1" \
	--file "$programs/mdnl" --file "$programs/fork-storm" --file "$top/tests/vm/guest-lib.sh" ||
	fail "see above"
