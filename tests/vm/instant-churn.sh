#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In a guest: instant-churn.sh RAM
#
# Everything that changes the table, at once and for good. Says "instants: go" when it all runs, with what
# inspect-table.py wants to know. RAM is where the machine's begins. ./mdnl, ./switch-rate and ./ftrace-churn.sh are
# needed.

ram=$1

fail() {
	echo "FAILED: $*"
	exit 1
}

mkdir -p /etc/qcmd.d
cat >/etc/qcmd.d/50-churn.conf <<POLICY
[Task]
Comm=churn*
Register=task stack mm
MaxTasks=64

[Ftrace]
Instance=churn
Events=sched:sched_switch
SizePerCPU=32K

[Ftrace]
Instance=still
Events=sched:sched_switch
SizePerCPU=32K
POLICY
systemctl start qcmdd || fail "qcmdd doesn't start"
for i in $(seq 100); do
	[ "$(./mdnl list | grep -c ' cpu=.*state=active')" -lt $((2 * $(nproc))) ] || break
	sleep 0.1
done

facts=$(awk '$3 ~ /^(init_task|init_uts_ns|runqueues|__per_cpu_offset|__start_BTF|__stop_BTF)$/ { print $3 "=" $1 }' \
	/proc/kallsyms)
facts+=" $(./mdnl list | awk '/ cpu=/ {
	name = cpu = numbers = ""
	for (i = 2; i <= NF; i++) {
		split($i, pair, "=")
		split(pair[2], seg, ":")
		if (pair[1] == "name")
			name = pair[2]
		else if (pair[1] == "cpu")
			cpu = pair[2]
		else if (pair[1] == "seg")
			numbers = numbers (numbers == "" ? "" : ",") seg[2]
	}
	print name "." cpu "=" numbers
}')"

# A trace array that is changed in all ways but that it is removed. What comes then has to leave it some time.
./ftrace-churn.sh --slow churn $RANDOM &
renice -n 15 -p $$ >/dev/null

# Tasks that the daemon follows: programs that are started, and processes that are forked as fast as it goes
cp "$(command -v sleep)" /tmp/churn
while :; do
	/tmp/churn 0.2 &
	sleep 0.02
done &
# shellcheck disable=SC2016 # they are perl's
perl -e '$0 = "churn-fork"; while (1) { my $pid = fork; exit unless $pid; waitpid $pid, 0; }' &

# A socket that comes and goes with its regions, and a note that moves
while :; do
	{
		for i in $(seq 20); do
			echo "add name=SIZE$i paddr=$((ram + 0x100000 + i * 65536)) size=$((RANDOM % 60000 + 1))"
			echo "note text=A=$RANDOM"
			echo "add name=SIZE1_$((i % 3 + 1)) paddr=$((ram + 0x100000 + i * 65536 + 61440)) size=4"
			echo "add name=SIZE1 paddr=$((ram + 0x100000 + i * 65536 + 61440)) size=4"
		done
	} | ./mdnl >/dev/null
done &

# Policies that say something else each time
while :; do
	mkdir -p /etc/qcmd.d/50-churn.conf.d
	printf '[Policy]\nPriority=%d\n' $((RANDOM % 100 + 1)) >/etc/qcmd.d/50-churn.conf.d/priority.conf
	systemctl reload qcmdd
	sleep 1
done &

# Regions of many sizes that come, move, change their size and go, and context switches, as fast as the machine can
insmod /usr/lib/qcmd-test/qcmd_churn.ko || fail "qcmd_churn.ko doesn't load"
./switch-rate 100000 &
sleep 2

# The back end's table goes and comes. When the last write returns all regions are in it.
bound=/sys/module/qcom_minidump_ram/parameters/bound
while sleep 2; do
	echo rebinding >/proc/sys/kernel/domainname
	echo 0 >$bound
	echo 1 >$bound
	echo bound >/proc/sys/kernel/domainname
done &

echo "instants: go $(xargs <<<"$facts")"
wait
