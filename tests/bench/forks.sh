#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In a guest: forks.sh ROUNDS FORKS. Prints "WHAT NUMBER" lines: microseconds of CPU that so many forks of `sh -c :`
# take, and that PID 1, journald, D-Bus and qcmdd take meanwhile, without qcmdd, with it and its policies, and without
# it again.

rounds=$1
forks=$2
cgroups=/sys/fs/cgroup
daemons="init.scope system.slice/systemd-journald.service system.slice/dbus.service system.slice/qcmdd.service"

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

usage() { # cgroup...
	local sum=0 name
	for name; do
		[ ! -e "$cgroups/$name/cpu.stat" ] ||
			sum=$((sum + $(awk '$1 == "usage_usec" { print $2 }' "$cgroups/$name/cpu.stat")))
	done
	echo $sum
}

journal() {
	journalctl -b --no-pager -q -o short-monotonic
}

# They have a cgroup of their own, for what they take themselves.
measure() { # what
	local before after lines
	mkdir -p $cgroups/forks
	sleep 3
	lines=$(journal | wc -l)
	# shellcheck disable=SC2086
	before=$(usage $daemons)
	sh -c "echo \$\$ >$cgroups/forks/cgroup.procs; i=0; while [ \$i -lt $forks ]; do sh -c :; i=\$((i + 1)); done"
	# What has begun late is of it, too.
	sleep 2
	# shellcheck disable=SC2086
	after=$(usage $daemons)
	echo "$1/daemons $((after - before))"
	echo "$1/forks $(usage forks)"
	journal | tail -n "+$((lines + 1))" | sed "s,^,$1/line ,"
	echo "$1/lines $(($(journal | wc -l) - lines))"
	rmdir $cgroups/forks
}

for _ in $(seq "$rounds"); do
	measure none
	systemctl start qcmdd || fail "qcmdd doesn't start"
	measure default
	systemctl stop qcmdd
	measure again
done
